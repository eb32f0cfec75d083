"""Tests mirror what they test: each folder of the server has one of tests, and little stands at the top of them."""

import pytest

from tests.harness import ROOT

SERVER = ROOT / "chatserver"
FOLDERS = sorted({path.parent.relative_to(SERVER).as_posix() for path in SERVER.rglob("[!_]*.py")} - {"."})
SHARED = {"__init__.py", "conftest.py", "harness.py", "inside.py", "temporary.py", "websocket.py", "wire.py"}
COMMANDS = {"cluster_campaign.py", "kill_campaign.py"}


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_folder_of_the_server_has_tests_of_its_own(folder: str) -> None:
    assert list((ROOT / "tests" / folder).glob("test_*.py"))


def test_the_top_of_the_tests_holds_what_all_of_them_share() -> None:
    assert {path.name for path in (ROOT / "tests").glob("*.py")} == SHARED | COMMANDS
