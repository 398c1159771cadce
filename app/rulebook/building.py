"""From parsed files to compiled parts: every name in them is looked up, every mistake is told at its place.

What must not live here: reading files (sources.py), asking the rules (revision.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar
from weakref import WeakValueDictionary

from pydantic import BaseModel

from app.documents import DocumentError, Problem, nearest
from app.domain.escalation import Ladder
from app.domain.texts import Texts
from app.rulebook import models
from app.rulebook.checking import Scope
from app.rulebook.compiling import FILLER
from app.rulebook.conditions import read_stage
from app.rulebook.learned import NAME as LEARNED
from app.rulebook.learned import LearnedWords
from app.rulebook.learned import problems_of as learned_problems
from app.rulebook.phrases import PhraseError, WordList, slots_of
from app.rulebook.promises import (
    missing_priorities,
    read_calendars,
    read_ladders,
    read_policies,
    read_texts,
    target_problems,
)
from app.rulebook.schema import LEARNED_TRADE, facts_for
from app.rulebook.selecting import Selection, read_selection
from app.rulebook.sources import Source
from app.rulebook.stages import Stage, compile_rule
from app.rulebook.vocabulary import Vocabulary

ModelT = TypeVar("ModelT", bound=BaseModel)
RuleT = TypeVar("RuleT", bound=models.Rule)

# Revisions differ in their rules far more often than in their words: those with the same words share them,
# and what was found in a message.
_VOCABULARIES: Final[WeakValueDictionary[str, Vocabulary]] = WeakValueDictionary()
_LEARNED_WORDS: Final[WeakValueDictionary[str, LearnedWords]] = WeakValueDictionary()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """The compiled stages of routing.yaml, in the order in which they are asked.

    `settled` has stage and name of the rules about which no second opinion is asked.
    """

    life_safety: Stage[models.LifeRule]
    trade: Stage[models.TradeRule]
    learned_trade: Stage[models.LearnedTradeRule]
    priority: Stage[models.PriorityRule]
    learned_priority: Stage[models.LearnedPriorityRule]
    tags: Stage[models.TagRule]
    route: Stage[models.RouteRule]
    settled: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything a rulebook consists of, checked. `holidays` are dates by calendar name."""

    routing: models.Routing
    stages: Stages
    vocabulary: Vocabulary
    learned: LearnedWords | None
    ladders: Mapping[str, Ladder]
    policies: Mapping[str, dict[str, object]]
    selection: Selection
    texts: Texts
    holidays: Mapping[str, Sequence[str]]
    breach_reasons: tuple[models.BreachReason, ...]
    limits: models.Limits
    unused_lists: tuple[str, ...]


def build(sources: Mapping[str, Source], stored: Mapping[str, Sequence[str]] | None = None) -> Parts:
    """Return the compiled parts of the files `sources`.

    `stored` are the holidays of a stored revision; without, they are computed. Raises DocumentError with
    everything that is wrong in any of the files.
    """
    problems: list[Problem] = []
    texts = read_texts(sources, problems, complete=stored is None)
    dictionary = _checked(sources["words"], models.Dictionary, problems)
    routing = _checked(sources["routing"], models.Routing, problems)
    ladder_file = _checked(sources["escalation"], models.Ladders, problems)
    policy_file = _checked(sources["sla"], models.Policies, problems)
    calendar_file = _checked(sources["calendars"], models.Calendars, problems)
    breach_reasons = _breach_reasons(sources, problems)
    if LEARNED in sources:
        problems.extend(learned_problems(sources[LEARNED].document))
    limits = _checked(sources["limits"], models.Limits, problems) if "limits" in sources else None
    ladders = read_ladders(sources["escalation"], ladder_file, problems) if ladder_file else {}
    policies: dict[str, dict[str, object]] = {}
    selection = Selection(())
    holidays: dict[str, list[str]] = {}
    if calendar_file:
        calendars, holidays = read_calendars(sources["calendars"], calendar_file, stored, problems)
        if policy_file:
            policies = read_policies(sources["sla"], policy_file, calendars, problems)
            if stored is None:
                problems.extend(missing_priorities(sources["sla"], policies))
    vocabulary = _vocabulary(sources["words"], dictionary, problems) if dictionary else None
    used: set[str] = set()
    stages: Stages | None = None
    if routing and dictionary:
        stages = _stages(sources["routing"], routing, frozenset(dictionary.lists), used, problems)
    if routing and ladder_file and policy_file:
        _route_names(sources["routing"], routing, ladder_file, policy_file, problems)
        asked = any(rule.sla is None for rule in routing.route)
        selection = read_selection(sources["sla"], policy_file, routing.trades, problems, asked=asked)
    if problems or not (routing and dictionary and stages and vocabulary and texts):
        raise DocumentError(problems)
    included = {other for words in dictionary.lists.values() for other in words.include}
    disguises = {name for name, words in dictionary.lists.items() if words.disguise}
    return Parts(
        routing=routing,
        stages=stages,
        vocabulary=vocabulary,
        learned=_learned(sources, routing.trades),
        ladders=ladders,
        policies=policies,
        selection=selection,
        texts=texts,
        holidays=holidays,
        breach_reasons=breach_reasons,
        limits=limits or models.Limits(),
        unused_lists=tuple(sorted(set(dictionary.lists) - used - included - disguises - {FILLER})),
    )


def _checked(source: Source, model: type[ModelT], problems: list[Problem]) -> ModelT | None:
    try:
        return source.document.check(model)
    except DocumentError as error:
        problems.extend(error.problems)
        return None


def _breach_reasons(
    sources: Mapping[str, Source], problems: list[Problem]
) -> tuple[models.BreachReason, ...]:
    source = sources.get("breach_reasons")
    if source is None:
        return ()  # a revision that was stored before there were any
    file = _checked(source, models.BreachReasons, problems)
    seen: set[str] = set()
    for index, reason in enumerate(file.reasons if file else ()):
        if reason.code in seen:
            message = f"the code {reason.code!r} stands here twice"
            problems.append(source.document.problem(("reasons", index, "code"), message))
        seen.add(reason.code)
    return tuple(file.reasons) if file else ()


def _learned(sources: Mapping[str, Source], trades: Sequence[str]) -> LearnedWords | None:
    """Return the learned words, which were checked; None where there are none."""
    if LEARNED not in sources:
        return None
    data = sources[LEARNED].document.data
    if not isinstance(data, dict):
        return None
    content = json.dumps([data, sorted(trades)], sort_keys=True)
    known = _LEARNED_WORDS.get(content)
    if known is None:
        known = _LEARNED_WORDS[content] = LearnedWords(data, trades)
    return known


def _vocabulary(source: Source, file: models.Dictionary, problems: list[Problem]) -> Vocabulary | None:
    before = len(problems)
    for name, words in file.lists.items():
        plainly = source.document.at(("lists", name, 0)) != source.document.at(("lists", name))
        where = ("lists", name) if plainly else ("lists", name, "phrases")
        for index, phrase in enumerate(words.phrases):
            try:
                slots_of(phrase)
            except PhraseError as error:
                problems.append(source.document.problem((*where, index), str(error)))
        for index, other in enumerate(words.include):
            if other not in file.lists:
                message = f"unknown word list {other!r}{nearest(other, file.lists)}"
                problems.append(source.document.problem(("lists", name, "include", index), message))
    if len(problems) > before:
        return None
    content = file.model_dump_json()
    known = _VOCABULARIES.get(content)
    if known is None:
        known = _VOCABULARIES[content] = _compiled(file)
    return known


def _compiled(file: models.Dictionary) -> Vocabulary:
    lists = [
        WordList(
            name=name,
            phrases=tuple(sorted(_phrases(file, name, set()))),
            negatable=words.negatable,
            disguise=words.disguise,
        )
        for name, words in sorted(file.lists.items())
    ]
    return Vocabulary(lists, file.negators, file.breakers, file.no_slips)


def _phrases(file: models.Dictionary, name: str, seen: set[str]) -> set[str]:
    """Return the phrases of a list and of all lists that it includes, also when they include each other."""
    if name in seen:
        return set()
    seen.add(name)
    words = file.lists[name]
    return set(words.phrases).union(*(_phrases(file, other, seen) for other in words.include))


def _stages(
    source: Source, routing: models.Routing, lists: frozenset[str], used: set[str], problems: list[Problem]
) -> Stages | None:
    before = len(problems)

    def stage(name: str, rules: Sequence[RuleT]) -> Stage[RuleT]:
        scope = Scope(facts_for(name, tuple(routing.trades)), lists, used)
        trees = read_stage(name, rules, source, scope, problems)
        if len(problems) > before:
            return Stage(name, [])
        pairs = zip(rules, trees, strict=True)
        return Stage(name, [compile_rule(rule.name, tree, rule) for rule, tree in pairs])

    for index, rule in enumerate(routing.trade):
        if rule.trade and rule.trade not in routing.trades:
            message = f"unknown trade {rule.trade!r}{nearest(rule.trade, routing.trades)}"
            problems.append(source.document.problem(("trade", index, "trade"), message))
    for index, second in enumerate(routing.learned_trade):
        if second.trade not in (LEARNED_TRADE, *routing.trades):
            message = (
                f"unknown trade {second.trade!r}{nearest(second.trade, (LEARNED_TRADE, *routing.trades))}"
            )
            problems.append(source.document.problem(("learned_trade", index, "trade"), message))
    for index, group in enumerate(routing.alike):
        for place, trade in enumerate(group):
            if trade not in routing.trades:
                message = f"unknown trade {trade!r}{nearest(trade, routing.trades)}"
                problems.append(source.document.problem(("alike", index, place), message))
    return Stages(
        settled=_settled(source, routing, problems),
        life_safety=stage("life_safety", routing.life_safety),
        trade=stage("trade", routing.trade),
        learned_trade=stage("learned_trade", routing.learned_trade),
        priority=stage("priority", routing.priority),
        learned_priority=stage("learned_priority", routing.learned_priority),
        tags=stage("tags", routing.tags),
        route=stage("route", routing.route),
    )


def _settled(source: Source, routing: models.Routing, problems: list[Problem]) -> frozenset[tuple[str, str]]:
    """Return stage and name of the rules above those of `doubted`."""
    settled: set[tuple[str, str]] = set()
    for name, first, rules in (
        ("trade", routing.doubted.trade, [rule.name for rule in routing.trade]),
        ("priority", routing.doubted.priority, [rule.name for rule in routing.priority]),
    ):
        if first in rules:
            settled |= {(name, rule) for rule in rules[: rules.index(first)]}
        elif first is not None:
            message = f"{name} has no rule {first!r}{nearest(first, rules)}"
            problems.append(source.document.problem(("doubted", name), message))
    return frozenset(settled)


def _route_names(
    source: Source,
    routing: models.Routing,
    ladders: models.Ladders,
    policies: models.Policies,
    problems: list[Problem],
) -> None:
    for index, rule in enumerate(routing.route):
        if rule.ladder not in ladders.ladders:
            message = f"unknown ladder {rule.ladder!r}{nearest(rule.ladder, ladders.ladders)}"
            problems.append(source.document.problem(("route", index, "ladder"), message))
        if rule.sla is not None and rule.sla not in policies.policies:
            message = f"unknown SLA policy {rule.sla!r}{nearest(rule.sla, policies.policies)}"
            problems.append(source.document.problem(("route", index, "sla"), message))
        problems.extend(
            source.document.problem(("route", index, "also_notify"), message)
            for message in target_problems(rule.also_notify)
        )
