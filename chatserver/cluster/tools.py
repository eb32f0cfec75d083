"""`python3 -m chatserver cluster status` and `cluster leave`: what the operator asks beside a node that runs."""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from chatserver.cluster.engine import ClusterError, EngineError
from chatserver.cluster.node import connect, engine_warnings, refusal
from chatserver.cluster.postgres import Postgres, WrongVersion
from chatserver.cluster.steps import Steps, drive
from chatserver.net.reactor import Reactor
from chatserver.net.selector import best_selector
from chatserver.settings import Settings
from chatserver.store.errors import StoreError
from chatserver.store.store import leave_cluster

USAGE, FAILED = 2, 1
ABSENT_S = 5.0  # a node that was not seen for so long is told as away

EPILOG = """status needs --cluster, or CHATSERVER_CLUSTER in the environment.
leave needs --store, of a node that does not run.
exit status: 0 done, 1 the engine or the store refuses or no node writes, 2 a word that makes no sense"""


class _Usage(Exception):
    pass


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _Usage(f"{message}; --help says more")


def main(words: Sequence[str], settings_of: Callable[[Sequence[str]], Settings]) -> int:
    """Do it; the exit status. `settings_of` makes settings of options."""
    parser = _Parser(
        prog="chatserver cluster",
        usage="python3 -m chatserver cluster status|leave [--cluster CONNINFO] [--store FILE] [--config FILE]",
        description="status: who writes, who follows how far. leave: take a store out of its cluster for good.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("what", choices=("status", "leave"), help="what to do")
    for name in ("cluster", "store", "config"):
        parser.add_argument(f"--{name}", metavar="FILE" if name != "cluster" else "CONNINFO", help="as for the server")
    try:
        given = parser.parse_args(words)
        pairs = ((name, getattr(given, name)) for name in ("cluster", "store", "config"))
        settings = settings_of([word for name, value in pairs if value for word in (f"--{name}", value)])
        return _status(settings) if given.what == "status" else _leave(settings)
    except _Usage as error:
        print(f"chatserver: {error}", file=sys.stderr)
        return USAGE
    except (ClusterError, StoreError) as error:
        print(f"chatserver: {error}", file=sys.stderr)
        return FAILED


def _leave(settings: Settings) -> int:
    cluster = leave_cluster(settings.store)
    print(f"{settings.store} belongs to no cluster any more; it was a store of {cluster}")
    return 0


def _status(settings: Settings) -> int:
    if not settings.cluster:
        raise _Usage("status asks the engine: say with --cluster how to reach it")
    reactor = Reactor(best_selector())
    engine = Postgres(connect(settings, reactor))
    ended: list[Exception | None] = []
    lines: list[str] = []
    faults: list[str] = []

    def over(error: Exception | None) -> None:
        ended.append(error)
        reactor.stop()

    drive(_ask(engine, lines, faults), over)
    if not ended:
        reactor.run()
    engine.link.close()
    reactor.close()
    error = ended[0]
    if isinstance(error, EngineError):
        raise ClusterError(refusal(error)) from error
    if isinstance(error, WrongVersion):
        raise ClusterError(
            f"the cluster's tables are of version {error}: use the version that the nodes have"
        ) from error
    if error is not None:
        raise error
    print("\n".join(lines))
    for fault in faults:
        print(f"chatserver: {fault}", file=sys.stderr)
    return FAILED if faults else 0


def _ask(engine: Postgres, lines: list[str], faults: list[str]) -> Steps[None]:
    fsync, commit, standbys, _, has_tables = yield from engine.settings()
    head = (yield from engine.head()) if has_tables else None
    if head is None:
        raise ClusterError("that database holds no cluster: start the first node with --cluster, or check it")
    lines.append(f"cluster {head.cluster}, store {head.identity:x}, {head.place.position} entries")
    lines.append(f"hash {head.place.hash.hex() or '-'}")
    lines.append(f"writer {head.holder or '-'} ({head.address or '-'}), take-over {head.epoch}")
    for node, position, safe, format_, seen_s in (yield from engine.members()):
        behind = f"follows, {max(0, head.place.position - position)} entries behind"
        where = "writes" if node == head.holder and not head.expired else behind
        where = where if seen_s < ABSENT_S else "away"
        lines.append(f"node {node}: {where}, safe to {safe}, format {format_}, seen {seen_s:.0f} s ago")
    warnings = engine_warnings(fsync, commit, standbys)
    lines += [f"warning: {warning}" for warning in warnings] or ["engine: an OK means two machines or more"]
    waiting = yield from engine.waiting()
    if waiting:
        faults.append(f"commits wait for a standby ({waiting} now): see that those of synchronous_standby_names run")
    if head.expired:
        faults.append("no node writes: the lease has run out, and nobody has taken it")
