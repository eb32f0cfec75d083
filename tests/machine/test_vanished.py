"""A peer whose network is cut: nobody says so, and yet it is soon offline, and loses nothing.

It needs network namespaces, and so root.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness import ROOT
from tests.machine import namespaces

SCRIPT = ROOT / "tests" / "machine" / "vanishing.py"


@pytest.mark.skipif(not namespaces.are_here(), reason="no network namespaces here")
@pytest.mark.timeout(300)
def test_one_whose_network_is_cut_is_offline_soon_and_gets_what_was_written_meanwhile(tmp_path: Path) -> None:
    words = ["unshare", "-n", sys.executable, str(SCRIPT), str(tmp_path / "chat.db")]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
