"""A server with all doors open, for an attack; it may meet no defect, and nobody may hold up the others."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.hostile.doors import TURN_MS, Doors


class OpenDoors(Protocol):
    """`open_doors(unread_s=2)`: a server of this test with other settings."""

    def __call__(self, *more: str, **settings: int | str) -> Doors: ...


@pytest.fixture
def open_doors(tmp_path: Path) -> Iterator[OpenDoors]:
    """Starts servers; when the test is over each is still there, has met no defect, and held nobody up."""
    opened: list[Doors] = []

    def start(*more: str, **settings: int | str) -> Doors:
        opened.append(Doors(tmp_path / f"chat{len(opened)}.db", *more, **settings))
        return opened[-1]

    try:
        yield start
        for doors in opened:
            assert doors.server.connect().says("PING|at the end", "OK|PING|at the end")
    finally:
        for doors in opened:
            doors.server.close()
    for doors in opened:
        assert "Traceback" not in doors.server.stderr, doors.server.stderr
        assert doors.longest_turn_ms < TURN_MS, doors.server.stderr


@pytest.fixture
def open_tls_doors(open_doors: OpenDoors, certificate: tuple[Path, Path]) -> OpenDoors:
    """Starts servers whose pipe, page and hooks speak TLS too."""

    def start(*more: str, **settings: int | str) -> Doors:
        doors = open_doors(*more, tls_certificate=str(certificate[0]), tls_key=str(certificate[1]), **settings)
        doors.server.trust = ssl.create_default_context(cafile=certificate[0])
        return doors

    return start
