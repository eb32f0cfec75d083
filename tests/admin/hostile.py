"""What nobody types in earnest, for every command of a table: a new row has its cases by itself."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chatserver.admin.asked import Command

ENDS_THE_SERVER = ("drain", "upgrade")
"""What they do when nothing is wrong has tests of its own: here they always get something that is."""
IN_EARNEST = {"name": "ann", "new name": "bob", "#room": "#tea", "days": "7", "network": "192.0.2.7", "value": "10"}
"""For an argument that is not the wrong one; what does not stand here gets a word that means nothing."""
WORDS = (
    "",
    " ",
    "x" * 9_900,
    "🍵" * 9_900,
    "é" * 70_000,
    "\x00",
    "ann\n",
    "\x1b[2J",
    "\udcff",  # bytes of a command line that are no UTF-8
    "\u202eann",
    "0",
    "-1",
    "-h",
    "1" * 30,
    "٣",
    "nobody",
    "#nowhere",
    "HelpBot",
    "203.0.113.9/24",
    "::/0",
    "%s{0}|'\"; DROP TABLE users",
    "0001-01-01",
    "9999-12-31T23:59:59.999999-23:59",
    "999999w",
)


@dataclass(frozen=True)
class Files:
    """Paths that are there already."""

    folder: Path
    store: Path
    other: Path

    @property
    def words(self) -> tuple[str, ...]:
        """What somebody may type of them."""
        store = str(self.store)
        return (str(self.folder), store, f"{store}.admin", f"{store}-mark", f"{store}/in", str(self.other), "/dev/full")


def cases(command: Command, files: Files) -> Iterator[list[str]]:
    """Words behind `admin`, of which at least one is wrong, or none where it is a bare command."""
    name, arguments = command.name.split(), [IN_EARNEST.get(each, "zz") for each in command.arguments]
    if command.name == "settings set":
        arguments[0] = "message_chars_max"
    yes = ["--yes"] * command.final
    if command.name not in ENDS_THE_SERVER:
        yield [*name, *yes]
    yield [*name, *["zz"] * (len(arguments) + 1), *yes]
    yield [*name, *["zz"] * 200]
    yield [*name, *arguments, "--nonsense", *yes]
    yield [*name, *arguments, "--" + "n" * 9_000, *yes]
    yield [*name, *arguments, *yes, "--", "--json"]
    for at in range(len(arguments)):
        for word in (*WORDS, *files.words):
            yield [*name, *arguments[:at], word, *arguments[at + 1 :], *yes]
    for option, takes in command.options.items():
        yield [*name, *arguments, f"--{option}", *yes]
        for word in (*WORDS, *files.words) if takes else ("yes",):
            yield [*name, *arguments, f"--{option}={word}", *yes]


def tree(folder: Path) -> dict[str, bytes]:
    """The files that nobody may have touched: all but the store, its log and its door."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith(("chat.db", "chat.log")):
            found[os.path.relpath(path, folder)] = path.read_bytes()
        elif path.is_dir():
            found[os.path.relpath(path, folder)] = b""
    return found
