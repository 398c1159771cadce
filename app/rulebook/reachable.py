"""Which ladders a ticket may get of which only some facts are known: route rules, read with three values.

A condition is true, false, or open where it asks for what nobody knows beforehand (words, the hour).
What must not live here: routing a message whose facts are all known (revision.py).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, assert_never

from app.rulebook.compiling import facts_in
from app.rulebook.expression import Binary, Call, Literal, Name, Node, Not, Sequence, parse_expression
from app.rulebook.models import RouteRule

Known = Mapping[str, str | int | bool]
_OPEN: Final = object()
_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda left, right: left in right,
}


class Routes:
    """The route rules of one rulebook."""

    def __init__(self, rules: Iterable[RouteRule]) -> None:
        """Read the conditions of `rules`, which were checked when the rulebook was loaded."""
        self._rules = tuple((parse_expression(rule.when), rule.ladder) for rule in rules)
        self.facts = frozenset(name for tree, _ in self._rules for name in facts_in(tree))
        """The facts that some rule asks for."""
        self._answers: dict[frozenset[tuple[str, object]], frozenset[str]] = {}

    def ladders(self, known: Known) -> frozenset[str]:
        """Return the names of all ladders that a ticket with these facts may get, whatever the others are."""
        asked = frozenset((name, value) for name, value in known.items() if name in self.facts)
        found = self._answers.get(asked)
        if found is None:
            found = self._answers[asked] = frozenset(self._possible(dict(asked)))
        return found

    def _possible(self, known: Mapping[str, object]) -> Iterator[str]:
        for tree, ladder in self._rules:
            value = _value(tree, known)
            if value is _OPEN or value:
                yield ladder
            if value is not _OPEN and value:
                return


def _value(node: Node, known: Mapping[str, object]) -> object:
    """Return what the node is, as far as the known facts tell; _OPEN otherwise."""
    match node:
        case Literal():
            return node.value
        case Sequence():
            return frozenset(item.value for item in node.items if isinstance(item, Literal))
        case Name():
            return known.get(node.name, _OPEN)
        case Not():
            value = _value(node.operand, known)
            return value if value is _OPEN else not value
        case Binary(op="&&") | Binary(op="||"):
            return _joined(node, known)
        case Binary():
            left, right = _value(node.left, known), _value(node.right, known)
            return _OPEN if left is _OPEN or right is _OPEN else _COMPARE[node.op](left, right)
        case Call():
            return _OPEN
        case _:
            assert_never(node)


def _joined(node: Binary, known: Mapping[str, object]) -> object:
    """Return what `&&` or `||` makes of two sides: one that decides is enough."""
    decides = node.op == "||"
    sides = (_value(node.left, known), _value(node.right, known))
    if any(side is not _OPEN and bool(side) is decides for side in sides):
        return decides
    return _OPEN if _OPEN in sides else not decides
