"""`restore COPY` puts a copy in the place of a store that no server uses; `import FILE` makes one of an export."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import NoReturn

from chatserver import __version__
from chatserver.admin.command import DONE, REFUSED, USAGE, Failure
from chatserver.protocol.times import format_time
from chatserver.store.backup import BackupError, restore
from chatserver.store.errors import StoreError
from chatserver.store.store import Store
from chatserver.store.transfer import TransferError, import_store

StoreOf = Callable[[str | None, str | None], str]
"""The store's file, given --store and --config."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Failure(f"{message}; {self.prog.removeprefix('chatserver ')} --help says more", USAGE)


def main(arguments: Sequence[str], store_of: StoreOf) -> int:
    """Restore a copy."""
    return _run("restore", "COPY", "what admin backup has made", _restore, arguments, store_of)


def main_import(arguments: Sequence[str], store_of: StoreOf) -> int:
    """Make a new store of an export."""
    return _run("import", "FILE", "what admin export has made", import_store, arguments, store_of)


def _restore(copy: str, store: str) -> str:
    said = restore(copy, store, format_time(time.time_ns() // 1_000_000))
    # An older file is brought up to date, and a copy is recognised as one. A node's copy stays of its cluster.
    with closing(Store(store, in_cluster=True)):
        return said


def _run(
    name: str, takes: str, what: str, do: Callable[[str, str], str], arguments: Sequence[str], store_of: StoreOf
) -> int:
    parser = _Parser(prog=f"chatserver {name}", usage=f"python3 -m chatserver {name} {takes} [--store FILE] [--json]")
    parser.add_argument("source", metavar=takes, help=what)
    parser.add_argument("--store", metavar="FILE", help="default ./chat.db, or what the settings say")
    parser.add_argument("--config", metavar="FILE", help="a TOML file of settings")
    parser.add_argument("--json", action="store_true", help="answer in JSON, for programs")
    parser.add_argument("--version", action="version", version=f"pipechat {__version__}")
    try:
        options = parser.parse_args(arguments)
        said = do(options.source, store_of(options.store, options.config))
    except (BackupError, TransferError, StoreError) as error:
        print(f"chatserver {name}: {error}", file=sys.stderr)
        return REFUSED
    except Failure as failure:
        print(f"chatserver {name}: {failure}", file=sys.stderr)
        return failure.status
    print(json.dumps({"ok": True, "text": said}) if options.json else said)
    return DONE
