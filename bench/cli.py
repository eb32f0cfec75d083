"""The command line: `python3 -m bench SCENARIO`, `compare`, `sweep`, `plot`, `ledger`, `all`.

Exit status: 0 all well; 1 an `--assert` is broken; 2 the run could not be made, and a sentence says why.
"""

import argparse
import sys
from collections.abc import Sequence

from bench import BenchError
from bench.expectations import parse_expectations
from bench.progress import Progress
from bench.result import Result
from bench.runner import run_scenario
from bench.scenarios import SCENARIOS
from bench.servers import ServerOptions

HELP = {
    "pairs": "pairs of users",
    "window": "messages in flight for each sender",
    "size": "bytes of a text",
    "rate": "messages a second in all",
    "members": "members of the room beside the sender",
    "groups": "groups of users who are all friends",
    "friends": "friends in a group",
    "connections": "connections",
    "users": "users",
    "slow": "receivers who do not read",
    "messages": "messages",
    "queries": "queries",
    "bot": "the bot to speak to; empty takes the first that answers",
    "say": "what to say to it",
    "seconds": "seconds measured",
    "warmup": "seconds of warm-up before",
    "drain": "seconds to wait for what is in flight at the end",
    "seed": "part of every name, and of every random choice",
    "syscalls": "count system calls in a short run of its own under strace",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit status."""
    try:
        options = _parser().parse_args(arguments)
        status: int = options.run(options)
        return status
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("bench: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m bench", description="Loads a chat server, and says what it costs."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="SCENARIO")
    for scenario in SCENARIOS.values():
        command = commands.add_parser(scenario.name, help=scenario.help, description=scenario.help)
        for name, default in scenario.defaults.items():
            _add_parameter(command, name, default)
        add_server_options(command)
        add_output_options(command)
        command.add_argument(
            "--assert",
            dest="expectations",
            default="",
            metavar="NAME=BOUND,…",
            help="bounds to keep to, for example p99_ms=5,lost=0",
        )
        command.set_defaults(run=_run_one)
    return parser


def _add_parameter(command: argparse.ArgumentParser, name: str, default: object) -> None:
    if isinstance(default, bool):
        command.add_argument(f"--{name}", action=argparse.BooleanOptionalAction, default=default, help=HELP[name])
    else:
        command.add_argument(
            f"--{name}", type=type(default), default=default, metavar="N", help=f"{HELP[name]} (default {default})"
        )


def add_server_options(command: argparse.ArgumentParser) -> None:
    """Which server is loaded."""
    group = command.add_argument_group("the server")
    group.add_argument(
        "--target", default="", metavar="HOST:PORT", help="a server that runs already; without it one is started"
    )
    group.add_argument(
        "--pid",
        type=int,
        help="process id of the target, if it runs on this machine: for its processor time and memory",
    )
    group.add_argument(
        "--against", default="chatserver", metavar="NAME", help="a baseline or an IRC server in place of ours"
    )
    group.add_argument(
        "--store",
        default="",
        metavar="FILE",
        help="':memory:' (the default), 'file' for one that is removed again, or a path, which is kept",
    )
    group.add_argument(
        "--sync", default="", choices=["normal", "full"], help="how durable the store is; it implies --store file"
    )
    group.add_argument("--python", default=sys.executable, metavar="PATH", help="the interpreter the server runs on")
    group.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="NAME=VALUE",
        help="a setting of the server; may be repeated",
    )
    group.add_argument("--no-pin", action="store_true", help="leave server and generator on any core")


def add_output_options(command: argparse.ArgumentParser) -> None:
    """How the outcome is told."""
    group = command.add_argument_group("output")
    group.add_argument("-q", "--quiet", action="store_true", help="one line, and no progress bar")
    group.add_argument("--json", action="store_true", help="the whole result as JSON, one line")


def server_options(options: argparse.Namespace) -> ServerOptions:
    """Read the options of `add_server_options`."""
    store = options.store or ("file" if options.sync else ":memory:")
    return ServerOptions(
        options.target, options.against, options.pid, store, options.sync, options.python, tuple(options.settings)
    )


def _run_one(options: argparse.Namespace) -> int:
    expectations = parse_expectations(options.expectations)
    chosen = {name: getattr(options, name) for name in SCENARIOS[options.command].defaults}
    progress = Progress(options.quiet)
    result = run_scenario(options.command, chosen, server_options(options), progress, not options.no_pin)
    print(told(result, options))
    broken = [sentence for each in expectations if (sentence := each.broken_by(result.metrics))]
    for sentence in broken:
        print(f"bench: {sentence}", file=sys.stderr)
    return 1 if broken else 0


def told(result: Result, options: argparse.Namespace) -> str:
    """The result in the form that was asked for."""
    if options.json:
        return result.as_json()
    return result.as_line() if options.quiet else result.as_table()
