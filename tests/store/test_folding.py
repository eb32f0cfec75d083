"""What a search compares: letters without case, accents and width, at a cost that no text can raise."""

from unicodedata import normalize

import pytest

from chatserver.store import folding
from chatserver.store.folding import fold, spell


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Tea", "tea"),
        ("Caf\u00e9", "cafe"),
        ("Cafe\u0301", "cafe"),
        ("STRASSE straße", "strasse strasse"),
        ("ｆｕｌｌ １２ ﬁn", "full 12 fin"),
        ("İstanbul", "istanbul"),
        ("co\u00adop", "coop"),
        ("❤\ufe0f", "❤"),
        ("\u00a8x", "\u00a8x"),
        ("\u0301", ""),
        ("a\u00a0b\u3000c", "a\u00a0b\u3000c"),
        ("ё й", "е и"),
    ],
)
def test_a_letter_stands_for_itself_and_its_accents_for_nothing(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize("text", ["안녕", "가각간갈갉갊", "がぎぐ", "ệ ǘ", "שָׁלוֹם", "নমস্কার", "ภาษาไทย"])
def test_both_forms_of_a_text_are_one(text: str) -> None:
    assert fold(normalize("NFD", text)) == fold(normalize("NFC", text))
    assert spell(normalize("NFD", text)) == spell(normalize("NFC", text))


def test_marks_that_make_another_letter_stay() -> None:
    assert fold("か") != fold("が")
    assert fold("ক") != fold("ক্")


def test_however_many_marks_are_piled_up_few_are_sorted_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    most = 0

    def look(form: str, text: str) -> str:
        nonlocal most
        most = max(most, len(text))
        return normalize(form, text)  # type: ignore[arg-type]  # the forms of folding's own calls

    monkeypatch.setattr(folding, "normalize", look)
    folding._folded.cache_clear()
    text = "a" + "\u0301\u0323" * 1999
    assert fold(text) == "a"
    assert len(spell(text)) > 3900
    assert most <= 128
