"""Decisions at the edges: who is asked again, what comes late, holders who left, holds and closings overdue."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.domain import commands as cmd
from app.domain.classification import Classification, ClosureTerms, Route
from app.domain.directory import ContactMethod, MethodKind, Person
from app.domain.escalation import Ladder, Level
from app.domain.message import Channel
from tests.building import MINUTE, NIGHT, Case, directory, person

HOUR = timedelta(hours=1)
NIGHT_LADDER = Ladder(
    (
        Level(("account_manager",), timedelta(0)),
        Level(("account_manager", "service_manager"), 7 * MINUTE),
        Level(("duty_manager",), 10 * MINUTE),
    ),
    1,
)


def failed_page(who: str, address: str, channel: Channel = Channel.SMS) -> cmd.ReportFailure:
    return cmd.ReportFailure(
        outbox_id=1, person=who, channel=channel, address=address, page=True, code="30005", detail="unknown"
    )


def route(remind: timedelta, close: timedelta) -> Route:
    return Route(ladder="day", sla="standard", confirm=ClosureTerms(remind_after=remind, close_after=close))


def test_whoever_passes_is_not_asked_again_in_the_same_breath() -> None:
    case = Case(ladder=NIGHT_LADDER)
    case.by(cmd.Pass, "ana", at=1)
    assert case.said() == [("sam", "page"), ("ana", "passed")]


def test_a_holder_who_asks_for_help_is_not_asked_to_help() -> None:
    case = Case(ladder=NIGHT_LADDER)
    case.by(cmd.Acknowledge, "ana", at=1)
    case.by(cmd.Escalate, "ana", at=2)
    assert [who for who, text in case.said() if text == "page"] == ["sam"]
    case.fire("escalation")
    case.fire("escalation")
    assert "ana" not in case.ticket.escalation.asked


def test_the_ok_of_a_holder_who_asked_for_help_does_not_call_it_off() -> None:
    case = Case()
    case.by(cmd.Acknowledge, "ana", at=1)
    case.by(cmd.Escalate, "ana", at=2)
    case.by(cmd.Acknowledge, "ana", at=3)
    assert case.ticket is not None
    assert (case.ticket.escalating, case.said()) == (True, [("ana", "acked")])


def test_an_unreachable_person_is_not_tried_again_on_the_next_level_at_once() -> None:
    case = Case(ladder=NIGHT_LADDER, who=directory(coverage=()))
    ana = directory().people["ana"]
    case.do(failed_page("ana", ana.methods[0].address), at=1)
    case.do(failed_page("ana", ana.methods[1].address, Channel.EMAIL))
    assert [who for who, text in case.said() if text.startswith("page")] == ["dora"]


def test_a_level_of_people_without_a_way_to_be_paged_moves_on_at_once() -> None:
    mute = Person(
        key="ana",
        name="Ana Test",
        roles=(),
        methods=(),
        timezone="America/New_York",
    )
    case = Case(who=directory(people={**directory().people, "ana": mute}))
    assert [who for who, text in case.said() if text == "page"] == ["sam"]


def test_a_number_that_is_called_and_texted_is_tried_once_for_each() -> None:
    number = "+16175550111"
    ana = Person(
        key="ana",
        name="Ana Test",
        roles=(),
        methods=(
            ContactMethod(MethodKind.VOICE, number),
            ContactMethod(MethodKind.SMS, number),
            ContactMethod(MethodKind.EMAIL, "ana@service.example"),
        ),
        timezone="America/New_York",
    )
    case = Case(who=directory(people={**directory().people, "ana": ana}))
    case.do(failed_page("ana", number), at=1)
    assert [say.method for say in case.last.says] == [2]


def test_a_no_after_the_holder_left_asks_the_next_at_once() -> None:
    case = Case()
    case.by(cmd.Resolve, "ana", at=1, text="valve")
    case.who = directory(people={**directory().people, "ana": person("ana", active=False)})
    case.do(cmd.Decline(actor="contact:maria", text="no"), at=5)
    assert case.said() == [("sam", "reopened_page"), ("customer", "reopened_c")]
    case.by(cmd.Acknowledge, "sam", at=6)
    assert case.ticket is not None
    assert (case.ticket.assignee, case.ticket.escalating) == ("sam", False)


def test_a_reminder_that_went_out_late_still_leaves_time_to_answer() -> None:
    case = Case(route=route(2 * HOUR, 4 * HOUR))
    case.by(cmd.Resolve, "ana", at=0, text="valve")
    case.now = NIGHT + timedelta(days=3)  # the worker was away
    case.fire("closure")
    assert case.said()[0] == ("customer", "closing_reminder_c")
    assert {t.due_at - case.now for t in case.last.timers if t.kind == "closure"} == {2 * HOUR}


@pytest.mark.parametrize("remind", [4 * HOUR, 9 * HOUR])
def test_terms_that_remind_no_sooner_than_they_close_do_not_remind(remind: timedelta) -> None:
    case = Case(route=route(remind, 4 * HOUR))
    case.by(cmd.Resolve, "ana", at=0, text="valve")
    case.fire("closure")
    assert (case.now - NIGHT, case.state) == (4 * HOUR, "closed")
    assert "closing_reminder_c" not in [text for _, text in case.said()]


def test_life_safety_is_reminded_of_whatever_the_terms_say() -> None:
    case = Case(
        route=route(9 * HOUR, 4 * HOUR),
        classification=Classification(priority="P1", trade="", life_safety=True),
    )
    case.by(cmd.Resolve, "ana", at=0, text="out")
    for hours in (4, 8, 12):
        case.fire("closure")
        assert (case.now - NIGHT, case.state) == (hours * HOUR, "resolved")


@pytest.mark.parametrize("late", [False, True])
def test_a_hold_ends_at_its_time_however_late_its_timer_is(late: bool) -> None:
    case = Case()
    case.by(cmd.Acknowledge, "ana", at=1)
    case.by(cmd.Hold, "ana", at=10, reason="waiting_parts", duration=2 * HOUR)
    if not late:
        case.fire("hold")
    case.by(cmd.Resolve, "ana", at=11 * 60, text="valve")
    released = [e for e in case.all_events if e.kind == "released"]
    assert [(e.at - NIGHT, e.actor) for e in released] == [(130 * MINUTE, "system")]
    assert case.last.reports["resolve"].breached_at == NIGHT + 10 * HOUR


def test_a_timer_of_a_node_whose_clock_is_ahead_stays_armed() -> None:
    case = Case()
    timer = next(t for t in case.last.timers if t.kind == "escalation")
    decision = case.do(cmd.TimerFired(kind=timer.kind, key="", due_at=timer.due_at), at=9.99)
    assert (decision.stale, decision.events, timer in decision.timers) == (True, (), True)


def test_a_clock_that_is_behind_takes_no_timer_away() -> None:
    case = Case()
    case.do(
        cmd.CustomerSays(
            actor="contact:maria", text="hurry", address="+1", channel=Channel.SMS, inbox_id=None
        ),
        at=-0.01,
    )
    assert {t.key for t in case.last.timers if t.kind == "clock"} == {"acknowledge", "arrive", "resolve"}
    assert case.last.events[0].recorded_at == NIGHT


def test_a_priority_whose_target_had_run_out_is_a_breach_at_the_change() -> None:
    by_priority = {"targets": {"acknowledge": {"within": {"P1": "15m", "P3": "4h"}}}}
    case = Case(policy=by_priority, classification=Classification(priority="P3"))
    case.by(cmd.SetPriority, "sam", at=60, priority="P1")
    assert [(e.metric, (e.at - NIGHT) / MINUTE) for e in case.all_events if e.kind == "breached"] == [
        ("acknowledge", 60)
    ]
