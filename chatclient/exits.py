"""The exit statuses of the command, and how it says why."""

import sys

EXIT_OK = 0
EXIT_REFUSED = 1
"""The server refused something."""
EXIT_USAGE = 2
"""The command line, the password file or the locale is of no use."""
EXIT_CONNECTION = 3
"""There was no connection, it ended too early, or it was no chat server."""
EXIT_INTERRUPTED = 130
EXIT_PIPE_GONE = 141
"""What a shell shows for a program that died of SIGPIPE."""


def complain(text: str) -> None:
    """Say one sentence on standard error."""
    print(f"chatclient: {text}", file=sys.stderr, flush=True)
