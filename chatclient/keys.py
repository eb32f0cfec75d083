"""Bytes of a terminal to keys. Holds at most one unfinished sequence; knows nothing of lines."""

import re
from typing import NamedTuple

PASTE_BYTES_MAX = 65_536


class Key(NamedTuple):
    """A key by its name; `text` is what was typed where the name is `text`."""

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
    0x0E: "down",
    0x10: "up",
    0x14: "transpose",
    0x15: "kill-to-start",
    0x17: "kill-word",
    0x19: "yank",
    0x1A: "suspend",
    0x7F: "backspace",
}
_SEQUENCES = {
    b"[A": "up",
    b"[B": "down",
    b"[C": "right",
    b"[D": "left",
    b"OA": "up",
    b"OB": "down",
    b"OC": "right",
    b"OD": "left",
    b"[H": "home",
    b"[F": "end",
    b"OH": "home",
    b"OF": "end",
    b"[1~": "home",
    b"[4~": "end",
    b"[7~": "home",
    b"[8~": "end",
    b"[3~": "delete",
    b"[1;5C": "word-right",
    b"[1;5D": "word-left",
    b"[1;3C": "word-right",
    b"[1;3D": "word-left",
    b"b": "word-left",
    b"f": "word-right",
    b"\x7f": "kill-word",
    b"[200~": "paste",
}
_SEQUENCE = re.compile(rb"\x1b(\[[0-?]*[ -/]*[@-~]|O[ -~]|[^\[O\x1b])")
_UNFINISHED = re.compile(rb"\x1b(\[[0-?]*[ -/]*|O)?")
_PASTE_END = b"\x1b[201~"


class KeyReader:
    """Cuts what a terminal sends into keys, however it is split."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Key]:
        """Take what was read; return the keys now complete. Unknown sequences are left out."""
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

    def _next(self, data: bytes) -> tuple[Key | None, int]:
        """The first key and its length in bytes; a length of 0 means that more must come."""
        if data[0] == 0x1B:
            return _escape(data)
        if data[0] < 0x20 or data[0] == 0x7F:
            name = _CONTROLS.get(data[0])
            return (Key(name) if name else None), 1
        return _text(data)


def _escape(data: bytes) -> tuple[Key | None, int]:
    match = _SEQUENCE.match(data)
    if match is None:
        return None, 0 if _UNFINISHED.fullmatch(data) else 1
    name = _SEQUENCES.get(match[1])
    if name == "paste":
        return _paste(data, match.end())
    return (Key(name) if name else None), match.end()


def _paste(data: bytes, start: int) -> tuple[Key | None, int]:
    end = data.find(_PASTE_END, start)
    if end < 0:
        return None, len(data) if len(data) > PASTE_BYTES_MAX else 0
    return Key("text", data[start:end].decode(errors="replace")), end + len(_PASTE_END)


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
