"""Imports go one way, and the core does no I/O (ARCHITECTURE.md, "Folders")."""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.harness import ROOT

PACKAGES = ("chatserver", "chatclient", "bots", "bench")

MAY_IMPORT = {
    "chatserver.protocol": set(),
    "chatserver.core": {"chatserver.protocol"},
    "chatserver.net": set(),
    "chatserver.store": {"chatserver.core"},
    "chatserver.turn": {"chatserver.core", "chatserver.store", "chatserver.net", "chatserver.protocol"},
    "chatserver.queries": {"chatserver.core", "chatserver.store", "chatserver.protocol"},
    "chatserver.sessions": {
        *("chatserver.turn", "chatserver.queries", "chatserver.net", "chatserver.core", "chatserver.protocol"),
        *("chatserver.store", "chatserver.settings"),
    },
    "chatserver.bothost": {
        *("chatserver.turn", "chatserver.core", "chatserver.net", "chatserver.protocol", "chatserver.settings", "bots"),
    },
    "chatserver.fronts": {
        *("chatserver.sessions", "chatserver.queries", "chatserver.core", "chatserver.protocol"),
        *("chatserver.net", "chatserver.settings"),
    },
    "chatserver.admin": {
        *("chatserver.turn", "chatserver.store", "chatserver.net", "chatserver.core", "chatserver.protocol"),
        *("chatserver.sessions", "chatserver.queries", "chatserver.settings", "chatserver.bothost", "bots"),
    },
    "chatserver.cluster": {
        *("chatserver.turn", "chatserver.store", "chatserver.net", "chatserver.core", "chatserver.settings"),
    },
    "chatserver.ops": {
        *("chatserver.turn", "chatserver.store", "chatserver.net", "chatserver.sessions", "chatserver.settings"),
        "chatserver.fronts",
    },
    "chatserver.settings": {"chatserver.core", "chatserver.protocol"},
    "chatserver.__main__": {"chatserver.cli"},
    "chatserver.cli": {"chatserver.launch", "chatserver.ops"},
    "chatserver.launch": {  # it starts what is composed
        *("chatserver", "chatserver.admin", "chatserver.bothost", "chatserver.net", "chatserver.ops"),
        *("chatserver.protocol", "chatserver.settings", "chatserver.store", "chatserver.turn", "chatclient"),
        *("chatserver.cluster", "chatserver.core", "chatserver.sessions", "bots"),
    },
    "chatserver": {  # the modules at its top compose the others
        *("chatserver.protocol", "chatserver.core", "chatserver.net", "chatserver.store", "chatserver.turn"),
        *("chatserver.sessions", "chatserver.bothost", "chatserver.fronts", "chatserver.ops", "chatserver.settings"),
        *("chatserver.admin", "chatclient"),
    },
    "bots": {"chatserver.protocol", "chatclient", "chatclient.core", "chatclient.blocking"},
    "chatclient.core": {"chatserver.protocol"},
    "chatclient.net": {"chatclient.core", "chatserver.protocol"},
    "chatclient.blocking": {"chatclient.core", "chatclient.net"},
    "chatclient.exits": set(),
    "chatclient.keep": {"chatserver.protocol"},
    "chatclient.pipe": {
        *("chatclient.core", "chatclient.net", "chatclient.blocking", "chatclient.exits", "chatserver.protocol"),
    },
    "chatclient.terminal": {
        *("chatclient.core", "chatclient.net", "chatclient.exits", "chatclient.keep", "chatserver.protocol"),
    },
    "chatclient": {  # the modules at its top compose the others
        *("chatclient.core", "chatclient.net", "chatclient.pipe", "chatclient.terminal", "chatclient.blocking"),
        *("chatclient.exits", "chatclient.keep"),
    },
    "bench": {"chatserver.protocol", "bench.ledger"},
    "bench.ledger": {  # it times them
        *("chatserver.protocol", "chatserver.core", "chatserver.net", "chatserver.store", "chatserver.turn"),
        *("chatserver.sessions", "chatserver.fronts", "chatserver.settings", "bench"),
    },
}
"""What each room may import beside itself."""

IMPURE = {
    *(
        "time",
        "datetime",
        "random",
        "secrets",
        "os",
        "io",
        "pathlib",
        "socket",
        "select",
        "selectors",
        "ssl",
        "sqlite3",
    ),
    *(
        "logging",
        "threading",
        "asyncio",
        "subprocess",
        "signal",
        "concurrent",
        "multiprocessing",
        "queue",
        "sys",
        "uuid",
    ),
}
"""Modules that bring a clock, randomness, files, sockets, SQL, logs or threads: none of them is the core's."""

IMPURE_NAMES = {"open", "print", "input", "exec", "eval", "__import__"}


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def name_of(path: Path) -> str:
    """The dotted name of a module or folder."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imported_by(path: Path) -> frozenset[str]:
    """The names a file imports, wherever in it the import stands.

    `from a import b` is `a.b` where that is a module of this tree, else `a` and `a.b`.
    """
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively: the tree names its modules in full"
            found = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= found if all(map(is_module, found)) else {node.module or "", *found}
    return frozenset(names)


@cache
def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or path.is_dir()


def room_of(name: str) -> str | None:
    """The longest room that this module lies in; None for what is not of this project."""
    rooms = [room for room in MAY_IMPORT if name == room or name.startswith(room + ".")]
    return max(rooms, key=len, default=None)


@pytest.mark.parametrize("path", list(modules()), ids=name_of)
def test_a_room_imports_only_what_lies_below_it(path: Path) -> None:
    room = room_of(name_of(path))
    assert room
    for name in imported_by(path):
        other = room_of(name)
        if other and other != room and name not in ("chatserver", "chatserver.__version__"):
            assert other in MAY_IMPORT[room], f"{name_of(path)} imports {name}"


def test_folders_import_each_other_in_one_direction() -> None:
    """No circle: an order of all rooms exists in which each imports only earlier ones."""
    left = {room: others & MAY_IMPORT.keys() for room, others in MAY_IMPORT.items()}
    left = {room: others - {"bench"} if room == "bench.ledger" else others for room, others in left.items()}
    while left:
        done = {room for room, others in left.items() if not others & left.keys()}
        assert done, f"a circle of imports among {sorted(left)}"
        left = {room: others for room, others in left.items() if room not in done}


def test_every_folder_has_a_row() -> None:
    folders = {name_of(path) for path in (ROOT / "chatserver").iterdir() if (path / "__init__.py").is_file()}
    assert folders <= MAY_IMPORT.keys()


def test_few_modules_stand_at_the_top() -> None:
    top = {path.name for path in (ROOT / "chatserver").glob("*.py")}
    assert top == {"__init__.py", "__main__.py", "cli.py", "doors.py", "pyz.py", "server.py", "settings.py"}


@pytest.mark.parametrize("path", sorted((ROOT / "chatserver").rglob("*.py")), ids=name_of)
def test_every_module_has_a_place_in_the_document(path: Path) -> None:
    """ARCHITECTURE.md names it in the table of its folder."""
    parts = path.relative_to(ROOT / "chatserver").parts
    folder = f"`{parts[0]}/`" if len(parts) > 1 else "the top"
    sections = (ROOT / "ARCHITECTURE.md").read_text().split("\n### ")
    table = next(section for section in sections if folder in section.partition("\n")[0])
    rows = [row for row in table.splitlines() if row.startswith("|")]
    if path.name != "__init__.py":
        assert any(re.search(rf"`{re.escape(path.stem)}`", row) for row in rows), path.stem


def test_modules_of_the_server_import_each_other_in_one_direction() -> None:
    """No circle: an order of all modules exists in which each imports only earlier ones."""
    imports = {name_of(path): imported_by(path) for path in modules()}
    left = {name: {other for other in names if other in imports and other != name} for name, names in imports.items()}
    while left:
        needed = set().union(*left.values())
        kept = {name: names & left.keys() for name, names in left.items() if name in needed and names & left.keys()}
        assert kept != left, f"a circle of imports among {kept}"
        left = kept


@pytest.mark.parametrize("path", sorted((ROOT / "chatserver" / "core").rglob("*.py")), ids=name_of)
def test_the_core_is_pure(path: Path) -> None:
    roots = {name.partition(".")[0] for name in imported_by(path)}
    assert not roots & IMPURE
    called = {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
    assert not called & IMPURE_NAMES


def test_the_core_is_there() -> None:
    """Else the test above would be one of nothing."""
    assert list((ROOT / "chatserver" / "core").rglob("decide*"))


def test_the_pipe_knows_neither_sockets_nor_sql() -> None:
    for path in (ROOT / "chatserver" / "fronts").rglob("*.py"):
        roots = {name.partition(".")[0] for name in imported_by(path)}
        assert not roots & {"socket", "selectors", "sqlite3"}


@pytest.mark.parametrize("path", list(modules()), ids=name_of)
def test_nothing_but_the_standard_library_is_needed(path: Path) -> None:
    """A module outside the standard library may be imported within a function, where its absence gets a sentence."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            for name in names:
                root = name.partition(".")[0]
                assert root in sys.stdlib_module_names or root in PACKAGES, f"{name_of(path)} imports {name}"


def test_an_assert_only_looks_so_that_the_server_also_runs_without_them() -> None:
    calls = [
        f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(call.func)}"
        for path in (ROOT / "chatserver").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Assert)
        for call in ast.walk(node.test)
        if isinstance(call, ast.Call)
    ]
    assert calls == []
