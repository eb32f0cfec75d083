"""Files of comma-separated values: what spreadsheets write is read, and what is wrong is named with its line."""

import os
from pathlib import Path

import pytest

from chatserver.admin.sheets import BYTES_MAX, SheetError, read_sheet

COLUMNS = ("room", "owner"), ("topic",)
ROW = (2, {"room": "#tea", "owner": "ann", "topic": "milk, sugar"})


def read(path: Path, data: bytes) -> list[tuple[int, dict[str, str]]]:
    path.write_bytes(data)
    return [(row.line, dict(row.values)) for row in read_sheet(str(path), *COLUMNS, rows_max=10)]


@pytest.mark.parametrize(
    "data",
    [
        b'room,owner,topic\n#tea,ann,"milk, sugar"\n',
        b'\xef\xbb\xbfroom,owner,topic\r\n#tea,ann,"milk, sugar"\r\n',
        b'"Room", OWNER,"topic"\r#tea, ann ,"milk, sugar"',
        b"room;owner;topic\n#tea;ann;milk, sugar\n\n;;\n",
        b"room\towner\ttopic\n#tea\tann\tmilk, sugar\n",
    ],
    ids=["plain", "BOM and CR LF", "quotes, blanks and CR", "semicolons and empty lines", "tabs"],
)
def test_what_spreadsheets_write_is_read(tmp_path: Path, data: bytes) -> None:
    assert read(tmp_path / "rooms.csv", data) == [ROW]


def test_a_line_is_the_one_in_which_a_row_begins(tmp_path: Path) -> None:
    rows = read(tmp_path / "rooms.csv", b"\n\nowner,room\n\nann,#a\r\nben,#b\n")
    assert [(line, row["room"]) for line, row in rows] == [(5, "#a"), (6, "#b")]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no row"),
        (b"room,owner\n", "no row"),
        (b"room\n#tea\n", "line 1 names the columns, room, owner, [topic], and owner is missing"),
        (b"room,owner,colour\n", "line 1 names the columns, room, owner, [topic], and 'colour' is none of them"),
        (b"room,owner,Room\n", "room stands there twice"),
        (b"#tea,ann\n#bar,ben\n", "'#tea' is none of them"),
        (b"room,owner\n#a,ann\n#b,ben,ben\n", "line 3 has 3 cells, and there are 2 columns"),
        (b"room,owner\n#a,ann\n#b\n", "line 3 has 1 cells"),
        (b"room,owner\n#a,ann\n,ben\n", "line 3: room is empty"),
        (b'room,owner,topic\n#a,ann,"two\nlines"\n#b,ben,x\n', "line 2: topic holds a line break"),
        (b'room,owner,topic\n#a,ann,"one\n', "line 2 of"),
        (b'room,owner,topic\n#a,ann,"a"b"\n', "line 2 of"),
        (b"room,owner,topic\n#a,ann,\x1b[2J\n", "control character"),
        (b"room,owner,topic\n#a,ann,a\x00b\n", "line 2"),
        (b"room,owner\n#a,ann\n#b,Zo\xeb\n", "line 3 of {} is no UTF-8"),
        ("room,owner\n#a,ann\n".encode("utf-16"), "line 1 of {} is no UTF-8"),
        (b"room,owner\n" + b"#a,ann\n" * 11, "has 11 rows, and one file has at most 10"),
        (b"room,owner\n#a," + b"x" * BYTES_MAX, "longer than 4 MB"),
        (b"room,owner\n#a," + b"x" * 200_000, "line 2 of"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "rooms.csv"
    with pytest.raises(SheetError) as raised:
        read(path, data)
    assert said.format(path) in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.timeout(10)
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, said in (
        ("pipe", "is no file"),
        ("", "cannot be read"),
        ("none.csv", "cannot be read"),
        ("a\0b", "cannot be read"),
    ):
        with pytest.raises(SheetError, match=said):
            read_sheet(f"{tmp_path}/{name}", *COLUMNS, rows_max=10)
