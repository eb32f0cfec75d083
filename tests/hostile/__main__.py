"""Campaigns against a started server, of any size; each beside somebody who only wants to be served.

    python3 -m tests.hostile drip --sockets 10000
    python3 -m tests.hostile unread --sockets 1000
    python3 -m tests.hostile guesses --sockets 1000

Progress is told every few seconds, and at the end what was seen; the status is 0 if all is as it must be. Sizes
are cut to the descriptors that this process may have.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.hostile.campaigns import drip, guesses, unread
from tests.hostile.doors import Doors

CAMPAIGNS: dict[str, Callable[[Doors, int, Callable[[str], None]], list[str]]] = {
    "drip": drip.run,
    "unread": unread.run,
    "guesses": guesses.run,
}
SETTINGS = {"drip": drip.SETTINGS, "unread": unread.SETTINGS, "guesses": guesses.SETTINGS}
SPARE = 200  # descriptors for all else


def campaign(what: str, sockets: int, folder: Path, tell: Callable[[str], None]) -> list[str]:
    """Start a server, attack it, and say what is not as it must be."""
    doors = Doors(folder / "chat.db", **SETTINGS[what])
    try:
        wrong = CAMPAIGNS[what](doors, sockets, tell)
        if "Traceback" in doors.server.stderr:
            wrong.append("the server has met a defect: " + doors.server.stderr[-2000:])
        tell(f"the longest turn took the loop {doors.longest_turn_ms:.0f} ms of CPU time (0: under 10)")
        return wrong
    finally:
        doors.server.close()


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.hostile", description="attacks on a started server")
    parser.add_argument("what", choices=CAMPAIGNS)
    parser.add_argument("--sockets", type=int, default=200, help="connections of the attacker (default 200)")
    options = parser.parse_args()
    sockets, most = options.sockets, _descriptors() - SPARE
    if sockets > most:
        print(f"scaled down to {most} sockets: this process may have no more descriptors (ulimit -n)", flush=True)
        sockets = most
    started_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        wrong = campaign(options.what, sockets, Path(folder), lambda text: print(text, flush=True))
    for each in wrong:
        print(f"BROKEN: {each}", file=sys.stderr)
    print(f"{options.what}, {sockets} sockets: {len(wrong)} broken, {time.monotonic() - started_s:.0f} s")
    return 1 if wrong else 0


def _descriptors() -> int:
    """As many as the system lets this process have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = hard if hard != resource.RLIM_INFINITY else 1_000_000
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most


if __name__ == "__main__":
    raise SystemExit(main())
