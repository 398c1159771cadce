"""What the staff's commands do while work goes on: take it, pass it, say when, arrive, wait, ask for more.

What must not live here: the end of the work (closing.py), who a sender is (usecases), texts (texts.py).
"""

from __future__ import annotations

import math
from datetime import datetime

from app.domain import commands as cmd
from app.domain import events as ev
from app.domain import handoffs, worsening
from app.domain.clocks import read_clocks
from app.domain.drafting import Draft, Fact
from app.domain.sla import Metric
from app.domain.texts import TextId
from app.domain.ticket import State


def due_of(draft: Draft, metric: Metric) -> datetime | None:
    """Return when a running clock is due, or None when it does not run."""
    report = read_clocks(draft.ticket, draft.setting.policy, draft.now).get(metric)
    return report.due_at if report and report.state == "running" else None


def acknowledge(draft: Draft, person: str) -> None:
    """Somebody has it: no more asking. Whoever comes second hears who was first."""
    ticket = draft.ticket
    if ticket.over:
        answer_over(draft, person)
        return
    if handoffs.accept(draft, person):
        draft.answer(TextId.ACKED, person)
        return
    if ticket.assignee in ("", person):
        handoffs.keep(draft, person)
        # The holder's "ok" to "1042 escalated to Priya" does not call off the help that the holder asked for.
        asked = person in ticket.escalation.asked
        if ticket.assignee == "" or (ticket.escalating and (asked or not ticket.escalation.joining)):
            take_it(draft, person)
        told_by = due_of(draft, Metric.UPDATE)
        facts: dict[str, Fact] = {"eta_by": told_by} if told_by else {}
        draft.answer(TextId.ACKED, person, **facts)
        return
    if not ticket.escalating:
        draft.answer(TextId.NOT_YOURS, person, by=ticket.assignee, time=ticket.acknowledged_at or draft.at)
        return
    if ticket.escalation.joining:
        draft.record(ev.Acknowledged(**draft.head(), person=person, joined=True))
        draft.tell(ticket.assignee, TextId.JOINED, by=person, time=draft.at)
    else:  # reopened, and whoever had it did not answer
        _take_over(draft, person)
    draft.answer(TextId.ACKED, person)


def _take_over(draft: Draft, person: str) -> None:
    holder, until = draft.ticket.assignee, draft.holds_until()
    draft.record(ev.Taken(**draft.head(), person=person, previous=holder, holds_until=until))
    draft.tell_customer(TextId.ACKED_C, name=person)
    draft.tell(holder, TextId.TAKEN, by=person, time=draft.at)


def take_it(draft: Draft, person: str, *, implied: bool = False) -> None:
    """Make `person` the assignee, tell the customer and everybody else who was asked."""
    others = [p for p in draft.ticket.paged if p != person]
    kept = draft.ticket.ack_asked and draft.ticket.assignee == person  # the customer knows that already
    until = None if implied else draft.holds_until()
    draft.record(ev.Acknowledged(**draft.head(), person=person, implied=implied, holds_until=until))
    if not (implied or kept):
        draft.tell_customer(TextId.ACKED_C, name=person)
    for other in others:
        draft.tell(other, TextId.TAKEN, by=person, time=draft.at)


def answer_over(draft: Draft, person: str) -> None:
    """Tell somebody that the ticket is done or closed, and since when."""
    ticket = draft.ticket
    at = ticket.ended_at or ticket.resolved_at or draft.now
    draft.answer(TextId.CLOSED_ALREADY, person, time=at)


def pass_on(draft: Draft, command: cmd.Pass) -> None:
    """Somebody cannot: the next in line is asked at once."""
    ticket = draft.ticket
    if ticket.over:
        answer_over(draft, command.person)
        return
    if handoffs.refuse(draft, command) or handoffs.offer(draft, command):
        return
    had_it = ticket.assignee == command.person
    was_asked = command.person in ticket.escalation.asked
    draft.record(ev.Passed(**draft.head(), person=command.person, text=command.text))
    others = draft.ticket.escalation
    if had_it or (was_asked and (others.waiting or not draft.ticket.next_asked)):
        draft.advance("passed", without=command.person)
    asked = [p for p in draft.ticket.escalation.asked if p != command.person]
    draft.answer(TextId.PASSED, command.person, to=asked[0] if asked else draft.ticket.assignee)


def holder_left(draft: Draft, person: str) -> None:
    """Ask for a ticket anew whose holder left: nobody must wait for somebody who is gone.

    Whoever works at the desk and is not in the directory is known by a mail address, and did not leave.
    """
    ticket = draft.ticket
    if ticket.over or ticket.assignee != person or "@" in person or draft.setting.roster.active(person):
        return
    draft.record(ev.Passed(**draft.head(), person=person, text="no longer on the staff"))
    draft.record(ev.AskedAnew(**draft.head(), cycle=ticket.escalation.cycle + 1))
    draft.advance("left")


def take(draft: Draft, person: str) -> None:
    """Somebody takes it over from whoever has it."""
    ticket = draft.ticket
    if ticket.over:
        answer_over(draft, person)
        return
    if ticket.assignee in ("", person):
        acknowledge(draft, person)
        return
    offered = ticket.handoff.to if ticket.handoff else ""
    _take_over(draft, person)
    if offered not in ("", person):
        draft.tell(offered, TextId.TAKEN, by=person, time=draft.at)
    draft.answer(TextId.ACKED, person)


def working(draft: Draft, person: str) -> bool:
    """Make sure that `person` may work on the ticket, implying an acknowledgement; else answer why not."""
    ticket = draft.ticket
    if ticket.over:
        answer_over(draft, person)
        return False
    if handoffs.accept(draft, person):
        return True
    asked_for = ticket.escalating and not ticket.escalation.joining
    if ticket.state == State.RESOLVED:  # somebody looks into the customer's "yes, but"
        draft.record(
            ev.Reopened(**draft.head(), person=person, text="", next_at=None, cycle=ticket.escalation.cycle),
        )
    if ticket.assignee == "" or asked_for:
        take_it(draft, person, implied=True)
    return True


def give_eta(draft: Draft, command: cmd.GiveEta) -> None:
    """Somebody will be there at an instant; the customer hears it, and a late one says so."""
    if not working(draft, command.person):
        return
    before = draft.ticket.eta
    if before == command.eta:
        draft.answer(TextId.ETA_SAVED, command.person, eta=command.eta)
        return
    draft.record(ev.EtaGiven(**draft.head(), person=command.person, eta=command.eta))
    limit = due_of(draft, Metric.ARRIVE)
    if limit is not None and command.eta > limit:
        late = str(math.ceil((command.eta - limit).total_seconds() / 60))
        draft.answer(TextId.ETA_LATE, command.person, eta=command.eta, due=limit, minutes=late)
    else:
        facts: dict[str, Fact] = {"due": limit} if limit else {}
        draft.answer(TextId.ETA_SAVED, command.person, eta=command.eta, **facts)
    if before is None:
        draft.tell_customer(TextId.ETA_C, eta=command.eta, name=command.person)
    else:
        draft.tell_customer(
            TextId.ETA_CHANGED_C,
            eta=command.eta,
            was=before,
            name=command.person,
        )


def arrive(draft: Draft, person: str) -> None:
    """Somebody is there."""
    if not working(draft, person):
        return
    if draft.ticket.state == State.ON_SITE:
        draft.answer(TextId.ONSITE_SAVED, person)
        return
    end_hold(draft, person)
    draft.record(ev.Arrived(**draft.head(), person=person))
    draft.answer(TextId.ONSITE_SAVED, person)
    draft.tell_customer(TextId.ONSITE_C, name=person)


def end_hold(draft: Draft, person: str) -> None:
    """Let work go on if it waits."""
    if draft.ticket.state == State.ON_HOLD:
        draft.record(ev.Released(**draft.head(), person=person, reason=""))


def hold(draft: Draft, command: cmd.Hold) -> None:
    """Work waits for a reason; the customer hears it."""
    if not working(draft, command.person):
        return
    if draft.ticket.state == State.ON_HOLD and draft.ticket.hold_reason != command.reason:
        end_hold(draft, command.person)  # one reason at a time: the clocks of the old one go on
    until = draft.at + command.duration if command.duration else None
    draft.record(
        ev.Held(
            **draft.head(),
            person=command.person,
            reason=command.reason,
            text=command.text,
            until=until,
        ),
    )
    extra: dict[str, Fact] = {"until": until} if until else {}
    stopped = [m for m, reasons in draft.setting.policy.pause_on.items() if command.reason in reasons]
    clocks = ", ".join(sorted(stopped)) or "none"
    draft.answer(TextId.HOLD_SAVED, command.person, reason=command.reason, clocks=clocks, **extra)
    draft.tell_customer(TextId.HOLD_C, reason=command.reason, name=command.person, **extra)


def release(draft: Draft, person: str) -> None:
    """Work goes on."""
    if not working(draft, person):
        return
    end_hold(draft, person)
    draft.answer(TextId.RELEASED, person)


def escalate(draft: Draft, command: cmd.Escalate) -> None:
    """Ask the next level now; whoever holds the ticket stays on it."""
    ticket = draft.ticket
    if ticket.over:
        answer_over(draft, command.person)
        return
    draft.record(ev.Escalated(**draft.head(), person=command.person, text=command.text))
    draft.advance("escalated", without=command.person)
    asked = draft.ticket.escalation.asked
    ack_by = draft.ticket.escalation.next_at or draft.now
    draft.answer(TextId.ESCALATED, command.person, to=asked[0] if asked else "", ack_by=ack_by)


def note(draft: Draft, command: cmd.Note) -> None:
    """Keep an internal text; one that was no answer we know is kept too, and says so."""
    draft.record(
        ev.Noted(**draft.head(), person=command.person, text=command.text, inbox_id=command.inbox_id),
    )
    draft.answer(TextId.NOTE_SAVED if command.understood else TextId.NOT_UNDERSTOOD, command.person)


def update(draft: Draft, command: cmd.Update) -> None:
    """Tell the customer something; a holder who does so still has the ticket."""
    ticket = draft.ticket
    if ticket.assignee == command.person and ticket.escalating and not ticket.escalation.joining:
        take_it(draft, command.person, implied=True)
    draft.record(ev.Updated(**draft.head(), person=command.person, text=command.text))
    draft.answer(TextId.UPDATE_SENT, command.person)
    draft.tell_customer(TextId.UPDATE_C, quote=command.text, name=command.person)


def cancel(draft: Draft, command: cmd.Cancel) -> None:
    """Withdraw the ticket; everybody concerned hears it."""
    ticket = draft.ticket
    if not ticket.open:
        answer_over(draft, command.person)
        return
    draft.record(ev.Cancelled(**draft.head(), person=command.person, text=command.text))
    told = {ticket.assignee} if ticket.assignee else set(ticket.escalation.asked)
    for person in sorted(told - {command.person}):
        draft.tell(person, TextId.CANCELLED, by=command.person)
    draft.answer(TextId.CANCELLED, command.person, by=command.person)
    draft.tell_customer(TextId.CANCELLED_C)


def move_policy(draft: Draft, command: cmd.MovePolicy) -> None:
    """Let an open ticket count by another SLA policy from now on, which its clocks apply from their start."""
    ticket = draft.ticket
    if not ticket.open:
        answer_over(draft, command.person)
    elif ticket.policy != command.policy:
        draft.record(
            ev.PolicyMoved(
                **draft.head(),
                policy=command.policy,
                previous=ticket.policy,
                person=command.person,
                reason=command.reason,
                name=command.name,
            ),
        )


def set_priority(draft: Draft, command: cmd.SetPriority) -> None:
    """Change the order of work; what nobody has yet is asked for anew when it becomes more urgent."""
    ticket = draft.ticket
    if not ticket.open or ticket.priority == command.priority:
        return
    if worsening.raise_priority(draft, command.priority, person=command.person, ladder=command.ladder):
        worsening.ask_anew(draft, command.ladder)
        return
    draft.record(
        ev.PriorityChanged(
            **draft.head(),
            person=command.person,
            priority=command.priority,
            previous=ticket.priority,
            ladder=command.ladder,
        ),
    )
