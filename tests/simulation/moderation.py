"""What administrators do to people in a life."""

from typing import TYPE_CHECKING

from chatserver.admin.desk import Actor
from tests.simulation.lines import NAMES

if TYPE_CHECKING:
    from tests.simulation.life import Life

NETWORK = "203.0.113.0/24"
FOR_GOOD = "--until=9999-12-31T23:59:59"
OWNER = Actor("machine", is_machine=True)
DEEDS = ("unmute", "mute", "mute", "kick", "kick", "user suspend", "user reinstate", "user reinstate", "ban", "unban")


def moderate(life: "Life") -> None:
    """An administrator does something, which is decided at once."""
    deed = life.choices.pick(DEEDS)
    about = NETWORK if deed.endswith("ban") else life.choices.pick(NAMES)
    life.fired[f"an administrator's {deed}"] += 1
    administer(life, *deed.split(), about, *([FOR_GOOD] if deed in ("mute", "user suspend", "ban") else []))


def let_all_in(life: "Life") -> None:
    """No sanction any more."""
    for name in life.oracle.truth.users:
        if name in life.oracle.truth.muted:
            administer(life, "unmute", name)
        if name in life.oracle.truth.suspended:
            administer(life, "user", "reinstate", name)
    if life.oracle.truth.banned:
        administer(life, "unban", NETWORK)


def administer(life: "Life", *words: str) -> None:
    """Say it at the machine's own door."""
    life.story.append(f"the owner: {' '.join(words)}")
    life.server.administration.from_machine(OWNER, words, lambda outcome: None)
