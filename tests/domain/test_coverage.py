"""The coverage proof: exactly when, for which tickets and why a ladder reaches nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.classification import PRIORITIES
from app.domain.contact_checks import Checks
from app.domain.coverage import Cause, Gap, Why, prove, unreachable_soon
from app.domain.directory import Account, ContactMethod, Coverage, Leave, MethodKind
from app.domain.escalation import Ladder, parse_ladder
from app.domain.roster import Roster, Scope
from tests.building import directory, person

START = datetime(2026, 6, 8, tzinfo=UTC)
END = START + timedelta(days=14)
TRADES = ("plumbing", "hvac")


def ladder(*targets: str) -> Ladder:
    return parse_ladder({"levels": [{"notify": [target], "after": "5m"} for target in targets]})


def proven(*keys: str) -> Checks:
    people = directory().people
    return Checks(proven=frozenset((key, m.address) for key in keys for m in people[key].methods))


def gaps(
    who: Any, ladders: dict[str, Ladder], checks: Checks, *, route: Any = None, facts: Any = ()
) -> list[Gap]:
    routing = route or (lambda _: frozenset(ladders))
    return prove(
        Roster(who), ladders, routing, checks, trades=TRADES, start=START, end=END, facts=frozenset(facts)
    )


def schedule(*people: str, **keys: Any) -> dict[str, Any]:
    rotation = {"unit": "daily", "length": 1, "starts": "2026-06-01T08:00"}
    return {"timezone": "UTC", "layers": [{"people": list(people), "rotation": rotation, **keys}]}


def test_somebody_with_a_verified_method_on_any_level_is_enough() -> None:
    who = directory(duty="person:dora")
    assert gaps(who, {"day": ladder("account_manager", "duty_manager")}, proven("dora")) == []


def test_a_gap_says_when_for_whom_and_why() -> None:
    people = directory().people
    who = directory(
        schedules={"nights": schedule("sam", within={"mon": [["00:00", "24:00"]]})},
        people={**people, "rex": replace(people["rex"], active=False)},
    )
    ladders = {"night": ladder("schedule:nights", "person:rex", "account_manager", "person:nobody")}
    checks = replace(proven("sam"), failing=frozenset({("sms", people["ana"].methods[0].address)}))

    found = gaps(who, ladders, checks)

    monday = timedelta(days=1)
    [gap] = [gap for gap in found if gap.sites]
    assert gap.spans == (
        (START + monday, START + timedelta(days=7)),
        (START + timedelta(days=8), END),
    )
    assert (gap.ladder, gap.sites, set(gap.trades), gap.priorities) == (
        "night",
        ("qb/412",),
        {*TRADES, ""},
        PRIORITIES,
    )
    assert gap.causes == (
        Cause(target="schedule:nights", why=Why.NOBODY),
        Cause(target="person:rex", why=Why.INACTIVE, person="rex"),
        Cause(target="account_manager", why=Why.UNVERIFIED, person="ana"),
        Cause(target="person:nobody", why=Why.UNKNOWN, person="nobody"),
    )
    # A stranger's ticket asks whoever is on duty, who has not been verified either.
    assert {gap.account for gap in found} == {"", "qb"}


def test_an_address_that_fails_does_not_count_and_a_missing_ladder_or_schedule_is_told() -> None:
    ana = directory().people["ana"]
    failing = frozenset((str(m.kind), m.address) for m in ana.methods)
    found = gaps(directory(), {"day": ladder("person:ana")}, replace(proven("ana"), failing=failing))
    assert {gap.causes for gap in found} == {
        (Cause(target="person:ana", why=Why.FAILING, person="ana"),),
    }
    found = gaps(directory(), {}, proven("ana"), route=lambda _: frozenset({"gone"}))
    assert {gap.causes for gap in found} == {(Cause(target="gone", why=Why.NO_LADDER),)}
    found = gaps(directory(), {"day": ladder("schedule:gone")}, proven("ana"))
    assert {gap.causes for gap in found} == {(Cause(target="schedule:gone", why=Why.UNKNOWN),)}


def test_only_combinations_with_a_gap_are_listed() -> None:
    site = directory().sites["qb/412"]
    who = directory(
        sites={"qb/412": site, "qb/9": replace(site, key="qb/9", code="9", region="west")},
        coverage=(
            Coverage(person="sam", trades=("hvac",), regions=("west",)),
            Coverage(person="rex", trades=("plumbing",)),
        ),
    )
    found = gaps(
        who,
        {"day": ladder("service_manager")},
        proven("sam", "rex"),
        route=lambda known: frozenset({"day"} if known["priority"] == "P2" else ()),
    )
    told = {(gap.sites, gap.trades, gap.priorities) for gap in found if gap.account == "qb"}
    assert told == {
        (("qb/412",), ("hvac", ""), ("P2",)),
        (("qb/9",), ("",), ("P2",)),
        ((), ("hvac", ""), ("P2",)),
    }


def test_a_ladder_of_the_night_needs_nobody_by_day() -> None:
    def route(known: Any) -> frozenset[str]:
        hour = known.get("local.hour")
        return frozenset(
            {"day"}
            if hour is not None and 7 <= hour < 20
            else {"night"}
            if hour is not None
            else {"day", "night"}
        )

    who = directory(schedules={"nights": {**schedule("sam", within={d: [["20:00", "07:00"]] for d in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}), "timezone": "America/New_York"}})  # fmt: skip
    ladders = {"day": ladder("person:ana"), "night": ladder("schedule:nights")}
    assert gaps(who, ladders, proven("ana", "sam"), route=route, facts={"local.hour"}) == []
    found = gaps(who, ladders, proven("sam"), route=route, facts={"local.hour"})
    assert {gap.ladder for gap in found} == {"day"}
    assert found[0].spans[0] == (START + timedelta(hours=11), START + timedelta(hours=24))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_proof_agrees_with_a_look_at_many_instants(data: Any) -> None:
    keys = ("ana", "sam", "dora", "rex")
    quarter = st.integers(0, 13 * 96)
    overrides = []
    for since in data.draw(st.lists(quarter, max_size=4)):
        until = since + data.draw(st.integers(1, 200))
        at = [(START + timedelta(minutes=15 * q)).isoformat() for q in (since, until)]
        overrides.append({"from": at[0], "to": at[1], "out": data.draw(st.sampled_from(("*", *keys)))})
    doc = {
        **schedule(
            *data.draw(st.permutations(keys)),
            within={"mon": [["00:00", "24:00"]], "thu": [["09:00", "03:00"]]},
        ),
        "overrides": overrides,
    }
    who = directory(
        schedules={"s": doc},
        people={p.key: p for p in (person(k, active=data.draw(st.booleans())) for k in keys)},
        accounts={"qb": Account(key="qb", name="QB", tier="gold", manager="schedule:s", backup="person:ana")},
    )
    working = data.draw(st.sets(st.sampled_from(keys)))
    targets = data.draw(st.lists(st.sampled_from(("schedule:s", "account_manager", "service_manager", "person:rex")), min_size=1, max_size=3))  # fmt: skip
    roster = Roster(who)
    mine = sorted(
        (since, until, gap.causes)
        for gap in gaps(who, {"l": ladder(*targets)}, proven(*working))
        if gap.sites
        for since, until in gap.spans
    )
    assert all(a[1] < b[0] or a[2] != b[2] for a, b in pairwise(mine))
    second = timedelta(seconds=1)
    edges = {edge + d for since, until, _ in mine for edge in (since, until) for d in (timedelta(0), -second)}
    for at in [START + timedelta(minutes=7 + 61 * n) for n in range(330)] + sorted(edges):
        if START <= at < END:
            reached = working & set(roster.who(targets, Scope("qb", "qb/412", "hvac"), at))
            assert any(since <= at < until for since, until, _ in mine) == (not reached), at


def test_who_is_on_a_schedule_soon_without_a_way_to_be_paged() -> None:
    who = directory(schedules={"s": schedule("sam", "rex")})
    ahead = (START, START + timedelta(hours=48))
    assert unreachable_soon(Roster(who), proven("sam", "ana", "dora"), *ahead) == {
        "rex": START + timedelta(hours=8)
    }
    # An account's manager and the duty are on call all the time.
    soon = unreachable_soon(Roster(directory(schedules={})), proven("sam"), *ahead)
    assert soon == {"ana": START, "dora": START}


def test_leave_is_a_gap_unless_somebody_covers_who_can_be_paged() -> None:
    off = Leave(person="ana", start=START + timedelta(days=2), end=START + timedelta(days=3))
    people = directory().people
    covered = {**people, "ana": replace(people["ana"], cover="person:sam")}
    day = {"day": ladder("account_manager")}
    [gap] = [g for g in gaps(directory(leave=(off,)), day, proven("ana", "dora")) if g.sites]
    assert gap.spans == ((off.start, off.end),)
    assert gap.causes == (Cause(target="account_manager", why=Why.ON_LEAVE, person="ana"),)
    assert gaps(directory(leave=(off,), people=covered), day, proven("ana", "sam", "dora")) == []
    [gap] = [g for g in gaps(directory(leave=(off,), people=covered), day, proven("ana", "dora")) if g.sites]
    assert gap.causes[1] == Cause(target="account_manager", why=Why.UNVERIFIED, person="sam")


def test_the_directory_may_vouch_for_a_method() -> None:
    vouched = replace(person("ana"), methods=(ContactMethod(MethodKind.SMS, "+16175550199", verified=True),))
    assert gaps(directory(people={"ana": vouched}), {"day": ladder("person:ana")}, Checks()) == []
