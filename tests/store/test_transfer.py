"""A store as lines of JSON, and back: nothing is lost, and what is not whole makes no store."""

import json
import stat
from contextlib import closing
from pathlib import Path

import pytest

from chatserver.core.events import MessageSent, TokenIssued, UserSignedUp
from chatserver.core.state import Limits, snapshot
from chatserver.store.store import Store
from chatserver.store.transfer import TransferError, export_store, import_store

ANN, BEN = 1, 2


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """Lines of a store with accounts, a token, messages with everything odd in them, and lists that are derived."""
    path = tmp_path / "chat.db"
    with closing(Store(str(path), "normal")) as store:
        store.load(Limits())
        store.write(
            [
                UserSignedUp(ANN, "Ann", "ann", "hash", 5, 0),
                UserSignedUp(BEN, "ben", "ben", "hash", 5, 0),
                TokenIssued(b"\x00\xff", ANN, 5),
                *(MessageSent(number, 5, ANN, BEN, f"{{\U0001f600 {number}\u2028", "tag") for number in range(1, 600)),
            ]
        )
        store.commit()
        while store.keep_house():
            pass
    said = export_store(str(path), str(tmp_path / "all.jsonl"))
    assert "rows" in said
    return tmp_path / "all.jsonl"


def snapshot_of(path: Path) -> dict[str, object]:
    with closing(Store(str(path), "normal")) as store:
        return snapshot(store.load(Limits()))


def test_everything_comes_back_and_ids_go_on(exported: Path, tmp_path: Path) -> None:
    assert stat.S_IMODE(exported.stat().st_mode) == 0o600
    new = tmp_path / "new.db"
    import_store(str(exported), str(new))
    assert snapshot_of(new) == snapshot_of(tmp_path / "chat.db")
    with closing(Store(str(new), "normal")) as store, closing(Store(str(tmp_path / "chat.db"), "normal")) as old:
        assert store.load(Limits()).last_message_id == 599
        assert store.name.identity != old.name.identity
        store.catch_up(lambda done: None)
        page = store.history.said_page(ANN, BEN, 1000, 600)
        assert [message.text for message in page.messages][:1] == ["{\U0001f600 599\u2028"]
        assert [message.id for message in page.messages][:100] == list(range(599, 499, -1))
    assert not list(tmp_path.glob("*.partial*"))


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (lambda lines: lines[:-1], "cut off"),
        (lambda lines: [*lines[:5], *lines[6:]], "rows came"),
        (lambda lines: [*lines, lines[3]], "behind the last"),
        (lambda lines: [lines[0], "{", *lines[1:]], "line 2"),
        (lambda lines: [lines[0], "[]", *lines[1:]], "line 2"),
        (lambda lines: [lines[0], '{"table": "sqlite_schema", "row": {"a": 1}}', *lines[1:]], "line 2"),
        (lambda lines: [lines[0], '{"table": "users", "row": {"a\\" b": 1}}', *lines[1:]], "no column"),
        (lambda lines: [lines[0], '{"table": "users", "row": {"id": [1]}}', *lines[1:]], "line 2"),
        (lambda lines: [lines[0], '{"table": "meta", "row": {"name": "epoch", "value": 9}}', *lines[1:]], "meta"),
        (lambda lines: ['{"pipechat": "store", "format": 1}', *lines[1:]], "format 1"),
        (lambda lines: lines[1:], "no file that admin export"),
        (lambda lines: [], "cut off"),
    ],
)
def test_what_is_not_whole_makes_no_store(exported: Path, tmp_path: Path, change: object, hint: str) -> None:
    lines = exported.read_text("utf-8").split("\n")[:-1]
    exported.write_text("".join(f"{line}\n" for line in change(lines)), "utf-8")  # type: ignore[operator]
    with pytest.raises(TransferError, match=hint):
        import_store(str(exported), str(tmp_path / "new.db"))
    assert not list(tmp_path.glob("new.db*"))


def test_nothing_that_is_there_is_overwritten(exported: Path, tmp_path: Path) -> None:
    with pytest.raises(TransferError, match="there already"):
        export_store(str(tmp_path / "chat.db"), str(exported))
    with pytest.raises(TransferError, match="there already"):
        import_store(str(exported), str(tmp_path / "chat.db"))
    with pytest.raises(TransferError, match="could not be made"):
        import_store(str(tmp_path / "none.jsonl"), str(tmp_path / "new.db"))
    with pytest.raises(TransferError, match="could not be made"):
        export_store(str(tmp_path / "chat.db"), str(tmp_path / "no" / "file"))
    assert json.loads(exported.read_text("utf-8").splitlines()[0])["pipechat"] == "store"
