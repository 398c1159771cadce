"""Notification rules: what is tried when, quiet hours, and that everything dies when somebody has the ticket."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.domain import commands as cmd
from app.domain.classification import Classification
from app.domain.directory import ContactMethod, MethodKind, NotifyStep, Person
from app.domain.message import Channel
from app.domain.notifying import held_until, plan
from tests.building import MINUTE, NIGHT, Case, directory, person

SMS, MAIL, CALL = MethodKind.SMS, MethodKind.EMAIL, MethodKind.VOICE
PHONE, BOX = "+16175550101", "ana@service.example"


def ana(
    *rules: tuple[str, MethodKind, float],
    kinds: tuple[MethodKind, ...] = (SMS, CALL, MAIL),
    quiet: Any = None,
) -> Person:
    methods = tuple(ContactMethod(kind, BOX if kind is MAIL else PHONE) for kind in kinds)
    notify = tuple(NotifyStep(p, kind, minutes * MINUTE) for p, kind, minutes in rules)
    return replace(person("ana"), methods=methods, notify=notify, quiet=quiet)


def tried(who: Person, priority: str, now: datetime = NIGHT) -> list[tuple[MethodKind, float]]:
    return [(step.kind, (step.at - now) / MINUTE) for step in plan(who, priority, now)]


def case(who: Person, priority: str = "P1", **more: Any) -> Case:
    people = {**directory().people, "ana": who}
    found = Classification(priority=priority, trade="plumbing", **more)
    return Case(who=directory(people=people), classification=found)


def pages(case: Case) -> list[tuple[str, str]]:
    """Who is paged by which method, by the last decision."""
    people = case.who.people
    return [(s.person, str(people[s.person].methods[s.method].kind)) for s in case.last.says if s.page]


def failure(channel: Channel, address: str) -> cmd.ReportFailure:
    return cmd.ReportFailure(
        outbox_id=1,
        person="ana",
        channel=channel,
        address=address,
        page=True,
        code="30006",
        detail="x",
        text="page",
    )


def armed(case: Case) -> list[tuple[str, float]]:
    return sorted((t.key, (t.due_at - NIGHT) / MINUTE) for t in case.last.timers if t.kind == "page")


def test_without_rules_the_first_method_and_for_p1_two_calls() -> None:
    assert tried(ana(), "P1") == [(SMS, 0), (CALL, 2), (CALL, 5)]
    assert tried(ana(), "P3") == [(SMS, 0)]
    assert tried(ana(kinds=(SMS, MAIL)), "P1") == [(SMS, 0)]
    assert tried(ana(kinds=(CALL, SMS)), "P1") == [(CALL, 0)]
    assert tried(ana(kinds=()), "P1") == []
    # A rule whose method the person does not have (any more) does not make them unreachable.
    assert tried(ana(("P3", CALL, 0), kinds=(MAIL,)), "P3") == [(MAIL, 0)]
    assert tried(ana(("P3", MAIL, 0), ("P3", SMS, 30)), "P3") == [(MAIL, 0), (SMS, 30)]


@pytest.mark.parametrize(
    ("quiet", "local", "until"),
    [
        ((time(22), time(7)), "2026-06-09T02:11", "2026-06-09T07:00"),
        ((time(22), time(7)), "2026-06-09T22:00", "2026-06-10T07:00"),
        ((time(22), time(7)), "2026-06-09T07:00", None),
        ((time(13), time(14, 30)), "2026-06-09T13:59", "2026-06-09T14:30"),
        ((time(13), time(14, 30)), "2026-06-09T12:59", None),
        # 2:30 does not exist on that day: quiet until the first instant after the gap.
        ((time(22), time(2, 30)), "2026-03-08T01:59", "2026-03-08T03:00"),
    ],
)
def test_quiet_hours_in_the_persons_own_zone(quiet: Any, local: str, until: str | None) -> None:
    zone = ZoneInfo("America/New_York")
    at = datetime.fromisoformat(local).replace(tzinfo=zone).astimezone(UTC)
    ends = datetime.fromisoformat(until).replace(tzinfo=zone).astimezone(UTC) if until else at
    who = ana(quiet=quiet)
    assert held_until(who, SMS, "P2", at) == held_until(who, CALL, "P4", at) == ends
    assert held_until(who, MAIL, "P2", at) == held_until(who, SMS, "P1", at) == at


def test_the_plan_is_carried_out_and_dies_with_the_acknowledgement() -> None:
    place = case(ana())
    assert pages(place) == [("ana", "sms")]
    assert armed(place) == [("ana", 2)]
    place.fire("page", "ana")
    assert (pages(place), armed(place)) == ([("ana", "voice")], [("ana", 5)])
    place.fire("page", "ana")
    assert (pages(place), armed(place)) == ([("ana", "voice")], [])
    assert place.kinds()[-1] == "paged_again"
    again = case(ana())
    again.fire("page", "ana")
    again.by(cmd.Acknowledge, at=3)
    assert armed(again) == []
    assert again.ticket is not None
    assert again.ticket.page_steps == ()
    late = again.do(cmd.TimerFired(kind="page", key="ana", due_at=NIGHT + 5 * MINUTE), at=5)
    assert late.stale
    assert pages(again) == []


def test_who_passes_is_not_called_and_who_is_asked_next_does_not_stop_the_others_calls() -> None:
    place = case(ana())
    place.by(cmd.Pass, at=1)
    assert ("sam", "sms") in pages(place)
    assert armed(place) == []
    slow = case(ana(("P1", SMS, 0), ("P1", CALL, 12)))
    slow.fire("escalation")
    assert armed(slow) == [("ana", 12)]


def test_a_failed_text_pulls_the_call_forward_and_an_unanswered_call_leaves_the_next_where_it_is() -> None:
    place = case(ana())
    place.do(failure(Channel.SMS, PHONE), at=0.1)
    assert (pages(place), armed(place)) == ([("ana", "voice")], [("ana", 5)])
    place.do(failure(Channel.VOICE, PHONE), at=0.5)
    assert (pages(place), armed(place)) == ([], [("ana", 5)])
    place.fire("page", "ana")
    place.do(failure(Channel.VOICE, PHONE), at=5.5)
    assert pages(place) == [("ana", "email")]
    place.do(failure(Channel.EMAIL, BOX), at=6)
    assert pages(place) == [("sam", "sms")]


def test_quiet_hours_hold_back_p3_and_never_danger() -> None:
    who = ana(("P3", SMS, 0), quiet=(time(22), time(7)))
    place = case(who, "P3")
    assert pages(place) == []
    assert armed(place) == [("ana", (datetime(2026, 6, 9, 11, tzinfo=UTC) - NIGHT) / MINUTE)]
    assert place.ticket is not None
    assert place.ticket.escalation.asked == ("ana",)
    assert pages(case(who, "P1")) == [("ana", "sms")]
    assert pages(case(who, "P3", life_safety=True)) == [("ana", "sms")]
    mailed = case(ana(("P3", MAIL, 0), ("P3", SMS, 1), quiet=(time(22), time(7))), "P3")
    assert pages(mailed) == [("ana", "email")]
    mailed.do(failure(Channel.EMAIL, BOX), at=0.2)
    assert pages(mailed) == []  # the text waits for the morning; the ladder goes on meanwhile
    assert mailed.ticket is not None
    assert mailed.ticket.escalation.asked == ("ana",)
    assert timedelta(0) < min(t.due_at - mailed.now for t in mailed.last.timers)


def named_to_customer(case: Case) -> Any:
    (say,) = (s for s in case.last.says if s.person == "")
    return say.facts.get("name", "")


def test_the_customer_hears_that_somebody_is_paged_only_when_that_is_so() -> None:
    night = (time(22), time(7))
    assert named_to_customer(case(ana(quiet=night), "P1")) == "ana"
    assert named_to_customer(case(ana(quiet=night), "P3")) == ""
    assert named_to_customer(case(ana(("P3", MAIL, 0), ("P3", SMS, 1), quiet=night), "P3")) == "ana"
    for priority, name in (("P1", "ana"), ("P3", "")):
        place = case(ana(quiet=night), priority)
        place.by(cmd.Acknowledge, at=1)
        place.by(cmd.Resolve, at=2, text="valve")
        place.do(cmd.Decline(actor="contact:tanya", text="no", inbox_id=2), at=3)
        assert named_to_customer(place) == name
