"""Which SLA policy a ticket gets: each policy says in `for` which tickets it is for; the most specific wins.

What must not live here: what a policy promises (promises.py), route rules that name one (revision.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from app.documents import Problem, nearest
from app.domain.classification import PRIORITIES
from app.rulebook import models
from app.rulebook.sources import Source

FOR: Final = "for"
SELECTORS: Final = ("account", "tier", "trade", "priority")
"""What a policy may ask for, the strongest first: one customer's contract beats that of a whole tier."""
BY_NAME_ONLY: Final = "named"
"""As a `for`: no ticket by itself, only those of a route rule that names the policy."""


@dataclass(frozen=True, slots=True)
class Selector:
    """The tickets that one policy is for: `wants` has the values of each key that must fit; none fits all."""

    policy: str
    wants: Mapping[str, frozenset[str]]

    @property
    def strength(self) -> tuple[bool, ...]:
        """Return what makes it specific; of two that fit a ticket the greater one wins."""
        return tuple(key in self.wants for key in SELECTORS)

    def fits(self, ticket: Mapping[str, str]) -> bool:
        """Return whether the policy is for a ticket with these values by key."""
        return all(ticket[key] in values for key, values in self.wants.items())


@dataclass(frozen=True, slots=True)
class Selection:
    """All selectors, the strongest first. Where it is asked, one of them fits every ticket."""

    selectors: tuple[Selector, ...]

    def choose(self, *, account: str, tier: str, trade: str, priority: str) -> Selector:
        """Return the selector of the policy that a ticket with these values gets."""
        ticket = {"account": account, "tier": tier, "trade": trade, "priority": priority}
        return next(selector for selector in self.selectors if selector.fits(ticket))


def read_selection(
    source: Source,
    file: models.Policies,
    trades: Collection[str],
    problems: list[Problem],
    *,
    asked: bool,
) -> Selection:
    """Return which policy is for which tickets; what is wrong is added to `problems`.

    `asked` tells whether some route rule leaves the choice to it: then exactly one policy must be for all
    tickets that no other takes. Two equally strong policies that fit one and the same ticket are a problem.
    """
    before = len(problems)
    found = [
        selector
        for name, policy in file.policies.items()
        if (selector := _selector(source, name, policy, trades, problems)) is not None
    ]
    defaults = [selector for selector in found if not selector.wants]
    for earlier, later in combinations(found, 2):
        if earlier.wants or asked:
            problems.extend(_tie(source, earlier, later))
    if asked and not defaults and len(problems) == before:
        message = f"no policy is for all other tickets; let one of them have no {FOR!r}"
        problems.append(source.document.problem(("policies",), message))
    strongest_first = sorted(found, key=lambda selector: selector.strength, reverse=True)
    return Selection(tuple(strongest_first))


def _selector(
    source: Source, name: str, policy: Mapping[str, object], trades: Collection[str], problems: list[Problem]
) -> Selector | None:
    """Return the selector of a policy; None when it is for no ticket by itself, or wrong."""
    path = ("policies", name, FOR)
    written = policy.get(FOR, {})
    if written == BY_NAME_ONLY:
        return None
    if not isinstance(written, Mapping) or (FOR in policy and not written):
        message = f"say which tickets by {', '.join(SELECTORS)}; write {BY_NAME_ONLY!r} for none by itself"
        problems.append(source.document.problem(path, message))
        return None
    known = {"trade": tuple(trades), "priority": PRIORITIES}
    wrong = [
        source.document.problem((*path, key, *place), message)
        for key, values in written.items()
        for place, message in _mistakes(str(key), values, known)
    ]
    problems.extend(wrong)
    return (
        None
        if wrong
        else Selector(name, {key: frozenset(map(str, _listed(v))) for key, v in written.items()})
    )


def _mistakes(
    key: str, values: object, known: Mapping[str, Sequence[str]]
) -> Iterator[tuple[tuple[int, ...], str]]:
    """Yield what is wrong with one key of a `for`: the index of the value at fault, if any, and why."""
    if key not in SELECTORS:
        yield (), f"unknown key {key!r}{nearest(key, SELECTORS)}"
        return
    listed = _listed(values)
    if not listed:
        yield (), f"an empty list of {key} fits no ticket; leave it out to mean any"
    for index, value in enumerate(listed):
        place = (index,) if isinstance(values, list) else ()
        if not isinstance(value, str) or not value:
            yield place, f"{value!r} is no name; put it in quotes"
        elif key in known and value not in known[key]:
            yield place, f"unknown {key} {value!r}{nearest(value, known[key])}"


def _listed(values: object) -> list[object]:
    return values if isinstance(values, list) else [values]


def _tie(source: Source, earlier: Selector, later: Selector) -> Iterator[Problem]:
    """Yield the problem that two policies would both be the most specific one for some ticket."""
    if earlier.strength != later.strength:
        return
    shared = {key: sorted(earlier.wants[key] & later.wants[key]) for key in earlier.wants}
    if not all(shared.values()):
        return
    both = ", ".join(f"{key} {shared[key][0]}" for key in SELECTORS if key in shared) or "all other tickets"
    path = ("policies", later.policy, FOR)
    line, _ = source.document.at(("policies", earlier.policy, FOR))
    message = f"{later.policy!r} and {earlier.policy!r} (line {line}) tie: both are for {both}"
    yield source.document.problem(path, message)
