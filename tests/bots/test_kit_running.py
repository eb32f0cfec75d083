"""One step: what a handler may return and yield, what becomes of the state, and what is refused."""

import json
from collections.abc import Callable, Iterator

import pytest

from bots import After, Bot, BotError, Cancel, Event, Fetch, Reply, Say, Sorry, State, Talk
from bots.kit.running import EFFECTS_MAX, FETCHES_MAX, SHARED_CHARS_MAX, STATE_CHARS_MAX, Step, begin, resume


def step(function: Callable[..., object], state: str = "{}", shared: str = "{}") -> Step:
    bot = Bot("B", "does things")
    bot.otherwise(function)
    return begin(bot, Event("hello", "ann", 5), state, shared)


def test_a_text_is_one_message_and_changes_nothing() -> None:
    assert step(lambda: "hi") == Step(says=["hi"])
    assert step(lambda: Say("hi")) == Step(says=["hi"])
    assert step(lambda: None) == Step()


def test_a_list_is_several_effects_in_their_order() -> None:
    came = step(lambda: ["one", After(3, "x"), Say("two"), Cancel("y")])
    assert came.says == ["one", "two"]
    assert came.timers == [After(3, "x"), Cancel("y")]


def test_state_comes_in_and_goes_out_as_json() -> None:
    def count(state: State) -> tuple[str, State]:
        return "counted", {"n": state.get("n", 0) + 1, "ß": 1}

    assert step(count).state == '{"n":1,"ß":1}'
    assert step(count, '{"n":7}').state == '{"n":8,"ß":1}'


def test_a_changed_state_that_is_not_returned_is_not_kept() -> None:
    def forget(state: State) -> str:
        state["n"] = 1
        return "changed my copy"

    assert step(forget).state is None


def test_state_and_shared_are_returned_in_this_order() -> None:
    def both(shared: State, state: State) -> tuple[str, State, State]:
        return "ok", {"mine": 1}, {"ours": shared["ours"] + 1}

    came = step(both, shared='{"ours":1}')
    assert (came.state, came.shared) == ('{"mine":1}', '{"ours":2}')


def test_only_shared_taken_only_shared_returned() -> None:
    def table(shared: State) -> tuple[None, State]:
        return None, {"n": 1}

    came = step(table)
    assert (came.says, came.state, came.shared) == ([], None, '{"n":1}')


def test_none_in_the_place_of_a_state_leaves_it() -> None:
    def mine_alone(state: State, shared: State) -> tuple[str, State, None]:
        return "ok", {"mine": 1}, None

    came = step(mine_alone)
    assert (came.state, came.shared) == ('{"mine":1}', None)


def test_event_brings_the_clock() -> None:
    def when(event: Event) -> str:
        return f"{event.now:%Y %H:%M:%S.%f} {event.sender} {event.text}"

    assert step(when).says == ["1970 00:00:00.005000 ann hello"]


def test_a_generator_says_as_it_goes_and_returns_its_state() -> None:
    def talk(state: State) -> Talk:
        yield "one"
        yield Say("two")
        yield After(1)
        return "three", {"n": 1}

    came = step(talk)
    assert (came.says, came.timers, came.state, came.fetch) == (["one", "two", "three"], [After(1)], '{"n":1}', None)


def test_a_fetch_waits_and_goes_on_with_the_reply() -> None:
    def talk(event: Event, state: State) -> Talk:
        yield "wait"
        yield After(9)
        first = yield Fetch("http://a/")
        assert first is not None
        second = yield Fetch("http://b/")
        assert second is not None
        return f"{first.json()} {second.json()}", {"n": 1}

    came = step(talk)
    assert (came.says, came.timers, came.state, came.fetch) == (["wait"], [], None, Fetch("http://a/"))
    came = resume(came, Reply("http://a/", body=b"1"))
    assert (came.says, came.timers, came.state, came.fetch) == ([], [], None, Fetch("http://b/"))
    came = resume(came, Reply("http://b/", body=b'"x"'))
    assert (came.says, came.timers, came.state, came.fetch) == (["1 x"], [After(9)], '{"n":1}', None)


def test_a_step_that_waits_for_nothing_cannot_resume() -> None:
    with pytest.raises(ValueError, match="waits for nothing"):
        resume(step(lambda: "hi"), Reply(""))


def test_sorry_is_an_answer_and_changes_nothing() -> None:
    def sorry(state: State) -> Iterator[object]:
        yield "never said"
        yield After(1)
        raise Sorry("I cannot")

    assert step(sorry) == Step(says=["I cannot"])
    assert step(lambda: (_ for _ in ()).throw(Sorry())).says == ["Sorry, I cannot do that."]


def test_a_problem_of_a_page_is_said_if_nobody_catches_it() -> None:
    def talk(event: Event) -> Talk:
        reply = yield Fetch("http://a/")
        assert reply is not None
        return str(reply.json())

    assert resume(step(talk), Reply("http://a/", 0, problem="it did not answer")).says == ["it did not answer"]
    assert resume(step(talk), Reply("http://a/", body=b"<html>")).says == ["its answer is broken (no JSON)"]
    assert resume(step(talk), Reply("http://a/", body=b"\xff")).says == ["its answer is broken (no JSON)"]


def test_other_exceptions_come_out() -> None:
    with pytest.raises(ZeroDivisionError):
        step(lambda: 1 // 0)


@pytest.mark.parametrize("returned", [5, b"x", {"a": 1}, [5], ["ok", None], object()])
def test_a_wrong_answer_is_a_fault(returned: object) -> None:
    with pytest.raises(BotError, match="a handler answers a text"):
        step(lambda: returned)


def test_a_tuple_has_what_was_taken() -> None:
    with pytest.raises(BotError, match="takes neither state nor shared"):
        step(lambda: ("hi", {}))
    with pytest.raises(BotError, match=r"or \(answer, state, shared\)"):
        step(lambda state, shared: ("hi", {}))


@pytest.mark.parametrize("state", [[], "x", 5, {"a": object()}, {"a": float("nan")}, {"a": {1, 2}}, {(1, 2): 3}])
def test_a_state_that_json_cannot_hold_is_a_fault(state: object) -> None:
    with pytest.raises(BotError, match="new state"):
        step(_returning(state))


def _returning(new: object) -> Callable[..., object]:
    def handler(state: State) -> tuple[str, object]:
        return "hi", new

    return handler


def test_a_state_can_always_be_written_as_utf_8() -> None:
    came = step(_returning({"a": "ß\ud83d"}))
    assert came.state == '{"a": "\\u00df\\ud83d"}'
    assert json.loads(came.state) == {"a": "ß\ud83d"}


def test_states_have_a_size() -> None:
    with pytest.raises(BotError, match="of at most 16000"):
        step(_returning({"x": "x" * STATE_CHARS_MAX}))
    with pytest.raises(BotError, match="of at most 256000"):
        step(lambda shared: ("hi", {"x": "x" * SHARED_CHARS_MAX}))


def test_a_handler_that_yields_for_ever_ends() -> None:
    def endless() -> Iterator[str]:
        while True:
            yield "more"

    with pytest.raises(BotError, match=f"at most {EFFECTS_MAX}"):
        step(endless)


def test_a_handler_that_fetches_for_ever_ends() -> None:
    def endless() -> Talk:
        while True:
            yield Fetch("http://a/")

    came = step(endless)
    for _ in range(FETCHES_MAX - 1):
        came = resume(came, Reply("http://a/"))
    with pytest.raises(BotError, match=f"at most {FETCHES_MAX} pages"):
        resume(came, Reply("http://a/"))


def test_who_takes_shared_cannot_fetch() -> None:
    def talk(shared: State) -> Talk:
        yield Fetch("http://a/")
        return None

    with pytest.raises(BotError, match="cannot Fetch"):
        step(talk)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a/", "", "a/b"])
def test_fetch_takes_http_alone(url: str) -> None:
    with pytest.raises(BotError, match="http"):
        Fetch(url)


@pytest.mark.parametrize("seconds", [-1, 367 * 86_400, float("nan"), float("inf")])
def test_after_has_a_range(seconds: float) -> None:
    with pytest.raises(BotError, match="After takes"):
        After(seconds)
    with pytest.raises(BotError, match="name of a timer"):
        After(1, "x" * 65)
    with pytest.raises(BotError, match="printable"):
        After(1, "\ud83d")


def test_a_timer_reaches_its_handler_and_no_other() -> None:
    bot = Bot("B", "does things")
    bot.otherwise(lambda: "heard")
    assert begin(bot, Event("", "ann", timer="tea")) == Step()
    bot.timer(lambda event: f"{event.timer} is ready")
    assert begin(bot, Event("", "ann", timer="tea")).says == ["tea is ready"]


def test_what_is_said_can_go_on_the_wire() -> None:
    assert step(lambda: "two\nlines\x1b[31m").says == ["two lines [31m"]
    assert len(step(lambda: "word " * 2000).says) == 3
    with pytest.raises(BotError, match="blank"):
        step(lambda: " \n ")


def test_state_is_a_fresh_copy_each_time() -> None:
    kept = json.dumps({"list": [1]})
    seen: list[object] = []

    def handler(state: State) -> str:
        state["list"].append(2)
        seen.append(state["list"])
        return "ok"

    step(handler, kept)
    step(handler, kept)
    assert seen == [[1, 2], [1, 2]]
