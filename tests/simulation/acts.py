"""What may happen in a step: somebody says something, a network fails, a disk fails, time passes, the power goes."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.simulation.callers import Caller
from tests.simulation.lines import NAMES
from tests.simulation.moderation import moderate

if TYPE_CHECKING:
    from tests.simulation.life import Life

CALLERS_MAX = 9
START_S = 1000.0  # what the simulated clock shows at first


def act(life: "Life") -> None:
    """One step."""
    happens = life.choices.pick(life.acts)
    life.story.append(f"{life.now_s - START_S:.2f} s: {happens.__name__.strip('_').replace('_', ' ')}")
    happens(life)
    for caller in life.callers:
        if caller.is_dripping and caller.is_alive:
            caller.wire.incoming += b"P"
    for _ in range(1 + life.choices.below(3)):
        if life.server.failure:
            break
        life.turn()
    if life.server.failure:
        life.crash("a restart after a failure")


def _rest(life: "Life") -> None:
    """Nothing but a turn of the loop."""


def _say(life: "Life") -> None:
    caller = _somebody(life)
    if caller is None:
        _call(life)
    elif caller.user or any(said.verb in ("LOGIN", "RESUME") for said in caller.said):
        for line in life.lines.of_user(caller):
            life.say(caller, line)
    else:
        life.say(caller, life.lines.of_stranger(caller))


def _say_much(life: "Life") -> None:
    for _ in range(2 + life.choices.below(5)):
        _say(life)


def _say_slowly(life: "Life") -> None:
    """A stranger begins to send a byte now and then, and never a line."""
    strangers = [
        each for each in life.callers if each.is_alive and not each.user and not each.said and not each.is_page
    ]
    caller = life.choices.pick(strangers) if strangers else None
    if caller is not None and not caller.said:
        life.fired["a line that never ends"] += 1
        if not caller.is_dripping:
            caller.is_dripping, caller.stranger_s = True, life.now_s


def _call(life: "Life") -> None:
    if sum(caller.is_alive for caller in life.callers) < CALLERS_MAX:
        life.call(life.choices.pick(NAMES))


def _call_by_page(life: "Life") -> None:
    if sum(caller.is_alive for caller in life.callers) < CALLERS_MAX:
        life.fired["a client of the page"] += 1
        life.call(life.choices.pick(NAMES), by_page=True)


def _end_side(life: "Life") -> None:
    caller = _somebody(life)
    if caller is not None:
        life.fired["a client that ends its side"] += 1
        caller.has_ended = caller.wire.ended = True


def _reset(life: "Life") -> None:
    caller = _somebody(life)
    if caller is not None:
        life.fired["a connection that is reset"] += 1
        caller.is_cut = caller.wire.is_cut = True


def _freeze(life: "Life") -> None:
    caller = _somebody(life)
    if caller is not None:
        life.fired["a client that does not read"] += 1
        caller.was_slow = True
        caller.wire.room = life.choices.pick((0, 1, 30, 200))


def _read_some(life: "Life") -> None:
    slow = [caller for caller in life.callers if caller.wire.room is not None]
    if slow:
        caller = life.choices.pick(slow)
        caller.wire.room = life.choices.pick((None, 1, 50, None))


def _pass_a_moment(life: "Life") -> None:
    life.now_s += life.choices.pick((0.01, 0.05, 0.3))


def _pass_seconds(life: "Life") -> None:
    life.now_s += life.choices.pick((1.0, 1.0, 3.0, 61.0))


def _move_wall_clock(life: "Life") -> None:
    life.fired["a wall clock that jumps"] += 1
    life._moved_ms += life.choices.pick((3_600_000, -3_600_000, 90_000_000, -90_000_000, 10 * 365 * 86_400_000))


def _fail_to_store(life: "Life") -> None:
    life.disk.trouble = life.choices.pick(("commit", "write", "commit", "flush"))


def _store_again(life: "Life") -> None:
    life.disk.trouble = ""


def _hang(life: "Life") -> None:
    life.flusher.hold()


def _hang_no_more(life: "Life") -> None:
    life.flusher.let_go()


def _kill(life: "Life") -> None:
    life.crash(life.choices.pick(("a kill", "a power cut", "a power cut")))


def _somebody(life: "Life") -> Caller | None:
    alive = [caller for caller in life.callers if caller.is_alive and not caller.is_dripping]
    return life.choices.pick(alive) if alive else None


ACTS: tuple[Callable[["Life"], None], ...] = (
    *[_rest] * 4,
    *[_say] * 26,
    *[_say_much] * 8,
    *[_call] * 6,
    *[_end_side] * 2,
    *[_reset] * 2,
    *[_freeze] * 4,
    *[_read_some] * 5,
    *[_pass_a_moment] * 5,
    *[_pass_seconds] * 4,
    _move_wall_clock,
    *[_fail_to_store] * 2,
    *[_store_again] * 5,
    *[_hang] * 3,
    *[_hang_no_more] * 5,
    _kill,
    _say_slowly,
    _say_slowly,
    *[_call_by_page] * 6,
    *[moderate] * 3,
    _kill,
)
