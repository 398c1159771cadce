"""The coverage proof for this installation: its directory, its rulebook, its checked contact methods.

What must not live here: the proof itself (domain/coverage.py), pages, terminals.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from app.domain.coverage import Cause, Gap, Why, prove
from app.domain.directory import Directory
from app.domain.instants import format_instant
from app.store import contact_checks
from app.usecases.house import House

LONGEST: Final = 400
_WORDS: Final = {
    Why.NO_LADDER: "the rulebook has no such ladder",
    Why.NOBODY: "nobody",
    Why.UNKNOWN: "is not in the directory",
    Why.INACTIVE: "is no longer active",
    Why.ON_LEAVE: "is on leave",
    Why.UNVERIFIED: "has no verified contact method",
    Why.FAILING: "has only contact methods that fail",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What the proof found between two instants, UTC; no gaps: somebody can always be paged."""

    start: datetime
    end: datetime
    gaps: tuple[Gap, ...]
    directory: Directory


def prove_coverage(house: House, days: int) -> Proof:
    """Return the coverage proof from now on, for so many days (at most 400)."""
    with house.begin() as connection:
        return read_proof(house, connection, house.clock.now(), days)


def read_proof(house: House, connection: Connection, now: datetime, days: int) -> Proof:
    """Return the coverage proof for `days` from `now` on, inside a transaction."""
    roster = house.roster(connection)
    end = now + timedelta(days=max(1, min(days, LONGEST)))
    routes = house.rulebook.routes
    gaps = prove(
        roster,
        house.rulebook.ladders,
        routes.ladders,
        contact_checks.read_checks(connection),
        trades=house.rulebook.routing.trades,
        start=now,
        end=end,
        facts=routes.facts,
    )
    return Proof(start=now, end=end, gaps=tuple(gaps), directory=roster.directory)


def as_document(proof: Proof) -> dict[str, object]:
    """Return the proof as JSON-able values; instants in UTC."""
    return {
        "from": format_instant(proof.start),
        "to": format_instant(proof.end),
        "gaps": [
            {
                "when": [[format_instant(since), format_instant(until)] for since, until in gap.spans],
                "ladder": gap.ladder,
                "account": gap.account,
                "sites": list(gap.sites),
                "trades": list(gap.trades),
                "priorities": list(gap.priorities),
                "why": [
                    {"target": c.target, "reason": str(c.why)} | ({"person": c.person} if c.person else {})
                    for c in gap.causes
                ],
            }
            for gap in proof.gaps
        ],
    }


def cause_text(cause: Cause, directory: Directory) -> str:
    """Return a cause in words: `Dana Reyes (account manager) has no verified contact method`."""
    target = cause.target.replace("_", " ")
    if not cause.person:
        return f"{target}: {_WORDS[cause.why]}"
    known = directory.people.get(cause.person)
    name = known.name if known else cause.person
    asked = "" if cause.target == f"person:{cause.person}" else f" ({target})"
    return f"{name}{asked} {_WORDS[cause.why]}"


def who_text(gap: Gap, directory: Directory) -> str:
    """Return whom a gap concerns: the account and how many of its sites."""
    if not gap.account:
        return "Unknown senders"
    account = directory.accounts.get(gap.account)
    name = account.name if account else gap.account
    every = sum(1 for site in directory.sites.values() if site.active and site.account == gap.account)
    if not gap.sites:
        return f"{name}, site not known yet"
    if len(gap.sites) == every:
        return f"{name}, all sites" if every > 1 else f"{name} {_codes(gap, directory)}"
    return f"{name} {_codes(gap, directory)}"


def _codes(gap: Gap, directory: Directory) -> str:
    codes = [f"#{directory.sites[key].code}" for key in gap.sites if key in directory.sites]
    shown = ", ".join(codes[:4])
    return shown if len(codes) <= 4 else f"{shown} and {len(codes) - 4} more sites"  # noqa: PLR2004 - one line


def trades_text(gap: Gap, trades: int) -> str:
    """Return for which trades, of so many there are."""
    named = [trade.replace("_", "/") for trade in gap.trades if trade]
    if len(named) == trades:
        return "all trades"
    shown = ", ".join(named) or "trade not known yet"
    return f"{shown}, or not known yet" if named and "" in gap.trades else shown
