"""Reads the records that `record.c` makes: what a server did to its files and said to its clients, in order."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

HEADER = struct.Struct("=IIQQ")  # kind, bytes of the name, position, bytes of the data: as in record.c
CREATED, WRITTEN, TRUNCATED, UNLINKED, RENAMED = "C", "W", "T", "U", "R"
FLUSH_BEGUN, FLUSH_ENDED = "B", "E"
HEARD, SAID = "H", "S"
FOLDER = "/"  # the name of the folder that the store's files are in


class Entry(NamedTuple):
    """One act. A file is named by what follows the store's own name, a client by its port."""

    life: int
    kind: str
    name: str
    position: int  # where it is written, how long the file is now, or the number of the flush in this life
    data: bytes


def read_life(record: Path, life: int) -> list[Entry]:
    """The entries of one life; the last one is left out where a kill has torn it."""
    return list(_entries(record.with_name(f"{record.name}.{life}").read_bytes(), life))


def _entries(data: bytes, life: int) -> Iterator[Entry]:
    at = 0
    while at + HEADER.size <= len(data):
        kind, name_bytes, position, data_bytes = HEADER.unpack_from(data, at)
        begin = at + HEADER.size + name_bytes
        at = begin + data_bytes
        if at > len(data):
            return
        yield Entry(life, chr(kind), data[begin - name_bytes : begin].decode(), position, data[begin:at])
