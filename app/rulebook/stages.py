"""A stage of rules, asked in order. An index by words keeps a thousand rules about as quick as ten.

What must not live here: files and their errors (building.py), what a stage's outcome means (revision.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from app.domain.classification import TraceStep
from app.rulebook.compiling import Condition, Key, compile_condition, facts_in, needed_keys
from app.rulebook.expression import Node
from app.rulebook.pieces import Pieces
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
    keys: frozenset[Key] | None


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
        self._by_words: dict[str, list[int]] = {}
        self._by_value: dict[str, dict[str, list[int]]] = {}
        by_text: dict[str, dict[Key, list[int]]] = {}
        for index, rule in enumerate(rules):
            if rule.keys is None:
                self._always.append(index)
                continue
            for key in rule.keys:
                if key.kind == "words":
                    self._by_words.setdefault(key.name, []).append(index)
                elif key.kind == "is":
                    self._by_value.setdefault(key.name, {}).setdefault(key.value, []).append(index)
                else:
                    by_text.setdefault(key.name, {}).setdefault(key, []).append(index)
        self._by_text = {fact: Pieces(wanted) for fact, wanted in by_text.items()}

    def matches(self, view: View, trace: list[TraceStep] | None) -> Iterator[Rule[OutcomeT]]:
        """Yield the rules that match, in order; each one that was tried is added to `trace`, if it is one."""
        for index in self._candidates(view):
            rule = self.rules[index]
            matched = rule.condition(view)
            if trace is not None:
                trace.append(
                    TraceStep(
                        stage=self.name,
                        rule=rule.name,
                        matched=matched,
                        facts=tuple((name, _shown(name, view, matched=matched)) for name in rule.facts),
                    )
                )
            if matched:
                yield rule

    def _candidates(self, view: View) -> Sequence[int]:
        """Return the rules that can match, in order: those without a key, and those of which one is there."""
        found: list[int] = []
        if self._by_words:
            by_words = self._by_words
            for name in view.hits:
                if name in by_words:
                    found += by_words[name]
        for fact, by_value in self._by_value.items():
            found += by_value.get(str(view.values[fact]), ())
        for fact, pieces in self._by_text.items():
            found += pieces.found_in(str(view.values[fact]))
        if not found:
            return self._always
        return sorted({*self._always, *found})


def _shown(name: str, view: View, *, matched: bool) -> str:
    if not name.startswith("words."):
        value = str(view.values[name])[:_SHOWN]
        # Which learned words weighed most is asked for what they decided only: it costs more than the asking.
        return value + view.weighed(name) if matched else value
    spans = view.hits.get(name.removeprefix("words."), ())
    return ", ".join(" ".join(view.words[start:end]) for start, end in spans[:3])
