"""What clients are told when a turn could not be written: nothing has changed, try later."""

from chatserver.core.outcome import Refused
from chatserver.protocol.render import err

UNAVAILABLE = Refused("UNAVAILABLE", "The server cannot store anything now, and nothing has changed: try again later")
_KEPT_VERBS = ("PING", "HELP", "QUIT")  # their answers do not depend on what is stored
_KEPT_STARTS = (b"HELLO|", b"ERR|", b"BYE|QUIT", b"BYE|SHUTDOWN", b"BYE|LOGIN_TIMEOUT")


def unavailable_frames(frames: list[bytes]) -> list[bytes]:
    """What to send in place of the frames that a failed turn has staged for one client."""
    kept = (_in_its_place(frame) for frame in frames)
    return [frame for frame in kept if frame]


def _in_its_place(frame: bytes) -> bytes:
    if frame.startswith(_KEPT_STARTS):
        return frame
    kind, _, rest = frame.partition(b"|")
    if kind not in (b"OK", b"ITEM"):
        return b""  # an event that has not happened
    echo = rest.partition(b"\n")[0].partition(b"|")[0].decode()
    if echo.partition("#")[0] in _KEPT_VERBS:
        return frame
    answers = 1 + frame.count(b"\nOK|") if kind == b"OK" else 1  # a burst is answered in one piece
    return err(echo, *UNAVAILABLE) * answers
