"""The coverage proof of an installation, with its database, in words and as JSON."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import Engine

from app.bootstrap import SystemIds
from app.rulebook.revision import Rulebook
from app.store import contact_checks
from app.usecases.directory import load_directory
from app.usecases.directory_file import parse_directory
from app.usecases.gaps import as_document, prove_coverage
from app.usecases.gaps_table import print_gaps
from app.usecases.house import House, Identity

COMPANY = Path(__file__).parents[2] / "demo" / "company.yaml"
NOW = datetime(2026, 6, 9, 6, 11, tzinfo=UTC)


class Clock:
    def now(self) -> datetime:
        return NOW


@pytest.fixture
def house(engine: Engine, rulebook: Rulebook) -> House:
    load_directory(engine, parse_directory(COMPANY.read_text("utf-8"), COMPANY.name), now=NOW)
    identity = Identity(public_url="http://t", mail_domain="t.example", secret=b"s" * 32, node="test")
    return House(engine=engine, clock=Clock(), ids=SystemIds(), rulebook=rulebook, identity=identity)


def printed(house: House, days: int = 90) -> str:
    out = io.StringIO()
    print_gaps(
        prove_coverage(house, days),
        trades=len(house.rulebook.routing.trades),
        console=Console(file=out, width=110),
    )
    return out.getvalue()


def test_the_demo_has_no_gap_and_a_phone_and_mailbox_that_fail_make_one(house: House) -> None:
    assert prove_coverage(house, 90).gaps == ()
    assert "No gap until Mon 2026-09-07" in printed(house)

    with house.begin() as connection:
        for person in house.roster(connection).directory.people.values():
            if person.key in ("ruth", "grant", "priya", "owen", "kezia", "dana", "luis", "helen", "anita"):
                for method in person.methods:
                    contact_checks.put_failing(connection, method.kind, method.address, "gone", NOW)
    document = as_document(prove_coverage(house, 90))
    gap = next(gap for gap in document["gaps"] if gap["account"] == "quickbite" and gap["sites"])
    assert {"target": "duty_manager", "reason": "failing", "person": "ruth"} in gap["why"]
    assert gap["when"][0][0] >= "2026-06-09T06:11:00Z"
    words = printed(house)
    assert "QuickBite" in words
    assert "Ruth Okafor (duty manager) has only contact methods that fail" in words

    with house.begin() as connection:
        ruth = house.roster(connection).directory.people["ruth"].methods[0]
        contact_checks.clear_failing(connection, [(str(ruth.kind), ruth.address)])
    assert prove_coverage(house, 90).gaps == ()
