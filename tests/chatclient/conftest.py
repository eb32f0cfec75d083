"""The fixtures of the clients' tests: a state folder of the test's own, and a password in a file."""

from pathlib import Path

import pytest

from tests.harness import PASSWORD


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The variables that keep a client away from the state folder of whoever runs the tests."""
    return {"XDG_STATE_HOME": str(tmp_path / "state")}


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    """A file with PASSWORD in its first line, readable by its owner alone."""
    path = tmp_path / "password"
    path.write_text(f"{PASSWORD}\nnot this\n")
    path.chmod(0o600)
    return path
