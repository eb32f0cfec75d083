"""`python3 -m bench`."""

import signal
import sys

from bench.cli import main

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers started for the run end with it
    sys.exit(main())
