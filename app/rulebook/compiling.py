"""From a checked tree to a function, and to the keys without which it cannot be true.

The keys are what makes a thousand rules cost about as much as ten: a rule whose words do not occur in the
message is never tried. What must not live here: checks (checking.py), the order of rules (stages.py).
"""

from __future__ import annotations

import operator
from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from typing import Any, Final, NamedTuple, assert_never

import re2

from app.rulebook.checking import TEXT_METHODS, walk
from app.rulebook.expression import Binary, Call, Literal, Name, Node, Not, Sequence
from app.rulebook.schema import View

Condition = Callable[[View], bool]
Value = Callable[[View], object]
Spans = list[tuple[int, int]]
NEAR: Final = 5

_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compile_condition(node: Node) -> Condition:
    """Return `node`, which was checked, as a function of a View."""
    match node:
        case Name() if node.name.startswith("words."):
            name = node.name.removeprefix("words.")
            return lambda view: name in view.hits
        case Not():
            operand = compile_condition(node.operand)
            return lambda view: not operand(view)
        case Binary():
            return _binary(node)
        case Call():
            return _method(node) if node.method else _word_function(node)
        case _:
            value = _value(node)
            return lambda view: bool(value(view))


def _binary(node: Binary) -> Condition:
    if node.op in ("&&", "||"):
        first, second = compile_condition(node.left), compile_condition(node.right)
        if node.op == "&&":
            return lambda view: first(view) and second(view)
        return lambda view: first(view) or second(view)
    left, right = _value(node.left), _value(node.right)
    if node.op == "in":
        return lambda view: left(view) in right(view)  # type: ignore[operator]  # checked: a list of texts
    compare = _COMPARE[node.op]
    return lambda view: compare(left(view), right(view))


def _value(node: Node) -> Value:
    match node:
        case Literal():
            constant = node.value
            return lambda _: constant
        case Sequence():
            items = frozenset(item.value for item in node.items if isinstance(item, Literal))
            return lambda _: items
        case Name() if not node.name.startswith("words."):
            name = node.name
            return lambda view: view.values[name]
        case Name() | Not() | Binary() | Call():
            return compile_condition(node)
        case _:
            assert_never(node)


def _method(node: Call) -> Condition:
    subject = _value(node.args[0])
    argument = node.args[1]
    wanted = str(argument.value) if isinstance(argument, Literal) else ""
    match node.function:
        case "contains":
            return lambda view: wanted in str(subject(view))
        case "startsWith":
            return lambda view: str(subject(view)).startswith(wanted)
        case "endsWith":
            return lambda view: str(subject(view)).endswith(wanted)
        case _:
            search = re2.compile(wanted).search
            return lambda view: search(str(subject(view))) is not None


def _word_function(node: Call) -> Condition:
    name = list_name(node.args[0])
    match node.function:
        case "near":
            other = list_name(node.args[1])
            third = node.args[2] if len(node.args) > 2 else None  # noqa: PLR2004 - near(a, b, words)
            within = int(third.value) if isinstance(third, Literal) else NEAR
            return lambda view: (
                name in view.hits and other in view.hits and _near(view.hits[name], view.hits[other], within)
            )
        case "only":
            return lambda view: name in view.hits and _covers(view, name)
        case "starts":
            return lambda view: name in view.hits and view.hits[name][0][0] == 0
        case "ends":
            return lambda view: name in view.hits and any(end == view.length for _, end in view.hits[name])
        case _:
            return lambda view: name in view.hits


def list_name(node: Node) -> str:
    """Return the word list that an argument names, as `words.flood` or as `"flood"`."""
    if isinstance(node, Name):
        return node.name.removeprefix("words.")
    return str(node.value) if isinstance(node, Literal) else ""


def _near(some: Spans, others: Spans, within: int) -> bool:
    """Tell whether at most `within` words stand between a place of one list and one of the other.

    Both are in the order of the message, so that a message that is full of both takes no longer than others.
    """
    starts = [start for start, _ in others]
    furthest = list(accumulate((end for _, end in others), max))
    for start, end in some:
        before = bisect_right(starts, end + within)
        if before and furthest[before - 1] >= start - within:
            return True
    return False


FILLER: Final = "filler"


def _covers(view: View, name: str) -> bool:
    """Tell whether the whole message is made of the list's words and those of the list `filler`."""
    covered = set[int]()
    for spans in (view.hits[name], view.hits.get(FILLER, [])):
        for start, end in spans:
            covered.update(range(start, end))
    return view.length > 0 and sum(at < view.length for at in covered) >= view.length


def facts_in(node: Node) -> tuple[str, ...]:
    """Return the facts that `node` names, `words.NAME` among them, each once, in order."""
    names: dict[str, None] = {}
    for part in walk(node):
        if isinstance(part, Name):
            names[part.name] = None
        elif isinstance(part, Call) and part.function == "has_words":
            names[f"words.{list_name(part.args[0])}"] = None
    return tuple(names)


class Key(NamedTuple):
    """Something without which a rule cannot be true, and that is looked up once for all rules.

    `kind` is `words` (the word list `name` was found), `is` (the fact `name` has that `value`), or a method
    of texts (`name` is the fact, `value` the text or pattern that it asks for).
    """

    kind: str
    name: str
    value: str = ""


# Words are rarer than pieces of text, and those rarer than values: of two, the rarer is tried less often.
_RARENESS: Final = {"words": 0, **dict.fromkeys(TEXT_METHODS, 1), "is": 2}


def needed_keys(node: Node) -> frozenset[Key] | None:
    """Return keys of which one at least is present whenever `node` is true; None: it may be true without."""
    match node:
        case Name() if node.name.startswith("words."):
            return frozenset({Key("words", node.name.removeprefix("words."))})
        case Call(method=False):
            return frozenset({Key("words", list_name(node.args[0]))})
        case Call(method=True, args=(Name(name=name), Literal(value=str(value)))) if value:
            return frozenset({Key(node.function, name, value)})
        case Binary(op="&&"):
            both = [keys for keys in (needed_keys(node.left), needed_keys(node.right)) if keys is not None]
            return min(both, key=_how_often, default=None)
        case Binary(op="||"):
            left, right = needed_keys(node.left), needed_keys(node.right)
            return None if left is None or right is None else left | right
        case Binary(op="==", left=Name(name=name), right=Literal(value=str(value))):
            return frozenset({Key("is", name, value)})
        case Binary(op="==", left=Literal(value=str(value)), right=Name(name=name)):
            return frozenset({Key("is", name, value)})
        case Binary(op="in", left=Name(name=name), right=Sequence(items=items)):
            return frozenset(Key("is", name, str(i.value)) for i in items if isinstance(i, Literal))
        case _:
            return None


def _how_often(keys: frozenset[Key]) -> tuple[int, int]:
    return max((_RARENESS[key.kind] for key in keys), default=0), len(keys)
