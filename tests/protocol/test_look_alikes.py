"""Which names look alike: across scripts, cases and digits; and that the table of it is one."""

from unicodedata import category, normalize

import pytest

from chatserver.protocol.confusables import CONFUSABLES
from chatserver.protocol.look_alikes import skeletons
from tests.harness import shown


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna", "\u0430nna"),  # Cyrillic
        ("paypal", "\u0440\u0430\u0443\u0440\u0430l"),
        ("Bob", "\u0392ob"),  # Greek
        ("alice", "ali\u03f2e"),  # a lunate sigma, which folds to another sigma
        ("Cato", "\u03f9ato"),
        ("frank", "\u017frank"),  # a long s, which folds to s
        ("Bill", "BiII"),
        ("Bill", "BI11"),
        ("bill", "b\u0131ll"),  # without its dot
        ("Zoe", "Z0e"),
        ("corner", "comer"),
        ("Zo\u00eb", "Z\u03bf\u00eb"),
        ("\u0410\u043d\u043d\u0430", "A\u043d\u043da"),  # a Cyrillic name in Latin letters
    ],
    ids=shown,
)
def test_these_look_alike(one: str, other: str) -> None:
    assert skeletons(one) & skeletons(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("anna", "anne"), ("Zoe", "Zo\u00eb"), ("user1", "user2"), ("ann", "an"), ("\u65e5\u672c", "\u65e5\u6728")],
    ids=shown,
)
def test_these_do_not(one: str, other: str) -> None:
    assert not skeletons(one) & skeletons(other)


def test_the_table_maps_letters_digits_and_marks_to_what_it_does_not_map() -> None:
    words = CONFUSABLES.split(" ")
    prototypes, likes = words[::2], "".join(words[1::2])
    assert len(set(likes)) == len(likes) > 1_000
    assert not set("".join(prototypes)) & set(likes)
    assert {category(character)[0] for character in likes} <= {"L", "N", "M"}
    for like in likes:
        assert normalize("NFKD", like) == like, "a form that is decomposed before the table is asked"
