"""What follows from each command, told as small stories about one ticket."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.domain import commands as cmd
from app.domain.escalation import Ladder, Level
from app.domain.evolve import fold
from app.domain.message import Channel
from tests.building import LADDER, MINUTE, NIGHT, Case, directory, person


def failure(
    who: str, address: str, *, page: bool = True, channel: Channel = Channel.SMS
) -> cmd.ReportFailure:
    return cmd.ReportFailure(
        outbox_id=1,
        person=who,
        channel=channel,
        address=address,
        page=page,
        code="30005",
        detail="unknown handset",
    )


def test_a_new_ticket_pages_the_account_manager_and_answers_the_customer() -> None:
    case = Case()
    assert case.kinds() == ["opened", "level_reached"]
    assert case.said() == [("ana", "page"), ("customer", "receipt_c")]
    assert case.state == "new"
    assert {(t.kind, t.key, t.due_at - NIGHT) for t in case.first.timers} == {
        ("escalation", "", 10 * MINUTE),
        ("clock", "acknowledge", 12 * MINUTE),
        ("clock", "arrive", timedelta(hours=4, microseconds=1)),  # at the due instant itself it is still met
        ("clock", "resolve", timedelta(hours=4)),
    }


def test_silence_climbs_the_ladder_and_starts_over_with_an_alarm() -> None:
    case = Case()
    asked = []
    for _ in range(7):
        case.fire("escalation")
        asked.append((case.kinds(case.last)[0], case.said()[0][0], (case.now - NIGHT) / MINUTE))
    assert asked == [
        ("level_reached", "sam", 10),
        ("level_reached", "dora", 25),
        ("level_reached", "ana", 40),
        ("level_reached", "sam", 50),
        ("level_reached", "dora", 65),
        ("exhausted", "dora", 80),
        ("level_reached", "ana", 95),
    ]
    assert case.ticket is not None
    assert case.ticket.escalation.cycle == 2
    assert case.ticket.escalating


def test_the_next_in_line_hears_who_did_not_answer() -> None:
    case = Case()
    case.fire("escalation")
    (say,) = [s for s in case.last.says if s.page]
    assert (say.person, say.text, say.facts["missed"]) == ("sam", "page_next", "ana")


def test_a_level_with_nobody_is_recorded_and_moves_on_at_once() -> None:
    who = directory(coverage=(), accounts={})
    case = Case(who=directory(duty="person:dora", people={"dora": person("dora")}, coverage=()))
    assert case.kinds() == ["opened", "level_reached", "level_reached", "level_reached"]
    assert case.said()[0] == ("dora", "page")
    assert who.accounts == {}


def test_nobody_at_all_alarms_and_tries_again_without_a_tight_loop() -> None:
    case = Case(who=directory(people={}, coverage=()))
    assert case.kinds()[-1] == "exhausted"
    assert case.ticket is not None
    assert case.ticket.escalation.next_at == NIGHT + 15 * MINUTE
    short = Ladder((Level(("account_manager",), timedelta(0)),), 0)
    assert Case(who=directory(people={}), ladder=short).ticket.escalation.next_at == NIGHT + MINUTE


def test_an_ack_stops_the_asking_and_tells_everybody() -> None:
    case = Case()
    case.fire("escalation")
    case.by(cmd.Acknowledge, "sam", at=11)
    assert case.said() == [("customer", "acked_c"), ("ana", "taken"), ("sam", "acked")]
    assert case.state == "acknowledged"
    assert "escalation" not in {t.kind for t in case.last.timers}


def test_an_ack_twice_changes_nothing_and_a_late_one_hears_whose_it_is() -> None:
    case = Case()
    case.by(cmd.Acknowledge, "ana", at=2)
    again = case.by(cmd.Acknowledge, "ana", at=3)
    assert (again.events, case.said()) == ((), [("ana", "acked")])
    late = case.by(cmd.Acknowledge, "sam", at=4)
    assert (late.events, case.said()) == ((), [("sam", "not_yours")])


def test_passing_asks_the_next_in_line_at_once() -> None:
    case = Case()
    case.by(cmd.Pass, "ana", at=1, text="asleep")
    assert case.kinds(case.last) == ["passed", "level_reached"]
    assert case.said() == [("sam", "page"), ("ana", "passed")]


def test_a_holder_who_passes_leaves_nobody_without_an_armed_escalation() -> None:
    case = Case()
    case.by(cmd.Acknowledge, "ana", at=1)
    case.by(cmd.Pass, "ana", at=5, text="car broke down")
    assert case.state == "new"
    assert case.said()[0] == ("sam", "page")
    assert case.ticket is not None
    assert (case.ticket.assignee, case.ticket.escalating) == ("", True)


def test_the_whole_way_with_what_the_customer_hears() -> None:
    case = Case()
    heard = [text for who, text in case.said() if who == "customer"]
    steps = [
        (cmd.Acknowledge, {}, 2),
        (cmd.GiveEta, {"eta": NIGHT + 45 * MINUTE}, 3),
        (cmd.Arrive, {}, 44),
        (cmd.Resolve, {"text": "replaced valve"}, 90),
    ]
    for kind, fields, at in steps:
        case.by(kind, "ana", at=at, **fields)
        heard += [text for who, text in case.said() if who == "customer"]
    case.do(cmd.Confirm(actor="contact:maria", text="yes"), at=95)
    heard += [text for who, text in case.said() if who == "customer"]
    assert heard == ["receipt_c", "acked_c", "eta_c", "onsite_c", "closing_question_c", "closed_confirmed_c"]
    assert case.state == "closed"
    assert case.ticket is not None
    assert case.ticket.confirmed
    assert case.last.timers == frozenset()


def test_a_no_reopens_and_pages_whoever_had_it_then_goes_on() -> None:
    case = Case()
    case.by(cmd.Resolve, "ana", at=30, text="valve")
    case.do(cmd.Decline(actor="contact:maria", text="still dripping"), at=40)
    assert case.kinds(case.last) == ["declined", "reopened"]
    assert case.said() == [("ana", "reopened_page"), ("customer", "reopened_c")]
    assert case.state == "acknowledged"
    case.fire("escalation")
    assert case.said()[0] == ("sam", "page_next")
    case.by(cmd.Acknowledge, "sam")
    assert case.ticket is not None
    assert case.ticket.assignee == "sam"
    assert ("ana", "taken") in case.said()


def test_done_without_ack_implies_what_was_skipped() -> None:
    case = Case()
    case.by(cmd.Resolve, "ana", at=20, text="reset the breaker")
    assert case.kinds(case.last) == ["acknowledged", "arrived", "resolved", "warned", "breached"]
    assert all(e.implied for e in case.last.events[:2])
    assert case.last.reports["arrive"].state == "met"


def test_done_without_words_asks_for_them_and_the_next_words_are_the_answer() -> None:
    case = Case()
    case.by(cmd.Resolve, "ana", at=20, text="")
    assert ("ana", "done_needs_text") in case.said()
    case.by(cmd.Note, "ana", at=21, text="tightened the joint", understood=False)
    assert case.kinds(case.last) == ["resolution_noted"]
    assert case.ticket is not None
    assert case.ticket.resolution == "tightened the joint"


def test_an_unanswered_question_is_asked_again_then_closed_as_unconfirmed() -> None:
    case = Case()
    case.by(cmd.Resolve, "ana", at=0, text="done")
    case.fire("closure")
    assert (case.now - NIGHT, case.said()) == (timedelta(hours=2), [("customer", "closing_reminder_c")])
    case.fire("closure")
    assert case.now - NIGHT == timedelta(hours=4)
    assert (case.state, case.ticket.confirmed) == ("closed", False)


def test_life_safety_is_never_closed_without_an_answer() -> None:
    from app.domain.classification import Classification

    case = Case(classification=Classification(priority="P1", trade="other", life_safety=True))
    assert case.said()[-1] == ("customer", "receipt_life_safety_c")
    case.by(cmd.Resolve, "ana", at=0, text="done")
    for _ in range(4):
        case.fire("closure")
    assert case.state == "resolved"


def test_a_late_no_reopens_a_closed_ticket_and_a_very_late_one_does_not() -> None:
    case = Case()
    case.by(cmd.Resolve, "ana", at=0, text="done")
    case.do(cmd.Confirm(actor="contact:maria", text="yes"), at=1)
    case.do(cmd.Decline(actor="contact:maria", text="it is back"), at=60 * 24)
    assert case.state == "acknowledged"
    other = Case()
    other.by(cmd.Resolve, "ana", at=0, text="done")
    other.do(cmd.Confirm(actor="contact:maria", text="yes"), at=1)
    assert other.do(cmd.Decline(actor="contact:maria", text="it is back"), at=60 * 24 * 8).events == ()


def test_escalating_by_hand_keeps_the_holder() -> None:
    case = Case()
    case.by(cmd.Acknowledge, "ana", at=1)
    case.by(cmd.Escalate, "ana", at=5, text="need help")
    assert case.said()[0] == ("sam", "page")
    case.by(cmd.Acknowledge, "sam", at=6)
    assert case.ticket is not None
    assert (case.ticket.assignee, case.ticket.escalating) == ("ana", False)
    assert ("ana", "joined") in case.said()


def test_a_failed_page_tries_the_next_method_then_the_next_person() -> None:
    case = Case()
    ana = directory().people["ana"]
    case.do(failure("ana", ana.methods[0].address), at=0.1)
    (say,) = case.last.says
    assert (say.person, say.method, say.page) == ("ana", 1, True)
    case.do(failure("ana", ana.methods[1].address, channel=Channel.EMAIL), at=0.2)
    assert case.kinds(case.last) == ["delivery_failed", "level_reached"]
    assert case.said() == [("sam", "page")]


def test_a_failed_page_after_the_ack_is_only_recorded() -> None:
    case = Case()
    case.by(cmd.Acknowledge, "ana", at=0.05)
    case.do(failure("ana", directory().people["ana"].methods[0].address), at=0.1)
    assert (case.kinds(case.last), case.said()) == (["delivery_failed"], [])


def test_a_customer_who_cannot_be_reached_is_told_to_the_holder() -> None:
    case = Case()
    case.by(cmd.Acknowledge, "ana", at=1)
    case.do(failure("", "+16175550142", page=False), at=2)
    assert case.said() == [("ana", "delivery_failed")]


@pytest.mark.parametrize("minutes", [14.99, 15])
def test_an_ack_at_or_before_due_is_met(minutes: float) -> None:
    case = Case()
    case.by(cmd.Acknowledge, "ana", at=minutes)
    assert "breached" not in case.kinds()
    assert case.last.reports["acknowledge"].state == "met"


def test_a_breach_is_recorded_once_at_its_own_instant_even_if_noticed_late() -> None:
    case = Case()
    case.by(cmd.Note, "ana", at=700, text="back from an outage")
    breaches = {e.metric: e for e in case.all_events if e.kind == "breached"}
    assert {m: (e.at - NIGHT) / MINUTE for m, e in breaches.items()} == {
        "acknowledge": 15,
        "arrive": 240,
        "resolve": 480,
    }
    assert all(e.recorded_at == NIGHT + 700 * MINUTE for e in breaches.values())
    case.by(cmd.Acknowledge, "ana", at=701)
    assert case.kinds().count("breached") == 3


def test_a_stale_timer_does_nothing_and_says_so() -> None:
    case = Case()
    old = next(t for t in case.first.timers if t.kind == "escalation")
    case.by(cmd.Acknowledge, "ana", at=1)
    decision = case.do(cmd.TimerFired(kind=old.kind, key=old.key, due_at=old.due_at), at=10)
    assert (decision.stale, decision.events, decision.says) == (True, (), ())


def test_a_hold_pauses_and_ends_by_itself() -> None:
    case = Case()
    case.by(cmd.Acknowledge, "ana", at=1)
    case.by(cmd.Hold, "ana", at=10, reason="waiting_parts", duration=timedelta(hours=2))
    assert case.state == "on_hold"
    assert ("clock", "resolve") not in {(t.kind, t.key) for t in case.last.timers}
    case.fire("hold")
    assert (case.now - NIGHT, case.state) == (timedelta(minutes=130), "acknowledged")
    assert case.said() == [("ana", "hold_ended")]


def test_every_ticket_is_the_fold_of_its_events() -> None:
    case = Case()
    case.fire("escalation")
    case.by(cmd.Acknowledge, "sam", at=11)
    case.by(cmd.Hold, "sam", at=12, reason="waiting_parts")
    case.by(cmd.Resolve, "sam", at=60, text="done")
    case.do(cmd.Decline(actor="contact:maria", text="no"), at=61)
    assert fold(7, case.all_events) == case.ticket


def test_an_open_ticket_always_has_a_holder_or_an_armed_escalation() -> None:
    """Promise 2, along a winding road."""
    road = [
        lambda c: c.fire("escalation"),
        lambda c: c.by(cmd.Pass, "sam", text=""),
        lambda c: c.by(cmd.Acknowledge, "dora"),
        lambda c: c.by(cmd.Escalate, "dora", text=""),
        lambda c: c.by(cmd.Pass, "dora", text=""),
        lambda c: c.fire("escalation"),
        lambda c: c.by(cmd.Resolve, "ana", text="x"),
        lambda c: c.do(cmd.Decline(actor="contact:maria", text="no")),
        lambda c: c.by(cmd.Pass, "ana", text=""),
    ]
    case = Case()
    for step in road:
        step(case)
        ticket = case.ticket
        assert ticket is not None
        armed = any(t.kind == "escalation" for t in case.last.timers)
        assert ticket.assignee or armed or ticket.state == "resolved", case.kinds()


def test_a_ladder_that_waits_first_is_armed() -> None:
    later = Ladder((Level(("account_manager",), 5 * MINUTE), *LADDER.levels[1:]), 0)
    case = Case(ladder=later)
    assert case.kinds() == ["opened", "escalation_armed"]
    case.fire("escalation")
    assert (case.now - NIGHT, case.said()) == (5 * MINUTE, [("ana", "page")])
