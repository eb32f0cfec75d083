"""The log: for people, for journald, for programs, and for fail2ban."""

import json
import re
import subprocess
import sys

import pytest

from tests.conftest import StartServer
from tests.harness import PASSWORD, ROOT

HOST = r"(?P<host>[0-9a-f:.]+)"


def failregex() -> re.Pattern[str]:
    """What fail2ban looks for, with its word for an address filled in."""
    text = (ROOT / "contrib" / "fail2ban" / "pipechat.conf").read_text()
    (line,) = re.findall("^failregex = (.*)$", text, re.MULTILINE)
    return re.compile(line.replace("<ADDR>", HOST), re.MULTILINE)


@pytest.mark.parametrize("form", ["text", "journald", "json"])
def test_who_fails_is_found_and_nothing_secret_is_there(start_server: StartServer, form: str) -> None:
    environment = {"JOURNAL_STREAM": "8:1"} if form == "journald" else {}
    server = start_server(environment=environment, log_format="json" if form == "json" else "text")
    server.user("ann")
    for name, secret in (("ann", "hunter2 hunter2"), ("my secret typed as a name", "x"), ("nobody", "swordfish")):
        server.connect().refused(f"LOGIN|{name}|{secret}", "BAD_LOGIN")
    server.connect().refused("RESUME|ann|no-such-token", "BAD_LOGIN")
    server.terminate()
    assert server.wait() == 0
    assert [found["host"] for found in failregex().finditer(server.stderr)] == ["127.0.0.1"] * 4
    assert "failed login of ann from" in server.stderr
    for secret in ("hunter2", "my secret", "swordfish", "no-such-token", PASSWORD):
        assert secret not in server.stderr
    lines = server.stderr.splitlines()
    assert any("serves on" in line for line in lines)
    assert any("has stopped" in line for line in lines)
    if form == "json":
        for line in lines:
            assert json.loads(line).keys() <= {"time", "level", "part", "text", "trace"}
    else:
        stamped = [bool(re.match(r"20\d\d-", line)) for line in lines]
        assert all(stamped) if form == "text" else not any(stamped)


def test_a_defect_is_one_line_for_programs() -> None:
    code = """
import logging
from chatserver.ops.logs import start_logging
start_logging("info", "json")
try:
    1 / 0
except ZeroDivisionError:
    logging.exception("it failed")
"""
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    (line,) = ended.stderr.splitlines()
    assert "ZeroDivisionError" in json.loads(line)["trace"]
