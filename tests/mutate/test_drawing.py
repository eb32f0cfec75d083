"""A seed fixes the mutants, and each folder gets as many as any other."""

import ast
from collections import Counter

import pytest

from tests.harness import ROOT
from tests.mutate.drawing import Mutant, NothingToDrawError, draw

FOLDERS = {path.parent.relative_to(ROOT).as_posix() for path in (ROOT / "chatserver").rglob("[a-z]*.py")}


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
