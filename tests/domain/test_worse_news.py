"""What the customer says later is worse: who is asked anew, on which ladder, and what they hear."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app.domain import commands as cmd
from app.domain.classification import Classification
from app.domain.decide import Decision
from app.domain.escalation import Ladder, Level
from app.domain.evolve import fold
from tests.building import LADDER, MINUTE, Case, open_command

URGENT = Ladder(
    levels=(Level(("account_manager",), timedelta(0)), Level(("duty_manager",), 3 * MINUTE)), repeat=5
)
P3: dict[str, Any] = {"classification": Classification(priority="P3", trade="plumbing")}


def worse(case: Case, text: str = "smoke from the panel", *, danger: bool = True, at: float = 5) -> Decision:
    case.ladder = URGENT
    command = cmd.WorseNews(
        actor="contact:maria", priority="P1", life_safety=danger, ladder="urgent", text=text
    )
    return case.do(command, at=at)


def pages(decision: Decision) -> list[tuple[str, str]]:
    return [(say.person, str(say.text)) for say in decision.says if say.page]


def test_danger_pages_anew_although_somebody_has_it_and_the_customer_hears_911() -> None:
    case = Case(**P3)
    case.fire("escalation")
    case.by(cmd.Acknowledge, "sam", at=11)
    decision = worse(case, at=20)
    assert case.kinds(decision) == ["priority_changed", "asked_anew", "level_reached"]
    assert pages(decision) == [("ana", "worse_page"), ("sam", "worse_page")]
    assert ("customer", "receipt_life_safety_c") in case.said()
    assert case.ticket is not None
    assert (case.ticket.life_safety, case.ticket.ladder) == (True, "urgent")
    assert (case.ticket.priority, case.ticket.assignee) == ("P1", "sam")
    quotes = {str(say.facts["quote"]) for say in decision.says if say.page}
    assert quotes == {"smoke from the panel / water through the ceiling"}


def test_danger_climbs_until_somebody_answers_and_the_holder_stays_on_it() -> None:
    case = Case()
    case.by(cmd.Acknowledge, "sam", at=1)
    worse(case)
    climbed = case.fire("escalation")
    assert pages(climbed) == [("dora", "page_next")]
    assert case.ticket is not None
    assert case.ticket.escalation.asked == ("dora", "sam")
    case.by(cmd.Acknowledge, "dora", at=9)
    assert case.said() == [("sam", "joined"), ("dora", "acked")]
    assert case.ticket is not None
    assert (case.ticket.assignee, case.ticket.escalating) == ("sam", False)


def test_the_holders_own_answer_to_the_danger_ends_the_asking() -> None:
    case = Case()
    case.by(cmd.Acknowledge, "sam", at=1)
    worse(case)
    case.fire("escalation")
    case.by(cmd.Acknowledge, "sam", at=9)
    assert case.ticket is not None
    assert (case.ticket.assignee, case.ticket.escalating) == ("sam", False)
    assert ("ana", "taken") in case.said()


def test_danger_is_told_once() -> None:
    case = Case()
    worse(case)
    again = worse(case, "more smoke", at=6)
    assert (again.events, again.says) == ((), ())


def test_danger_on_a_ticket_that_is_done_opens_it_again() -> None:
    case = Case()
    case.by(cmd.Resolve, "ana", at=10, text="new valve")
    decision = worse(case, at=20)
    assert case.kinds(decision)[:4] == ["declined", "reopened", "asked_anew", "level_reached"]
    assert pages(decision) == [("ana", "worse_page")]
    assert case.state == "acknowledged"


def test_danger_ends_a_hold() -> None:
    case = Case()
    case.by(cmd.Hold, "ana", at=10, reason="waiting_parts", duration=timedelta(hours=9))
    worse(case, at=20)
    assert (case.state, [t.kind for t in case.last.timers if t.kind == "hold"]) == ("acknowledged", [])


def test_a_priority_that_rises_starts_the_ladder_of_it_while_nobody_has_it() -> None:
    case = Case(**P3, ladder=LADDER)
    case.fire("escalation")
    decision = worse(case, "now the whole store is wet", danger=False, at=12)
    assert case.kinds(decision)[:3] == ["priority_changed", "asked_anew", "level_reached"]
    assert pages(decision) == [("ana", "worse_page")]
    assert "receipt_life_safety_c" not in {text for _, text in case.said()}
    assert case.ticket is not None
    assert (case.ticket.escalation.level, case.ticket.escalation.cycle) == (1, 2)
    assert case.ticket.escalation.next_at == case.now + 3 * MINUTE
    assert fold(case.ticket.id, case.all_events) == case.ticket


def test_a_priority_that_rises_asks_nobody_else_when_somebody_has_it() -> None:
    case = Case(**P3)
    case.by(cmd.Acknowledge, "ana", at=1)
    decision = worse(case, danger=False)
    assert (case.kinds(decision), pages(decision)) == (["priority_changed"], [])
    assert case.ticket is not None
    assert case.ticket.ladder == "urgent"


def test_a_person_who_raises_the_priority_has_it_asked_for_anew_too() -> None:
    case = Case(**P3)
    case.ladder = URGENT
    case.by(cmd.SetPriority, "sam", at=12, priority="P1", ladder="urgent")
    assert pages(case.last) == [("ana", "worse_page")]
    lower = case.by(cmd.SetPriority, "sam", at=13, priority="P2", ladder="day")
    assert case.kinds(lower) == ["priority_changed"]


def test_a_duplicate_about_danger_has_the_other_ticket_asked_for_anew() -> None:
    case = Case(**P3)
    case.by(cmd.Acknowledge, "sam", at=1)
    case.ladder = URGENT
    duplicate = open_command(text="smell of gas").requester
    merged = case.by(
        cmd.MergeIn,
        "sam",
        at=2,
        number=1043,
        first_contact_at=case.now,
        text="smell of gas",
        requester=duplicate,
        life_safety=True,
        priority="P1",
        ladder="urgent",
    )
    assert pages(merged) == [("ana", "worse_page"), ("sam", "worse_page")]
    assert case.ticket is not None
    assert (case.ticket.ladder, case.ticket.assignee) == ("urgent", "sam")
