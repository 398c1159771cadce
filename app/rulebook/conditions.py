"""From the `when` of a file to checked trees, and which rules can never be reached.

What must not live here: evaluation (compiling.py), the meaning of outcomes (building.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from app.documents import Problem
from app.rulebook.checking import Scope, problems_of
from app.rulebook.expression import (
    Binary,
    Call,
    ExpressionError,
    Literal,
    Name,
    Node,
    Not,
    parse_expression,
)
from app.rulebook.expression import Sequence as Items
from app.rulebook.models import Rule as AnyRule
from app.rulebook.sources import Source

FIRST_DECIDES = ("life_safety", "trade", "learned_trade", "priority", "learned_priority", "route")
ALWAYS_DECIDES = ("trade", "priority", "route")


def read_stage(
    stage: str, rules: Sequence[AnyRule], source: Source, scope: Scope, problems: list[Problem]
) -> list[Node]:
    """Return the checked condition of each rule of `stage`; what is wrong is added to `problems`."""
    before = len(problems)
    trees: list[Node] = []
    names: dict[str, int] = {}
    for index, rule in enumerate(rules):
        if rule.name in names:
            line = source.document.at((stage, names[rule.name], "name"))[0]
            problems.append(
                source.document.problem(
                    (stage, index, "name"), f"a rule named {rule.name!r} stands in line {line} already"
                )
            )
        names.setdefault(rule.name, index)
        try:
            tree = parse_expression(rule.when)
        except ExpressionError as error:
            problems.append(source.problem_in((stage, index, "when"), error.offset, str(error)))
            continue
        problems.extend(
            source.problem_in((stage, index, "when"), wrong.offset, str(wrong))
            for wrong in problems_of(tree, scope)
        )
        trees.append(tree)
    if len(problems) == before:
        problems.extend(_order_problems(stage, rules, trees, source))
    return trees


def _order_problems(
    stage: str, rules: Sequence[AnyRule], trees: Sequence[Node], source: Source
) -> list[Problem]:
    problems: list[Problem] = []
    if stage in FIRST_DECIDES:
        facts = [_conjuncts(tree) for tree in trees]
        for later, known in enumerate(facts):
            earlier = next((i for i in range(later) if _implied(trees[i], known)), None)
            if earlier is not None:
                message = f"this rule is never reached: {rules[earlier].name!r} matches whenever it would"
                problems.append(source.document.problem((stage, later, "name"), message))
    if stage in ALWAYS_DECIDES and not _implied(trees[-1], frozenset()):
        message = f"the last rule of {stage!r} must match always: leave out its when"
        problems.append(source.document.problem((stage, len(rules) - 1, "name"), message))
    return problems


def _conjuncts(node: Node) -> frozenset[str]:
    """Return what certainly holds when `node` is true."""
    if isinstance(node, Binary) and node.op == "&&":
        return _conjuncts(node.left) | _conjuncts(node.right)
    return frozenset({_shape(node)})


def _implied(node: Node, known: frozenset[str]) -> bool:
    """Tell whether `node` is certainly true when everything in `known` is."""
    if isinstance(node, Literal):
        return node.value is True
    if _shape(node) in known:
        return True
    if isinstance(node, Binary) and node.op == "&&":
        return _implied(node.left, known) and _implied(node.right, known)
    if isinstance(node, Binary) and node.op == "||":
        return _implied(node.left, known) or _implied(node.right, known)
    return False


def _shape(node: Node) -> str:
    """Return `node` as text, without places, so that equal conditions are equal texts."""
    match node:
        case Literal():
            return repr(node.value)
        case Name():
            return node.name
        case Not():
            return f"!({_shape(node.operand)})"
        case Binary():
            return f"({_shape(node.left)} {node.op} {_shape(node.right)})"
        case Items():
            return f"[{', '.join(map(_shape, node.items))}]"
        case Call():
            return f"{node.function}({', '.join(map(_shape, node.args))})"
