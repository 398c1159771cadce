"""Who a target is: roles, people and schedules, those who left, backups, gaps, the narrower promise."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.domain.directory import Account, ContactMethod, Coverage, MethodKind, Person
from app.domain.roster import Roster, Scope
from tests.building import NIGHT, directory, person

SCOPE = Scope("qb", "qb/412", "plumbing")


def weekly(*people: str, starts: str = "2026-01-05T08:00") -> dict[str, Any]:
    rotation = {"unit": "weekly", "length": 1, "starts": starts}
    return {
        "timezone": "America/New_York",
        "layers": [{"name": "w", "people": list(people), "rotation": rotation}],
    }


def account(manager: str, backup: str = "") -> dict[str, Account]:
    return {"qb": Account(key="qb", name="QuickBite", tier="gold", manager=manager, backup=backup)}


def who(*targets: str, scope: Scope = SCOPE, **changes: Any) -> tuple[str, ...]:
    return Roster(directory(**changes)).who(targets, scope, NIGHT)


def test_roles_people_and_schedules() -> None:
    assert who("account_manager") == ("ana",)
    assert who("service_manager") == ("sam",)
    assert who("duty_manager") == ("dora",)
    assert who("person:rex", "account_manager", "person:ana") == ("ana", "rex")
    assert who("schedule:duty", schedules={"duty": weekly("rex")}) == ("rex",)


@pytest.mark.parametrize("target", ["", "person:", "person:nobody", "schedule:nothing", "boss", ":", "rep"])
def test_an_unknown_target_is_nobody(target: str) -> None:
    assert who(target) == ()


def test_who_left_is_nobody_and_the_backup_takes_the_place() -> None:
    people = {p.key: p for p in (person("ana", active=False), person("rex"), person("dora"))}
    assert who("account_manager", "person:ana", people=people) == ()
    assert who("account_manager", people=people, accounts=account("person:ana", "person:rex")) == ("rex",)
    assert who("account_manager", people={}, accounts=account("person:ana", "person:rex")) == ()


def test_a_gap_in_the_managers_schedule_falls_to_the_backup() -> None:
    later = {"am": weekly("ana", starts="2030-01-07T08:00")}
    assert who("account_manager", schedules=later, accounts=account("schedule:am", "person:rex")) == ("rex",)
    assert who("account_manager", schedules=later, accounts=account("schedule:am")) == ()


def test_an_account_without_manager_is_nobodys_and_a_strangers_is_the_duty_managers() -> None:
    assert who("account_manager", accounts=account("")) == ()
    assert who("account_manager", scope=Scope()) == ("dora",)
    assert who("account_manager", scope=Scope("gone")) == ("dora",)


def test_the_narrower_coverage_wins_and_the_widest_catches_the_rest() -> None:
    coverage = (
        Coverage(person="sam"),
        Coverage(person="ana", trades=("plumbing",)),
        Coverage(person="rex", trades=("plumbing",), regions=("northeast",)),
        Coverage(person="dora", regions=("west",)),
    )
    assert who("service_manager", coverage=coverage) == ("rex",)
    assert who("service_manager", coverage=coverage, scope=Scope("qb", "", "plumbing")) == ("ana",)
    assert who("service_manager", coverage=coverage, scope=Scope("qb", "qb/412", "hvac")) == ("sam",)
    assert who("service_manager", coverage=()) == ()


def test_at_the_handoff_the_next_person_has_it() -> None:
    roster = Roster(directory(schedules={"duty": weekly("ana", "rex", starts="2026-06-01T08:00")}))
    handoff = NIGHT.replace(day=8, hour=12, minute=0)  # Monday 8:00 in New York
    assert roster.who(["schedule:duty"], SCOPE, handoff - timedelta(microseconds=1)) == ("ana",)
    assert roster.who(["schedule:duty"], SCOPE, handoff) == ("rex",)


def test_reachable_means_active_with_a_way_that_we_can_use() -> None:
    mute = Person(
        key="mute",
        name="Mute Test",
        roles=(),
        methods=(ContactMethod(MethodKind.VOICE, "+16175550111"),),
        timezone="America/New_York",
    )
    people = {p.key: p for p in (person("ana"), person("rex", active=False), person("sam", methods=""), mute)}
    roster = Roster(directory(people=people))
    assert [p for p in (*people, "nobody") if roster.reachable(p)] == ["ana"]
    assert roster.methods("nobody") == ()
    assert roster.methods("mute") == mute.methods
    assert Roster(directory(people={"mute": replace(mute, methods=())})).reachable("mute") is False
