"""Answers and events as bytes. One frame is rendered once, however many will read it."""

from collections.abc import Iterable, Sequence

PROTOCOL_VERSION = 1


def hello(text: str, store: str) -> bytes:
    """The first frame of a connection. `store` is behind the last `|`: the text may hold some."""
    return f"HELLO|chatserver|{PROTOCOL_VERSION}|{text}|{store}\n".encode()


def ok(echo: str, answer: Sequence[str] = ()) -> bytes:
    """`echo` is the verb in upper case, with `#tag` if the command had one."""
    return f"OK|{echo}|{'|'.join(answer)}\n".encode() if answer else f"OK|{echo}\n".encode()


def oks(echo: str, answers: Sequence[str], tags: Sequence[str] | None = None) -> bytes:
    """An `OK` for each answer, in one piece; an answer's fields are joined already. `echo` is the verb."""
    if tags is not None:
        lines = [f"OK|{echo}#{tag}|{answer}\n" for tag, answer in zip(tags, answers, strict=True)]
        return "".join(lines).encode()
    separator = f"\nOK|{echo}|"
    return f"{separator[1:]}{separator.join(answers)}\n".encode()


def err(echo: str, code: str, text: str) -> bytes:
    """A refusal; `text` is a sentence for a person that says what to do."""
    return f"ERR|{echo}|{code}|{text}\n".encode()


def item_lines(echo: str, rows: Iterable[Sequence[str]], after: Sequence[str] = ()) -> list[str]:
    """A whole answer of rows, a frame each: the `ITEM`s, and the `OK` with their count (and `after`)."""
    lines = [f"ITEM|{echo}|{'|'.join(row)}\n" for row in rows]
    lines.append(f"OK|{'|'.join((echo, str(len(lines)), *after))}\n")
    return lines


def event(kind: str, *fields: str) -> bytes:
    """Something a user should know now."""
    return f"EVENT|{kind}|{'|'.join(fields)}\n".encode()


def bye(reason: str, text: str) -> bytes:
    """The last frame of a connection."""
    return f"BYE|{reason}|{text}\n".encode()
