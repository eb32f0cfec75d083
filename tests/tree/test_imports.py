"""Imports go one way, and the core does no I/O (ARCHITECTURE.md, "Rooms")."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import ROOT

PACKAGES = ("chatserver", "chatclient", "bots", "bench")

MAY_IMPORT = {
    "chatserver.protocol": set(),
    "chatserver.core": {"chatserver.protocol"},
    "chatserver": {"chatserver.protocol", "chatserver.core", "chatserver.store", "bots"},
    "bots": {"chatserver.protocol", "chatclient"},
    "chatclient": {"chatserver.protocol"},
    "bench": {"chatserver.protocol", "bench.ledger"},
    "bench.ledger": {
        "chatserver.protocol",
        "chatserver.core",
        "chatserver.store",
        "chatserver",
        "bench",
    },  # it times them
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
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_by(path: Path) -> set[str]:
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
    return names


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
        if other and other != room and name != "chatserver":
            assert other in MAY_IMPORT[room], f"{name_of(path)} imports {name}"


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


def test_the_reactor_knows_neither_bytes_nor_chat() -> None:
    for name in imported_by(ROOT / "chatserver" / "net" / "reactor.py"):
        assert not name.startswith("chatserver."), name


def test_the_session_knows_neither_sockets_nor_sql() -> None:
    roots = {name.partition(".")[0] for name in imported_by(ROOT / "chatserver" / "sessions" / "session.py")}
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
