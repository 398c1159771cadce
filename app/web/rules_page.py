"""What the page of the rules shows: rules in plain words with their hits, a tried message, a change. Pure.

What must not live here: who may see it (access.py), asking the rules (usecases/).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.rulebook.models import (
    LearnedPriorityRule,
    LearnedTradeRule,
    LifeRule,
    PriorityRule,
    RouteRule,
    Rule,
    TagRule,
    TradeRule,
)
from app.rulebook.plain_words import in_words
from app.rulebook.revision import Rulebook
from app.rulebook.schema import LEARNED_TRADE
from app.store.applied import Applied
from app.usecases.replay import Replay
from app.usecases.replay_words import cells, drawn, summary
from app.usecases.trial import Tried
from app.usecases.trial_words import outcome_lines
from app.usecases.why import QUESTIONS, StageWords, why
from app.usecases.wording import trade_name

_SHORT: Final[Mapping[str, str]] = {
    "life_safety": "Danger",
    "trade": "Trade",
    "learned_trade": "Trade, learned",
    "priority": "Priority",
    "learned_priority": "Priority, learned",
    "tags": "Tags",
    "route": "Who",
}


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule: when it matches and what then, in words; how often it did lately."""

    name: str
    when: str
    then: str
    hits: int


@dataclass(frozen=True, slots=True)
class StageRows:
    """One question and the rules that may answer it, in the order in which they are asked.

    `rules` are those that are looked for; `count` says how many there are in all, `never` how many of them
    never matched. `open` when it is unfolded.
    """

    key: str
    question: str
    first_decides: bool
    rules: tuple[RuleRow, ...]
    count: int
    never: int
    open: bool

    @property
    def found(self) -> int:
        """Return how many rules are shown."""
        return len(self.rules)

    @property
    def short(self) -> str:
        """Return the stage in a word or two, for the page's index."""
        return _SHORT[self.key]


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """One revision that was applied."""

    number: int
    hash: str
    short: str
    at: str
    by: str
    changes: tuple[str, ...]
    in_force: bool


@dataclass(frozen=True, slots=True)
class TriedWords:
    """A tried message: the outcome line by line, and the trace."""

    lines: tuple[str, ...]
    trace: tuple[StageWords, ...]


@dataclass(frozen=True, slots=True)
class ReplayWords:
    """A replay: sentences, the table's rows (number, message, and five cells), and the picture as SVG."""

    summary: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    picture: str


def stage_rows(
    book: Rulebook, hits: Mapping[tuple[str, str], int], *, words: str = "", unfolded: str = ""
) -> tuple[StageRows, ...]:
    """Return all rules in words, with how often each matched.

    With `words`, only rules whose name, condition or outcome has all of them, in stages unfolded; else the
    stage `unfolded` is.
    """
    wanted = words.lower().split()
    return tuple(
        _stage(stage, rules, hits, wanted, unfolded=unfolded) for stage, rules in _stages(book) if rules
    )


def _stage(
    stage: str,
    rules: Sequence[Rule],
    hits: Mapping[tuple[str, str], int],
    wanted: Sequence[str],
    *,
    unfolded: str,
) -> StageRows:
    rows = [
        RuleRow(rule.name, in_words(rule.when), _then(rule), hits.get((stage, rule.name), 0))
        for rule in rules
    ]
    found = tuple(
        row for row in rows if all(word in f"{row.name} {row.when} {row.then}".lower() for word in wanted)
    )
    return StageRows(
        key=stage,
        question=QUESTIONS[stage],
        first_decides=stage != "tags",
        rules=found,
        count=len(rows),
        never=sum(not row.hits for row in rows),
        open=bool(found) if wanted else stage == unfolded,
    )


def _stages(book: Rulebook) -> Iterator[tuple[str, Sequence[Rule]]]:
    routing = book.routing
    yield "life_safety", routing.life_safety
    yield "trade", routing.trade
    yield "learned_trade", routing.learned_trade
    yield "priority", routing.priority
    yield "learned_priority", routing.learned_priority
    yield "tags", routing.tags
    yield "route", routing.route


def _then(rule: Rule) -> str:
    match rule:
        case LifeRule():
            return "P1, somebody may be in danger"
        case TradeRule():
            return trade_name(rule.trade) if rule.trade else "not known: a person finds out"
        case LearnedTradeRule():
            return "the trade of the learned words" if rule.trade == LEARNED_TRADE else trade_name(rule.trade)
        case PriorityRule() | LearnedPriorityRule():
            return rule.priority
        case TagRule():
            return ", ".join(rule.add)
        case RouteRule():
            sla = f", SLA policy {rule.sla}" if rule.sla else ""
            told = f", also tells {', '.join(rule.also_notify)}" if rule.also_notify else ""
            return f"ladder {rule.ladder}{sla}{told}"
        case _:
            return ""


def revision_rows(history: Sequence[Applied]) -> tuple[RevisionRow, ...]:
    """Return what was applied, newest first."""
    return tuple(
        RevisionRow(
            applied.number,
            applied.hash,
            applied.hash[:12],
            _when(applied.at),
            applied.by,
            applied.changes,
            index == 0,
        )
        for index, applied in enumerate(history)
    )


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def tried_words(tried: Tried) -> TriedWords:
    """Return what a tried message would lead to."""
    trace = why(tried.opened.trace) if tried.opened and tried.opened.trace else ()
    return TriedWords(tuple(outcome_lines(tried)), trace)


def replay_words(result: Replay) -> ReplayWords:
    """Return a replay's result."""
    rows = tuple(
        (str(found.number), found.text, *cells(found.before, found.after)) for found in result.differences
    )
    return ReplayWords(tuple(summary(result)), rows, drawn(result) if result.messages else "")
