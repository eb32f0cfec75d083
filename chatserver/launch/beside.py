"""What the first word may name in the place of a port: administration, figures, a check, a restore, the client."""

import io
import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

from chatserver.admin import command as admin
from chatserver.admin import restore, top
from chatserver.admin.desk import Actor
from chatserver.admin.door import as_json
from chatserver.admin.result import Outcome
from chatserver.launch.build import build_server
from chatserver.launch.manual import print_completion, print_manual
from chatserver.launch.options import FAILED, Failure, Parser, settings_from
from chatserver.settings import Settings
from chatserver.store.errors import StoreError
from chatserver.store.opening import MEMORY
from chatserver.store.store import Store


def run_beside(words: Sequence[str]) -> int:
    """Do what the first word names; the exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a letter that the terminal has not ends nothing
    try:
        return BESIDE[words[0]](words[1:])
    except OSError as error:
        with suppress(OSError, AttributeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # whoever read it has seen enough
            return 0
        why = f"the answer cannot be shown ({error.strerror or error}): look at standard output, and at what was done"
        print(f"chatserver {words[0]}: {why}", file=sys.stderr)
        return FAILED


def _administer(words: Sequence[str]) -> int:
    """`admin`: the server's own commands, through its door or on the file of a server that does not run."""
    return admin.main(words, _settings_of, _on_file)


def _settings_of(store: str | None, config: str | None) -> Settings:
    words = [*(("--store", store) if store is not None else ()), *(("--config", config) if config is not None else ())]
    try:
        return settings_from(words, os.environ)
    except Failure as failure:
        raise admin.Failure(str(failure), failure.status) from failure


def _store_of(store: str | None, config: str | None) -> str:
    return _settings_of(store, config).store


def _on_file(settings: Settings, words: Sequence[str]) -> admin.Reply:
    """Do a command of the administration on a store that no server uses."""
    path = settings.store
    if path == MEMORY or not os.path.exists(path):
        raise admin.Failure(f"no server runs on {path}, and there is no such file: check --store")
    logging.disable(logging.WARNING)
    try:
        server = build_server(settings, Store(path), [], bots=())
    except StoreError as error:
        raise admin.Failure(str(error)) from error
    replies: list[admin.Reply] = []

    def answered(outcome: Outcome) -> None:
        replies.append(as_json(outcome))
        server.stop()

    actor = Actor(f"machine (user {os.geteuid()})", is_machine=True)
    server.reactor.post(lambda: server.administration.from_machine(actor, words, answered))
    server.run()
    return replies[0] if replies else {"ok": False, "code": "INTERNAL", "text": server.failure}


def _check(arguments: Sequence[str]) -> int:
    """`check --store FILE`: see whether a store's file is whole; 0 if it is, else 1."""
    from chatserver.store.check import check_store

    parser = Parser(
        prog="chatserver check",
        usage="python3 -m chatserver check [--store FILE] [--config FILE]",
        description="See whether a store's file is whole. It only reads, also while a server uses the file, and what"
        " no server can open. `admin check` has the server do the same, and puts it into its answer.",
        epilog="exit status: 0 whole, 1 not whole or no store, 2 a word that makes no sense",
        allow_abbrev=False,
    )
    parser.add_argument("--store", metavar="FILE", help="default ./chat.db, or what the settings say")
    parser.add_argument("--config", metavar="FILE", help="a TOML file of settings")
    try:
        options = parser.parse_args(arguments)
        print(check_store(_settings_of(options.store, options.config).store))
    except StoreError as error:
        print(f"chatserver: {error}", file=sys.stderr)
        return FAILED
    except (Failure, admin.Failure) as failure:
        print(f"chatserver: {failure}", file=sys.stderr)
        return failure.status
    return 0


def _restore(words: Sequence[str]) -> int:
    """`restore`: a copy in the place of the store."""
    return restore.main(words, _store_of)


def _import(words: Sequence[str]) -> int:
    """`import`: a new store of an export."""
    return restore.main_import(words, _store_of)


def _cluster(words: Sequence[str]) -> int:
    """`cluster`: how the machines of a cluster are, and taking a store out of one."""
    from chatserver.cluster import tools

    try:
        return tools.main(words, lambda options: settings_from(options, os.environ))
    except Failure as failure:
        print(f"chatserver: {failure}", file=sys.stderr)
        return failure.status


def _top(words: Sequence[str]) -> int:
    """`top`: the figures, live."""
    return top.main(words, _settings_of, _on_file)


def _client(words: Sequence[str]) -> int:
    """`client`: the single file holds it too."""
    from chatclient.cli import main  # a server does without it

    return main(words)


BESIDE: dict[str, Callable[[Sequence[str]], int]] = {
    "admin": _administer,
    "check": _check,
    "client": _client,
    "cluster": _cluster,
    "completion": print_completion,
    "import": _import,
    "man": print_manual,
    "restore": _restore,
    "top": _top,
}
"""What the first word may name in place of a port."""
