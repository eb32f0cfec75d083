"""Files of comma-separated values: bytes become rows under known columns, or a sentence with the number of the line.

What spreadsheets write is taken: a mark at the beginning of the file (BOM), CR LF, semicolons or tabs in the place of
commas, empty lines, quotes around anything. It knows no user and no room.
"""

import csv
import io
import os
import stat
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from chatserver.protocol.frames import is_clean

BYTES_MAX = 4 << 20
DELIMITERS = ",;\t"


class SheetError(Exception):
    """It cannot be used; the text is a sentence that says what to do."""


class Row(NamedTuple):
    """One row: the line that it begins in, and the value under each column; empty where there is none."""

    line: int
    values: Mapping[str, str]


def read_sheet(path: str, required: Collection[str], optional: Collection[str], rows_max: int) -> list[Row]:
    """The rows of a file. Raises SheetError."""
    rows = _rows(path, _text(path, _bytes(path)), required, optional)
    if not rows:
        raise SheetError(f"{path} has no row below its columns: name a file with some")
    if len(rows) > rows_max:
        raise SheetError(f"{path} has {len(rows)} rows, and one file has at most {rows_max}: cut it into several")
    return rows


def _bytes(path: str) -> bytes:
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise SheetError(f"{path} is no file: name one with rows of comma-separated values")
            data = file.read(BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise SheetError(f"{path} cannot be read ({why}): see its name, and whether the server may read it") from error
    if len(data) > BYTES_MAX:
        raise SheetError(f"{path} is longer than {BYTES_MAX >> 20} MB: cut it into several")
    return data


def _text(path: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SheetError(f"line {line} of {path} is no UTF-8: save the file as CSV in UTF-8") from error


def _rows(path: str, text: str, required: Collection[str], optional: Collection[str]) -> list[Row]:
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: list[str] | None = None
    rows: list[Row] = []
    line = 1
    try:
        for cells in reader:
            here, line = line, reader.line_num + 1
            values = [cell.strip() for cell in cells]
            if not any(values):
                continue
            if columns is None:
                columns = _columns(here, values, required, optional)
            else:
                rows.append(_row(here, columns, values, required))
    except csv.Error as error:
        raise SheetError(f"line {line} of {path} cannot be read ({error}): look at its quotes") from error
    return rows


def _columns(line: int, names: list[str], required: Collection[str], optional: Collection[str]) -> list[str]:
    known = [*required, *optional]
    names = [name.casefold() for name in names]
    wrong = [f"{name[:40]!r} is none of them" for name in names if name not in known]
    wrong += [f"{name} stands there twice" for name in known if names.count(name) > 1]
    wrong += [f"{name} is missing" for name in required if name not in names]
    if wrong:
        shown = ", ".join([*required, *(f"[{name}]" for name in optional)])
        raise SheetError(f"line {line} names the columns, {shown}, and {wrong[0]}: write it so")
    return names


def _row(line: int, columns: Sequence[str], values: list[str], required: Collection[str]) -> Row:
    if len(values) != len(columns):
        raise SheetError(f"line {line} has {len(values)} cells, and there are {len(columns)} columns: mend it")
    row = dict(zip(columns, values, strict=True))
    for name, value in row.items():
        if not is_clean(value):
            raise SheetError(f"line {line}: {name} holds a line break or another control character: take it out")
        if name in required and not value:
            raise SheetError(f"line {line}: {name} is empty: fill it in, or take the line out")
    return Row(line, row)
