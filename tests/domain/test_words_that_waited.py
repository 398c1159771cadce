"""Words that waited to be read count from when they came, and never before what was noticed meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from app.domain import commands as cmd
from app.domain.decide import Decision, decide
from app.domain.evolve import fold
from tests.building import MINUTE, NIGHT, Case, setting


def heard(case: Case, command: cmd.Command, *, came: float, read: float) -> Decision:
    case.now = NIGHT + read * MINUTE
    now = replace(setting(case.now), heard_at=NIGHT + came * MINUTE)
    decision = decide(case.ticket, command, now)
    case.ticket, case.last = decision.ticket, decision
    case.all_events.extend(decision.events)
    return decision


def ack(who: str = "ana") -> cmd.Acknowledge:
    return cmd.Acknowledge(actor=f"person:{who}", person=who)


def at(case: Case, kind: str) -> datetime:
    return next(e.at for e in case.all_events if e.kind == kind)


def test_an_answer_in_time_that_was_read_too_late_is_in_time() -> None:
    case = Case()
    decision = heard(case, ack(), came=14, read=17)
    event = decision.events[0]
    assert (event.at, event.recorded_at) == (NIGHT + 14 * MINUTE, NIGHT + 17 * MINUTE)
    assert "breached" not in case.kinds()
    assert case.ticket is not None
    assert case.ticket.acknowledged_at == NIGHT + 14 * MINUTE


def test_a_breach_that_was_noticed_before_is_not_undone() -> None:
    case = Case()
    case.do(cmd.TimerFired(kind="clock", key="acknowledge", due_at=NIGHT + 12 * MINUTE), at=16)
    heard(case, ack(), came=14, read=17)
    assert at(case, "acknowledged") == NIGHT + 16 * MINUTE
    assert case.last.reports["acknowledge"].breached_at == NIGHT + 15 * MINUTE
    assert case.kinds().count("breached") == 1


def test_answers_keep_their_own_distance_and_their_order() -> None:
    case = Case()
    heard(case, ack(), came=1, read=5)
    heard(case, cmd.Arrive(actor="person:ana", person="ana"), came=3, read=5)
    heard(case, cmd.Note(actor="person:ana", person="ana", text="x"), came=2, read=6)
    instants = [
        (e.at - NIGHT) / MINUTE for e in case.all_events if e.kind in ("acknowledged", "arrived", "noted")
    ]
    assert instants == [1, 3, 3]
    assert fold(7, case.all_events) == case.ticket


def test_who_is_asked_next_is_asked_from_now_on() -> None:
    case = Case()
    heard(case, cmd.Pass(actor="person:ana", person="ana"), came=2, read=6)
    assert case.ticket is not None
    assert case.ticket.escalation.next_at == NIGHT + 21 * MINUTE
    assert (at(case, "passed") - NIGHT, case.all_events[-1].at - NIGHT) == (2 * MINUTE, 6 * MINUTE)


def test_a_clock_that_is_ahead_of_ours_hears_nothing_before_it_is_said() -> None:
    case = Case(contact_at=NIGHT + timedelta(hours=3))
    assert case.ticket is not None
    assert case.ticket.opened_at == NIGHT
    assert {t.key for t in case.first.timers if t.kind == "clock"} == {"acknowledge", "arrive", "resolve"}
    decision = heard(case, ack(), came=60, read=2)
    assert decision.events[0].at == NIGHT + 2 * MINUTE
