"""Why a message was decided as it was, in plain words: the trace that a ticket keeps, stage by stage.

What must not live here: how rules decide (rulebook/), how a page or a terminal shows this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.domain.classification import Trace, Tried
from app.rulebook.schema import facts_for

QUESTIONS: Final[Mapping[str, str]] = {
    "life_safety": "Is somebody in danger?",
    "trade": "Which trade?",
    "learned_trade": "Do the learned words say another trade?",
    "priority": "Which priority?",
    "learned_priority": "Do the learned words say another priority?",
    "tags": "Which tags?",
    "route": "Who takes it?",
    "sla": "Which SLA policy?",
}
NOT_ASKED: Final = "Rules whose words or values the message does not have were not asked."
_MEANINGS: Final = {name: fact.meaning for name, fact in facts_for("route", ()).items()}


@dataclass(frozen=True, slots=True)
class RuleWords:
    """One rule that was tried: its name, whether it matched, and what it looked at, a sentence each."""

    rule: str
    matched: bool
    saw: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StageWords:
    """One question: the names of the rules that answered it, none if none did, and all that were tried."""

    key: str
    question: str
    decided: tuple[str, ...]
    rules: tuple[RuleWords, ...]


def why(trace: Trace) -> tuple[StageWords, ...]:
    """Return a trace in plain words, in the order in which the questions were asked.

    A stage of which no rule was tried is told too: its rules ask for words that the message does not have.
    """
    tried: dict[str, list[Tried]] = {}
    for rule in trace.tried:
        tried.setdefault(rule.stage, []).append(rule)
    return tuple(
        _stage(key, question, tried.get(key, ()), trace.seen)
        for key, question in QUESTIONS.items()
        if key != "sla" or key in tried
    )


def _stage(key: str, question: str, tried: Sequence[Tried], seen: Mapping[str, str]) -> StageWords:
    rules = tuple(
        RuleWords(rule.rule, rule.matched, tuple(saw(name, seen.get(name, "")) for name in rule.facts))
        for rule in tried
    )
    return StageWords(key, question, tuple(rule.rule for rule in rules if rule.matched), rules)


def saw(name: str, value: str) -> str:
    """Return what a rule saw of the fact `name`: `"leak" (list water)`, `the hour at the site: 2`."""
    if name.startswith("words."):
        words = name.removeprefix("words.")
        return f'"{value}" (word list {words})' if value else f"no word of the list {words}"
    meaning = _MEANINGS.get(name, name)
    said = {"True": "yes", "False": "no", "": "none", "()": "none"}.get(value, value)
    return f"{meaning}: {said}"
