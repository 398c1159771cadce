"""Whose it still is: a ticket handed to a named colleague, a silent holder, people asked one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.domain import commands as cmd
from app.domain.directory import Leave, Role
from app.domain.escalation import Ladder, LadderError, Level, parse_ladder
from app.domain.evolve import fold
from app.domain.message import Channel
from tests.building import LADDER, MINUTE, NIGHT, Case, directory, person

HOLDS = replace(LADDER, ack_holds=30 * MINUTE)


def held(**more: Any) -> Case:
    case = Case(**more)
    case.by(cmd.Acknowledge, "ana", at=1)
    return case


def timers(case: Case) -> dict[str, float]:
    return {t.kind: (t.due_at - NIGHT) / MINUTE for t in case.last.timers if t.kind in ("holder", "handoff")}


def fails(case: Case, who: str, channel: Channel, address: str) -> None:
    case.do(
        cmd.ReportFailure(
            person=who, channel=channel, address=address, page=True, code="30003", detail="off", outbox_id=1
        )
    )


# --- a named colleague --------------------------------------------------------------------------------------


def test_a_colleague_who_says_yes_has_it_and_both_know() -> None:
    case = held()
    case.by(cmd.Pass, "ana", at=2, to="rex", text="rex")
    assert case.said() == [("rex", "handoff_page"), ("ana", "handoff_offered")]
    assert case.ticket is not None
    assert (case.ticket.assignee, timers(case)) == ("ana", {"handoff": 12.0})
    case.by(cmd.Acknowledge, "rex", at=5)
    assert case.said() == [("ana", "taken"), ("rex", "acked")]
    assert (case.ticket.assignee, case.ticket.handoff, timers(case)) == ("rex", None, {})
    assert case.kinds()[-2:] == ["handoff_offered", "taken"]
    assert fold(case.ticket.id, case.all_events) == case.ticket


@pytest.mark.parametrize("how", ["refused", "expired", "unreachable"])
def test_without_a_yes_it_falls_back_and_the_holder_hears_it(how: str) -> None:
    case = held()
    case.by(cmd.Pass, "ana", at=2, to="rex")
    if how == "refused":
        case.by(cmd.Pass, "rex", at=3)
        assert case.said() == [("ana", "handoff_back"), ("rex", "handoff_refused")]
    elif how == "expired":
        case.fire("handoff")
        assert case.now == NIGHT + 12 * MINUTE
        assert case.said() == [("ana", "handoff_back")]
    else:
        methods = person("rex").methods
        fails(case, "rex", Channel.SMS, methods[0].address)
        assert case.said() == [("rex", "handoff_page")]
        fails(case, "rex", Channel.EMAIL, methods[1].address)
        assert case.said() == [("ana", "handoff_back")]
    assert case.ticket is not None
    assert (case.ticket.assignee, case.ticket.handoff, case.ticket.escalating) == ("ana", None, False)
    assert case.all_events[-1].reason == how
    case.by(cmd.Acknowledge, "rex", at=30)
    assert case.said() == [("rex", "not_yours")]


def test_who_goes_to_work_has_taken_the_offer() -> None:
    case = held()
    case.by(cmd.Pass, "ana", at=2, to="rex")
    case.by(cmd.GiveEta, "rex", at=3, eta=NIGHT + timedelta(hours=1))
    assert case.ticket is not None
    assert (case.ticket.assignee, case.ticket.handoff) == ("rex", None)
    assert ("ana", "taken") in case.said()


def test_a_colleague_who_is_off_is_not_asked() -> None:
    off = Leave(person="rex", start=NIGHT, end=NIGHT + timedelta(days=1))
    case = held(who=directory(leave=(off,)))
    case.by(cmd.Pass, "ana", at=2, to="rex")
    assert case.kinds(case.last) == []
    (say,) = case.last.says
    assert (str(say.text), say.facts) == ("handoff_cannot", {"to": "rex", "until": off.end})
    case.by(cmd.Pass, "ana", at=2, to="nobody")
    assert case.said() == [("ana", "handoff_cannot")]


def test_who_was_only_asked_and_names_somebody_has_said_no() -> None:
    case = Case()
    case.by(cmd.Pass, "ana", at=2, to="rex")
    assert case.said() == [("rex", "handoff_page"), ("ana", "passed")]
    assert case.ticket is not None
    assert case.ticket.escalation.asked == ("rex",)
    assert case.ticket.escalation.next_at == NIGHT + 12 * MINUTE
    case.fire("escalation")
    assert ("sam", "page_next") in case.said()


def test_taking_it_or_the_end_of_the_ticket_ends_the_offer() -> None:
    for last in (cmd.Take, cmd.Cancel):
        case = held()
        case.by(cmd.Pass, "ana", at=2, to="rex")
        case.by(last, "sam", at=3)
        assert case.ticket is not None
        assert (case.ticket.handoff, timers(case)) == (None, {})


# --- a silent holder ----------------------------------------------------------------------------------------


def test_a_silent_holder_is_asked_and_then_the_ladder_goes_on_where_it_was() -> None:
    case = held(ladder=HOLDS)
    assert timers(case) == {"holder": 31.0}
    case.fire("holder")
    assert case.said() == [("ana", "holder_page")]
    assert timers(case) == {"holder": 41.0}
    case.fire("holder")
    assert case.kinds(case.last) == ["holder_silent", "level_reached"]
    assert case.said() == [("sam", "page"), ("ana", "holder_silent")]
    assert case.ticket is not None
    assert (case.ticket.assignee, case.ticket.escalation.level) == ("ana", 2)
    case.by(cmd.Acknowledge, "sam", at=45)
    assert case.ticket.assignee == "sam"
    assert case.said() == [("customer", "acked_c"), ("ana", "taken"), ("sam", "acked")]
    assert timers(case) == {"holder": 75.0}
    assert fold(case.ticket.id, case.all_events) == case.ticket


@pytest.mark.parametrize(
    "sign",
    [
        (cmd.GiveEta, {"eta": NIGHT + timedelta(hours=2)}),
        (cmd.Update, {"text": "we are on it"}),
        (cmd.Arrive, {}),
        (cmd.Hold, {"reason": "waiting_parts"}),
        (cmd.Resolve, {"text": "fixed"}),
    ],
)
@pytest.mark.parametrize("asked", [False, True])
def test_a_sign_of_life_holds_the_ticket(sign: tuple[type[Any], dict[str, Any]], asked: bool) -> None:
    case = held(ladder=HOLDS)
    if asked:
        case.fire("holder")
    command, fields = sign
    case.by(command, "ana", at=35, **fields)
    assert case.ticket is not None
    assert (case.ticket.assignee, case.ticket.ack_until, timers(case)) == ("ana", None, {})


def test_the_holders_yes_counts_as_long_as_the_first_one() -> None:
    case = held(ladder=HOLDS)
    case.by(cmd.Acknowledge, "ana", at=20)
    assert timers(case) == {"holder": 31.0}  # "1" without being asked is no news
    case.fire("holder")
    case.by(cmd.Acknowledge, "ana", at=35)
    assert (case.kinds(case.last), timers(case)) == (["holder_kept"], {"holder": 65.0})


@pytest.mark.parametrize("words", [cmd.Acknowledge, cmd.Update])
def test_a_holder_who_wakes_up_late_keeps_it_if_nobody_else_came(words: type[Any]) -> None:
    case = held(ladder=HOLDS)
    case.fire("holder")
    case.fire("holder")
    case.by(words, "ana", at=43, **({"text": "on my way"} if words is cmd.Update else {}))
    assert case.ticket is not None
    assert (case.ticket.assignee, case.ticket.escalating) == ("ana", False)
    assert ("sam", "taken") in case.said()


def test_a_holder_who_cannot_be_reached_is_not_waited_for() -> None:
    case = held(ladder=HOLDS)
    case.fire("holder")
    for method in person("ana").methods:
        fails(case, "ana", Channel(method.kind), method.address)
    assert case.kinds(case.last) == ["delivery_failed", "holder_silent", "level_reached"]


def test_without_the_rule_an_acknowledgement_counts_for_good() -> None:
    case = held()
    assert timers(case) == {}


# --- one by one ---------------------------------------------------------------------------------------------

QUEUE = Ladder(
    levels=(
        Level(("person:rex", "account_manager"), timedelta(0), one_by_one=3 * MINUTE),
        Level(("duty_manager",), 15 * MINUTE),
    ),
    repeat=0,
)


def test_people_are_asked_one_by_one_in_the_order_of_the_ladder() -> None:
    case = Case(ladder=QUEUE)
    assert [p for p, text in case.said() if p != "customer"] == ["rex"]
    case.fire("escalation")
    assert (case.now, case.said()) == (NIGHT + 3 * MINUTE, [("ana", "page_next")])
    assert case.ticket is not None
    assert case.ticket.escalation.asked == ("rex", "ana")
    case.fire("escalation")
    assert (case.now, case.said()[0]) == (NIGHT + 18 * MINUTE, ("dora", "page_next"))
    assert fold(case.ticket.id, case.all_events) == case.ticket


def test_a_no_asks_the_next_one_at_once_and_esc_leaves_the_level() -> None:
    case = Case(ladder=QUEUE)
    case.by(cmd.Pass, "rex", at=1)
    assert case.said() == [("ana", "page"), ("rex", "passed")]
    case = Case(ladder=QUEUE)
    case.by(cmd.Escalate, "rex", at=1)
    assert case.said()[0] == ("dora", "page_next")


def test_who_went_on_leave_while_waiting_is_not_asked() -> None:
    off = Leave(person="ana", start=NIGHT + MINUTE, end=NIGHT + timedelta(days=1))
    case = Case(ladder=QUEUE, who=directory(leave=(off,)))
    case.fire("escalation")
    assert case.said() == [("dora", "page_next")]


# --- running out --------------------------------------------------------------------------------------------


def test_the_alarm_is_repeated_with_each_level_until_somebody_has_it() -> None:
    case = Case(ladder=replace(LADDER, repeat=0))
    alarms = []
    for _ in range(8):
        case.fire("escalation")
        alarms += [
            (case.ticket.escalation.level, say.person, say.every_method)
            for say in case.last.says
            if str(say.text) == "exhausted"
        ]
    # The third level asks the duty manager itself.
    assert alarms == [
        (0, "dora", True),
        (1, "dora", True),
        (2, "dora", True),
        (0, "dora", True),
        (1, "dora", True),
    ]
    case.by(cmd.Acknowledge, "dora", at=400)
    case.by(cmd.Escalate, "dora", at=401)
    assert "exhausted" not in [text for _, text in case.said()]


def test_a_gap_in_the_duty_still_alarms_somebody() -> None:
    people = {
        p.key: p for p in (person("dora", roles=(Role.DUTY_MANAGER,)), person("max", roles=(Role.MANAGER,)))
    }
    off = Leave(person="dora", start=NIGHT, end=NIGHT + timedelta(days=9))
    for directory_of, alarmed in (
        ({"people": people}, "dora"),
        ({"people": people, "leave": (off,)}, "dora"),
        ({"people": {"max": people["max"]}}, "max"),
    ):
        case = Case(who=directory(accounts={}, coverage=(), **directory_of))
        for _ in range(20):
            if case.all_events[-1].kind == "exhausted":
                break
            case.fire("escalation")
        assert case.all_events[-1].people == (alarmed,)


# --- the ladder's document ----------------------------------------------------------------------------------


def test_the_document_says_how_long_an_ack_holds_and_who_is_asked_one_by_one() -> None:
    doc = {"levels": [{"notify": ["team:x"], "after": "0m", "one_by_one": "2m"}], "ack_holds": "30m"}
    ladder = parse_ladder(doc)
    assert (ladder.ack_holds, ladder.levels[0].one_by_one) == (30 * MINUTE, 2 * MINUTE)
    for wrong, message in (
        ({**doc, "ack_holds": "30"}, r"policy\.ack_holds: '30' is not a duration"),
        ({**doc, "ack_holds": "0m"}, r"policy\.ack_holds: '0m' is too short; at least 1m"),
        (
            {"levels": [{**doc["levels"][0], "one_by_one": 3}]},
            r"levels\[0\]\.one_by_one: 3 is not a duration",
        ),
    ):
        with pytest.raises(LadderError, match=message):
            parse_ladder(wrong)
