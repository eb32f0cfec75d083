"""A bot outside, against a server in memory that can lose the connection at any call: nothing lost, nothing twice."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from bots import After, Bot, BotError, Event, Fetch, Friends, Reply, State, Talk, Whisper
from bots.kit.diary import Diary
from bots.kit.outside import FAULT, SET_ASIDE, USERS_MAX, Lost, Outside, Over, Said


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
        self.store = "this one"

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

    @property
    def store(self) -> str:
        return self.server.store

    def last_seen_id(self) -> int:
        return 0

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

    @bot.on("friends")
    def friends(friends: Friends) -> str:
        return Whisper(str(friends))

    @bot.on("break")
    def broken(state: State) -> tuple[str, State]:
        raise KeyError("secret")

    @bot.on("exit")
    def ends() -> str:
        raise SystemExit

    @bot.on("die")
    def dies() -> str:
        raise KeyboardInterrupt  # as good as a kill: nothing is caught, nothing kept

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


def test_nobody_tells_it_of_friends_and_a_whisper_is_not_for_the_room(path: Path) -> None:
    server = Server()
    server.write("ann", "@Echo friends", to="#tea")
    run(server, path)
    assert server.answers() == [("ann", "None")]


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


def test_what_failed_twice_is_set_aside_also_over_a_restart(path: Path) -> None:
    server = Server()
    for _ in range(3):
        server.write("ann", "break")
    server.write("ann", "say on")
    run(server, path)
    assert server.answers() == [("ann", FAULT), ("ann", FAULT), ("ann", SET_ASIDE), ("ann", "on (1)")]
    server.write("ann", "break")
    server.write("bob", "break")
    run(server, path)
    assert server.answers()[4:] == [("ann", SET_ASIDE), ("bob", FAULT)]
    server.now_ms += 25 * 3600 * 1000
    server.write("ann", "break")
    run(server, path)
    assert server.answers()[6:] == [("ann", FAULT)], "it may have been mended"


def test_a_message_of_which_the_program_dies_is_set_aside_at_the_third_start(path: Path) -> None:
    server = Server()
    server.write("ann", "die")
    server.write("ann", "say on")
    for _ in range(2):
        for program in outside(server, path):
            with pytest.raises(KeyboardInterrupt):
                program.serve()
    run(server, path)
    assert server.answers() == [("ann", SET_ASIDE), ("ann", "on (1)")]


def test_a_handler_that_would_end_the_program_does_not(path: Path) -> None:
    server = Server()
    server.write("ann", "exit")
    server.write("ann", "say on")
    run(server, path)
    assert server.answers() == [("ann", FAULT), ("ann", "on (1)")]


def test_one_user_does_not_end_it_and_five_with_nothing_between_do(path: Path) -> None:
    server = Server()
    for _ in range(USERS_MAX):
        server.write("ann", "exit")
        server.write("ann", "break")
    run(server, path)
    for user in range(USERS_MAX - 1):
        server.write(f"user{user}", "break")
    for program in outside(server, path):
        program.turn()
        server.write("ann", "say well")
        program.turn()
        for user in range(USERS_MAX):
            server.write(f"user{user}", "exit")
        program.turn()
        with pytest.raises(Over, match="EchoBot failed with 5 users, one after another"):
            program.serve()


def test_two_that_remember_apart_answer_each_message_once(path: Path) -> None:
    server = Server()
    server.write("ann", "twice one")
    server.write("ann", "say two")
    run(server, path)
    run(server, path.with_name("other.db"))
    assert server.answers() == [("ann", "one"), ("ann", "one"), ("ann", "two (1)")]


def test_where_another_store_is_met_its_ids_count(path: Path) -> None:
    server = Server()
    for _ in range(3):
        server.write("ann", "say hi")
    for program in outside(server, path):
        program.turn()
        server.store, server.messages, server.tags = "another", [], {}
        server.write("ann", "say ho")
        program.turn()
    assert server.answers() == [("ann", "ho (4)")]


def test_a_file_of_an_earlier_version_sends_what_waits_under_its_old_tag(path: Path) -> None:
    with closing(sqlite3.connect(path)) as old:
        old.executescript(
            "CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
            "CREATE TABLE outbox (number INTEGER PRIMARY KEY, recipient TEXT NOT NULL, text TEXT NOT NULL);"
            "INSERT INTO meta VALUES ('owner', 'Echo@here'), ('prefix', 'abc.'), ('heard_id', 7);"
            "INSERT INTO outbox VALUES (12, 'ann', 'waits');"
        )
    with closing(Diary(path, "Echo@here")) as diary:
        assert [(letter.tag, letter.text) for letter in diary.unsent()] == [("abc.12", "waits")]


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
