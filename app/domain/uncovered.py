"""When nobody has a schedule, an account or the duty, because of leave, an override or a plan with holes.

The coverage proof (coverage.py) says whether every ladder reaches somebody who can be paged; this looks at
the roster alone, each time that it changes. What must not live here: who is told (usecases/gap_watch.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.directory import Account, Role
from app.domain.oncall import gaps, on_call, parse_schedule
from app.domain.roster import Roster, Scope

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncovered:
    """Nobody has `target` from `start` until before `end`, UTC; `away` would have had it, sorted."""

    target: str
    start: datetime
    end: datetime
    away: tuple[str, ...]


def uncovered(roster: Roster, start: datetime, end: datetime) -> tuple[Uncovered, ...]:
    """Return when nobody has the duty, an account or a schedule between two instants, by start.

    A schedule that by its own document has nobody at a time, such as one for nights only, has no gap then.
    """
    found = [*_duty(roster, start, end), *_accounts(roster, start, end)]
    for name, document in roster.directory.schedules.items():
        target = f"schedule:{name}"
        if target != roster.directory.duty:
            plan = parse_schedule(document, where=target)
            empty = _empty(roster, [target], Scope(), start, end)
            for since, until in without(empty, gaps(plan, start, end)):
                away = on_call(plan, since)
                found.append(Uncovered(target=target, start=since, end=until, away=away))
    return tuple(sorted(found, key=lambda one: (one.start, one.target)))


def without(spans: Iterable[Span], known: Sequence[Span]) -> list[Span]:
    """Return the parts of `spans` that no span of `known` covers, in order."""
    left = sorted(spans)
    for begins, ends in known:
        cut: list[Span] = []
        for since, until in left:
            if ends <= since or until <= begins:
                cut.append((since, until))
                continue
            if since < begins:
                cut.append((since, begins))
            if ends < until:
                cut.append((ends, until))
        left = cut
    return left


def _empty(
    roster: Roster, targets: Sequence[str], scope: Scope, start: datetime, end: datetime
) -> list[Span]:
    return [(one.start, one.end) for one in roster.course(targets, scope, start, end) if not one.people]


def _duty(roster: Roster, start: datetime, end: datetime) -> list[Uncovered]:
    spans = _empty(roster, [Role.DUTY_MANAGER], Scope(), start, end)
    target = str(Role.DUTY_MANAGER)
    away = [roster.named(target, Scope(), since) for since, _ in spans]
    return [
        Uncovered(target=target, start=since, end=until, away=who)
        for (since, until), who in zip(spans, away, strict=True)
    ]


def _accounts(roster: Roster, start: datetime, end: datetime) -> list[Uncovered]:
    """Return the gaps of accounts; of several with the same people the first stands for all."""
    alike: dict[tuple[str, str], Account] = {}
    for account in sorted(roster.directory.accounts.values(), key=lambda a: a.key):
        # A schedule alone is told of as a schedule.
        if account.active and (account.backup or not account.manager.startswith("schedule:")):
            alike.setdefault((account.manager, account.backup), account)
    found = []
    for account in alike.values():
        scope, role = Scope(account=account.key), str(Role.ACCOUNT_MANAGER)
        for since, until in _empty(roster, [role], scope, start, end):
            away = roster.named(role, scope, since)
            found.append(Uncovered(target=f"account:{account.key}", start=since, end=until, away=away))
    return found
