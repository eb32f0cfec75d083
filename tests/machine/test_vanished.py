"""A peer whose network is cut: nobody says so, and yet it is soon offline, and loses nothing.

It needs network namespaces, and so root.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import ROOT

SCRIPT = ROOT / "tests" / "machine" / "vanishing.py"


def _has_namespaces() -> bool:
    if os.geteuid() or not all(map(shutil.which, ("unshare", "nsenter", "ip"))):
        return False
    made = subprocess.run(
        ["unshare", "-n", "ip", "link", "add", "v0", "type", "veth"], capture_output=True, check=False
    )
    return made.returncode == 0


@pytest.fixture
def far() -> Iterator[int]:
    """A process in a network of its own, to which one can be connected."""
    with subprocess.Popen(["unshare", "-n", "sleep", "1000"]) as process:
        yield process.pid
        process.kill()


@pytest.mark.skipif(not _has_namespaces(), reason="no network namespaces here")
@pytest.mark.timeout(300)
def test_one_whose_network_is_cut_is_offline_soon_and_gets_what_was_written_meanwhile(far: int, tmp_path: Path) -> None:
    words = ["unshare", "-n", sys.executable, str(SCRIPT), str(far), str(tmp_path / "chat.db")]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
