"""Normal forms: the same as the standard library's, in a time that does not grow with the square of the length."""

from time import thread_time
from unicodedata import combining, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatserver.protocol.normal import QUICK_CHARS, Form, normal

MARKS = [chr(code) for code in range(0x300, 0x370)]
SPLIT_INTO_MARKS = ["\u0344", "\u0f73", "\u0f75", "\u0f81", "\uff9e", "\uff9f", "\ufdfa", "\ufc5e", "\u1fb7", "\uac01"]
"""Characters that are several in a decomposed form, some of them nothing but marks."""
FORMS: tuple[Form, ...] = ("NFC", "NFKC")

characters = st.one_of(
    st.sampled_from([*MARKS, *SPLIT_INTO_MARKS, "a", "e", "が", "か", "ﬃ"]), st.characters(codec="utf-8")
)
long_texts = st.lists(characters, min_size=1, max_size=60).map(lambda few: "".join(few) * (1 + QUICK_CHARS // len(few)))


@pytest.mark.parametrize("form", FORMS)
@given(text=long_texts)
def test_it_is_what_the_standard_library_makes_of_it(form: Form, text: str) -> None:
    assert normal(form, text) == normalize(form, text)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "text",
    [
        "a" + "".join(mark * 40 for mark in sorted(MARKS, key=combining, reverse=True)),
        "a" + "\u0f73" * 4000,
        "a" + "\u0301\u0327" * 2000,
        "\uff9e\u0301" * 2000,
    ],
    ids=["marks backwards", "marks of two", "two kinds of marks in turn", "marks by compatibility"],
)
def test_marks_in_disorder_take_it_no_longer_than_others(form: Form, text: str) -> None:
    def took_s(what: str) -> float:
        start = thread_time()
        normal(form, what)
        return thread_time() - start

    in_order = "a" + "ä\u0323" * (len(text) // 2)  # as many marks, a few at a time
    assert min(took_s(text) for _ in range(5)) < 4 * min(took_s(in_order) for _ in range(5)) + 0.001
