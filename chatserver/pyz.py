"""`python3 -m chatserver.pyz [FILE]`: the server as one file, which Python starts: `python3 chatserver.pyz`.

The file is a zip of the packages that a server needs, with the server's own `__main__` at its root. It knows
nothing of what the server does, and imports none of it.
"""

import shutil
import sys
import tempfile
import zipapp
from collections.abc import Sequence
from pathlib import Path

from chatserver import __version__

PACKAGES = ("chatserver", "chatclient", "bots")
"""Those that a server imports; the client rides along, for bots outside and for `PYTHONPATH=chatserver.pyz`."""

_TREE = Path(__file__).resolve().parent.parent


def make(target: Path) -> None:
    """Write the single-file server, executable, over whatever is there. Raises OSError."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for package in PACKAGES:
            shutil.copytree(_TREE / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
        # zipapp's own `main="…"` would drop the exit status, which scripts rely on.
        shutil.copyfile(_TREE / "chatserver" / "__main__.py", root / "__main__.py")
        zipapp.create_archive(root, target, interpreter="/usr/bin/env python3", compressed=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the file that is named, or chatserver.pyz here; returns the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words == ["--version"]:
        print(f"pipechat {__version__}")
        return 0
    if len(words) > 1 or any(word.startswith("-") for word in words):
        print("usage: python3 -m chatserver.pyz [FILE], by default chatserver.pyz", file=sys.stderr)
        return 2
    target = Path(words[0] if words else "chatserver.pyz")
    try:
        make(target)
    except OSError as error:
        print(f"chatserver.pyz: {target} cannot be made ({error.strerror}): name another FILE", file=sys.stderr)
        return 1
    print(f"{target} is made: start it anywhere with  python3 {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
