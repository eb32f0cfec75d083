"""`python3 -m chatserver`."""

import sys

from chatserver.cli import main

sys.exit(main())
