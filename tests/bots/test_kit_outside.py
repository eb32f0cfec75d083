"""A bot outside, against a server in memory that can lose the connection at any call: nothing lost, nothing twice."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from bots import After, Bot, BotError, Event, Fetch, Reply, State, Talk
from bots.kit.diary import Diary
from bots.kit.outside import FAULT, FAULTS_MAX, Lost, Outside, Over, Said


class Server:
    """What a server keeps: messages in the order of ids, and the tags it has taken."""

    def __init__(self) -> None:
        self.messages: list[Said] = []
        self.tags: dict[str, int] = {}
        self.refusals: list[str] = []
        self.friends = 0
        self.fails_at = -1  # the number of the call whose answer is lost
        self.calls = 0
        self.now_ms = 1_000_000

    def write(self, sender: str, text: str, to: str = "Echo") -> None:
        self.messages.append(Said(len(self.messages) + 1, sender, to, text))

    def answers(self) -> list[tuple[str, str]]:
        return [(said.to, said.text) for said in self.messages if said.sender == "Echo"]


class FakeChat:
    name = "Echo"

    def __init__(self, server: Server) -> None:
        self.server = server

    def _called(self, before: bool) -> None:
        """Lose the connection before a call reaches the server, or after it took effect."""
        if before:
            self.server.calls += 1
        if self.server.calls * 2 + (not before) == self.server.fails_at:
            raise Lost

    def wait(self, timeout_s: float) -> None:
        raise Over("the test ends here")

    def sync(self, after_id: int) -> tuple[list[Said], bool]:
        self._called(before=True)
        found = [said for said in self.server.messages if said.id > after_id]
        return found[:3], len(found) > 3

    def send(self, tag: str, to: str, text: str) -> str:
        self._called(before=True)
        if self.server.refusals:
            return self.server.refusals.pop(0)
        if tag not in self.server.tags:
            self.server.write("Echo", text, to)
            self.server.tags[tag] = len(self.server.messages)
        self._called(before=False)
        return ""

    def accept_friends(self) -> None:
        self._called(before=True)
        self.server.friends += 1

    def bots(self) -> dict[str, str]:
        self._called(before=True)
        return {"OtherBot": "does other things"}


def echo_bot() -> Bot:
    bot = Bot("EchoBot", "says again what you say")

    @bot.on("say <words>")
    def say(event: Event, state: State, words: str) -> tuple[str, State]:
        count = state.get("n", 0) + 1
        return f"{words} ({count})", {"n": count}

    @bot.on("twice <words>")
    def twice(words: str) -> list[str]:
        return [words, words]

    @bot.on("in <seconds>")
    def later(seconds: int) -> list[str | After]:
        return ["later", After(seconds, "x")]

    @bot.timer
    def due(event: Event) -> str:
        return f"now, {event.sender}"

    @bot.on("break")
    def broken(state: State) -> tuple[str, State]:
        raise KeyError("secret")

    @bot.on("page")
    def page() -> Talk:
        yield "looking"
        reply = yield Fetch("http://x/")
        assert reply is not None
        return reply.body.decode()

    return bot


def outside(server: Server, path: Path) -> Iterator[Outside]:
    diary = Diary(path, "Echo@here")
    try:
        yield Outside(
            echo_bot(), diary, FakeChat(server), lambda wanted: Reply("", body=b"a page"),
            lambda: server.now_ms, Random(0), {},
        )  # fmt: skip
    finally:
        diary.close()


def run(server: Server, path: Path) -> None:
    """One run of the program, as far as it comes."""
    for program in outside(server, path):
        with pytest.raises(Over, match="the test ends here"):
            program.serve()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "echo.db"


def test_it_answers_in_order_and_remembers_each_user(path: Path) -> None:
    server = Server()
    for user in ("ann", "bob", "ann", "ann"):
        server.write(user, "say hi")
    run(server, path)
    assert server.answers() == [("ann", "hi (1)"), ("bob", "hi (1)"), ("ann", "hi (2)"), ("ann", "hi (3)")]
    assert server.friends == 1


def test_it_hears_neither_itself_nor_the_servers_bots(path: Path) -> None:
    server = Server()
    server.write("OtherBot", "say hi")
    server.write("Echo", "say hi", to="ann")
    run(server, path)
    assert server.answers() == [("ann", "say hi")]


def test_in_a_room_it_hears_what_is_for_it_and_answers_there(path: Path) -> None:
    server = Server()
    server.write("ann", "say hi", to="#tea")
    server.write("ann", "@echo say hi", to="#tea")
    run(server, path)
    assert server.answers() == [("#tea", "hi (1)")]


def test_a_second_run_answers_nothing_twice_and_goes_on(path: Path) -> None:
    server = Server()
    server.write("ann", "say hi")
    run(server, path)
    run(server, path)
    server.write("ann", "say ho")
    run(server, path)
    assert server.answers() == [("ann", "hi (1)"), ("ann", "ho (2)")]


@pytest.mark.parametrize("fails_at", range(2, 40))
def test_a_connection_lost_at_any_call_loses_and_doubles_nothing(fails_at: int, path: Path) -> None:
    server = Server()
    for words in ("one", "two", "three"):
        server.write("ann", f"say {words}")
    server.write("ann", "twice four")
    server.fails_at = fails_at
    run(server, path)
    server.fails_at = -1
    run(server, path)
    expected = [("ann", "one (1)"), ("ann", "two (2)"), ("ann", "three (3)"), ("ann", "four"), ("ann", "four")]
    assert server.answers() == expected


def test_a_crash_between_storing_and_sending_sends_later(path: Path) -> None:
    server = Server()
    server.write("ann", "say hi")
    server.refusals = ["UNAVAILABLE"]
    run(server, path)
    assert server.answers() == []
    run(server, path)
    assert server.answers() == [("ann", "hi (1)")]


def test_an_answer_that_is_refused_for_good_holds_up_nobody(path: Path) -> None:
    server = Server()
    server.write("ann", "say hi")
    server.write("bob", "say hi")
    server.refusals = ["NOT_FRIENDS"]
    run(server, path)
    assert server.answers() == [("bob", "hi (1)")]


def test_timers_survive_between_runs(path: Path) -> None:
    server = Server()
    server.write("ann", "in 60")
    run(server, path)
    server.now_ms += 59_999
    run(server, path)
    assert server.answers() == [("ann", "later")]
    server.now_ms += 1
    run(server, path)
    run(server, path)
    assert server.answers() == [("ann", "later"), ("ann", "now, ann")]


def test_pages_are_fetched(path: Path) -> None:
    server = Server()
    server.write("ann", "page")
    run(server, path)
    assert server.answers() == [("ann", "looking"), ("ann", "a page")]


def test_a_fault_is_one_sentence_and_the_log_keeps_the_secret(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    server = Server()
    server.write("ann", "say one")
    server.write("ann", "break")
    server.write("ann", "say two")
    run(server, path)
    assert server.answers() == [("ann", "one (1)"), ("ann", FAULT), ("ann", "two (2)")]
    assert "test_kit_outside.py" in caplog.text
    assert "KeyError" in caplog.text
    assert "secret" not in caplog.text


def test_after_five_faults_in_a_row_it_ends(path: Path) -> None:
    server = Server()
    for _ in range(FAULTS_MAX):
        server.write("ann", "break")
    for program in outside(server, path):
        program.turn()
        with pytest.raises(Over, match="EchoBot failed 5 times in a row"):
            program.serve()


def test_a_diary_belongs_to_one_user_of_one_server(path: Path) -> None:
    Diary(path, "Echo@here").close()
    with pytest.raises(BotError, match="is of Echo@here, not of Echo@there"):
        Diary(path, "Echo@there")


def test_a_diary_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "no.db"
    path.write_text("this is no database, however long one reads in it" * 10)
    with pytest.raises(BotError, match="name another file with --state"):
        Diary(path, "Echo@here")
    with pytest.raises(BotError, match="name another file with --state"):
        Diary(tmp_path / "no" / "such" / "folder.db", "Echo@here")


def test_a_step_is_stored_whole_or_not_at_all(path: Path) -> None:
    server = Server()
    server.write("ann", "say hi")
    for program in outside(server, path):
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("DROP TABLE outbox")
        other.close()
        with pytest.raises(sqlite3.OperationalError):
            program._catch_up()
        assert program._diary.state("ann") == "{}"
        assert program._diary.heard_id is None
