"""Bytes of a terminal to keys. Holds at most one unfinished sequence or paste; knows nothing of lines.

A paste between the terminal's marks is one key, however long it is: nothing in it is obeyed. Its end mark may get
lost, and Escape may be typed alone, so whoever owns the clock calls `silence` once nothing has come for `patience_s`.
"""

import re
from typing import NamedTuple

PASTE_BYTES_MAX = 1 << 20  # kept of one paste; the rest of it is passed over, up to its end mark
PASTE_SILENCE_S = 3.0
"""How long nothing may come within a paste; after that it is over. A slow line stands still for a second or two."""
SILENCE_S = 1.0
"""The same within a sequence."""
ESCAPE_S = 0.1
"""The same behind Escape: a terminal sends a sequence at once, so that it was typed alone."""


class Key(NamedTuple):
    """A key by its name; `text` is what was typed or pasted where the name is `text` or `paste`."""

    name: str
    text: str = ""


_CONTROLS = {
    0x01: "home",
    0x02: "left",
    0x03: "interrupt",
    0x04: "end-of-input",
    0x05: "end",
    0x06: "right",
    0x08: "backspace",
    0x09: "tab",
    0x0A: "enter",
    0x0B: "kill-to-end",
    0x0C: "redraw",
    0x0D: "enter",
    0x0E: "next-window",
    0x10: "previous-window",
    0x12: "search",
    0x14: "transpose",
    0x15: "kill-to-start",
    0x17: "kill-word",
    0x19: "yank",
    0x1A: "suspend",
    0x7F: "backspace",
}
_ARROWS = {"A": "up", "B": "down", "C": "right", "D": "left", "H": "home", "F": "end"}
_TILDES = {1: "home", 4: "end", 7: "home", 8: "end", 3: "delete", 5: "page-up", 6: "page-down", 200: "paste"}
_SEQUENCES = {
    **{f"[{sign}".encode(): name for sign, name in _ARROWS.items()},
    **{f"O{sign}".encode(): name for sign, name in _ARROWS.items()},
    **{f"[{number}~".encode(): name for number, name in _TILDES.items()},
    **{f"[1;{modifier}C".encode(): "word-right" for modifier in (3, 5)},
    **{f"[1;{modifier}D".encode(): "word-left" for modifier in (3, 5)},
    **{f"{digit}".encode(): f"window-{digit}" for digit in range(10)},
    b"a": "next-unread",
    b"b": "word-left",
    b"f": "word-right",
    b"\r": "line-break",
    b"\n": "line-break",
    b"\x7f": "kill-word",
    b"[I": "focus",
    b"[O": "unfocus",
}
_SEQUENCE = re.compile(rb"\x1b(\[[0-?]*[ -/]*[@-~]|O[ -~]|[^\[O\x1b])")
_UNFINISHED = re.compile(rb"\x1b(\[[0-?]*[ -/]*|O)?")
_PASTE_END = b"\x1b[201~"


class KeyReader:
    """Cuts what a terminal sends into keys, however it is split."""

    def __init__(self) -> None:
        self._rest = b""
        self._paste: bytearray | None = None

    @property
    def patience_s(self) -> float | None:
        """How long to wait for the rest of what has begun, before `silence`; None if nothing has."""
        if self._paste is not None:
            return PASTE_SILENCE_S
        if self._rest == b"\x1b":
            return ESCAPE_S
        return SILENCE_S if self._rest else None

    def feed(self, data: bytes) -> list[Key]:
        """Take what was read; return the keys now complete. Unknown sequences are left out."""
        if self._paste is not None and data == b"\x03":  # typed by hand: no terminal pastes it by itself
            self._paste = None
        data = self._rest + data
        self._rest = b""
        found: list[Key] = []
        while data:
            key, length = self._next(data)
            if not length:
                self._rest = data
                break
            if key is not None:
                found.append(key)
            data = data[length:]
        return found

    def silence(self) -> list[Key]:
        """Nothing has come for a while: what was begun is over."""
        found = [] if self._paste is None else [self._pasted(self._rest)]
        if self._rest == b"\x1b":
            found.append(Key("escape"))
        self._rest = b""
        return found

    def _next(self, data: bytes) -> tuple[Key | None, int]:
        """The first key and its length in bytes; a length of 0 means that more must come."""
        if self._paste is not None:
            return self._more_of_paste(data)
        if data[0] == 0x1B:
            return self._escape(data)
        if data[0] < 0x20 or data[0] == 0x7F:
            name = _CONTROLS.get(data[0])
            return (Key(name) if name else None), 1
        return _text(data)

    def _escape(self, data: bytes) -> tuple[Key | None, int]:
        match = _SEQUENCE.match(data)
        if match is None:
            return None, 0 if _UNFINISHED.fullmatch(data) else 1
        name = _SEQUENCES.get(match[1])
        if name is None and match[1][0] < 0x20:  # Escape, and then another key
            return Key("escape"), 1
        if name == "paste":
            self._paste, name = bytearray(), None
        return (Key(name) if name else None), match.end()

    def _more_of_paste(self, data: bytes) -> tuple[Key | None, int]:
        end = data.find(_PASTE_END)
        if end >= 0:
            return self._pasted(data[:end]), end + len(_PASTE_END)
        length = len(data) - next(
            at for at in range(len(_PASTE_END) - 1, -1, -1) if data.endswith(_PASTE_END[:at])
        )  # what may be the beginning of the end mark waits
        self._keep(data[:length])
        return None, length

    def _pasted(self, data: bytes) -> Key:
        self._keep(data)
        kept, self._paste = bytes(self._paste or b""), None
        return Key("paste", kept.decode(errors="replace"))

    def _keep(self, data: bytes) -> None:
        if self._paste is not None:
            self._paste += data[: PASTE_BYTES_MAX - len(self._paste)]


def _text(data: bytes) -> tuple[Key | None, int]:
    """A run of printable text; bytes that are no UTF-8 are left out."""
    length = next((at for at, byte in enumerate(data) if byte < 0x20 or byte == 0x7F), len(data))
    run = data[:length]
    try:
        return Key("text", run.decode()), length
    except UnicodeDecodeError as error:
        if error.start:
            return Key("text", run[: error.start].decode()), error.start
        unfinished = error.reason == "unexpected end of data" and length == len(data) and length < 4
        return None, 0 if unfinished else 1
