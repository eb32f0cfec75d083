"""What the bot kit costs a step beside the handler itself: `python3 -m bots.kit.cost`.

The same handler is called directly and through the kit, in turns, and the best of several runs counts.
"""

import json
from collections.abc import Callable
from functools import partial
from random import Random
from time import perf_counter_ns

from bots import Bot, Event, State, numbers_game
from bots.kit.running import begin

STEPS = 20_000
RUNS = 7


def cost_us(step: Callable[[], object]) -> float:
    """The time of one call in microseconds: the best mean of several runs."""
    best = float("inf")
    for _ in range(RUNS):
        started = perf_counter_ns()
        for _ in range(STEPS):
            step()
        best = min(best, (perf_counter_ns() - started) / STEPS / 1000)
    return best


def report(name: str, through_kit: Callable[[], object], direct: Callable[[], object]) -> None:
    """Print one row: both costs and their difference."""
    whole, handler = cost_us(through_kit), cost_us(direct)
    print(f"{name:<44}{whole:>8.2f}{handler:>10.2f}{whole - handler:>8.2f}")


def main() -> None:
    """Measure a bot of one line, and NumbersGame in the middle of a game."""
    bot = Bot("EchoBot", "says again what you say")

    @bot.on("say <words>")
    def say(words: str) -> str:
        return words

    @bot.on("count")
    def count(state: State) -> tuple[str, State]:
        state["n"] += 1
        return "counted", state

    print(f"{'µs a step':<44}{'kit':>8}{'handler':>10}{'beside':>8}")
    report("a handler without state", lambda: begin(bot, _event("say good morning")), lambda: say("good morning"))
    report("a handler with state", lambda: begin(bot, _event("count"), '{"n":1}'), lambda: count({"n": 1}))
    game = {"game": {"secret": 70, "highest": 100, "tries": 0}, "best": {"100": 5}}
    table: State = {"100": [[5, "ann"], [6, "bob"], [7, "cho"]]}
    kept, shared = json.dumps(game), json.dumps(table)
    event = _event("50")

    def direct() -> object:
        game["game"]["tries"] = 0
        return numbers_game.guess(event, game, table, 50)

    report("NumbersGame, a guess", partial(begin, numbers_game.bot, event, kept, shared), direct)
    report("making an event", lambda: _event("50"), lambda: None)


def _event(text: str) -> Event:
    return Event(text, "ann", 1_796_212_800_000, None, None, _CHANCE, _NOTHING, _NOTHING)


_CHANCE = Random(1)
_NOTHING: dict[str, str] = {}

if __name__ == "__main__":
    main()
