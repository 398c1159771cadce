"""Who a target is: roles, people and schedules, those who left, backups, gaps, the narrower promise."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.directory import (
    Account,
    ContactMethod,
    Coverage,
    LaterOverride,
    Leave,
    MethodKind,
    Person,
)
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
    assert [p for p in (*people, "nobody") if roster.reachable(p)] == ["ana", "mute"]
    assert roster.methods("nobody") == ()
    assert roster.methods("mute") == mute.methods
    assert Roster(directory(people={"mute": replace(mute, methods=())})).reachable("mute") is False


def off(who: str, hours: float = 1, after: float = 0) -> Leave:
    start = NIGHT + timedelta(hours=after)
    return Leave(person=who, start=start, end=start + timedelta(hours=hours))


def covered(**covers: str) -> dict[str, Person]:
    keys = ("ana", "sam", "dora", "rex", "luis")
    return {key: replace(person(key), cover=covers.get(key, "")) for key in keys}


def test_leave_takes_a_person_out_of_every_role_schedule_and_team() -> None:
    everywhere: dict[str, Any] = {
        "schedules": {"duty": weekly("ana")},
        "teams": {"crew": ("ana", "rex")},
        "coverage": (Coverage(person="ana"),),
        "duty": "person:ana",
        "people": covered(),
        "leave": (off("ana"),),
    }
    for target in ("account_manager", "service_manager", "duty_manager", "person:ana", "schedule:duty"):
        assert who(target, **everywhere) == (), target
        assert who(target, **{**everywhere, "leave": (off("ana", after=1),)}) == ("ana",), target
        assert who(target, **{**everywhere, "people": covered(ana="person:luis")}) == ("luis",), target
    assert who("team:crew", **everywhere) == ("rex",)
    assert who("team:crew", **{**everywhere, "people": covered(ana="person:luis")}) == ("luis", "rex")


def test_leave_begins_at_its_start_and_is_over_at_its_end() -> None:
    roster = Roster(directory(leave=(off("ana"), off("ana", after=1), off("ana", after=0.5))))
    tick = timedelta(microseconds=1)
    found = [
        roster.who(["person:ana"], SCOPE, NIGHT + at) for at in (-tick, tick * 0, timedelta(hours=2) - tick)
    ]
    assert found == [("ana",), (), ()]
    assert roster.who(["person:ana"], SCOPE, NIGHT + timedelta(hours=2)) == ("ana",)
    whole = Leave(person="ana", start=NIGHT, end=NIGHT + timedelta(hours=2))
    assert roster.away("ana", NIGHT + timedelta(hours=1)) == whole
    assert roster.away("ana", NIGHT + timedelta(hours=2)) is None


def test_covers_follow_each_other_and_come_before_the_backup() -> None:
    accounts = account("person:ana", "person:dora")
    leave = (off("ana"), off("sam"))
    chain = covered(ana="person:sam", sam="person:rex")
    assert who("account_manager", people=chain, leave=leave, accounts=accounts) == ("rex",)
    nobody = (*leave, off("rex"))
    assert who("account_manager", people=chain, leave=nobody, accounts=accounts) == ("dora",)
    circle = covered(ana="person:sam", sam="person:ana")
    assert who("account_manager", people=circle, leave=leave, accounts=account("person:ana")) == ()
    team = covered(ana="team:crew")
    teams = {"crew": ("ana", "sam", "rex", "luis")}
    assert who("person:ana", people=team, leave=leave, teams=teams) == ("luis", "rex")
    shifts = {"night": weekly("luis")}
    assert who("person:ana", people=covered(ana="schedule:night"), leave=leave, schedules=shifts) == ("luis",)


def test_when_the_narrower_promise_is_off_the_wider_one_counts() -> None:
    coverage = (Coverage(person="sam"), Coverage(person="rex", trades=("plumbing",)))
    assert who("service_manager", coverage=coverage) == ("rex",)
    assert who("service_manager", coverage=coverage, leave=(off("rex"),)) == ("sam",)


def test_overrides_entered_later_come_after_the_documents_own_and_before_leave() -> None:
    document = {
        **weekly("ana"),
        "overrides": [{"from": "2026-06-09T00:00", "to": "2026-06-10T00:00", "out": "ana", "in": "sam"}],
    }
    end = NIGHT + timedelta(hours=1)
    swap = LaterOverride(schedule="duty", start=NIGHT, end=end, out="sam", joins="rex")
    undone = LaterOverride(schedule="duty", start=NIGHT, end=end, out="ana", joins="dora")
    other = LaterOverride(schedule="gone", start=NIGHT, end=end, out="*", joins="dora")
    setting: dict[str, Any] = {
        "schedules": {"duty": document},
        "overrides": (swap, undone, other),
        "people": covered(rex="person:luis"),
    }
    assert who("schedule:duty", **setting) == ("rex",)
    assert who("schedule:duty", **setting, leave=(off("rex"),)) == ("luis",)
    assert who("schedule:duty", **setting, leave=(off("ana"), off("sam"))) == ("rex",)


HOURS = st.integers(0, 24 * 14).map(float)
LEAVES = st.lists(st.tuples(st.sampled_from(["ana", "sam", "rex"]), HOURS, st.integers(1, 100)), max_size=6)


@given(LEAVES, st.permutations(["ana", "sam", "rex"]), st.booleans(), HOURS)
@settings(max_examples=40, deadline=None)
def test_the_course_partitions_the_time_and_agrees_with_who(
    leave: list[tuple[str, float, int]], turns: list[str], covers: bool, swapped: float
) -> None:
    swap = off("x", 30, swapped)
    people = covered(ana="person:sam", sam="schedule:other") if covers else covered()
    roster = Roster(
        directory(
            people=people,
            schedules={"duty": weekly(*turns), "other": weekly("rex", "luis", starts="2026-01-06T20:00")},
            overrides=(
                LaterOverride(schedule="duty", start=swap.start, end=swap.end, out="ana", joins="dora"),
            ),
            leave=tuple(off(key, length, after) for key, after, length in leave),
        )
    )
    end = NIGHT + timedelta(days=16)
    spans = roster.course(["schedule:duty", "account_manager"], SCOPE, NIGHT, end)
    assert (spans[0].start, spans[-1].end) == (NIGHT, end)
    for one, following in pairwise(spans):
        assert one.end == following.start
        assert one.people != following.people
    for span in spans:
        for at in (span.start, span.end - timedelta(microseconds=1)):
            assert roster.who(["schedule:duty", "account_manager"], SCOPE, at) == span.people
    hours = [NIGHT + timedelta(hours=n) for n in range(0, 24 * 16, 3)]
    for at in hours:
        (span,) = (one for one in spans if one.start <= at < one.end)
        assert roster.who(["schedule:duty", "account_manager"], SCOPE, at) == span.people
