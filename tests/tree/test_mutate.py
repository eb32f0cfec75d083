"""The mutants: what is changed and what is not, that a seed fixes them, and that one unnoticed is told from others."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from tests.harness import ROOT
from tests.mutate import report
from tests.mutation.changes import changes
from tests.mutation.drawing import Mutant, NothingToDrawError, draw
from tests.mutation.trying import BadTreeError, Bench, Verdict, stages

FOLDERS = {path.parent.relative_to(ROOT).as_posix() for path in (ROOT / "chatserver").rglob("[a-z]*.py")}

TOY = """
def is_grown(years: int) -> bool:
    if years < 18:
        return False
    return True


def unseen(years: int) -> bool:
    return years == 18
"""
TOY_TEST = """
from chatserver.core.toy import is_grown


def test_it() -> None:
    assert not is_grown(17)
    assert is_grown(18)
"""


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A tree of one module, of which one function is tested."""
    for name, text in {"chatserver/core/toy.py": TOY, "tests/core/test_toy.py": TOY_TEST}.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return tmp_path / "tree"


@pytest.fixture
def bench(toy: Path) -> Iterator[Bench]:
    made = Bench(toy, seconds_max=60)
    yield made
    made.close()


def made_of(source: str) -> list[str]:
    """Every text that a module's changes give, as one line."""
    text = dedent(source).encode()
    return [" ".join(change.of(text).decode().split()) for change in changes(text)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a < b", ["a <= b"]),
        ("a >= b", ["a > b"]),
        ("(a) == (b)", ["(a) != (b)"]),
        ("a is not b", ["a is b"]),
        ("a not in b", ["a in b"]),
        ("a < b < c", ["a <= b < c", "a < b <= c"]),
        ("a and b and c", ["a or b and c", "a and b or c"]),
        ("not (a or b)", ["(a or b)", "not (a and b)"]),
        ("a[1:]", ["a[0:]", "a[2:]"]),
        ("a[100:]", []),
        ("1 << 18", []),
        ("a << 18", ["a << 17", "a << 19"]),
        ("f'{a < b}'", []),
        ("a == 'é' or b", ["a != 'é' or b", "a == 'é' and b"]),
    ],
)
def test_an_expression_is_turned(before: str, after: list[str]) -> None:
    assert made_of(f"x = {before}") == [f"x = {each}" for each in after]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("if x: return", ["pass"]),
        (
            "for y in x:\n    if y:\n        z(y)\n        continue",
            ["for y in x: pass", "for y in x: if y: pass continue"],
        ),
        ("if x:\n    return\nelse:\n    y = x", []),
        ("if x:\n    y = z\nelif y:\n    return", []),
        ("f(x)", ["pass"]),
        ("x.y = z", ["pass"]),
        ("x[y] = z", ["pass"]),
        ("x += y", ["pass"]),
        ("del x[y]", ["pass"]),
        ("y = x", []),
        ("x = y", ["pass"]),
        ("y, z = x", []),
        ("y = x\ny = z", ["y = x pass"]),
    ],
)
def test_a_statement_is_taken_out(before: str, after: list[str]) -> None:
    body = before.replace("\n", "\n    ")
    found = made_of(f"def f(x):\n    {body}\n")
    assert sorted(found) == sorted(f"def f(x): {each}" for each in after)


def test_an_event_is_taken_out() -> None:
    source = "from core.events import Left, Told\ndef f(x, y):\n    return (*x, Left(y), Told()), (y, y)\n"
    assert made_of(source) == [
        f"from core.events import Left, Told def f(x, y): return {events}, (y, y)"
        for events in ("(*x, Left(y),)", "(*x, Told(),)", "(Left(y), Told(),)")
    ]
    assert made_of("def f(event, y):\n    return (event,), (y, y)\n") == ["def f(event, y): return (), (y, y)"]


def test_what_makes_no_difference_is_not_changed() -> None:
    source = '''
    """A text."""
    import logging
    from typing import Protocol

    __slots__ = ("a", *b)
    log = logging.getLogger(1)

    @cache(2)
    def f(x: Literal[3]) -> Literal[4]:
        """A text."""
        y: Literal[5] = x
        log.warning("a text", x == y, 6)
        return y

    class Owner(Protocol):
        def f(self, x=7): ...

    if __name__ == "__main__":
        f(8)
    '''
    assert made_of(source) == []


@pytest.fixture(scope="module")
def drawn() -> list[Mutant]:
    """Three of each folder."""
    return draw(ROOT, 1, 3 * len(FOLDERS))


def test_a_seed_fixes_the_mutants_and_more_of_them_begin_with_the_same(drawn: list[Mutant]) -> None:
    assert draw(ROOT, 1, 12) == drawn[:12]
    assert draw(ROOT, 2, 12) != drawn[:12]


def test_each_folder_gets_as_many(drawn: list[Mutant]) -> None:
    assert Counter(mutant.folder for mutant in drawn) == dict.fromkeys(FOLDERS, 3)
    assert {mutant.folder for mutant in draw(ROOT, 1, 9, "chatserver/ops/")} == {"chatserver/ops"}


def test_mutants_compile_and_differ_and_are_drawn_once(drawn: list[Mutant]) -> None:
    assert len({(mutant.path, mutant.after) for mutant in drawn}) == len(drawn)
    for mutant in drawn:
        assert mutant.before == (ROOT / mutant.path).read_bytes()
        assert ast.dump(ast.parse(mutant.after)) != ast.dump(ast.parse(mutant.before))
        signs = [line[0] for line in mutant.diff().splitlines()]
        assert signs[0] == "-"
        assert set(signs) == {"-", "+"}


def test_every_kind_of_change_is_drawn() -> None:
    assert len({mutant.what for mutant in draw(ROOT, 1, 30, "chatserver/core")}) == 7


def test_a_folder_without_code_is_refused() -> None:
    with pytest.raises(NothingToDrawError, match="chatserver/cor holds no code"):
        draw(ROOT, 1, 1, "chatserver/cor")


def test_the_nearest_tests_come_first() -> None:
    nearest, folder, wider = stages(ROOT, Path("chatserver/store/search.py"))
    assert nearest == ["tests/store/test_search.py"]
    assert folder == ["tests/store", "--ignore=tests/store/test_search.py"]
    assert wider[-1] == "--ignore=tests/store"
    places = [wider.index(f"tests/{name}") for name in ("core", "scenarios", "model", "chatclient")]
    assert places == sorted(places)
    assert not {"tests/store", "tests/bench"} & set(wider)


def test_a_module_without_tests_of_its_own_is_met_by_the_others() -> None:
    (wider,) = stages(ROOT, Path("chatserver/nowhere/nothing.py"))
    assert {"tests/core", "tests/store", "tests/scenarios", "tests/model", "tests/chatclient"} < set(wider)


def test_a_mutant_that_a_test_meets_is_killed_and_another_survives(toy: Path, bench: Bench) -> None:
    turned = {mutant.diff(): mutant for mutant in draw(toy, 1, 100) if "comparison" in mutant.what}
    verdict = bench.try_out(turned["-    if years < 18:\n+    if years <= 18:"])
    assert verdict.is_killed
    assert verdict.by == "tests/core/test_toy.py::test_it"
    assert not bench.try_out(turned["-    return years == 18\n+    return years != 18"]).is_killed
    assert (toy / "chatserver/core/toy.py").read_text() == TOY


def test_a_mutant_that_never_ends_is_killed(toy: Path) -> None:
    bench = Bench(toy, seconds_max=3)
    try:
        endless = TOY.replace("return True", "while True: pass").encode()
        mutant = Mutant(Path("chatserver/core/toy.py"), 5, "an endless loop", TOY.encode(), endless)
        verdict = bench.try_out(mutant)
    finally:
        bench.close()
    assert verdict.is_killed
    assert verdict.by == "the time limit"


def test_tests_that_fail_anyway_are_refused(toy: Path) -> None:
    (toy / "chatserver/core/toy.py").write_text(TOY.replace("<", "<="))
    bench = Bench(toy, seconds_max=60)
    try:
        with pytest.raises(BadTreeError, match=r"test_toy\.py::test_it"):
            bench.check()
        bench.check(just_collect=True)
    finally:
        bench.close()


def test_the_report_counts_each_folder_and_shows_what_survived() -> None:
    one, two, three = draw(ROOT, 6, 2, "chatserver/ops") + draw(ROOT, 6, 1, "chatserver/turn")
    killed, survived = Verdict(True, "a test", 1.0), Verdict(False, "", 2.0)
    lines = report([(one, killed), (two, survived), (three, killed)]).splitlines()
    assert lines[:5] == [
        "",
        "killed / made",
        "    1 / 2     chatserver/ops",
        "    1 / 1     chatserver/turn",
        "    2 / 3     in all",
    ]
    assert lines[6:] == [f"survived: {two}", *two.diff().splitlines()]
