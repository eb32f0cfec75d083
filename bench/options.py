"""The options of the command line that several commands share."""

import argparse
import sys
from pathlib import Path

from bench.cluster import ENGINES
from bench.result import Result
from bench.servers import ServerOptions
from bench.web import FRONTS

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
    "beside": "messages a second between pairs of users, alone and then beside the bot; 0 leaves them out",
    "number": "end the measurement after so many messages (logins), whatever seconds says; 0 goes by seconds",
    "every": "seconds between two messages of a user; all else that people do goes by it",
    "ramp": "raise the rate to this in ten steps, and tell of each; 0 keeps it",
    "tags": "send with tags, as clients do that repeat what was not answered",
    "seconds": "seconds measured",
    "warmup": "seconds of warm-up before",
    "drain": "seconds to wait for what is in flight at the end",
    "seed": "part of every name, and of every random choice",
    "syscalls": "count system calls in a short run of its own under strace",
}


def add_parameter(command: argparse.ArgumentParser, name: str, default: object) -> None:
    """One parameter of a scenario."""
    if isinstance(default, bool):
        command.add_argument(f"--{name}", action=argparse.BooleanOptionalAction, default=default, help=HELP[name])
    else:
        flags = ("-n", "--number") if name == "number" else (f"--{name}",)
        command.add_argument(
            *flags, type=type(default), default=default, metavar="N", help=f"{HELP[name]} (default {default})"
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
        "--front",
        default="pipe",
        choices=list(FRONTS),
        help="how clients speak: over the pipe (the default), over TLS (tls), over WebSocket with what is "
        "sent at once in one message (web), or with each line in one of its own (web-single)",
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
    group.add_argument(
        "--cluster",
        nargs="?",
        const="one",
        default="",
        choices=list(ENGINES),
        help="two of our own servers share a PostgreSQL that is started for it: one (what --cluster alone means), or a "
        "quorum of two standbys. The first writes and is loaded; all else runs on the generator's core",
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
    group.add_argument("--clean-up", action="store_true", help="delete the accounts again that the run has made")
    group.add_argument("--no-pin", action="store_true", help="leave server and generator on any core")


def add_output_options(command: argparse.ArgumentParser) -> None:
    """How the outcome is told."""
    group = command.add_argument_group("output")
    group.add_argument("-q", "--quiet", action="store_true", help="one line, and no progress bar")
    group.add_argument("--json", action="store_true", help="the whole result as JSON, one line")
    group.add_argument(
        "--histogram", type=Path, metavar="FILE", help="all percentiles, as the plotter of HdrHistogram reads them"
    )


def server_options(options: argparse.Namespace) -> ServerOptions:
    """Read the options of `add_server_options`."""
    store = options.store or ("file" if options.sync else ":memory:")
    return ServerOptions(
        *(options.target, options.against, options.pid, store, options.sync, options.python, tuple(options.settings)),
        clean_up=options.clean_up,
        front=options.front,
        cluster=options.cluster,
    )


def told(result: Result, options: argparse.Namespace) -> str:
    """The result in the form that was asked for."""
    if options.json:
        return result.as_json()
    return result.as_line() if options.quiet else result.as_table()
