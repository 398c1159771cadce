"""Is a condition right? Names, types and values of a tree are checked before anything is ever evaluated.

A tree that passes here cannot fail when it is evaluated. What must not live here: evaluation (compiling.py).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, assert_never

import re2

from app.documents import nearest
from app.rulebook.expression import Binary, Call, ExpressionError, Literal, Name, Node, Not, Sequence
from app.rulebook.schema import Fact, Type

TEXT_METHODS: Final = ("contains", "startsWith", "endsWith", "matches")
WORD_FUNCTIONS: Final = ("near", "only", "starts", "ends", "has_words")
_PATTERN_LENGTH: Final = 500
_NEAR_ARGUMENTS: Final = (2, 3)


@dataclass(slots=True)
class Scope:
    """What may be named: facts by name, word lists; `used` collects the lists that conditions name."""

    facts: Mapping[str, Fact]
    lists: Collection[str]
    used: set[str] = field(default_factory=set)


def check_condition(node: Node, scope: Scope) -> None:
    """Raise ExpressionError unless `node` is a condition over `scope`: known names, fitting types."""
    for problem in problems_of(node, scope):
        raise problem


def problems_of(node: Node, scope: Scope) -> list[ExpressionError]:
    """Return everything that is wrong with `node` as a condition, in the order of its text."""
    found: list[ExpressionError] = []
    kind = _Checker(scope, found).type_of(node)
    if kind not in (None, "truth"):
        found.append(ExpressionError(f"a condition is true or false, this is a {kind}", node.offset))
    return sorted(found, key=lambda problem: problem.offset)


class _Checker:
    """Walks a tree; a part that is wrong has no type, so that one mistake is told once."""

    def __init__(self, scope: Scope, found: list[ExpressionError]) -> None:
        self._scope = scope
        self._found = found

    def _wrong(self, message: str, offset: int) -> None:
        self._found.append(ExpressionError(message, offset))

    def type_of(self, node: Node) -> Type | None:
        match node:
            case Literal():
                return _literal_type(node)
            case Name():
                return self._name(node)
            case Sequence():
                return self._sequence(node)
            case Not():
                self._want(node.operand, "truth", "! needs something true or false")
                return "truth"
            case Binary():
                return self._binary(node)
            case Call():
                return self._call(node)
            case _:
                assert_never(node)

    def _want(self, node: Node, wanted: Type, why: str) -> None:
        kind = self.type_of(node)
        if kind not in (None, wanted):
            self._wrong(f"{why}, this is a {kind}", node.offset)

    def _name(self, node: Name) -> Type | None:
        if node.name.startswith("words."):
            return "truth" if self._list(node.name.removeprefix("words."), node.offset) else None
        fact = self._scope.facts.get(node.name)
        if fact is None:
            if node.name in self._scope.lists:
                self._wrong(f"{node.name!r} is a word list; did you mean 'words.{node.name}'?", node.offset)
            else:
                self._wrong(f"unknown fact {node.name!r}{nearest(node.name, self._scope.facts)}", node.offset)
            return None
        return fact.type

    def _list(self, name: str, offset: int) -> bool:
        if name not in self._scope.lists:
            self._wrong(f"unknown word list {name!r}{nearest(name, self._scope.lists)}", offset)
            return False
        self._scope.used.add(name)
        return True

    def _sequence(self, node: Sequence) -> Type:
        for item in node.items:
            if not isinstance(item, Literal):
                self._wrong("a list holds texts or numbers only", item.offset)
            elif _literal_type(item) != "text":
                self._wrong(f"a list holds texts, this is a {_literal_type(item)}", item.offset)
        return "list of texts"

    def _binary(self, node: Binary) -> Type:
        if node.op in ("&&", "||"):
            for side in (node.left, node.right):
                self._want(side, "truth", f"{node.op} needs something true or false on both sides")
            return "truth"
        left, right = self.type_of(node.left), self.type_of(node.right)
        if node.op == "in":
            self._membership(node, left, right)
        elif left is not None and right is not None:
            if left != right:
                self._wrong(f"a {left} cannot be compared with a {right}", node.offset)
            elif node.op not in ("==", "!=") and left != "number":
                self._wrong(f"{node.op} compares numbers, this is a {left}", node.offset)
            else:
                self._values(node.left, (node.right,))
                self._values(node.right, (node.left,))
        return "truth"

    def _membership(self, node: Binary, left: Type | None, right: Type | None) -> None:
        if left not in (None, "text"):
            self._wrong(f"in asks whether a list holds a text, this is a {left}", node.left.offset)
        if right not in (None, "list of texts"):
            self._wrong(f"in needs a list on its right, this is a {right}", node.right.offset)
        elif isinstance(node.right, Sequence):
            self._values(node.left, node.right.items)

    def _values(self, fact: Node, values: tuple[Node, ...]) -> None:
        """Check literals that are compared with a fact that has few possible values."""
        known = self._scope.facts.get(fact.name) if isinstance(fact, Name) else None
        if known is None or not known.values:
            return
        for value in values:
            if (
                isinstance(value, Literal)
                and isinstance(value.value, str)
                and value.value not in known.values
            ):
                hint = nearest(value.value, known.values)
                self._wrong(f"{known.name} is never {value.value!r}{hint}", value.offset)

    def _call(self, node: Call) -> Type | None:
        known = TEXT_METHODS if node.method else WORD_FUNCTIONS
        if node.function not in known:
            self._wrong(f"unknown function {node.function!r}{nearest(node.function, known)}", node.offset)
            return None
        if node.method:
            self._method(node)
        else:
            self._word_function(node)
        return "truth"

    def _method(self, node: Call) -> None:
        self._want(node.args[0], "text", f".{node.function}() belongs to a text")
        if len(node.args) != 2 or not _is_text(node.args[1]):  # noqa: PLR2004 - the text itself and its one argument
            self._wrong(
                f'.{node.function}() takes one text in quotes, as in .{node.function}("x")', node.offset
            )
            return
        argument = node.args[1]
        if node.function == "matches" and isinstance(argument, Literal):
            reason = pattern_error(str(argument.value))
            if reason:
                self._wrong(f"this pattern is not valid: {reason}", argument.offset)

    def _word_function(self, node: Call) -> None:
        if node.function == "has_words":
            self._has_words(node)
            return
        lists = 2 if node.function == "near" else 1
        allowed = _NEAR_ARGUMENTS if lists == 2 else (1,)  # noqa: PLR2004 - near() takes two lists
        usage = (
            "near(words.a, words.b) or near(words.a, words.b, 6)"
            if lists > 1
            else f"{node.function}(words.a)"
        )
        if len(node.args) not in allowed:
            self._wrong(f"{node.function}() is written {usage}", node.offset)
            return
        for argument in node.args[:lists]:
            if isinstance(argument, Name) and argument.name.startswith("words."):
                self._list(argument.name.removeprefix("words."), argument.offset)
            else:
                self._wrong(f"a word list belongs here: {usage}", argument.offset)
        for argument in node.args[lists:]:
            if not (isinstance(argument, Literal) and _literal_type(argument) == "number"):
                self._wrong(f"a number of words belongs here: {usage}", argument.offset)

    def _has_words(self, node: Call) -> None:
        if len(node.args) != 1 or not _is_text(node.args[0]):
            self._wrong('has_words() is written has_words("flood")', node.offset)
            return
        argument = node.args[0]
        if isinstance(argument, Literal):
            self._list(str(argument.value), argument.offset)


def _is_text(node: Node) -> bool:
    return isinstance(node, Literal) and isinstance(node.value, str)


def _literal_type(node: Literal) -> Type:
    if isinstance(node.value, bool):
        return "truth"
    return "number" if isinstance(node.value, int) else "text"


def pattern_error(pattern: str) -> str:
    """Return why google-re2 does not take `pattern`, or nothing."""
    if len(pattern) > _PATTERN_LENGTH:
        return f"more than {_PATTERN_LENGTH} characters"
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        return reason.decode() if isinstance(reason, bytes) else str(reason)
    return ""


def walk(node: Node) -> Iterator[Node]:
    """Yield `node` and everything in it."""
    yield node
    children: Callable[[Node], tuple[Node, ...]] = _children
    for child in children(node):
        yield from walk(child)


def _children(node: Node) -> tuple[Node, ...]:
    match node:
        case Not():
            return (node.operand,)
        case Binary():
            return (node.left, node.right)
        case Sequence():
            return node.items
        case Call():
            return node.args
        case Literal() | Name():
            return ()
        case _:
            assert_never(node)
