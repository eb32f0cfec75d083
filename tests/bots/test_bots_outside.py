"""`python3 -m bots run` beside a real server: an ordinary user, which is killed and restarted and answers once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.ports import free_port
from bots.kit.outside import SET_ASIDE
from tests.conftest import StartServer
from tests.harness import PASSWORD, ROOT, Process
from tests.scenarios.test_restore import back_up, put_back
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


@bot.on("die")
def dies():
    import os
    os._exit(3)


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
    befriend_again(ann)
    return ann


def befriend_again(ann: Client) -> None:
    ann.says("ADDFRIEND|ann|Echo", "OK|ADDFRIEND|Echo|requested")
    ann.until("EVENT|FRIENDADDED|Echo|…")


def told_after_a_restore(client: Client, text: str, told_before: str) -> str:
    """The answer; before it the last one may come again, where the server went before the bot heard its OK."""
    answer = told(client, text)
    return heard(client) if answer == told_before else answer


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
    server = start_server(port=free_port())  # the bot looks for it where it was
    with outside(tmp_path, server, "--signup"):
        ann = befriended(server)
        assert told(ann, "say one") == "one (1)"
        server.kill()
        server.restart()
        ann = server.login("ann")
        ann.says("PING", "OK|PING|")
        ann.events.clear()  # after a crash, what was delivered in the last second may come again
        assert told(ann, "say two") == "two (2)"


def test_a_message_of_which_it_dies_is_set_aside_and_the_next_are_answered(
    tmp_path: Path, server_process: Process
) -> None:
    with outside(tmp_path, server_process, "--signup") as bot:
        ann = befriended(server_process)
        ann.says("SENDMESSAGE|ann|Echo|die", "OK|SENDMESSAGE|…")
        ann.says("SENDMESSAGE|ann|Echo|say on", "OK|SENDMESSAGE|…")
        assert bot.ended()[0] == 3
    with outside(tmp_path, server_process) as bot:
        assert bot.ended()[0] == 3
    with outside(tmp_path, server_process):
        assert heard(ann) == SET_ASIDE
        assert heard(ann) == "on (1)"


def test_of_two_processes_one_stands_by_and_takes_over(tmp_path: Path, server_process: Process) -> None:
    with outside(tmp_path, server_process, "--signup") as first:
        ann = befriended(server_process)
        second = Outside(tmp_path, server_process)
        assert second.first_line.startswith("EchoBot stands by: another process answers as Echo at 127.0.0.1:")
        try:
            assert told(ann, "say one") == "one (1)"
            assert told(ann, "say two") == "two (2)"
            first.kill()
            assert told(ann, "say three") == "three (3)"
            ann.says("PING", "OK|PING|")
            assert not [event for event in ann.events if event.startswith("EVENT|M")]
        finally:
            second.kill()


def test_two_with_a_file_each_answer_each_message_once(tmp_path: Path, server_process: Process) -> None:
    with outside(tmp_path, server_process, "--signup"):
        ann = befriended(server_process)
        with outside(tmp_path, server_process, "--state", "second.db"):
            for word in ("one", "two", "three"):
                ann.says(f"SENDMESSAGE|ann|Echo|say {word}", "OK|SENDMESSAGE|…")
            assert [heard(ann).split()[0] for _ in range(3)] == ["one", "two", "three"]
        with outside(tmp_path, server_process, "--state", "third.db"):  # has its turn behind all that was answered
            assert told(ann, "say four") in ("four (1)", "four (4)")


def test_after_a_restore_it_goes_on_also_where_its_account_is_not_in_the_copy(
    tmp_path: Path, start_server: StartServer
) -> None:
    server = start_server(port=free_port())
    ann = server.user("ann")
    without = back_up(server, "without.db")
    with outside(tmp_path, server, "--signup") as bot:
        befriend_again(ann)
        copy = back_up(server)
        assert [told(ann, f"say {at}") for at in range(3)] == ["0 (1)", "1 (2)", "2 (3)"]
        put_back(server, copy)
        ann = server.login("ann")
        assert told_after_a_restore(ann, "say after", "2 (3)") == "after (4)"
        put_back(server, without)
        ann = server.login("ann")
        assert bot.process.stdout
        assert bot.process.stdout.readline().startswith("EchoBot answers as Echo at")
        befriend_again(ann)
        assert told_after_a_restore(ann, "say again", "after (4)") == "again (5)"


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
