"""Servers that are started side by side are told ports that nobody else is told."""

import socket
import subprocess
import sys

import pytest

from bench import ports
from bench.ports import BLOCK, free_port

GIVE = f"""
from bench.ports import free_port
print(*(free_port() for _ in range({BLOCK + 1})), flush=True)
input()
"""


def test_two_processes_are_never_given_the_same() -> None:
    words = [sys.executable, "-c", GIVE]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin
        assert other.stdout
        theirs = set(map(int, other.stdout.readline().split()))
        ours = [free_port() for _ in range(BLOCK + 1)]
        other.stdin.write("\n")
        other.stdin.close()
    assert len(theirs) == len(set(ours)) == BLOCK + 1
    assert theirs.isdisjoint(ours)


def test_one_where_somebody_listens_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    free, taken = free_port(), free_port()
    monkeypatch.setattr(ports, "_left", [free, taken])
    with socket.create_server(("127.0.0.1", taken)):
        assert free_port() == free
