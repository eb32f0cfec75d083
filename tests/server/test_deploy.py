"""deploy/: the units as systemd reads them, and the steps of the Dockerfile, done without an engine."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import ROOT
from tests.server.dockerfile import Image
from tests.wire import WAIT_S, Client

UNITS = sorted((ROOT / "deploy").glob("pipechat*.s*"))
EXPOSURE_MAX = 15  # tenths; of 100, which is a service that may do everything
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None and "CI" not in os.environ, reason="systemd-analyze reads the units"
)


def analyze(*words: str) -> "subprocess.CompletedProcess[str]":
    command = ["systemd-analyze", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=WAIT_S, check=False)


@needs_systemd
def test_the_units_say_nothing_that_systemd_does_not_know() -> None:
    assert len(UNITS) == 3
    done = analyze("verify", "--man=no", *map(str, UNITS))
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
def test_the_service_may_do_little() -> None:
    unit = str(ROOT / "deploy" / "pipechat.service")
    done = analyze("security", "--offline=true", f"--threshold={EXPOSURE_MAX}", unit)
    assert done.returncode == 0, done.stdout[-200:]


@pytest.fixture
def image() -> Iterator[Image]:
    """In a folder that somebody else than root may enter."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        yield Image(ROOT / "deploy" / "Dockerfile", Path(folder) / "root")


def test_the_image_serves_is_healthy_and_stops(image: Image) -> None:
    """A store that lies in the project's folder does not come into it."""
    assert {path.name for path in image.root.iterdir()} == {"chatserver.pyz", "data", "tools", "users"}
    assert image.said["EXPOSE"] in image.words("CMD")
    words = [
        *image.words("ENTRYPOINT"),
        *("0" if word == image.said["EXPOSE"] else word for word in image.words("CMD")),
    ]
    health = image.words("HEALTHCHECK")
    assert image.run(health).returncode != 0
    with subprocess.Popen(words, **image.as_user(), stdout=subprocess.PIPE, text=True) as server:  # type: ignore[call-overload]
        try:
            line = server.stdout.readline()
            assert line.startswith("listening on 0.0.0.0:"), line
            client = Client(("127.0.0.1", int(line.rpartition(":")[2])))
            client.expect("HELLO|chatserver|1|…")
            client.close()
            healthy = image.run(health)
            assert healthy.returncode == 0, healthy
            server.send_signal(getattr(signal, image.said["STOPSIGNAL"]))
            assert server.wait(WAIT_S) == 0
        finally:
            server.kill()
    assert (image.root / "data" / "chat.db").stat().st_mode & 0o777 == 0o600
    assert image.run(health).returncode != 0
