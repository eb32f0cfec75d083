"""Dialogues without a server: what `play` accepts and refuses, timers, rooms, and pages that are kept."""

from collections.abc import Iterator

import pytest

from bots import After, Bot, Cancel, Event, Fetch, Reply, State, Talk
from bots.kit.event import addressed
from bots.testing import Conversation, canned, check_examples, play


def echo() -> Bot:
    bot = Bot("EchoBot", "says it again")

    @bot.on("say <what>", examples={"say hi": "me: hi", "say two": "me: ...\n..."})
    def say(event: Event, what: str) -> list[str]:
        return [f"{event.sender}: {what}", *(["and again"] if what == "two" else [])]

    return bot


def test_a_dialogue_that_goes_as_written_passes() -> None:
    play(echo(), "me> say hi\nbot> me: hi\n\n# a remark\n ann> say a > b\n bot> ann: ...b")


@pytest.mark.parametrize(
    ("dialogue", "complaint"),
    [
        ("me> say hi\nbot> you: hi", "line 2: the bot should say\n  you: hi\nand says\n  me: hi"),
        ("me> say hi", "at the end the bot also says 'me: hi'"),
        ("me> say hi\nme> say ho", "before line 2 the bot also says 'me: hi'"),
        ("me> say hi\nbot> me: hi\nbot> me: hi", "line 3: the bot should say 'me: hi', and says nothing more"),
        ("say hi", "is not `name> text`"),
    ],
)
def test_a_dialogue_that_goes_otherwise_fails_and_says_where(dialogue: str, complaint: str) -> None:
    with pytest.raises(AssertionError) as caught:
        play(echo(), dialogue)
    assert complaint in str(caught.value)


def test_examples_are_played_each_on_its_own() -> None:
    assert check_examples(echo()) == 2


def test_an_example_that_is_wrong_fails() -> None:
    bot = Bot("B", "does things")
    bot.on("go", examples={"go": "gone"})(lambda: "staying")
    with pytest.raises(AssertionError, match="staying"):
        check_examples(bot)


def tea_bot() -> Bot:
    bot = Bot("TeaBot", "makes tea")

    @bot.on("brew <seconds>")
    def brew(seconds: int) -> list[object]:
        return ["brewing", After(seconds, "tea")]

    @bot.on("stop")
    def stop() -> Cancel:
        return Cancel("tea")

    @bot.timer
    def ready(event: Event) -> str:
        return f"{event.timer} for {event.sender} in {event.room} at {event.now:%M:%S}"

    return bot


def test_timers_fire_when_time_has_passed() -> None:
    play(
        tea_bot(),
        """
        ann> brew 90
        bot> brewing
        wait> 89
        wait> 1
        bot> tea for ann in None at 01:30
        wait> 3600
        """,
    )


def test_a_timer_of_the_same_name_moves_and_can_be_taken_back() -> None:
    play(
        tea_bot(),
        """
        ann> brew 10
        bot> brewing
        ann> brew 60
        bot> brewing
        bob@#tea> brew 30
        bot> brewing
        wait> 59
        bot> tea for bob in #tea at 00:30
        ann> stop
        wait> 600
        """,
    )


def test_pages_are_kept_as_long_as_the_fetch_says() -> None:
    asked: list[str] = []

    def fetch(wanted: Fetch) -> Reply:
        asked.append(wanted.url)
        return Reply(wanted.url, body=b"1")

    bot = Bot("B", "does things")

    @bot.on("look")
    def look() -> Talk:
        reply = yield Fetch("http://a/", keep_s=60)
        assert reply is not None
        return reply.body.decode()

    talk = Conversation(bot, fetch)
    for seconds in (0, 59, 1, 10):
        talk.pass_time(seconds)
        assert talk.say("look") == ["1"]
    assert asked == ["http://a/"] * 2


def test_canned_pages() -> None:
    fetch = canned({"http://a/json": {"n": 1}, "http://a/down": "it is down", "http://a/": Reply("", 200, b"raw")})
    assert fetch(Fetch("http://a/json?x=1")).json() == {"n": 1}
    assert fetch(Fetch("http://a/down")).problem == "it is down"
    assert fetch(Fetch("http://a/other")).body == b"raw"
    assert not fetch(Fetch("http://b/")).ok


def test_a_fault_leaves_the_state_as_it_was() -> None:
    bot = Bot("B", "does things")

    @bot.on("count")
    def count(state: State) -> tuple[str, State]:
        return "ok", {"n": state.get("n", 0) + 1}

    @bot.on("break")
    def broken(state: State) -> Iterator[str]:
        state["n"] = 100
        yield "half"
        raise KeyError("x")

    talk = Conversation(bot)
    talk.say("count")
    with pytest.raises(KeyError):
        talk.say("break")
    assert talk.states == {"me": '{"n":1}'}


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("@NumbersGame play", "play"),
        ("@numbersgame: play 10 ", "play 10"),
        (" @NumbersGame", ""),
        ("@Numbers Game play 10", "play 10"),
        ("@numbers game, play", "play"),
        ("NumbersGame: play", "play"),
        ("numbers game, play", "play"),
        ("NumbersGame:", ""),
        ("NumbersGame play", None),
        ("Numbers: Game play", None),
        ("play", None),
        ("@Numbers play", None),
        ("@N u m b e r s G a m e play", None),
        ("say @NumbersGame play", None),
    ],
)
def test_who_is_addressed_in_a_room(text: str, rest: str | None) -> None:
    assert addressed("NumbersGame", text) == rest


@pytest.mark.parametrize("said", ["@Echo  hello", "Echo: hello", "hello"])
def test_its_name_before_what_is_said_to_it_alone_is_taken_off(said: str) -> None:
    bot = Bot("Echo", "says it again")

    @bot.otherwise
    def echo(event: Event) -> str:
        return event.text

    assert Conversation(bot).say(said) == ["hello"]
