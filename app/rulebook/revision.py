"""A rulebook, loaded and checked: one content-hashed revision that classifies and routes.

What must not live here: how files are read (sources.py) and compiled (building.py), who is paged in the end
(usecases).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final, cast

from app.documents import Document, DocumentError, Problem
from app.domain.classification import Classification, ClosureTerms, Facts, Route, TraceStep
from app.domain.errors import CloseloopError
from app.domain.escalation import Ladder
from app.domain.instants import parse_duration
from app.domain.texts import Texts
from app.rulebook.building import Parts, build
from app.rulebook.learned import FILE
from app.rulebook.learned import NAME as LEARNED
from app.rulebook.models import BreachReason, Limits, Routing
from app.rulebook.reachable import Routes
from app.rulebook.schema import LEARNED_TRADE
from app.rulebook.sources import Signature, Source, plain, read_folders, signature
from app.rulebook.view import MessageView, view_of

FORMAT: Final = 1
_URGENT: Final = "P1"


class UnknownNameError(CloseloopError):
    """The rulebook has nothing of that name."""


class Rulebook:
    """One revision. Safe to share between threads; asking it changes nothing."""

    def __init__(self, parts: Parts, document: dict[str, object]) -> None:
        """Hold compiled `parts` and the `document` from which they can be rebuilt."""
        self._parts = parts
        self.document = document
        self.hash = content_hash(document)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rulebook) and other.hash == self.hash

    def __hash__(self) -> int:
        return hash(self.hash)

    @property
    def texts(self) -> Texts:
        """Return the texts that people are sent."""
        return self._parts.texts

    @property
    def routing(self) -> Routing:
        """Return the rules as written."""
        return self._parts.routing

    @property
    def breach_reasons(self) -> tuple[BreachReason, ...]:
        """Return why a breach may have happened, in the order of the file."""
        return self._parts.breach_reasons

    @property
    def limits(self) -> Limits:
        """Return how bursts are smoothed."""
        return self._parts.limits

    @property
    def unused_lists(self) -> tuple[str, ...]:
        """Return the word lists that no rule names."""
        return self._parts.unused_lists

    @property
    def ladders(self) -> Mapping[str, Ladder]:
        """Return all ladders by name."""
        return self._parts.ladders

    @property
    def policies(self) -> Mapping[str, Mapping[str, object]]:
        """Return the documents of all SLA policies by name."""
        return self._parts.policies

    @cached_property
    def routes(self) -> Routes:
        """Return the route rules, to ask which ladders are possible at all."""
        return Routes(self._parts.routing.route)

    @cached_property
    def alike(self) -> tuple[frozenset[str], ...]:
        """Return the groups of trades that people take for each other."""
        return tuple(frozenset(group) for group in self._parts.routing.alike)

    def classify(self, facts: Facts) -> Classification:
        """Return what a message with these `facts` is about, and which rules decided it."""
        view, trace = self._view(facts), list[TraceStep]()
        found = self._classified(view, trace)
        return replace(found, kind=str(view.values["kind"]), trace=tuple(trace))

    def route(self, facts: Facts, classification: Classification) -> Route:
        """Return where a ticket with this `classification` goes, and by which SLA policy.

        A route rule that names a policy wins; else the most specific policy that is for such a ticket does.
        """
        view, trace = self._view(facts), list[TraceStep]()
        return replace(self._routed(view, facts, classification, trace), trace=tuple(trace))

    def decide(self, facts: Facts) -> tuple[Classification, Route]:
        """Return what `classify` and `route` say, without traces and without the message's kind."""
        view = self._view(facts)
        found = self._classified(view, None)
        return found, self._routed(view, facts, found, None)

    def _view(self, facts: Facts) -> MessageView:
        return view_of(facts, self._parts.vocabulary, self._parts.learned)

    def _classified(self, view: MessageView, trace: list[TraceStep] | None) -> Classification:
        stages, rules = self._parts.stages, list[str]()
        danger = next(stages.life_safety.matches(view, trace), None)
        view.values["life_safety"] = danger is not None
        trade = next(stages.trade.matches(view, trace))
        view.values["trade"] = said = trade.outcome.trade
        rules.append(trade.name)
        second = None
        if ("trade", trade.name) not in stages.settled:
            second = next(stages.learned_trade.matches(view, trace), None)
        if second is not None:
            wanted = second.outcome.trade
            view.values["trade"] = said = str(view.values[wanted]) if wanted == LEARNED_TRADE else wanted
            rules.append(second.name)
        vague = False
        if danger is None:
            decided = next(stages.priority.matches(view, trace))
            view.values["priority"] = priority = decided.outcome.priority
            rules.append(decided.name)
            again = None
            if ("priority", decided.name) not in stages.settled:
                again = next(stages.learned_priority.matches(view, trace), None)
            vague = decided.outcome.vague
            if again is not None:
                priority = again.outcome.priority
                rules.append(again.name)
        else:
            priority = _URGENT
            rules.append(danger.name)
        view.values["priority"] = priority
        tags: dict[str, None] = {}
        for rule in stages.tags.matches(view, trace):
            tags.update(dict.fromkeys(rule.outcome.add))
            rules.append(rule.name)
        return Classification(
            priority=priority,
            trade=said,
            tags=tuple(tags),
            life_safety=danger is not None,
            vague=vague,
            rules=tuple(rules),
        )

    def _routed(
        self, view: MessageView, facts: Facts, found: Classification, trace: list[TraceStep] | None
    ) -> Route:
        view.values.update(
            {
                "life_safety": found.life_safety,
                "trade": found.trade,
                "priority": found.priority,
                "tags": found.tags,
            }
        )
        rule = next(self._parts.stages.route.matches(view, trace))
        return Route(
            ladder=rule.outcome.ladder,
            sla=rule.outcome.sla or self._select(facts, found, trace),
            also_notify=tuple(rule.outcome.also_notify),
            confirm=_terms(rule.outcome.confirm.remind_after, rule.outcome.confirm.close_after),
            rules=(rule.name,),
        )

    def _select(self, facts: Facts, classification: Classification, trace: list[TraceStep] | None) -> str:
        ticket = {
            "account": facts.account,
            "tier": facts.tier,
            "trade": classification.trade,
            "priority": classification.priority,
        }
        chosen = self._parts.selection.choose(**ticket)
        if trace is not None:
            seen = tuple((key, ticket[key]) for key in chosen.wants)
            trace.append(TraceStep(stage="sla", rule=chosen.policy, matched=True, facts=seen))
        return chosen.policy

    def ladder(self, name: str) -> Ladder:
        """Return the ladder of that name. Raises UnknownNameError."""
        if name not in self._parts.ladders:
            raise UnknownNameError(f"this rulebook has no ladder {name!r}")
        return self._parts.ladders[name]

    def sla_document(self, name: str) -> dict[str, object]:
        """Return `{"policy", "calendars", "actions"}`, which needs nothing else. Raises UnknownNameError."""
        if name not in self._parts.policies:
            raise UnknownNameError(f"this rulebook has no SLA policy {name!r}")
        return self._parts.policies[name]


@lru_cache(maxsize=256)
def _terms(remind_after: str, close_after: str) -> ClosureTerms:
    return ClosureTerms(remind_after=parse_duration(remind_after), close_after=parse_duration(close_after))


def load(*folders: Path, learned: bool = True) -> Rulebook:
    """Return the rulebook of `folders`; a file in a later folder replaces the same-named one before it.

    Without `learned`, as if they had no learned words.

    Raises DocumentError with everything that is wrong: file, line, column, what would be right.
    """
    sources = read_folders(folders, learned=learned)
    parts = build(sources)
    files = {name: plain(source.document.data) for name, source in sources.items()}
    return Rulebook(parts, {"format": FORMAT, "files": files, "holidays": dict(parts.holidays)})


def as_they_are(*folders: Path) -> Rulebook:
    """Return what `load` does, which reads the files again only if one changed since it was asked last."""
    return _as_they_were(folders, signature(folders))


@lru_cache(maxsize=1)
def _as_they_were(folders: tuple[Path, ...], _when: Signature) -> Rulebook:
    return load(*folders)


def from_document(document: Mapping[str, object]) -> Rulebook:
    """Return the rulebook that was stored as `document`. Raises DocumentError if it is none."""
    files, holidays = document.get("files"), document.get("holidays")
    if document.get("format") != FORMAT or not isinstance(files, dict) or not isinstance(holidays, dict):
        raise DocumentError([Problem("revision", 1, 1, "this is no stored rulebook of a known format")])
    sources = {
        name: Source(Document(FILE if name == LEARNED else f"{name}.yaml", data, {}))
        for name, data in files.items()
    }
    parts = build(sources, holidays)
    return Rulebook(parts, cast("dict[str, object]", json.loads(_canonical(document))))


def with_learned(book: Rulebook, learned: Mapping[str, object] | None) -> Rulebook:
    """Return `book` with other learned words, or with none."""
    files = dict(cast("dict[str, object]", book.document["files"]))
    files.pop(LEARNED, None)
    if learned is not None:
        files[LEARNED] = dict(learned)
    return from_document({**book.document, "files": files})


def content_hash(document: Mapping[str, object]) -> str:
    """Return the SHA-256 of a revision's content in hex; comments and the order of keys do not matter."""
    return hashlib.sha256(_canonical(document).encode()).hexdigest()


def _canonical(document: Mapping[str, object]) -> str:
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
