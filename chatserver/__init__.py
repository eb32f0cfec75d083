"""A self-hosted real-time chat server with bots, on one selector-driven event loop.

Every package begins by importing this one, which any Python 3 can read: an old one gets a sentence, not a traceback.
"""

import sys

__version__ = "0.1.0"

if sys.version_info < (3, 11):  # noqa: UP036  # whoever starts it may have an older one than those who change it
    sys.exit(
        "pipechat needs Python 3.11 or newer, and this is Python {}.{}: start it with a newer one".format(
            *sys.version_info[:2]
        )
    )
