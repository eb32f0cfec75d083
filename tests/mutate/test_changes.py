"""What is changed of a module's text, and what is not."""

from textwrap import dedent

import pytest

from tests.mutate.changes import changes


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
