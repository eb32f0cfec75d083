"""The small changes that a module's text offers, each of which should make some test fail.

It knows no files and no tests: text goes in, changes of it come out. Not offered is what changes nothing that a test
could see: docstrings, annotations, `__slots__`, what is logged, and numbers so large that one more is the same.
"""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

NUMBER_MAX = 99  # a larger one is a size or a time, and nobody counts on its last digit

COMPARISONS: dict[type[ast.cmpop], tuple[bytes, bytes]] = {
    ast.Lt: (rb"<", b"<="),
    ast.LtE: (rb"<=", b"<"),
    ast.Gt: (rb">", b">="),
    ast.GtE: (rb">=", b">"),
    ast.Eq: (rb"==", b"!="),
    ast.NotEq: (rb"!=", b"=="),
    ast.Is: (rb"is", b"is not"),
    ast.IsNot: (rb"is\s+not", b"is"),
    ast.In: (rb"in", b"not in"),
    ast.NotIn: (rb"not\s+in", b"in"),
}
"""How an operator is written, and what takes its place."""

JUMPS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
SKIPPED_FIELDS = {"annotation", "returns", "decorator_list", "type_comment", "bases"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Change:
    """Bytes of a module, from `start` to `end`, and what takes their place; `what` says it in words."""

    start: int
    end: int
    new: bytes
    what: str

    def of(self, text: bytes) -> bytes:
        """The module's text with this change."""
        return text[: self.start] + self.new + text[self.end :]


class Text:
    """A module's bytes, and where its nodes stand in them."""

    def __init__(self, text: bytes) -> None:
        self.bytes = text
        self.tree = ast.parse(text)
        self._lines = [0]  # where each begins
        for line in text.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))
        self.event_names = {
            name.asname or name.name
            for node in ast.walk(self.tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("events")
            for name in node.names
        }

    def start(self, node: ast.expr | ast.stmt) -> int:
        return self._lines[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr | ast.stmt) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._lines[node.end_lineno - 1] + node.end_col_offset

    def of(self, node: ast.expr | ast.stmt) -> bytes:
        return self.bytes[self.start(node) : self.end(node)]


@lru_cache(maxsize=256)
def changes(source: bytes) -> tuple[Change, ...]:
    """All changes that a module offers, in the order of the text. A few may not compile."""
    text = Text(source)
    found = [change for node in _walk(text.tree) for find in FINDERS.get(type(node), ()) for change in find(text, node)]
    return tuple(sorted(found, key=lambda change: (change.start, change.end, change.what, change.new)))


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for name, value in ast.iter_fields(node):
        if name not in SKIPPED_FIELDS:
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not _is_skipped(child):
                    yield from _walk(child)


def _is_skipped(node: ast.AST) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom():
            return True
        case ast.JoinedStr():  # its nodes have no true places before Python 3.12
            return True
        case ast.BinOp(left=ast.Constant(), op=ast.LShift(), right=ast.Constant()):  # a size too
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="log" | "logging" | "logger")))):
            return True
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name in {"__slots__", "__all__", "log"}
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__")) | ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.ClassDef(bases=[*_, ast.Name(id="Protocol")]):  # it is there for the type checker alone
            return True
    return False


def _comparison(text: Text, node: ast.Compare) -> Iterator[Change]:
    for left, operator, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
        written, new = COMPARISONS[type(operator)]
        yield from _between(text, left, written, right, new, "a comparison turned")


def _and_or(text: Text, node: ast.BoolOp) -> Iterator[Change]:
    written, new = (b"and", b"or") if isinstance(node.op, ast.And) else (b"or", b"and")
    for left, right in zip(node.values, node.values[1:], strict=False):
        yield from _between(text, left, written, right, new, "`and` and `or` exchanged")


def _between(text: Text, left: ast.expr, written: bytes, right: ast.expr, new: bytes, what: str) -> Iterator[Change]:
    """An operator's change; none where a comment stands beside it."""
    gap_start = text.end(left)
    found = re.fullmatch(rb"[\s)]*(" + written + rb")[\s(]*", text.bytes[gap_start : text.start(right)])
    if found:
        yield Change(gap_start + found.start(1), gap_start + found.end(1), new, what)


def _not(text: Text, node: ast.UnaryOp) -> Iterator[Change]:
    found = re.match(rb"not\b\s*", text.of(node))
    if found and isinstance(node.op, ast.Not):
        yield Change(text.start(node), text.start(node) + found.end(), b"", "`not` dropped")


def _guard(text: Text, node: ast.If) -> Iterator[Change]:
    """`if …: return` and its like."""
    is_elif = text.of(node).startswith(b"elif")
    if not node.orelse and not is_elif and isinstance(node.body[-1], JUMPS):
        yield _taken_out(text, node, "a guard taken out")


def _statement(text: Text, node: ast.Expr | ast.AugAssign | ast.Delete) -> Iterator[Change]:
    yield _taken_out(text, node, "a statement taken out")


def _assignment(text: Text, node: ast.Assign) -> Iterator[Change]:
    """One that others can see. A local name would just be missing."""
    bound = (inner for target in node.targets for inner in ast.walk(target) if isinstance(inner, ast.Name))
    if not any(isinstance(name.ctx, ast.Store) for name in bound):
        yield _taken_out(text, node, "a statement taken out")


def _names_bound_again(text: Text, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Change]:
    """Assignments to a name that has a value already, by an argument or by an earlier line."""
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    bound = Counter(argument.arg for argument in arguments)
    for inner in _walk(node):
        if inner is not node and isinstance(inner, (*FUNCTIONS, ast.ClassDef)):
            return  # names of two scopes would be mixed up
        if isinstance(inner, ast.Assign) and isinstance(inner.targets[0], ast.Name) and len(inner.targets) == 1:
            name = inner.targets[0].id
            if bound[name]:
                yield _taken_out(text, inner, "a statement taken out")
            bound[name] += 1


def _taken_out(text: Text, node: ast.stmt, what: str) -> Change:
    return Change(text.start(node), text.end(node), b"pass", what)


def _number(text: Text, node: ast.Constant) -> Iterator[Change]:
    if type(node.value) is int and node.value <= NUMBER_MAX:
        for other in (node.value - 1, node.value + 1):
            yield Change(text.start(node), text.end(node), b"%d" % other, "a number off by one")


def _events(text: Text, node: ast.Tuple) -> Iterator[Change]:
    """An element taken out of a tuple of events, or of any that is put together of others."""
    if isinstance(node.ctx, ast.Load) and any(_is_event(text, element) for element in node.elts):
        yield from _shortened(text, node)


def _is_event(text: Text, element: ast.expr) -> bool:
    match element:
        case ast.Call(func=ast.Name(id=name)):
            return name in text.event_names
    return isinstance(element, ast.Starred)


def _outcome(text: Text, node: ast.Return) -> Iterator[Change]:
    """`return (event,), answer`: where the events stand as names, their place tells what they are."""
    match node.value:
        case ast.Tuple(elts=[ast.Tuple() as events, _]) if not any(_is_event(text, each) for each in events.elts):
            yield from _shortened(text, events)


def _shortened(text: Text, node: ast.Tuple) -> Iterator[Change]:
    elements = [text.of(element) for element in node.elts]
    for at in range(len(elements)):
        rest = b"".join(element + b", " for element in elements[:at] + elements[at + 1 :])
        yield Change(text.start(node), text.end(node), b"(" + rest.rstrip() + b")", "an element taken out")


Finder = Callable[[Text, Any], Iterator[Change]]  # of a node of the type that it stands for in the table
FINDERS: dict[type[ast.AST], tuple[Finder, ...]] = {
    ast.Compare: (_comparison,),
    ast.BoolOp: (_and_or,),
    ast.UnaryOp: (_not,),
    ast.If: (_guard,),
    ast.Expr: (_statement,),
    ast.AugAssign: (_statement,),
    ast.Delete: (_statement,),
    ast.Assign: (_assignment,),
    ast.FunctionDef: (_names_bound_again,),
    ast.AsyncFunctionDef: (_names_bound_again,),
    ast.Constant: (_number,),
    ast.Tuple: (_events,),
    ast.Return: (_outcome,),
}
