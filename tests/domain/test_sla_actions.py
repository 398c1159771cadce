"""What a warning and a breach set off: as written, as stamped, and as carried out on a ticket."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.domain import commands as cmd
from app.domain.clocks import wanted_timers
from app.domain.decide import Decision, decide
from app.domain.errors import CloseloopError
from app.domain.evolve import fold
from app.domain.sla_actions import Action, Actions, bare_policy, policy_actions, stamped_actions
from tests.building import MINUTE, NIGHT, Case, open_command, setting

BY_PRIORITY = {"P1": "15m", "P2": "30m", "P3": "4h", "P4": "1d"}


class ActingCase(Case):
    """A ticket whose policy has actions, as rules/sla.yaml writes them."""

    def __init__(self, policy: dict[str, Any], priority: str = "P3") -> None:
        self.written = policy
        found = replace(open_command().classification, priority=priority)
        super().__init__(policy=bare_policy(policy), classification=found)

    def _apply(self, command: cmd.Command) -> Decision:
        values = replace(
            setting(self.now, policy=self.policy), actions=policy_actions(self.written, where="policies.x")
        )
        decision = decide(self.ticket, command, values)
        self.ticket = decision.ticket
        self.all_events.extend(decision.events)
        self.last = decision
        assert fold(decision.ticket.id, self.all_events) == decision.ticket
        return decision


def policy(**target: Any) -> dict[str, Any]:
    return {"targets": {"acknowledge": {"within": "15m", "warn_at": ["80%"], **target}}}


def test_what_is_not_written_is_as_it_always_was() -> None:
    for actions in (policy_actions(policy(), where="x"), stamped_actions(None), Actions()):
        assert actions.of("acknowledge", breach=False) == Action(tell=("assignee",))
        assert actions.of("acknowledge", breach=True) == Action(tell=("duty_manager",))


def test_a_target_takes_from_its_policy_what_it_does_not_say() -> None:
    written = policy(on_breach={"escalate": True})
    written["targets"]["resolve"] = {"within": "8h", "on_breach": {"tell": []}}
    written["on_breach"] = {"tell": ["account_manager", "person:zoe"], "raise_priority": "P1"}
    actions = policy_actions(written, where="x")
    assert actions.of("acknowledge", breach=True) == Action(
        tell=("account_manager", "person:zoe"), escalate=True, raise_priority="P1"
    )
    assert actions.of("resolve", breach=True) == Action(raise_priority="P1")
    assert actions.of("resolve", breach=False) == Action(tell=("assignee",))
    assert stamped_actions(json.loads(json.dumps(actions.document()))) == actions


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ({"tel": []}, "x.targets.acknowledge.on_breach: unknown key 'tel'; did you mean 'tell'?"),
        (
            {"tell": ["duty_manger"]},
            "x.targets.acknowledge.on_breach.tell[0]: nobody is called 'duty_manger'; did you mean 'duty_manager'?",
        ),
        (
            {"tell": ["assignee", "person:"]},
            "x.targets.acknowledge.on_breach.tell[1]: nobody is called 'person:'; known here: account_manager, assignee, duty_manager, service_manager",
        ),
        ({"escalate": 1}, "x.targets.acknowledge.on_breach.escalate: 1 is neither true nor false"),
        (
            {"raise_priority": "P0"},
            "x.targets.acknowledge.on_breach.raise_priority: unknown priority 'P0'; known here: P1, P2, P3, P4",
        ),
        ("loud", "x.targets.acknowledge.on_breach: 'loud' is not an object with named keys"),
    ],
)
def test_mistakes_in_actions(action: object, message: str) -> None:
    with pytest.raises(CloseloopError) as caught:
        policy_actions(policy(on_breach=action), where="x")
    assert str(caught.value) == message


def test_a_warning_tells_whom_it_names_even_when_nobody_has_the_ticket() -> None:
    case = ActingCase(policy(on_warning={"tell": ["assignee", "service_manager", "person:rex"]}))
    case.fire("clock", "acknowledge")
    assert (case.now - NIGHT) / MINUTE == 12
    assert sorted(case.said()) == [("rex", "warning"), ("sam", "warning")]
    case.by(cmd.Acknowledge, "ana", at=13)
    assert "clock" not in {timer.kind for timer in case.last.timers}


def test_a_breach_escalates_at_once_and_names_each_person_once() -> None:
    case = ActingCase(
        policy(warn_at=[], on_breach={"tell": ["duty_manager", "person:dora"], "escalate": True})
    )
    case.by(cmd.Escalate, "ana", at=1)  # level 2, with 15 minutes to the next one
    case.fire("clock", "acknowledge")
    assert case.kinds(case.last) == ["breached", "escalated", "level_reached"]
    assert case.said() == [("dora", "breach"), ("dora", "page_next")]
    level = case.last.events[-1]
    assert (level.reason, level.level, level.people) == ("breach", 3, ("dora",))
    assert level.at == case.now


def test_the_holder_stays_while_the_next_level_is_asked() -> None:
    case = ActingCase({"targets": {"resolve": {"within": "1h", "on_breach": {"escalate": True}}}})
    case.by(cmd.Acknowledge, "ana", at=1)
    case.fire("clock", "resolve")
    assert case.ticket is not None
    assert (case.ticket.assignee, case.ticket.escalation.joining) == ("ana", True)
    assert case.ticket.escalation.asked == ("sam",)
    case.by(cmd.Acknowledge, "sam", at=62)
    assert case.ticket.assignee == "ana"
    assert case.last.events[0].joined


def test_nothing_is_asked_for_a_ticket_that_is_fixed_or_over() -> None:
    written = {"targets": {"confirm": {"within": "1h", "on_breach": {"escalate": True, "tell": []}}}}
    case = ActingCase(written)
    case.by(cmd.Acknowledge, "ana", at=1)
    case.by(cmd.Resolve, "ana", at=2, text="done")
    case.fire("clock", "confirm")
    assert case.kinds(case.last) == ["breached"]
    assert case.said() == []


def test_a_higher_priority_has_other_targets_and_each_threshold_happens_once() -> None:
    written = {
        "targets": {
            "acknowledge": {"within": BY_PRIORITY, "warn_at": ["50%"], "on_breach": {"raise_priority": "P2"}},
            "resolve": {
                "within": {"P1": "2h", "P2": "3h", "P3": "1d", "P4": "2d"},
                "on_breach": {"raise_priority": "P1"},
            },
        }
    }
    case = ActingCase(written)
    case.fire("clock", "acknowledge")
    assert case.kinds(case.last) == ["warned"]
    # After four hours acknowledge is late: now P2, under which resolve was due an hour ago: now P1.
    case.fire("clock", "acknowledge")
    happened = [(e.kind, getattr(e, "metric", "") or getattr(e, "priority", "")) for e in case.last.events]
    assert happened == [
        ("breached", "acknowledge"),
        ("priority_changed", "P2"),
        ("breached", "resolve"),
        ("priority_changed", "P1"),
    ]
    assert {e.recorded_at for e in case.last.events} == {case.now}
    assert "clock" not in {timer.kind for timer in case.last.timers}
    assert case.ticket is not None
    assert case.last.timers == wanted_timers(
        case.ticket, setting(case.now, policy=case.policy).policy, case.last.reports
    )
    again = case.do(cmd.TimerFired(kind="clock", key="resolve", due_at=case.now), at=300)
    assert again.events == ()


def test_a_priority_is_only_ever_raised() -> None:
    case = ActingCase(policy(warn_at=[], on_breach={"raise_priority": "P3", "tell": []}), priority="P1")
    case.fire("clock", "acknowledge")
    assert case.kinds(case.last) == ["breached"]
    assert case.ticket is not None
    assert case.ticket.priority == "P1"


def test_after_an_outage_the_breach_has_its_own_instant_and_the_action_the_present_one() -> None:
    case = ActingCase(policy(on_breach={"raise_priority": "P1"}))
    case.do(cmd.TimerFired(kind="clock", key="acknowledge", due_at=NIGHT + 12 * MINUTE), at=600)
    warned, breached, raised = case.last.events
    assert [(e.kind, e.at - NIGHT) for e in (warned, breached)] == [
        ("warned", 12 * MINUTE),
        ("breached", 15 * MINUTE),
    ]
    assert (raised.kind, raised.at) == ("priority_changed", case.now)


def move(case: Case, target: str, at: float) -> Decision:
    """Move the ticket to a policy whose acknowledge target is another one."""
    case.policy = {"targets": {"acknowledge": {"within": target, "warn_at": ["80%"]}}}
    return case.by(cmd.MovePolicy, "dora", at=at, policy="new", name="premium", reason="the contract changed")


def test_moving_a_ticket_arms_its_clocks_by_the_new_policy() -> None:
    case = Case(policy=policy())
    decision = move(case, "1h", at=5)
    (moved,) = decision.events
    assert (moved.kind, moved.policy, moved.previous) == ("policy_moved", "new", "hash")
    assert decision.ticket.policy == "new"
    (timer,) = [t for t in decision.timers if t.kind == "clock"]
    assert timer.due_at - NIGHT == 48 * MINUTE
    assert move(case, "1h", at=6).events == ()


def test_moving_to_a_target_that_is_already_missed_records_the_breach_at_its_instant() -> None:
    case = Case(policy=policy())
    decision = move(case, "5m", at=10)
    assert [(e.kind, e.at - NIGHT) for e in decision.events] == [
        ("policy_moved", 10 * MINUTE),
        ("warned", 4 * MINUTE),
        ("breached", 5 * MINUTE),
    ]


def test_a_breach_on_record_never_heals_by_moving() -> None:
    case = Case(policy=policy())
    case.fire("clock", "acknowledge")
    case.fire("clock", "acknowledge")
    assert "breached" in case.kinds(case.last)
    decision = move(case, "1h", at=20)
    report = decision.reports["acknowledge"]
    assert (report.state, report.breached, report.breached_at) == ("running", True, NIGHT + 15 * MINUTE)
    assert "clock" not in {t.kind for t in decision.timers}  # nothing warns of what is on record
    case.by(cmd.Acknowledge, "ana", at=30)
    report = case.last.reports["acknowledge"]
    assert (report.state, report.breached, report.elapsed_seconds) == ("missed", True, 1800)


def test_a_ticket_that_is_over_stays_with_its_policy() -> None:
    case = Case()
    case.by(cmd.Cancel, "ana", at=1)
    decision = case.by(cmd.MovePolicy, "dora", at=2, policy="new", name="premium", reason="late")
    assert decision.events == ()
    assert case.said() == [("dora", "closed_already")]


def test_the_ladder_that_ran_out_is_alarmed_by_an_escalating_breach() -> None:
    case = ActingCase(policy(within="2h", warn_at=[], on_breach={"escalate": True}))
    case.now = NIGHT + timedelta(hours=1, minutes=5)
    for _ in range(5):
        case.fire("escalation", skip_to_due=True)
    case.fire("clock", "acknowledge")
    assert case.kinds(case.last)[:2] == ["breached", "escalated"]
    assert case.last.ticket.escalating


def test_after_an_outage_each_clock_is_told_of_once_and_as_it_stands() -> None:
    written = {"targets": {"resolve": {"within": "100m", "warn_at": ["50%", "80%"]}}}
    half = cmd.TimerFired(kind="clock", key="resolve", due_at=NIGHT + 50 * MINUTE)
    case = ActingCase(written)
    case.by(cmd.Acknowledge, "ana", at=1)
    assert case.kinds(case.do(half, at=85)) == ["warned", "warned"]
    assert case.said() == [("ana", "warning")]
    case.fire("clock", "resolve")
    assert case.said() == [("dora", "breach")]

    late = ActingCase(written)
    late.by(cmd.Acknowledge, "ana", at=1)
    assert late.kinds(late.do(half, at=120)) == ["warned", "warned", "breached"]
    assert late.said() == [("ana", "breach"), ("dora", "breach")]  # too late for a warning


def test_a_clock_that_has_ended_warns_nobody() -> None:
    case = ActingCase(policy(on_warning={"tell": ["person:rex"]}))
    case.by(cmd.Acknowledge, "ana", at=13)  # just before the tick that would have warned
    assert "warned" in case.kinds(case.last)
    assert ("rex", "warning") not in case.said()
