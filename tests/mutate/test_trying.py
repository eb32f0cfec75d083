"""One mutant that a test notices is told from one that none does, from one that never ends, and from a bad tree.

The tree is a toy of one module; the tests that notice it stand beside it and, once they are recorded, elsewhere.
"""

from pathlib import Path

import pytest

from tests.harness import ROOT
from tests.mutate.__main__ import try_all
from tests.mutate.drawing import Mutant, draw
from tests.mutate.nearness import Nearness, record
from tests.mutate.results import Results, report
from tests.mutate.trying import KILLED, SURVIVED, TIMED_OUT, BadTreeError, Bench, Verdict, failed

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
FAR_TEST = """
import subprocess
import sys


def test_it() -> None:
    words = "from chatserver.core.toy import unseen; assert unseen(18)"
    subprocess.run([sys.executable, "-c", words], check=True)
"""
NEAR, FAR = "tests/core/test_toy.py", "tests/scenarios/test_far.py::test_it"
TOY_PATH = Path("chatserver/core/toy.py")


pytestmark = pytest.mark.timeout(300)  # a run of pytest for each


def plant(tree: Path) -> Path:
    """A tree of one module, of which one function is tested beside it and one from afar, in another process."""
    texts = {
        str(TOY_PATH): TOY,
        "chatserver/__init__.py": "",
        "pytest.ini": "[pytest]\naddopts = -p no:hypothesispytest -p no:xdist\n",  # a second less for each run
        "tests/core/test_toy.py": TOY_TEST,
        "tests/scenarios/test_far.py": FAR_TEST,
        "tests/scenarios/test_farther.py": "def test_it() -> None:\n    pass\n",
    }
    for name in ("__init__", "lines", "recorder"):  # what watches a copy comes from the copy
        texts[f"tests/mutate/{name}.py"] = (ROOT / f"tests/mutate/{name}.py").read_text()
    for name, text in texts.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tree


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    return plant(tmp_path / "tree")


def tried(tree: Path, mutant: Mutant, seconds_max: float = 200, *, has_all: bool = False) -> tuple[str, str]:
    """The verdict's word, and by whom."""
    bench = Bench(tree, Nearness(tree, 60), seconds_max, has_all=has_all)
    try:
        verdict = bench.try_out(mutant)
    finally:
        bench.close()
    return verdict.word, verdict.by


def turned(toy: Path, before: str) -> Mutant:
    """The comparison of that line turned."""
    (found,) = [each for each in draw(toy, 1, 100) if "comparison" in each.what and f"-    {before}" in each.diff()]
    return found


def test_a_mutant_that_a_test_meets_is_killed_and_another_survives(toy: Path) -> None:
    assert tried(toy, turned(toy, "if years < 18:")) == (KILLED, "tests/core/test_toy.py::test_it")
    assert tried(toy, turned(toy, "return years == 18")) == (SURVIVED, "")
    assert (toy / TOY_PATH).read_text() == TOY


def test_all_other_tests_follow_where_that_is_asked_for(toy: Path) -> None:
    assert tried(toy, turned(toy, "return years == 18"), has_all=True) == (KILLED, FAR)


def test_the_tests_that_were_seen_to_execute_a_line_follow_those_beside_it(toy: Path) -> None:
    assert record(toy, 1) == 3
    nearness = Nearness(toy, 60)
    assert nearness.of(TOY_PATH, 3) == ([NEAR], [])
    assert nearness.of(TOY_PATH, 9) == ([NEAR], [FAR.partition("::")[0]])
    assert Nearness(toy, 0).of(TOY_PATH, 9) == ([NEAR], []), "what takes longer than the budget is left out"
    assert tried(toy, turned(toy, "return years == 18")) == (KILLED, FAR)

    (toy / TOY_PATH).write_text("LIMIT = 18\n\n" + TOY)
    nearness = Nearness(toy, 60)
    assert nearness.of(TOY_PATH, 11)[1] == [FAR.partition("::")[0]], "of a module that has changed the function counts"
    assert nearness.of(TOY_PATH, 1)[1] == [FAR.partition("::")[0]], "a table concerns all who use the module"


def test_a_mutant_that_never_ends_has_a_verdict_of_its_own(toy: Path) -> None:
    endless = Mutant(TOY_PATH, 5, "an endless loop", b"", TOY.replace("return True", "while True: pass").encode())
    assert tried(toy, endless, 3) == (TIMED_OUT, "the time limit")


def test_a_test_whose_time_was_over_is_told_from_one_that_failed() -> None:
    said = "E       Failed: Timeout (>60.0s) from pytest-timeout.\n...\nFAILED tests/a.py::test_b[12] - Fai...\n"
    assert failed(said, 1) == (TIMED_OUT, "tests/a.py::test_b[12]")
    assert failed("E   assert 1\nFAILED tests/a.py::test_b - assert 1\n", 1) == (KILLED, "tests/a.py::test_b")
    assert failed("Traceback\n", 4) == (KILLED, "pytest ended with 4")


def test_tests_that_fail_anyway_are_refused(toy: Path) -> None:
    (toy / TOY_PATH).write_text(TOY.replace("<", "<="))
    bench = Bench(toy, Nearness(toy, 60), seconds_max=60)
    try:
        with pytest.raises(BadTreeError, match=r"test_toy\.py::test_it"):
            bench.check(draw(toy, 1, 1))
    finally:
        bench.close()


def test_what_has_a_verdict_keeps_it_unless_it_is_to_be_forgotten(toy: Path) -> None:
    killed, survived = turned(toy, "if years < 18:"), turned(toy, "return years == 18")
    before = Results(toy, forget=None)
    before.add(killed, Verdict(KILLED, "a test", 1.0))
    before.add(survived, Verdict(SURVIVED, "", 1.0))
    bench = Bench(toy, Nearness(toy, 60), seconds_max=0)  # nothing can be tried
    try:
        assert {verdict.word for _, verdict in try_all(bench, [killed, survived], 1, Results(toy, forget=[]))} == {
            KILLED,
            SURVIVED,
        }
    finally:
        bench.close()
    assert Results(toy, forget=[SURVIVED]).of(survived) is None
    assert Results(toy, forget=[]).of(killed) is not None
    assert Results(toy, forget=None).of(killed) is None


def test_the_report_counts_each_folder_and_shows_what_survived() -> None:
    one, two, three = draw(ROOT, 6, 2, "chatserver/ops") + draw(ROOT, 6, 1, "chatserver/turn")
    verdicts = Verdict(KILLED, "a test", 1.0), Verdict(SURVIVED, "", 2.0), Verdict(TIMED_OUT, "the time limit", 1.0)
    lines = report(zip((one, two, three), verdicts, strict=True)).splitlines()
    assert [line.split(maxsplit=3) for line in lines[1:5]] == [
        ["killed", "timed", "out", "survived"],
        ["1", "0", "1", "chatserver/ops"],
        ["0", "1", "0", "chatserver/turn"],
        ["1", "1", "1", "in all"],
    ]
    assert lines[6:] == [f"survived: {two}", *two.diff().splitlines()]
