"""An old Python gets a sentence, whatever it is asked to start."""

import ast
import subprocess
import sys

import pytest

from tests.harness import ROOT

PACKAGES = ("chatserver", "chatclient", "bots", "bench")
OLD = """
import runpy, sys
sys.version_info = (3, 9, 18, "final", 0)
sys.argv = ["it", "--version"]
runpy.run_module("{}", run_name="__main__")
"""


@pytest.mark.parametrize("module", [*PACKAGES, "chatserver.pyz", "chatclient.cli"])
def test_an_old_python_gets_a_sentence(module: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", OLD.format(module)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "pipechat needs Python 3.11 or newer, and this is Python 3.9: start it with a newer one\n"


@pytest.mark.parametrize("path", ["chatserver/__init__.py", "chatserver/__main__.py", "chatclient/__main__.py"])
def test_what_an_old_python_reads_it_can_read(path: str) -> None:
    ast.parse((ROOT / path).read_text(), feature_version=(3, 4))


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_begins_with_the_look_at_python(package: str) -> None:
    body = ast.parse((ROOT / package / "__init__.py").read_text()).body
    first = next(node for node in body if isinstance(node, ast.Import | ast.ImportFrom))
    assert isinstance(first, ast.Import)
    assert first.names[0].name == ("sys" if package == "chatserver" else "chatserver")


@pytest.mark.parametrize("module", [*PACKAGES, "chatserver.pyz"])
def test_everything_tells_its_version(module: str) -> None:
    words = [sys.executable, "-m", module, "--version"]
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("pipechat ")
