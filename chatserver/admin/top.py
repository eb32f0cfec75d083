"""`python3 -m chatserver top`: the figures of `admin stats`, and who is busiest, again and again in a terminal."""

import shutil
import sys
import time
from collections.abc import Sequence

from chatserver.admin.command import DONE, Failure, OnFile, Reply, SettingsOf, ask, base_parser, shown

EVERY_S = 2.0
HOME_AND_CLEAR = "\x1b[H\x1b[J"


def main(arguments: Sequence[str], settings_of: SettingsOf, on_file: OnFile) -> int:
    """Show it until Ctrl-C; once where standard output is no terminal."""
    parser = base_parser(
        "top",
        f"Shows the figures of the server on a store, and who is busiest, each {EVERY_S:g} s until Ctrl-C;"
        " once where standard output is no terminal.",
    )
    try:
        options = parser.parse_args(arguments)
        settings = settings_of(options.store, options.config)
        while True:
            screen = _screen(ask(settings, ["stats"], on_file), ask(settings, ["who"], on_file))
            if not sys.stdout.isatty():
                print(screen)
                return DONE
            print(HOME_AND_CLEAR + screen, end="", flush=True)
            time.sleep(EVERY_S)
    except Failure as failure:
        print(f"chatserver top: {failure}", file=sys.stderr)
        return failure.status
    except KeyboardInterrupt:
        return DONE


def _screen(stats: Reply, who: Reply) -> str:
    for reply in (stats, who):
        if not reply["ok"]:
            raise Failure(reply["text"])
    height = shutil.get_terminal_size().lines
    figures = [f"{row['figure']:<24}{shown(row['value'])}" for row in stats["rows"]]
    clients = sorted(who["rows"], key=lambda row: (-row["unsent_bytes"], row["idle_s"]))
    lines = [
        f"{row['user'] or '-':<34}{row['address']:<40}idle {row['idle_s']} s, {row['unsent_bytes']} B unsent"
        for row in clients
    ]
    return "\n".join([*figures, "", *lines][: max(height - 1, len(figures))]) + "\n"
