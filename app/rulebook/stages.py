"""A stage of rules, asked in order. An index by words keeps a thousand rules about as quick as ten.

What must not live here: files and their errors (building.py), what a stage's outcome means (revision.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from app.domain.classification import TraceStep
from app.rulebook.compiling import Condition, compile_condition, facts_in, needed_keys
from app.rulebook.expression import Node
from app.rulebook.schema import View

OutcomeT = TypeVar("OutcomeT")
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Generic[OutcomeT]):
    """One compiled rule: `facts` are those that its condition names."""

    name: str
    outcome: OutcomeT
    condition: Condition
    facts: tuple[str, ...]
    keys: frozenset[str] | None


def compile_rule(name: str, tree: Node, outcome: OutcomeT) -> Rule[OutcomeT]:
    """Return a rule whose condition `tree` was checked before."""
    return Rule(
        name=name,
        outcome=outcome,
        condition=compile_condition(tree),
        facts=facts_in(tree),
        keys=needed_keys(tree),
    )


class Stage(Generic[OutcomeT]):
    """Rules in order, of which only those are tried whose words or values are in the message."""

    def __init__(self, name: str, rules: Sequence[Rule[OutcomeT]]) -> None:
        """Index `rules`."""
        self.name = name
        self.rules = tuple(rules)
        self._always: list[int] = []
        self._by_key: dict[str, list[int]] = {}
        self._facts: set[str] = set()
        for index, rule in enumerate(rules):
            if rule.keys is None:
                self._always.append(index)
                continue
            for key in rule.keys:
                self._by_key.setdefault(key, []).append(index)
                fact, equals, _ = key.partition("=")
                if equals:
                    self._facts.add(fact)

    def matches(self, view: View, trace: list[TraceStep]) -> Iterator[Rule[OutcomeT]]:
        """Yield the rules that match, in order; each rule that was tried is added to `trace`."""
        for index in self._candidates(view):
            rule = self.rules[index]
            matched = rule.condition(view)
            trace.append(
                TraceStep(
                    stage=self.name,
                    rule=rule.name,
                    matched=matched,
                    facts=tuple((name, _shown(name, view)) for name in rule.facts),
                )
            )
            if matched:
                yield rule

    def _candidates(self, view: View) -> list[int]:
        found = list(self._always)
        by_key = self._by_key
        if by_key:
            for name in view.hits:
                found.extend(by_key.get(f"words.{name}", ()))
            for fact in self._facts:
                found.extend(by_key.get(f"{fact}={view.values[fact]}", ()))
        return sorted(set(found))


def _shown(name: str, view: View) -> str:
    if not name.startswith("words."):
        return str(view.values[name])[:_SHOWN]
    spans = view.hits.get(name.removeprefix("words."), ())
    return ", ".join(" ".join(view.words[start:end]) for start, end in spans[:3])
