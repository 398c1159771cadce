"""The grammar of a rule's `when`: text to a tree, by a Pratt parser that knows the place of everything.

It is the part of CEL that rules need: literals, facts such as `account.tier`, `&& || !`, comparisons, `in`,
calls. There is no loop, no arithmetic and no assignment, and size is bounded, so that reading and evaluating
always end at once. What must not live here: what the names mean (schema.py, checking.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from app.domain.errors import CloseloopError

MAX_SOURCE: Final = 4096
MAX_NODES: Final = 200
MAX_DEPTH: Final = 40

_TOKEN: Final = re.compile(
    r"""(?P<space>[ \t\r\n]+|//[^\n]*)
      | (?P<number>\d{1,9}(?![\w.]))
      | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      | (?P<name>[A-Za-z_]\w*)
      | (?P<op>&&|\|\||==|!=|<=|>=|[<>!()\[\],.\-])""",
    re.VERBOSE,
)
_ESCAPES: Final = {"n": "\n", "t": "\t", "\\": "\\", '"': '"', "'": "'"}
_BINARY: Final = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "in": 3}
_COMPARISON: Final = 3
_SLIPS: Final = {
    "and": "&&",
    "or": "||",
    "not": "!",
    "AND": "&&",
    "OR": "||",
    "NOT": "!",
    "=": "==",
    "&": "&&",
    "|": "||",
}


class ExpressionError(CloseloopError):
    """A condition is wrong; `offset` counts characters from its start."""

    def __init__(self, message: str, offset: int) -> None:
        """Carry what is wrong and where."""
        super().__init__(message)
        self.offset = offset


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A string, a whole number or a truth value."""

    value: str | int | bool
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A fact by its dotted name, such as `account.tier` or `words.flood`."""

    name: str
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A list such as `["P1", "P2"]`."""

    items: tuple[Node, ...]
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """`!x`."""

    operand: Node
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """`left op right`; `offset` is where the operator stands."""

    op: str
    left: Node
    right: Node
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`function(args)`; for `text.contains("x")` the text is the first argument and `method` is true."""

    function: str
    args: tuple[Node, ...]
    method: bool
    offset: int


Node = Literal | Name | Sequence | Not | Binary | Call


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    offset: int


def parse_expression(source: str) -> Node:
    """Return the tree of `source`. Raises ExpressionError with the place of the first thing that is wrong."""
    if len(source) > MAX_SOURCE:
        raise ExpressionError(
            f"a condition has at most {MAX_SOURCE} characters, this one {len(source)}", MAX_SOURCE
        )
    parser = _Parser(_tokens(source))
    node = parser.expression(0, 0)
    rest = parser.peek()
    if rest.kind != "end":
        raise ExpressionError(_unexpected(rest, "an operator such as && or the end"), rest.offset)
    return node


def _tokens(source: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            raise ExpressionError(_bad_character(source, at), at)
        if match.lastgroup != "space":
            found.append(_Token(str(match.lastgroup), match.group(), at))
        at = match.end()
    found.append(_Token("end", "", len(source.rstrip())))
    return found


def _bad_character(source: str, at: int) -> str:
    character = source[at]
    if character in "\"'":
        return f"this text has no closing {character}"
    if character.isdigit():
        return "only whole numbers of up to nine digits are known here"
    if character in _SLIPS:
        return f"{character!r} is not known here; did you mean {_SLIPS[character]!r}?"
    return f"{character!r} is not known here"


def _unexpected(token: _Token, wanted: str) -> str:
    if token.kind == "end":
        return f"something is missing at the end: {wanted}"
    if token.text in _SLIPS:
        return f"{token.text!r} is not an operator; did you mean {_SLIPS[token.text]!r}?"
    return f"{token.text!r} does not fit here; wanted {wanted}"


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._nodes = 0

    def peek(self) -> _Token:
        return self._tokens[self._at]

    def _next(self) -> _Token:
        token = self._tokens[self._at]
        if token.kind != "end":
            self._at += 1
        return token

    def _take(self, text: str) -> _Token | None:
        token = self.peek()
        return self._next() if token.kind in ("op", "name") and token.text == text else None

    def _expect(self, text: str) -> None:
        if self._take(text) is None:
            token = self.peek()
            raise ExpressionError(_unexpected(token, repr(text)), token.offset)

    def _count(self, offset: int, depth: int) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise ExpressionError(f"a condition has at most {MAX_NODES} parts; split the rule", offset)
        if depth > MAX_DEPTH:
            raise ExpressionError(f"brackets nest at most {MAX_DEPTH} deep", offset)

    def expression(self, power: int, depth: int) -> Node:
        """Parse what binds more strongly than `power`."""
        left = self._prefix(depth)
        while True:
            token = self.peek()
            strength = _BINARY.get(token.text, 0) if token.kind in ("op", "name") else 0
            if strength <= power:
                return left
            self._next()
            self._count(token.offset, depth)
            right = self.expression(strength, depth + 1)
            left = Binary(op=token.text, left=left, right=right, offset=token.offset)
            following = self.peek()
            if (
                strength == _COMPARISON
                and _BINARY.get(following.text) == _COMPARISON
                and following.kind != "string"
            ):
                raise ExpressionError("comparisons do not chain; join them with &&", following.offset)

    def _prefix(self, depth: int) -> Node:
        token = self._next()
        self._count(token.offset, depth)
        if token.kind == "number":
            return Literal(value=int(token.text), offset=token.offset)
        if token.kind == "string":
            return self._methods(Literal(value=_unquoted(token), offset=token.offset), depth)
        if token.kind == "name":
            return self._methods(self._name(token, depth), depth)
        if token.text == "!":
            return Not(operand=self.expression(_COMPARISON, depth + 1), offset=token.offset)
        if token.text == "-" and self.peek().kind == "number":
            return Literal(value=-int(self._next().text), offset=token.offset)
        if token.text == "(":
            inner = self.expression(0, depth + 1)
            self._expect(")")
            return inner
        if token.text == "[":
            return Sequence(items=self._items("]", depth), offset=token.offset)
        raise ExpressionError(_unexpected(token, "a fact, a text, a number or a bracket"), token.offset)

    def _name(self, token: _Token, depth: int) -> Node:
        if token.text in ("true", "false"):
            return Literal(value=token.text == "true", offset=token.offset)
        if token.text in _BINARY or token.text in _SLIPS:
            raise ExpressionError(_unexpected(token, "a fact, a text, a number or a bracket"), token.offset)
        if self._take("("):
            args = self._items(")", depth)
            return Call(function=token.text, args=args, method=False, offset=token.offset)
        return Name(name=token.text, offset=token.offset)

    def _methods(self, node: Node, depth: int) -> Node:
        while self._take("."):
            part = self._next()
            if part.kind != "name":
                raise ExpressionError(_unexpected(part, "a name after the dot"), part.offset)
            if self._take("("):
                self._count(part.offset, depth)
                args = (node, *self._items(")", depth))
                node = Call(function=part.text, args=args, method=True, offset=part.offset)
            elif isinstance(node, Name):
                node = Name(name=f"{node.name}.{part.text}", offset=node.offset)
            else:
                raise ExpressionError(f"nothing is known as .{part.text} here", part.offset)
        return node

    def _items(self, closing: str, depth: int) -> tuple[Node, ...]:
        items: list[Node] = []
        if self._take(closing):
            return ()
        while True:
            items.append(self.expression(0, depth + 1))
            if self._take(closing):
                return tuple(items)
            self._expect(",")


def _unquoted(token: _Token) -> str:
    def replaced(match: re.Match[str]) -> str:
        known = _ESCAPES.get(match.group(1))
        if known is None:
            place = token.offset + 1 + match.start()
            raise ExpressionError(f"{match.group()!r} is no known escape; write \\\\ for a backslash", place)
        return known

    return re.sub(r"\\(.)", replaced, token.text[1:-1])
