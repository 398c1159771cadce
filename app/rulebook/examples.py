"""Examples in routing.yaml are tests: does each rule decide what it says it does? And what looks unfinished.

What must not live here: mistakes that keep a rulebook from loading (building.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.documents import DocumentError, Problem
from app.domain.classification import Classification, Facts
from app.rulebook.models import Example, Rule
from app.rulebook.revision import Rulebook, load
from app.rulebook.sources import Source, read_folders

_SHOWN: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An example that a rule does not decide, or a counterexample that it does; `decided` names who did."""

    stage: str
    rule: str
    message: str
    decided: str
    counterexample: bool = False

    def __str__(self) -> str:
        wanted = "should not decide" if self.counterexample else "should decide"
        return f"{self.stage}: {self.rule!r} {wanted} {self.message!r}, but {self.decided}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What `check` found: `problems` keep the rulebook from being used, `warnings` do not."""

    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    failures: tuple[Failure, ...] = ()

    @property
    def usable(self) -> bool:
        """Return whether the rulebook can be used."""
        return not self.problems


def check(*folders: Path) -> Report:
    """Return everything that is wrong or unfinished in the rulebook of `folders`, its examples included."""
    try:
        book = load(*folders)
    except DocumentError as error:
        return Report(problems=error.problems)
    return Report(warnings=warnings_of(book, read_folders(folders)), failures=tuple(run_examples(book)))


def warnings_of(book: Rulebook, sources: Mapping[str, Source]) -> tuple[Problem, ...]:
    """Return what looks unfinished in `book`, read from `sources`: rules without example, unused lists."""
    routing, words = sources["routing"].document, sources["words"].document
    bare = [
        routing.problem((stage, index, "name"), f"{stage}: {rule.name!r} has no example")
        for stage, rules in _stages(book)
        for index, rule in enumerate(rules)
        if not rule.examples
    ]
    unused = [
        words.problem(("lists", name), f"no rule asks for the list {name!r}") for name in book.unused_lists
    ]
    return (*sorted(bare), *sorted(unused))


def count_examples(book: Rulebook) -> int:
    """Return how many examples and counterexamples the rules carry."""
    return sum(len(rule.examples) + len(rule.counterexamples) for _, rules in _stages(book) for rule in rules)


def run_examples(book: Rulebook) -> list[Failure]:
    """Return the examples and counterexamples that do not come out as their rule says, in order."""
    failures: list[Failure] = []
    for stage, rules in _stages(book):
        for rule in rules:
            for examples, counter in ((rule.examples, False), (rule.counterexamples, True)):
                for example in examples:
                    decided = _decided(book, stage, facts_of(example))
                    if (rule.name in decided) is counter:
                        message = example.text or example.subject
                        failures.append(
                            Failure(
                                stage=stage,
                                rule=rule.name,
                                message=message[:_SHOWN],
                                decided=f"{', '.join(map(repr, decided)) or 'no rule'} did",
                                counterexample=counter,
                            )
                        )
    return failures


def facts_of(example: Example) -> Facts:
    """Return the facts that an example stands for."""
    return Facts(
        text=example.text,
        subject=example.subject,
        channel=example.channel,
        account=example.account,
        tier=example.tier,
        site=example.site,
        region=example.region,
        local_hour=example.hour,
        weekday=example.weekday,
        pictures=example.pictures,
        open_tickets=example.open_tickets,
    )


def _decided(book: Rulebook, stage: str, facts: Facts) -> list[str]:
    """Return the names of the rules of `stage` that decide a message with these `facts`."""
    answer: Classification = book.classify(facts)
    trace = book.route(facts, answer).trace if stage == "route" else answer.trace
    return [step.rule for step in trace if step.stage == stage and step.matched]


def _stages(book: Rulebook) -> Iterator[tuple[str, Sequence[Rule]]]:
    routing = book.routing
    yield "life_safety", routing.life_safety
    yield "trade", routing.trade
    yield "learned_trade", routing.learned_trade
    yield "priority", routing.priority
    yield "learned_priority", routing.learned_priority
    yield "tags", routing.tags
    yield "route", routing.route
