"""What an administrator's command answers: rows under column names, and a sentence; at once or later."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from chatserver.core.outcome import Refused
from chatserver.protocol.frames import clean
from chatserver.protocol.times import format_time

Value = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Result:
    """The answer of a command that was done. Of a row, the last value may hold any text."""

    text: str
    columns: tuple[str, ...] = ()
    rows: Sequence[tuple[Value, ...]] = field(default=())

    def fields(self) -> list[tuple[str, ...]]:
        """The rows for the pipe: no bar but in the last field."""
        shown = [[clean(as_text(value)) for value in row] for row in self.rows]
        return [(*(value.replace("|", "/") for value in row[:-1]), row[-1]) for row in shown]

    def records(self) -> list[dict[str, Value]]:
        """The rows for programs."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


Outcome = Result | Refused


class Later(NamedTuple):
    """A command whose answer takes a while: `start` is called with what takes the answer."""

    start: Callable[[Callable[[Outcome], None]], None]


def as_text(value: Value) -> str:
    """A value as a person reads it."""
    if value is None:
        return "-"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def stamp(time_ms: int) -> str:
    """A time as every answer has it."""
    return format_time(time_ms)
