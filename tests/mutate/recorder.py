"""A plugin of pytest that has `lines` write a file for each file of tests, with the seconds that it takes."""

import os
from pathlib import Path

import pytest

from tests.mutate import lines

FOLDER = "PIPECHAT_LINES_FOLDER"


def _path_for(nodeid: str) -> Path:
    return Path(os.environ[FOLDER], nodeid.partition("::")[0].replace("/", "+"))


def pytest_runtest_logstart(nodeid: str) -> None:
    path = str(_path_for(nodeid))
    if os.environ.get(lines.WHERE) != path:
        lines.write_to(path)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if not hasattr(report, "node"):  # the process that only collects what others report
        with _path_for(report.nodeid).open("a") as file:
            file.write(f"\t\t{report.duration:.3f}\n")
