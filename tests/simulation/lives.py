"""Lives of the server from first to last: what goes wrong in them, and what came of one."""

import logging
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from chatserver.store import store
from tests.simulation.acts import act
from tests.simulation.choices import Choices, Record
from tests.simulation.life import Life

STEPS = 100
LISTED_FROM = 3  # messages that wait for the posting lists
FOLDER = "/dev/shm" if Path("/dev/shm").is_dir() else None

FAULTS = (
    *("a short read", "a short write", "a write that blocks", "a full send buffer", "no bytes in spite of readiness"),
    *("readiness told late", "readiness that is none", "readiness in another order", "no descriptor left"),
    *("a client that ends its side", "a connection that is reset", "a client that does not read"),
    *("a line that never ends", "a thread that takes its time", "a flush while the loop goes on", "a slow flush"),
    *("a disk that hangs", "a commit that fails", "a write that fails", "a flush that fails"),
    *("a flush that fails, though all was written", "a kill", "a crash in a commit that fails", "a power cut"),
    *("a power cut in the middle of a write", "a restart after a failure", "a wall clock that jumps"),
    *("a client of the page", "a message in fragments", "a ping of WebSocket"),
    *("an administrator's mute", "an administrator's kick", "an administrator's user suspend"),
    *("an administrator's user reinstate", "an administrator's unmute", "an administrator's ban"),
    "an administrator's unban",
)
"""All that goes wrong, by the names under which it is counted."""


def prepare() -> None:
    """Once in a process: lists of messages are stored soon, since a life is short, and the server's log is silent."""
    store.UNLISTED_IDLE = LISTED_FROM
    logging.getLogger("chatserver").setLevel(logging.ERROR)
    logging.getLogger("chatserver").addHandler(logging.NullHandler())


@dataclass
class Outcome:
    """What came of a run."""

    violations: list[str]
    story: list[str]
    record: Record
    fired: Counter[str]
    seen: Counter[str]
    steps: int


def run(choices: Choices, steps: int = STEPS, make: type[Life] = Life) -> Outcome:
    """Live one life, until something is not as it must be."""
    with TemporaryDirectory(dir=FOLDER) as folder:
        life = make(Path(folder), choices)
        done = 0
        try:
            life.begin()
            while done < steps and not life.oracle.violations:
                done += 1
                choices.begin_step()
                choices.is_calm = False
                act(life)
                choices.is_calm = True
            if not life.oracle.violations:
                life.heal()
        except Exception as error:  # a defect that has come through, or a model that cannot follow
            life.oracle.blame(f"{type(error).__name__}: {error} ({where(error)})")
        try:
            life.end()
        except Exception as error:
            life.oracle.blame(f"at the end: {type(error).__name__}: {error} ({where(error)})")
        return Outcome(life.oracle.violations, life.story, choices.record, life.fired, life.judge.seen, done)


def where(error: BaseException) -> str:
    """The innermost place of an error."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"
