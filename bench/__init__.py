"""The load generator: scenarios, baselines to compare with, drawings, and the cost ledger of one message.

It speaks to a server through a socket alone. Of the server's own code it imports
`chatserver.protocol` at most; only `bench.ledger`, whose work is to time the
server's stages, looks inside.
"""

import chatserver  # noqa: F401  # it refuses an old Python with a sentence, before that reads anything else


class BenchError(Exception):
    """A run cannot go on; the message is one sentence for the person who started it."""
