"""What comes after a ticket seemed to be in hand: a yes with a but, a pass on the way, a holder who left."""

from __future__ import annotations

from datetime import timedelta

from app.domain import commands as cmd
from app.domain.decide import Decision
from app.domain.escalation import Ladder, Level
from app.domain.evolve import fold
from app.domain.message import Channel
from tests.building import MINUTE, NIGHT, Case, directory, person
from tests.domain.test_decide import failure


def says(case: Case, text: str, at: float) -> Decision:
    return case.do(
        cmd.CustomerSays(
            actor="contact:maria", text=text, address="+16175550142", channel=Channel.SMS, inbox_id=None
        ),
        at=at,
    )


def pages(decision: Decision) -> list[tuple[str, str]]:
    return [(say.person, str(say.text)) for say in decision.says if say.page]


def reserved() -> Case:
    case = Case()
    case.by(cmd.Resolve, "ana", at=10, text="new valve")
    says(case, "yes but it smells", at=20)
    return case


def test_a_yes_with_a_but_asks_the_holder_to_look_and_the_ladder_goes_on() -> None:
    case = reserved()
    assert pages(case.last) == [("ana", "look_again_page")]
    assert ("customer", "kept_open_c") in case.said()
    assert "yes but it smells" in str(case.last.says[0].facts["quote"])
    assert pages(case.fire("escalation")) == [("sam", "page_next")]
    case.by(cmd.Acknowledge, "sam", at=40)
    assert case.ticket is not None
    assert (case.state, case.ticket.assignee, case.ticket.escalating) == ("resolved", "sam", False)


def test_it_never_closes_unconfirmed_while_somebody_has_to_look() -> None:
    case = reserved()
    case.by(cmd.Acknowledge, "ana", at=21)
    for _ in range(4):
        assert pages(case.fire("closure")) == [("ana", "look_again_page")]
        case.by(cmd.Acknowledge, "ana")
    assert case.state == "resolved"
    assert fold(7, case.all_events) == case.ticket
    case.do(cmd.Confirm(actor="contact:maria", text="yes"))
    assert case.state == "closed"


def test_a_second_done_asks_the_customer_again_and_may_close_then() -> None:
    case = reserved()
    case.by(cmd.Resolve, "ana", at=30, text="aired the room")
    assert case.said() == [("ana", "done_saved"), ("customer", "closing_question_c")]
    assert case.ticket is not None
    assert (case.ticket.escalating, case.ticket.reserved) == (False, False)
    case.fire("closure")
    case.fire("closure")
    assert case.state == "closed"


def test_an_eta_after_the_but_is_work_again() -> None:
    case = reserved()
    case.by(cmd.GiveEta, "ana", at=30, eta=NIGHT + 90 * MINUTE)
    assert case.kinds(case.last)[:3] == ["reopened", "acknowledged", "eta_given"]
    assert case.state == "en_route"
    assert case.ticket is not None
    assert not case.ticket.escalating


def test_more_words_after_the_but_are_told_to_who_looks() -> None:
    case = reserved()
    case.by(cmd.Acknowledge, "ana", at=21)
    more = says(case, "and the floor is sticky", at=25)
    assert (pages(more), case.said()) == ([], [("ana", "customer_says"), ("customer", "kept_open_c")])


def test_who_passes_on_the_way_takes_the_arrival_time_with_them() -> None:
    case = Case()
    case.by(cmd.GiveEta, "ana", at=5, eta=NIGHT + 60 * MINUTE)
    case.by(cmd.Pass, "ana", at=10, text="flat tyre")
    assert case.ticket is not None
    assert (case.state, case.ticket.eta) == ("new", None)
    case.by(cmd.GiveEta, "sam", at=12, eta=NIGHT + 60 * MINUTE)
    assert ("customer", "eta_c") in case.said()
    assert case.state == "en_route"


def test_a_page_that_fails_after_its_reader_passed_goes_nowhere() -> None:
    case = Case()
    case.by(cmd.Pass, "ana", at=1)
    address = directory().people["ana"].methods[0].address
    late = case.do(failure("ana", address), at=2)
    assert pages(late) == []
    case.fire("escalation")
    assert pages(case.fire("escalation"))[0][0] == "ana"
    assert pages(case.do(failure("ana", address)))[0] == ("ana", "page")


def test_a_page_that_is_tried_again_keeps_its_words() -> None:
    case = reserved()
    address = directory().people["ana"].methods[0].address
    failed = cmd.ReportFailure(
        outbox_id=1,
        person="ana",
        channel=Channel.SMS,
        address=address,
        page=True,
        code="30005",
        detail="x",
        text="look_again_page",
    )
    again = case.do(failed)
    assert [(s.text, s.method, "smells" in str(s.facts["quote"])) for s in again.says if s.page] == [
        ("look_again_page", 1, True)
    ]


def test_a_holder_who_left_leaves_the_ticket_to_the_ladder() -> None:
    case = Case()
    case.by(cmd.Acknowledge, "ana", at=1)
    assert case.do(cmd.HolderLeft(person="ana"), at=2).events == ()
    case.who = directory(
        people={p.key: p for p in (person("ana", active=False), person("sam"), person("dora"))}
    )
    case.do(cmd.HolderLeft(person="ana"), at=3)
    assert pages(case.last) == [("sam", "page")]
    assert case.ticket is not None
    assert (case.state, case.ticket.assignee, case.ticket.escalating) == ("new", "", True)
    assert case.do(cmd.HolderLeft(person="ana"), at=4).events == ()


def test_a_ladder_that_never_waits_pages_one_round_a_minute() -> None:
    hasty = Ladder(
        levels=(Level(("account_manager",), timedelta(0)), Level(("service_manager",), timedelta(0))),
        repeat=500,
    )
    case = Case(ladder=hasty)
    case.fire("escalation")
    assert case.now == NIGHT
    again = case.fire("escalation")
    assert (case.now - NIGHT, pages(again)) == (MINUTE, [("ana", "page_next")])


def test_a_long_ladder_that_finds_nobody_looks_round_once() -> None:
    endless = Ladder(levels=(Level(("account_manager",), timedelta(0)),), repeat=5000)
    case = Case(who=directory(people={}), ladder=endless)
    assert case.kinds() == ["opened", "level_reached", "exhausted"]


def test_the_customer_hears_who_has_it_each_time_that_somebody_takes_it_anew() -> None:
    case = Case()
    case.by(cmd.Acknowledge, "ana", at=2)
    assert ("customer", "acked_c") in case.said()
    case.by(cmd.Acknowledge, "ana", at=3)
    assert case.said() == [("ana", "acked")]  # nothing new
    case.by(cmd.Resolve, "ana", at=30, text="valve")
    case.do(cmd.Decline(actor="contact:maria", text="no"), at=40)
    case.by(cmd.Acknowledge, "ana", at=41)
    assert case.said()[0] == ("customer", "acked_c")
    case.by(cmd.Pass, "ana", at=42, text="flat tyre")
    case.by(cmd.Acknowledge, "sam", at=43)
    assert case.said()[0] == ("customer", "acked_c")
    case.by(cmd.Take, "ana", at=44)
    assert case.said()[0] == ("customer", "acked_c")
