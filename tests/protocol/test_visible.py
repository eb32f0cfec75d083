"""What shows as nothing."""

import pytest

from chatserver.protocol.visible import any_blank, is_blank
from tests.harness import shown

NOTHING = [
    "\u200b",
    "\u200d\u2060",
    "\ufeff",
    "\u3164",
    "\u115f\u1160",
    "\u2800",
    "\u00ad",
    "\ufe0f",
    "\U000e0041",
    "\u034f",
]


@pytest.mark.parametrize(
    "text", ["", " ", "\t \u00a0\u3000\u2003", *NOTHING, *(f" {each} " for each in NOTHING)], ids=shown
)
def test_this_is_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize(
    "text", [".", " x", "\u200bx\u200b", "\u0301", "\U0001f468\u200d\U0001f469", "\u0e33", "0"], ids=shown
)
def test_this_is_not(text: str) -> None:
    assert not is_blank(text)


@pytest.mark.parametrize("others", [["x", "y z"], ["x", "\u00e9"]])
@pytest.mark.parametrize("text", ["", " ", "\u00a0", *NOTHING], ids=shown)
def test_one_blank_among_many_is_found(text: str, others: list[str]) -> None:
    assert any_blank([*others, text])
    assert any_blank([text, *others])
    assert not any_blank(others)
