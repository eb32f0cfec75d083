"""The command line: `python3 -m chatserver [PORT] …`, a contract for scripts.

Exit status 0 after SIGTERM or SIGINT, 2 for a word that makes no sense, 1 where the server cannot
start or go on; each with one sentence on stderr.
"""

import os
import sys
from collections.abc import Sequence

from chatserver.launch.beside import BESIDE, run_beside
from chatserver.launch.options import Failure, settings_from
from chatserver.launch.serve import serve
from chatserver.ops.logs import start_logging


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server, or what the first word names beside it; returns the exit status."""
    words = sys.argv[1:] if arguments is None else arguments
    if words and words[0] in BESIDE:
        return run_beside(words)
    try:
        settings = settings_from(words, os.environ)
        start_logging(settings.log_level, settings.log_format)
        return serve(settings, lambda: settings_from(words, os.environ))
    except Failure as failure:
        print(f"chatserver: {failure}", file=sys.stderr)
        return failure.status
    except KeyboardInterrupt:  # before the loop runs; then signals are the server's
        return 0
