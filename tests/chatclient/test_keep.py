"""What outlives a run."""

import os
import stat
from pathlib import Path

import pytest

from chatclient import keep
from chatclient.keep import Kept

WRONG_TYPES = b'{"server": 1, "user": 2, "token": 3, "last_id": 4}'
ALICE = Kept("localhost:5000", "alice", "token one", 7)


def test_what_is_kept_is_found_again_by_any_spelling_of_the_name(tmp_path: Path) -> None:
    keep.save(tmp_path / "state", ALICE)
    assert keep.load(tmp_path / "state", "localhost:5000", "ALICE") == ALICE
    assert keep.load(tmp_path / "state", "localhost:5000") == ALICE
    assert keep.load(tmp_path / "state", "localhost:5001") is None
    assert keep.load(tmp_path / "state", "localhost:5000", "bob") is None


def test_it_is_the_users_alone(tmp_path: Path) -> None:
    former = os.umask(0)
    try:
        keep.save(tmp_path / "state", ALICE)
    finally:
        os.umask(former)
    (path,) = (tmp_path / "state").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_file_that_others_can_read_is_not_trusted(tmp_path: Path) -> None:
    keep.save(tmp_path, ALICE)
    next(tmp_path.iterdir()).chmod(0o644)
    assert keep.load(tmp_path, "localhost:5000", "alice") is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", WRONG_TYPES, b"\xff"])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    keep.save(tmp_path, ALICE)
    next(tmp_path.iterdir()).write_bytes(content)
    assert keep.load(tmp_path, "localhost:5000", "alice") is None


def test_the_one_used_last_comes_first(tmp_path: Path) -> None:
    bob = Kept("localhost:5000", "bob", "token two")
    keep.save(tmp_path, bob)
    os.utime(next(tmp_path.iterdir()), (1, 1))
    keep.save(tmp_path, ALICE)
    assert keep.load(tmp_path, "localhost:5000") == ALICE
    keep.forget(tmp_path, "localhost:5000", "Alice")
    assert keep.load(tmp_path, "localhost:5000") == bob
    keep.forget(tmp_path, "localhost:5000", "alice")


def test_the_longest_name_fits_in_a_file_name(tmp_path: Path) -> None:
    keep.save(tmp_path, Kept("localhost:5000", "語" * 32, "token"))
    assert keep.load(tmp_path, "localhost:5000", "語" * 32) is not None


def test_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/alice")
    assert keep.state_folder({"XDG_STATE_HOME": "/state"}) == Path("/state/chatclient")
    assert keep.state_folder({"XDG_STATE_HOME": "relative"}) == Path("/home/alice/.local/state/chatclient")
    assert keep.state_folder({}) == Path("/home/alice/.local/state/chatclient")


def test_a_user_without_a_home_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(Path, "home", no_home)
    folder = keep.state_folder({})
    assert keep.load(folder, "localhost:5000") is None
    with pytest.raises(NotADirectoryError):
        keep.save(folder, ALICE)
