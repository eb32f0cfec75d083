"""Clients of the chat server: one without I/O, a blocking one on it, and the terminal.

`from chatclient import Client` is for scripts, bots and tests; `python3 -m chatclient` for people.
"""

import chatserver  # noqa: F401  # it refuses an old Python with a sentence, before that reads anything else

# isort: split

from chatclient.blocking import Client, ClientError, ConnectionFailedError, RefusedError, UnsendableError
from chatclient.core.client import ClientCore

__all__ = ["Client", "ClientCore", "ClientError", "ConnectionFailedError", "RefusedError", "UnsendableError"]
