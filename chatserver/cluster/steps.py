"""Work that waits for answers, written from top to bottom: a generator that yields what it waits for.

What is yielded is a function that is given whom to call with the answer. `drive` goes on with it then, in the loop.
Nothing here is a thread.
"""

from collections.abc import Callable, Generator
from typing import Any, TypeVar

Resume = Callable[[Any], None]
"""Called with the answer; an exception is raised where the generator waits. Any: each question has its own answer."""
Question = Callable[[Resume], None]
Answer = TypeVar("Answer")
Steps = Generator[Question, Any, Answer]


def drive(steps: Steps[Any], ended: Callable[[Exception | None], None]) -> None:
    """Run it until it ends, over many turns of the loop; tell with what."""
    _Drive(steps, ended).go_on(None)


class _Drive:
    """An answer that comes at once is taken by the loop below in place of a call deeper each time."""

    def __init__(self, steps: Steps[Any], ended: Callable[[Exception | None], None]) -> None:
        self._steps = steps
        self._ended = ended
        self._answers: list[Any] = []
        self._is_running = False

    def go_on(self, answer: Any) -> None:
        self._answers.append(answer)
        if self._is_running:
            return
        self._is_running = True
        try:
            while self._answers:
                given = self._answers.pop()
                question = self._steps.throw(given) if isinstance(given, Exception) else self._steps.send(given)
                question(self.go_on)
        except StopIteration:
            self._ended(None)
        except Exception as error:
            self._ended(error)
        finally:
            self._is_running = False
