"""Conversations that every client core must hold in the same words: `conversations.json` has them step by step.

A step is something done (`do`) or heard (`hear`); behind it stands what follows: the `events`, what is said (`says`),
the `phase`, or a `refuses` with the sentence. `python3 -m tests.page.conversations` writes down anew what the Python
core does; what has changed is then to be read in the diff.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chatclient.core.client import ClientCore
from chatclient.core.commands import BadCommand

PATH = Path(__file__).with_name("conversations.json")
EARLY_MAX = 2
"""How many messages the cores keep back in a catch-up."""
Step = dict[str, Any]


def load() -> dict[str, list[Step]]:
    """All conversations by their name."""
    found: dict[str, list[Step]] = json.loads(PATH.read_text())
    return found


def play(steps: list[Step]) -> list[Step]:
    """What the Python core makes of a conversation: its steps with what followed."""
    core = ClientCore("t", early_max=EARLY_MAX)
    return [{**{key: step[key] for key in ("do", "hear") if key in step}, **_follows(core, step)} for step in steps]


def _follows(core: ClientCore, step: Step) -> Step:
    try:
        events = _act(core, step)
    except BadCommand as error:
        return {"refuses": str(error)}
    shown = [{"type": type(event).__name__, **_plain(asdict(event))} for event in events]
    says = core.take_output().decode().splitlines()
    return {**({"events": shown} if shown else {}), **({"says": says} if says else {}), "phase": core.phase.value}


def _act(core: ClientCore, step: Step) -> list[Any]:
    if "hear" in step:
        return list(core.receive("".join(f"{line}\n" for line in step["hear"]).encode()))
    what, *more = step["do"]
    if what == "command":
        core.command(more[0], *more[1:])
    elif what == "lost":
        return list(core.lost())
    else:
        getattr(core, what)(*more)
    return []


def _plain(value: Any) -> Any:
    """As JSON has it: lists for tuples."""
    return json.loads(json.dumps(value))


def main() -> None:
    """Write what the Python core does."""
    played = {name: play(steps) for name, steps in load().items()}
    one = [f"{json.dumps(name)}: [\n {_lines(steps)}\n]" for name, steps in played.items()]
    PATH.write_text("{\n" + ",\n".join(one) + "\n}\n")


def _lines(steps: list[Step]) -> str:
    """A step a line."""
    return ",\n ".join(json.dumps(step, ensure_ascii=False) for step in steps)


if __name__ == "__main__":
    main()
