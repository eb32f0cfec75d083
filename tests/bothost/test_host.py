"""BotHost over the real core, without store and sockets: who hears what, what is kept, and every fault."""

import logging
from collections.abc import Callable, Iterator
from random import Random

import pytest

from bots import After, Bot, Cancel, Event, Fetch, Reply, State, Talk
from bots.kit.loading import built_in_bots
from bots.kit.watchdog import Watchdog
from chatserver.bothost.faults import (
    PAUSE_S,
    PAUSED,
    SET_ASIDE,
    SWITCHED_OFF,
    TEXT_FAULTS_MAX,
    USER_FAULTS_MAX,
    USERS_MAX,
)
from chatserver.bothost.floods import FloodGate
from chatserver.bothost.host import BUSY, FAULT, STEPS_PER_TURN, TIMERS_MAX, TOO_FAST, BotHost
from chatserver.core.commands import AnswerForBot, Command, DeleteAccount, SendMessage, SignUp
from chatserver.core.decide import decide
from chatserver.core.events import MessageSent
from chatserver.core.evolve import evolve
from chatserver.core.outcome import Outcome, Refused
from chatserver.core.state import State as ChatState
from chatserver.turn.batch import Batch
from tests.bots.fakes import FakeLoop

START_MS = 1_796_212_800_000


class World:
    """A chat of some users and bots; what is said to users is collected, what bots hear goes to the host."""

    def __init__(self, *bots: Bot, per_s: int = 0, burst: int = 10) -> None:
        self.loop = FakeLoop()
        self.state = ChatState()
        self.said: list[tuple[str, str, str]] = []  # from, to, text
        self.refuse: Refused | None = None  # what every command that stores something is answered
        self.pages: list[tuple[str, Fetch, Callable[[Reply], None]]] = []
        self.kept_page: Reply | None = None  # given at once
        self.watch: Iterator[float] = iter(())  # what the stopwatch shows
        self.turns = 0
        self.batch = Batch(1, 0)
        self.unavailable = False
        for name in ("ann", "bob"):
            self.execute(None, SignUp(name, "a hash", START_MS))
        self.host = BotHost(
            bots, self, self.loop, self, FloodGate(per_s, burst, self.loop.clock), Random(0), {"key": "value"},
            Watchdog(0), self.look,
        )  # fmt: skip
        self.host.attach()

    def look(self) -> float:
        return next(self.watch, 0.0)

    def stamp(self) -> int:
        return START_MS + round((self.loop.now_s - 1000) * 1000)

    def execute(self, origin: None, command: Command) -> Outcome:
        outcome = decide(self.state, command)
        if isinstance(outcome, Refused):
            return outcome
        if self.refuse and outcome[0]:
            return self.refuse
        for event in outcome[0]:
            evolve(self.state, event)
            if isinstance(event, MessageSent):
                names = self.state.name_of(event.sender), self.state.name_of(event.recipient)
                self.said.append((*names, event.text))
                self.host.hear(event.sender, event.recipient, (event.text,))
        return outcome

    def get(self, bot: str, wanted: Fetch, done: Callable[[Reply], None]) -> None:
        if self.kept_page:
            done(self.kept_page)
        else:
            self.pages.append((bot, wanted, done))

    def close(self) -> None:
        self.pages.clear()

    def arrive(self, body: bytes, at: int = 0) -> list[str]:
        """Let a page come, and the turn end; what bots then say."""
        self.pages.pop(at)[2](Reply("", body=body))
        return self.end_turn()

    def write(self, sender: str, to: str, text: str) -> None:
        user = self.state.find(sender)
        assert user
        outcome = self.execute(None, SendMessage(user.id, to, text, "", self.stamp()))
        assert not isinstance(outcome, Refused), outcome

    def end_turn(self) -> list[str]:
        """End turns until nothing is left; what bots said in them."""
        before = len(self.said)
        while True:
            self.turns += 1
            self.loop.soon.clear()
            self.host.work()
            if not self.loop.soon:
                return [text for _, _, text in self.said[before:]]

    def tell(self, to: str, text: str, sender: str = "ann") -> list[str]:
        """Write to a bot; what it answers in this turn."""
        self.write(sender, to, text)
        return self.end_turn()

    def pass_time(self, seconds: float) -> list[str]:
        """Let time pass, with a turn wherever a timer fires; what bots say meanwhile."""
        before = len(self.said)
        ends_s = self.loop.now_s + seconds
        while (next_s := min((timer.due_s for timer in self.loop.timers), default=ends_s)) < ends_s:
            self.loop.pass_time(max(0, next_s - self.loop.now_s))
            self.end_turn()
        self.loop.pass_time(ends_s - self.loop.now_s)
        self.end_turn()
        return [text for _, _, text in self.said[before:]]


def counter() -> Bot:
    bot = Bot("CountBot", "counts")

    @bot.on("count")
    def count(state: State) -> tuple[str, State]:
        number = state.get("n", 0) + 1
        return f"that was {number}", {"n": number}

    @bot.on("all")
    def all_of(shared: State) -> tuple[str, State]:
        number = shared.get("n", 0) + 1
        return f"all of you {number}", {"n": number}

    @bot.on("break", "broken <words>")
    def broken(state: State) -> Iterator[object]:
        yield "half"
        raise KeyError("a secret word")

    @bot.on("page")
    def page(state: State) -> Talk:
        yield "looking"
        reply = yield Fetch("http://x/")
        assert reply is not None
        return reply.body.decode(), {"n": state.get("n", 0) + 100}

    @bot.on("break after page")
    def broken_page() -> Talk:
        yield Fetch("http://x/")
        raise KeyError("a secret word")

    @bot.on("in <seconds> <name>")
    def later(seconds: int, name: str) -> list[str | After]:
        return ["later", After(seconds, name)]

    @bot.on("cancel <name>")
    def cancel(name: str) -> list[str | Cancel]:
        return ["never", Cancel(name)]

    @bot.on("many timers")
    def many() -> list[After]:
        return [After(10, f"{number}") for number in range(TIMERS_MAX // 3)]

    @bot.on("who")
    def who(event: Event) -> str:
        return f"{event.sender} {event.room} {event.config['key']} {dict(event.bots)} {event.now:%H:%M}"

    @bot.timer
    def due(event: Event) -> str:
        if event.timer == "bad":
            raise KeyError("a secret word")
        return f"{event.timer} is due for {event.sender} at {event.now:%H:%M:%S}"

    return bot


def test_a_bot_is_a_user_that_is_online_and_has_no_password() -> None:
    world = World(counter())
    bot = world.state.find("CountBot")
    assert bot is not None
    assert (bot.password_hash, bot.sessions, world.state.bots[bot.id]) == ("", 1, "counts")
    assert world.state.find("Count Bot") is world.state.find("c o u n t bot") is bot
    assert world.state.find("a n n") is None


def test_it_answers_in_the_same_turn_and_keeps_its_state() -> None:
    world = World(counter())
    assert world.tell("CountBot", "count") == ["that was 1"]
    assert world.tell("Count Bot", "COUNT") == ["that was 2"]
    assert world.tell("CountBot", "count", "bob") == ["that was 1"]
    assert world.said[1] == ("CountBot", "ann", "that was 1")
    bot = world.state.find("CountBot")
    assert bot
    assert world.state.bot_memory == {1: {bot.id: '{"n":2}'}, 2: {bot.id: '{"n":1}'}}
    assert world.turns == 3


def test_what_is_shared_is_shared() -> None:
    world = World(counter())
    assert world.tell("CountBot", "all") == ["all of you 1"]
    assert world.tell("CountBot", "all", "bob") == ["all of you 2"]


def test_the_event_brings_all_that_varies() -> None:
    world = World(counter())
    assert world.tell("CountBot", " who ") == ["ann None value {'CountBot': 'counts'} 12:00"]


def test_bots_hear_neither_themselves_nor_each_other() -> None:
    parrot = Bot("ParrotBot", "repeats")
    parrot.on("<words>")(lambda words: words)
    world = World(counter(), parrot)
    world.write("CountBot", "ParrotBot", "hello")
    world.write("ParrotBot", "ann", "hello")
    assert world.end_turn() == []


def test_a_fault_is_one_sentence_and_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    world = World(counter())
    world.tell("CountBot", "count")
    assert world.tell("CountBot", "break") == [FAULT]
    assert world.tell("CountBot", "count") == ["that was 2"]
    assert "the bot CountBot failed: " in caplog.text
    assert "test_host.py" in caplog.text
    assert "KeyError" in caplog.text
    assert "secret" not in caplog.text


def test_a_fault_after_a_page_too() -> None:
    world = World(counter())
    assert world.tell("CountBot", "break after page") == []
    assert world.arrive(b"") == [FAULT]
    assert world.tell("CountBot", "count") == ["that was 1"]


def test_a_text_that_failed_twice_is_not_tried_again() -> None:
    world = World(counter())
    for _ in range(TEXT_FAULTS_MAX):
        assert world.tell("CountBot", "break") == [FAULT]
    assert world.tell("CountBot", "break") == [SET_ASIDE]
    assert world.tell("CountBot", "break", "bob") == [SET_ASIDE]
    assert world.tell("CountBot", "count") == ["that was 1"]


def test_one_user_cannot_take_a_bot_from_another(caplog: pytest.LogCaptureFixture) -> None:
    world = World(counter())
    for number in range(USER_FAULTS_MAX):
        assert world.tell("CountBot", f"broken {number}") == [FAULT]
    assert "passed over" in caplog.text
    assert world.tell("CountBot", "count") == [PAUSED]
    assert world.tell("CountBot", "count", "bob") == ["that was 1"]
    world.pass_time(PAUSE_S)
    assert world.tell("CountBot", "count") == ["that was 1"]


def test_a_fault_of_a_turn_that_is_undone_does_not_count() -> None:
    """The step is done again once the disk is well: the same text would else be set aside after one fault."""
    world = World(counter())
    world.batch = Batch(1, 0)
    for _ in range(TEXT_FAULTS_MAX):
        assert world.tell("CountBot", "break") == [FAULT]
        world.batch.revert()
        world.end_turn()
        world.batch = Batch(1, 0)
    world.batch.revert()
    assert world.tell("CountBot", "break") == [FAULT]


def test_a_bot_that_was_switched_off_can_be_enabled(caplog: pytest.LogCaptureFixture) -> None:
    world = World(counter(), Bot("OtherBot", "goes on"))
    for number in range(USERS_MAX - 2):
        world.execute(None, SignUp(f"user{number}", "a hash", START_MS))
    for sender in ("ann", "bob", *(f"user{number}" for number in range(USERS_MAX - 2))):
        assert world.tell("CountBot", f"broken {sender}", sender) == [FAULT]
    assert "and is switched off until it is enabled" in caplog.text
    assert world.tell("CountBot", "count") == [SWITCHED_OFF]
    assert world.tell("OtherBot", "hi")[0].startswith("OtherBot goes on")
    assert not world.host.enable("NoBot")
    assert world.host.enable("countbot")
    assert world.tell("CountBot", "count") == ["that was 1"]


def test_what_the_kit_says_about_a_bot_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    bot = Bot("BigBot", "remembers too much")

    @bot.on("<words>")
    def remember(words: str, state: State) -> tuple[str, State]:
        return "kept", {"words": words * 10_000}

    world = World(bot)
    assert world.tell("BigBot", "secret") == [FAULT]
    assert "BotError: the new state has 60012 characters as JSON, of at most 16000" in caplog.text
    assert "secret" not in caplog.text


def test_a_slow_step_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    world = World(counter())
    world.watch = iter((1.0, 1.0201))
    world.tell("CountBot", "count")
    assert "the bot CountBot held everybody up for 20 ms in one step" in caplog.text
    caplog.clear()
    world.watch = iter((1.0, 1.0199))
    world.tell("CountBot", "count")
    assert caplog.text == ""


def test_a_page_is_fetched_elsewhere_and_comes_back_as_a_step() -> None:
    world = World(counter())
    assert world.tell("CountBot", "page") == ["looking"]
    assert [(bot, wanted.url) for bot, wanted, _ in world.pages] == [("CountBot", "http://x/")]
    assert world.tell("CountBot", "count", "bob") == ["that was 1"]
    assert world.arrive(b"a page") == ["a page"]
    assert world.tell("CountBot", "count") == ["that was 101"]


def test_a_page_that_is_kept_comes_in_the_same_turn() -> None:
    world = World(counter())
    world.kept_page = Reply("", body=b"kept")
    assert world.tell("CountBot", "page") == ["looking", "kept"]
    assert world.tell("CountBot", "count") == ["that was 101"]


def test_what_one_says_while_the_bot_waits_comes_after_and_in_order() -> None:
    world = World(counter())
    for text in ("page", "count", "count"):
        world.write("ann", "CountBot", text)
    assert world.end_turn() == ["looking"]
    assert world.tell("CountBot", "all") == []
    assert world.arrive(b"a page") == ["a page", "that was 101", "that was 102", "all of you 1"]


def test_only_so_much_waits_and_it_is_said_once() -> None:
    world = World(counter())
    world.tell("CountBot", "page")
    answers = [world.tell("CountBot", "count") for _ in range(8)]
    assert answers == [[]] * 8
    assert world.arrive(b"a page") == ["a page", *(f"that was {number}" for number in range(101, 106)), BUSY]


def test_a_flood_is_told_once_and_served_within_bounds() -> None:
    world = World(counter(), per_s=2, burst=4)
    for _ in range(100):
        world.write("ann", "CountBot", "count")
    world.write("bob", "CountBot", "count")
    came = world.end_turn()
    assert came.count(TOO_FAST) == 1
    assert len(came) == 4 + 1 + 1
    world.loop.pass_time(2)
    assert world.tell("CountBot", "count") == ["that was 5"]


def test_work_is_done_in_slices_and_users_take_turns() -> None:
    world = World(counter())
    for _ in range(STEPS_PER_TURN):
        world.write("ann", "CountBot", "count")
    world.write("bob", "CountBot", "count")
    before = len(world.said)
    world.host.work()
    first = [to for _, to, _ in world.said[before:]]
    assert len(first) <= STEPS_PER_TURN
    assert "bob" in first
    assert world.loop.soon
    world.end_turn()
    assert [text for _, to, text in world.said[before:] if to == "ann"] == [
        f"that was {number}" for number in range(1, STEPS_PER_TURN + 1)
    ]


def test_timers_fire_move_and_can_be_taken_back() -> None:
    world = World(counter())
    world.tell("CountBot", "in 60 tea")
    world.tell("CountBot", "in 30 egg", "bob")
    world.tell("CountBot", "in 90 cake")
    assert world.pass_time(29.9) == []
    assert world.pass_time(0.1) == ["egg is due for bob at 12:00:30"]
    assert world.tell("CountBot", "in 60 tea") == ["later"]
    assert world.tell("CountBot", "cancel cake") == ["never"]
    assert world.pass_time(59) == []
    assert world.pass_time(3600) == ["tea is due for ann at 12:01:30"]
    assert not any(world.state.bot_timers.values())


def test_timers_go_on_after_state_was_loaded_again() -> None:
    world = World(counter())
    world.tell("CountBot", "in 60 tea")
    world.loop.timers.clear()
    world.host.attach()
    assert world.pass_time(60) == ["tea is due for ann at 12:01:00"]
    assert world.pass_time(600) == []


def test_timers_that_were_due_meanwhile_come_at_once() -> None:
    world = World(counter())
    world.tell("CountBot", "in 60 tea")
    world.loop.timers.clear()
    world.loop.now_s += 3600
    world.host.attach()
    assert world.pass_time(0) == ["tea is due for ann at 13:00:00"]


def test_a_timer_whose_handler_fails_is_gone() -> None:
    world = World(counter())
    world.tell("CountBot", "in 1 bad")
    assert world.pass_time(1) == [FAULT]
    assert world.pass_time(600) == []


def test_timers_have_a_number_at_most() -> None:
    world = World(counter())
    assert world.tell("CountBot", "many timers") == []
    for number in range(TIMERS_MAX - TIMERS_MAX // 3):
        assert world.tell("CountBot", f"in 60 x{number}") == ["later"]
    assert world.tell("CountBot", "in 60 y") == [FAULT]
    assert world.tell("CountBot", "in 60 x1") == ["later"]


def test_a_timer_waits_until_the_store_can_write() -> None:
    world = World(counter())
    world.tell("CountBot", "in 60 tea")
    world.refuse = Refused("UNAVAILABLE", "later")
    assert world.pass_time(61) == []
    world.refuse = None
    assert world.pass_time(1) == ["tea is due for ann at 12:01:02"]


def test_a_user_who_goes_leaves_nothing_behind() -> None:
    world = World(counter())
    world.tell("CountBot", "count")
    world.tell("CountBot", "in 60 tea")
    world.tell("CountBot", "page")
    world.write("ann", "CountBot", "count")
    world.execute(None, DeleteAccount(1, world.stamp()))
    assert world.arrive(b"a page") == []
    assert world.pass_time(600) == []
    assert (world.state.bot_memory, world.state.bot_timers, world.host._mail._work) == ({}, {}, {})


def test_a_defect_of_the_server_in_one_answer_does_not_end_the_talk(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(counter())
    world.write("ann", "CountBot", "count")
    world.write("ann", "CountBot", "all")
    execute = world.execute

    def failing(origin: None, command: Command) -> Outcome:
        raise AssertionError("a defect")

    monkeypatch.setattr(world, "execute", failing)
    with pytest.raises(AssertionError, match="a defect"):
        world.host.work()
    monkeypatch.setattr(world, "execute", execute)
    assert world.end_turn() == ["all of you 1"]
    assert world.tell("CountBot", "count") == ["that was 1"]


def test_a_name_that_a_person_has_stays_theirs(caplog: pytest.LogCaptureFixture) -> None:
    world = World(Bot("Ann", "wants her name"), counter())
    assert "the bot Ann does not run: There is or was a user called Ann" in caplog.text
    assert [world.state.users[bot].name for bot in world.state.bots] == ["CountBot"]
    assert world.tell("CountBot", "count") == ["that was 1"]


def test_long_answers_are_cut_to_the_setting() -> None:
    bot = Bot("LongBot", "talks")
    bot.on("talk")(lambda: "word " * 1000)
    world = World(bot)
    assert [len(text) for text in world.tell("LongBot", "talk")] == [3999, 999]


@pytest.mark.parametrize("addressed", ["@CountBot count", "@countbot, count"])
def test_in_a_room_it_hears_what_is_for_it(addressed: str) -> None:
    world = World(counter())
    bot = world.state.find("CountBot")
    assert bot
    said: list[tuple[str | int, str]] = []
    execute = world.execute

    def in_room(origin: None, command: Command) -> Outcome:
        if isinstance(command, AnswerForBot):
            said.append((command.to, command.text))
            return (), ()
        return execute(origin, command)

    world.execute = in_room  # type: ignore[method-assign]
    world.host.hear_in_room(1, [1, 2, bot.id], "#tea", "count")
    world.host.hear_in_room(bot.id, [1, 2, bot.id], "#tea", "@CountBot count")
    world.host.hear_in_room(1, [1, 2, bot.id], "#tea", addressed)
    world.host.work()
    assert said == [("#tea", "that was 1")]


def test_a_bot_may_hear_everything_in_its_rooms() -> None:
    bot = Bot("LogBot", "listens", in_rooms="all")
    heard: list[str] = []

    @bot.on("<words>")
    def listen(words: str) -> None:
        heard.append(words)

    world = World(bot)
    user = world.state.find("LogBot")
    assert user
    world.host.hear_in_room(1, [1, user.id], "#tea", "good morning")
    world.host.work()
    assert heard == ["good morning"]


def test_every_built_in_bot_runs_and_helps() -> None:
    world = World(*built_in_bots())
    for bot in built_in_bots():
        assert any("You can say" in text for text in world.tell(bot.name, "help")), bot.name


def test_an_answer_that_is_refused_is_logged_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world = World(counter())
    world.write("ann", "CountBot", "count")
    world.refuse = Refused("UNAVAILABLE", "later")
    assert world.end_turn() == []
    assert "an answer of the bot CountBot was refused: UNAVAILABLE" in caplog.text
    assert "that was" not in caplog.text
