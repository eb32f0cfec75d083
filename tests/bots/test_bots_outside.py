"""`python3 -m bots run` beside a real server: an ordinary user, which is killed and restarted and answers once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import StartServer
from tests.harness import PASSWORD, ROOT, Process
from tests.wire import Client

BOT = """from bots import After, Bot, Say, State

bot = Bot("EchoBot", "says again what you say")


@bot.on("say <words>")
def say(words: str, state: State):
    count = state.get("n", 0) + 1
    return f"{words} ({count})", {"n": count}


@bot.on("in <seconds>")
def later(seconds: int):
    return [Say("later"), After(seconds, "x")]


@bot.timer
def due(event):
    return f"now, {event.sender}"


@bot.on("break")
def broken():
    raise KeyError("a secret word")
"""


class Outside:
    """A bot's process; it has logged in when this is made."""

    def __init__(self, folder: Path, server: Process, *more: str) -> None:
        (folder / "echo_bot.py").write_text(BOT)
        (folder / "password").write_text(PASSWORD)
        (folder / "password").chmod(0o600)
        own = ("--port", str(server.port), "--user", "Echo", "--password-file", "password", "--state", "echo.db")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bots", "run", "echo_bot.py", *own, *more],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.first_line = self.process.stdout.readline()

    def kill(self) -> str:
        """End it at once; what it had logged."""
        self.process.kill()
        return self.ended()[1]

    def ended(self) -> tuple[int, str]:
        """Its exit status and what it had logged, once it has ended."""
        _, log = self.process.communicate(timeout=30)
        return self.process.returncode, log


@contextmanager
def outside(folder: Path, server: Process, *more: str) -> Iterator[Outside]:
    bot = Outside(folder, server, *more)
    try:
        assert bot.first_line.startswith("EchoBot answers as Echo at 127.0.0.1:"), bot.ended()
        yield bot
    finally:
        if bot.process.returncode is None:
            bot.kill()


def befriended(server: Process) -> Client:
    """A user whose request the bot has accepted."""
    ann = server.user("ann")
    ann.says("ADDFRIEND|ann|Echo", "OK|ADDFRIEND|Echo|requested")
    ann.until("EVENT|FRIENDADDED|Echo|…")
    return ann


def told(client: Client, text: str) -> str:
    client.says(f"SENDMESSAGE|{client.name}|Echo|{text}", "OK|SENDMESSAGE|…")
    return heard(client)


def heard(client: Client) -> str:
    """The text of the next message; that the bot comes and goes is passed over."""
    while True:
        frame = client.events.popleft() if client.events else client.frame()
        if frame.startswith("EVENT|M"):
            return frame.split("|", 6)[6]
        assert frame.startswith("EVENT|STATUS|Echo|"), frame


def test_it_signs_up_accepts_friends_and_answers(tmp_path: Path, server_process: Process) -> None:
    with outside(tmp_path, server_process, "--signup"):
        ann = befriended(server_process)
        assert told(ann, "say hi") == "hi (1)"
        assert told(ann, "say ho") == "ho (2)"
        assert told(ann, "break").startswith("Sorry, something went wrong with me")
        assert told(ann, "in 0") == "later"
        assert heard(ann) == "now, ann"
        assert told(ann, "what?").startswith("EchoBot says again what you say. You can say:")


def test_killed_it_catches_up_and_answers_once(tmp_path: Path, server_process: Process) -> None:
    with outside(tmp_path, server_process, "--signup") as bot:
        ann = befriended(server_process)
        assert told(ann, "say one") == "one (1)"
        log = bot.kill()
        assert "secret" not in log
    ann.says("SENDMESSAGE|ann|Echo|say two", "OK|SENDMESSAGE|…")
    ann.says("SENDMESSAGE|ann|Echo|say three", "OK|SENDMESSAGE|…")
    with outside(tmp_path, server_process):
        assert [heard(ann), heard(ann)] == ["two (2)", "three (3)"]
        assert told(ann, "say four") == "four (4)"


def test_a_restarted_server_finds_it_again(tmp_path: Path, start_server: StartServer) -> None:
    server = start_server()
    port = server.port
    with outside(tmp_path, server, "--signup"):
        ann = befriended(server)
        assert told(ann, "say one") == "one (1)"
        server.kill()
        server._words[3] = str(port)  # the bot looks for it where it was
        server.restart()
        ann = server.login("ann")
        ann.says("PING", "OK|PING|")
        ann.events.clear()  # after a crash, what was delivered in the last second may come again
        assert told(ann, "say two") == "two (2)"


def test_an_account_that_was_there_answers_what_nobody_has_seen(tmp_path: Path, server_process: Process) -> None:
    ann, echo = server_process.friends("ann", "Echo")
    ann.says("SENDMESSAGE|ann|Echo|say old", "OK|SENDMESSAGE|…")
    echo.expect("EVENT|MESSAGE|…|say old")
    echo.says("QUIT", "OK|QUIT")
    echo.frames_to_the_end()
    ann.until("EVENT|STATUS|Echo|offline|")
    ann.says("SENDMESSAGE|ann|Echo|say new", "OK|SENDMESSAGE|…")
    with outside(tmp_path, server_process):
        assert heard(ann) == "new (1)"


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--user", "WeatherBot", "--signup"], "BAD_LOGIN: "),
        (["--port", "1"], "127.0.0.1:1"),
        (["--password-file", "gone"], "The password file gone cannot be read"),
        (["--set", "x"], "--set takes name=value"),
        (["--tls-ca", "gone"], "the certificate gone cannot be read"),
    ],
)
def test_what_cannot_be_is_a_sentence(more: list[str], sentence: str, tmp_path: Path, server_process: Process) -> None:
    bot = Outside(tmp_path, server_process, *more)
    status, log = bot.ended()
    assert status == 1
    assert sentence in log
    assert "Traceback" not in log
