"""Whole sessions: the real server in the simulated world of tests/model is said these bytes, whole and in pieces."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.model.world import World

FOLDER = "/dev/shm" if Path("/dev/shm").is_dir() else None
KINDS = ("OK", "ERR", "ITEM", "EVENT", "BYE", "HELLO")


def answers(pieces: Iterable[bytes], *, is_stranger: bool) -> list[str]:
    """What is answered to bytes by which nobody may be harmed: the server meets no defect, and its file is whole."""
    with TemporaryDirectory(dir=FOLDER) as folder:
        world = World(Path(folder))
        anna, ben = world.user("anna"), world.user("ben")
        world.befriend(anna, ben)
        world.say(anna, "CREATEROOM|anna|#den")
        world.say(ben, "JOIN|ben|#den")
        anna.frames()
        speaker = world.connect("") if is_stranger else anna
        for piece in pieces:
            speaker.line.incoming += piece
            world.settle()
        frames = speaker.frames()
        world.say(ben, "PING|still there")
        assert ben.frames()[-1] == "OK|PING|still there"
        assert not world.defects, world.defects[0]
        world.close()
    assert all(frame.partition("|")[0] in KINDS for frame in frames)
    return [frame for frame in frames if not frame.startswith("EVENT|STATUS|")]


def check(data: bytes, pieces: list[bytes], *, is_stranger: bool) -> int:
    """Say the same bytes whole and in pieces; how many frames that gives."""
    whole = answers([data], is_stranger=is_stranger)
    cut = answers(pieces, is_stranger=is_stranger)
    differing = [pair for pair in zip(whole, cut, strict=False) if pair[0] != pair[1]]
    assert whole == cut, f"the same bytes are answered otherwise in pieces: {differing[:1] or 'one has more'}"
    return len(whole) + len(cut)
