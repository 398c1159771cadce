"""A condition in plain words, for people who do not read expressions. What must not live here: evaluation."""

from __future__ import annotations

from typing import Final, assert_never

from app.rulebook.compiling import NEAR, list_name
from app.rulebook.expression import Binary, Call, Literal, Name, Node, Not, Sequence, parse_expression
from app.rulebook.schema import facts_for

_MEANINGS: Final = facts_for("route", ())
_COMPARED: Final = {
    "==": "is",
    "!=": "is not",
    "<": "is less than",
    "<=": "is at most",
    ">": "is more than",
    ">=": "is at least",
    "in": "is one of",
}
_SHORT: Final = {
    "text": "the text",
    "subject": "the subject",
    "channel": "the channel",
    "kind": "the kind of message",
    "length": "the number of words",
    "pictures": "the number of pictures",
    "account.key": "the account",
    "account.tier": "the account's tier",
    "site.code": "the site's code",
    "site.region": "the site's region",
    "local.hour": "the hour at the site",
    "local.weekday": "the day of the week",
    "tickets.open": "the number of open tickets",
    "degrees.high": "the highest temperature",
    "degrees.low": "the lowest temperature",
    "priority": "the priority",
    "trade": "the trade",
    "tags": "the tags",
}
_METHODS: Final = {
    "contains": "contains",
    "startsWith": "begins with",
    "endsWith": "ends with",
    "matches": "matches the pattern",
}


def in_words(source: str) -> str:
    """Return the condition `source`, which was checked, as one phrase; `always` where there is none."""
    return _words(parse_expression(source))


def _words(node: Node) -> str:
    match node:
        case Literal():
            return {"True": "always", "False": "never"}.get(str(node.value), str(node.value))
        case Name():
            return _truth(node.name, yes=True)
        case Not(operand=Name(name=name)):
            return _truth(name, yes=False)
        case Not():
            return f"not ({_words(node.operand)})"
        case Binary():
            return _binary(node)
        case Call():
            return _call(node)
        case Sequence():
            return _side(node)
        case _:
            assert_never(node)


def _binary(node: Binary) -> str:
    if node.op == "&&":
        return f"{_joined(node.left, '||')} and {_joined(node.right, '||')}"
    if node.op == "||":
        return f"{_joined(node.left, '&&')} or {_joined(node.right, '&&')}"
    return f"{_side(node.left)} {_COMPARED[node.op]} {_side(node.right)}"


def _joined(node: Node, other: str) -> str:
    words = _words(node)
    return f"({words})" if isinstance(node, Binary) and node.op == other else words


def _truth(name: str, *, yes: bool) -> str:
    if name.startswith("words."):
        return f"{'a' if yes else 'no'} word of the list {name.removeprefix('words.')}"
    fact = _MEANINGS.get(name)
    meaning = fact.meaning if fact else name
    return meaning if yes else f"not: {meaning}"


def _side(node: Node) -> str:
    match node:
        case Literal():
            return _value(node)
        case Sequence():
            return ", ".join(_side(item) for item in node.items) or "nothing"
        case Name():
            return _SHORT.get(node.name, _truth(node.name, yes=True))
        case _:
            return f"({_words(node)})"


def _value(node: Literal) -> str:
    return (node.value or "unknown") if isinstance(node.value, str) else str(node.value)


def _call(node: Call) -> str:
    if node.method:
        return f'{_side(node.args[0])} {_METHODS[node.function]} "{_side(node.args[1])}"'
    name = list_name(node.args[0])
    match node.function:
        case "near":
            within = _side(node.args[2]) if len(node.args) > 2 else str(NEAR)  # noqa: PLR2004 - near(a, b, words)
            return f"a word of the list {name} within {within} words of one of {list_name(node.args[1])}"
        case "only":
            return f"nothing but words of the list {name}"
        case "starts":
            return f"it begins with a word of the list {name}"
        case "ends":
            return f"it ends with a word of the list {name}"
        case _:
            return f"a word of the list {name}"
