"""The coverage proof for 500 sites over 90 days: 40 accounts, 24 schedules, everybody's turns by the hour.

    python -m bench.coverage

Prints how long it takes, once with somebody always reachable and once with gaps everywhere.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.domain.contact_checks import Checks
from app.domain.coverage import prove
from app.domain.directory import (
    Account,
    Company,
    ContactMethod,
    Coverage,
    Directory,
    MethodKind,
    Person,
    Role,
    Site,
)
from app.domain.roster import Roster
from app.rulebook.revision import load

START = datetime(2026, 9, 20, 12, tzinfo=UTC)
SITES, ACCOUNTS, SCHEDULES, PEOPLE, DAYS = 500, 40, 24, 120, 90
REGIONS = ("north", "south", "east", "west", "middle", "coast")
ZONES = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles")


def town() -> Directory:
    """Return a large company's directory."""
    people = {
        f"p{n}": Person(
            key=f"p{n}",
            name=f"Person {n}",
            roles=(Role.ACCOUNT_MANAGER,),
            methods=(ContactMethod(MethodKind.SMS, f"+1617555{n:04}", verified=n % 10 > 0),),
            timezone=ZONES[n % 4],
        )
        for n in range(PEOPLE)
    }
    schedules = {
        f"s{n}": {
            "timezone": ZONES[n % 4],
            "layers": [
                {
                    "people": [f"p{(5 * n + turn) % PEOPLE}" for turn in range(5)],
                    "rotation": {"unit": "hourly", "length": 12, "starts": "2025-01-06T08:00"},
                }
            ],
        }
        for n in range(SCHEDULES)
    }
    accounts = {
        f"a{n}": Account(
            key=f"a{n}",
            name=f"Account {n}",
            tier=("gold", "basic")[n % 2],
            manager=f"schedule:s{n % SCHEDULES}",
        )
        for n in range(ACCOUNTS)
    }
    sites = {}
    for n in range(SITES):
        account = f"a{n % ACCOUNTS}"
        sites[f"{account}.{n}"] = Site(
            key=f"{account}.{n}",
            account=account,
            code=str(n),
            name="",
            address="",
            city="",
            region=REGIONS[n // ACCOUNTS % len(REGIONS)],
            timezone=ZONES[n % 4],
        )
    return Directory(
        version=1,
        company=Company(name="Big", short_name="Big", phone="+16175550100", timezone=ZONES[0]),
        duty="schedule:s0",
        people=people,
        accounts=accounts,
        sites=sites,
        coverage=(
            Coverage(person="p1"),
            *(
                Coverage(person=f"p{n + 20}", trades=("hvac", "plumbing"), regions=(r,))
                for n, r in enumerate(REGIONS)
            ),
        ),
        schedules=schedules,
    )


def main() -> None:
    """Measure."""
    book = load(Path(__file__).parents[1] / "rules")
    directory = town()
    everybody = frozenset((p.key, m.address) for p in directory.people.values() for m in p.methods)
    nobody = frozenset((str(m.kind), m.address) for p in directory.people.values() for m in p.methods[:1])
    half = frozenset(pair for pair in nobody if int(pair[1][-3:]) % 3)
    cases = (
        ("somebody always", Checks(proven=everybody)),
        ("two thirds of all phones fail", Checks(proven=everybody, failing=half)),
        ("every phone fails", Checks(failing=nobody)),
    )
    for name, checks in cases:
        began = time.perf_counter()
        gaps = prove(
            Roster(directory),
            book.ladders,
            book.routes.ladders,
            checks,
            trades=book.routing.trades,
            start=START,
            end=START + timedelta(days=DAYS),
            facts=book.routes.facts,
        )
        print(f"{SITES} sites, {DAYS} days, {name}: {time.perf_counter() - began:.2f} s, {len(gaps)} gaps")


if __name__ == "__main__":
    main()
