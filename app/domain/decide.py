"""What follows from a command: `decide(ticket, command, setting)` -> events, messages, timers. Pure.

A command that comes too late, twice, or from somebody else is answered, never refused with an error: the
person stands in a flooded store. What must not live here: texts (texts.py), the ladder's steps
(drafting.py), clock arithmetic (sla.py), who a sender is (the intake use case).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from app.domain import closing, explaining, handoffs, merging, repaging, responding, worsening
from app.domain import commands as cmd
from app.domain import events as ev
from app.domain.classification import trace_of
from app.domain.clocks import (
    CLOCK,
    CLOSURE,
    ESCALATION,
    HANDOFF,
    HOLDER,
    PAGE,
    Reports,
    Timer,
    closure_due,
    wanted_timers,
)
from app.domain.commands import Command
from app.domain.directory import Role
from app.domain.drafting import Draft, Fact, Say, Setting
from app.domain.events import AnyEvent
from app.domain.sla import Metric
from app.domain.texts import TextId
from app.domain.thresholds import record_thresholds
from app.domain.ticket import State, Ticket

_BY_SYSTEM = (cmd.HolderLeft, cmd.TimerFired, cmd.ReportFailure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a command led to. `timers` are all that should be armed from now on; `stale`: a late timer."""

    ticket: Ticket
    events: tuple[AnyEvent, ...]
    says: tuple[Say, ...]
    timers: frozenset[Timer]
    reports: Reports
    stale: bool = False


def decide(ticket: Ticket | None, command: Command, setting: Setting) -> Decision:
    """Return what `command` does to `ticket` (None only for Open) at `setting.now`."""
    setting = _not_before_the_last(ticket, setting)
    actor = ev.SYSTEM if isinstance(command, _BY_SYSTEM) else command.actor
    if isinstance(command, _BY_SYSTEM):
        setting = replace(setting, heard_at=None)
    ticket_id = command.ticket_id if isinstance(command, cmd.Open) else 0
    had_it = ticket.assignee if ticket else ""
    draft = Draft(ticket, setting, actor, ticket_id)
    if ticket is not None:
        _end_overdue_hold(draft)
    stale = _dispatch(draft, command) and not draft.events
    draft.actor, draft.at = ev.SYSTEM, draft.now
    reports = record_thresholds(draft, had_it)
    return Decision(
        ticket=draft.ticket,
        events=tuple(draft.events),
        says=tuple(draft.says),
        timers=wanted_timers(draft.ticket, setting.policy, reports),
        reports=reports,
        stale=stale,
    )


def _not_before_the_last(ticket: Ticket | None, setting: Setting) -> Setting:
    """Return the setting at an instant that is not before the ticket's last event.

    The clocks of two nodes differ a little. A ticket that seems not to be opened yet would lose its timers,
    and an answer could come before the breach that was recorded while it was missing.
    """
    if ticket is None or ticket.changed_at <= setting.now:
        return setting
    return replace(setting, now=ticket.changed_at)


def _end_overdue_hold(draft: Draft) -> None:
    """End a hold whose time is up, at that time, before anything else happens to the ticket.

    How long a clock was paused must not depend on how late the timer fires (promise 7).
    """
    ticket, actor = draft.ticket, draft.actor
    if ticket.state != State.ON_HOLD or ticket.hold_until is None or ticket.hold_until > draft.now:
        return
    draft.actor = ev.SYSTEM
    draft.record(ev.Released(**draft.head(ticket.hold_until), person="", reason=""))
    draft.actor = actor
    if ticket.assignee and actor != f"person:{ticket.assignee}":
        draft.tell(ticket.assignee, TextId.HOLD_ENDED, reason=ticket.hold_reason)


def _dispatch(draft: Draft, command: Command) -> bool:  # noqa: C901, PLR0912, PLR0915 - a line each
    """Carry out one command; return whether it was a timer that nothing waits for any more."""
    match command:
        case cmd.Open():
            _open(draft, command)
        case cmd.LinkMaybeSame():
            draft.record(ev.MaybeSame(**draft.head(), number=command.number))
        case cmd.CustomerSays():
            _customer_says(draft, command)
        case cmd.WorseNews():
            worsening.worse_news(draft, command)
        case cmd.Acknowledge():
            responding.acknowledge(draft, command.person)
        case cmd.Pass():
            responding.pass_on(draft, command)
        case cmd.Take():
            responding.take(draft, command.person)
        case cmd.GiveEta():
            responding.give_eta(draft, command)
        case cmd.Arrive():
            responding.arrive(draft, command.person)
        case cmd.Hold():
            responding.hold(draft, command)
        case cmd.Release():
            responding.release(draft, command.person)
        case cmd.Resolve():
            closing.resolve(draft, command)
        case cmd.Reopen():
            closing.reopen_by_staff(draft, command)
        case cmd.Escalate():
            responding.escalate(draft, command)
        case cmd.Note() if closing.lacks_resolution(draft, command.person):
            closing.note_resolution(draft, command.person, command.text)
        case cmd.Note():
            responding.note(draft, command)
        case cmd.Update():
            responding.update(draft, command)
        case cmd.Cancel():
            responding.cancel(draft, command)
        case cmd.MergeInto() | cmd.MergeIn():
            merging.merge(draft, command)
        case cmd.SetPriority():
            responding.set_priority(draft, command)
        case cmd.MovePolicy():
            responding.move_policy(draft, command)
        case cmd.ExplainBreach() | cmd.ExcuseBreach() | cmd.UnexcuseBreach():
            explaining.explain_breach(draft, command)
        case cmd.SetSite():
            zone = draft.setting.timezone
            place = ev.SiteSet(**draft.head(), account=command.account, site=command.site, timezone=zone)
            draft.record(place)
        case cmd.Confirm():
            closing.confirm(draft, command)
        case cmd.Decline():
            closing.decline(draft, command)
        case cmd.HolderLeft():
            responding.holder_left(draft, command.person)
        case cmd.TimerFired():
            return not _timer_fired(draft, command)
        case cmd.ReportFailure():
            repaging.report_failure(draft, command)
        case _:
            assert_never(command)
    return False


def _open(draft: Draft, command: cmd.Open) -> None:
    found, route = command.classification, command.route
    draft.record(
        ev.Opened(
            **draft.head(min(command.contact_at, draft.now)),
            number=command.number,
            priority=found.priority,
            trade=found.trade,
            tags=found.tags,
            life_safety=found.life_safety,
            account=command.account,
            site=command.site,
            requester=command.requester,
            text=command.text,
            ladder=route.ladder,
            revision=command.revision,
            policy=command.policy,
            rules=found.rules,
            also_notify=route.also_notify,
            remind_after_seconds=int(route.confirm.remind_after.total_seconds()),
            close_after_seconds=int(route.confirm.close_after.total_seconds()),
            inbox_id=command.inbox_id,
            backdated_reason=command.backdated_reason,
            facts=command.facts,
            trace=trace_of((*found.trace, *route.trace)) if command.facts else None,
            timezone=draft.setting.timezone,
            maybe_same=command.maybe_same,
        ),
    )
    if command.taken_by:
        until = draft.holds_until()
        draft.record(ev.Acknowledged(**draft.head(), person=command.taken_by, holds_until=until))
        draft.answer(TextId.ACKED, command.taken_by)
    else:
        draft.begin_ladder()
    if command.failure:
        for person in draft.who([Role.DUTY_MANAGER]):
            draft.tell(person, TextId.INTAKE_FAILED, page=True, reason=command.failure)
    for person in draft.who(route.also_notify):
        if person not in draft.ticket.paged:
            draft.tell(person, TextId.FOR_INFORMATION)
    facts: dict[str, Fact] = {"name": draft.being_paged} if draft.being_paged else {}
    told_by = responding.due_of(draft, Metric.UPDATE)
    if told_by:
        facts["eta_by"] = told_by
    if command.requester.contact == "" and command.account == "":
        draft.tell_customer(TextId.RECEIPT_UNKNOWN_SENDER_C, **facts)
    elif found.life_safety:
        draft.tell_customer(TextId.RECEIPT_LIFE_SAFETY_C, **facts)
    elif command.ask_site:
        draft.tell_customer(TextId.RECEIPT_UNKNOWN_SITE_C, **facts)
    else:
        draft.tell_customer(TextId.RECEIPT_C, **facts)


def _customer_says(draft: Draft, command: cmd.CustomerSays) -> None:
    before = draft.ticket
    reserves = before.state == State.RESOLVED and not command.quiet
    draft.record(
        ev.CustomerWrote(
            **draft.head(),
            text=command.text,
            address=command.address,
            channel=command.channel,
            inbox_id=command.inbox_id,
            reserves=reserves,
        ),
    )
    if command.quiet:
        return
    if reserves and not before.reserved:
        draft.ask_holder_first("reserved", TextId.LOOK_AGAIN_PAGE)
        draft.answer(TextId.KEPT_OPEN_C)
        return
    ticket = draft.ticket
    for person in (ticket.assignee,) if ticket.assignee else ticket.escalation.asked:
        draft.tell(person, TextId.CUSTOMER_SAYS, quote=command.text)
    facts: dict[str, Fact] = {"eta": ticket.eta} if ticket.eta else {}
    if ticket.state == State.RESOLVED:
        draft.answer(TextId.KEPT_OPEN_C)
    elif command.chase:
        draft.answer(TextId.STATUS_C, person="", name=ticket.assignee, **facts)
    else:
        draft.answer(TextId.APPENDED_C, person="", **facts)


def _timer_fired(draft: Draft, command: cmd.TimerFired) -> bool:
    """Carry out an armed timer; return whether the ticket was still waiting for it."""
    ticket = draft.ticket
    if not ticket.open:
        return False
    due = command.due_at
    if due > draft.now:  # another node's clock is ahead; it stays armed
        return False
    if command.kind == CLOCK:
        return True  # crossing a threshold is recorded below, for whatever command comes by first
    if command.kind == ESCALATION and ticket.escalation.next_at == due:
        draft.advance()
        return True
    if command.kind == HOLDER:
        return handoffs.holder_timer(draft, due)
    if command.kind == HANDOFF:
        return handoffs.expire(draft, due)
    if command.kind == PAGE:
        return repaging.step_due(draft, command.key, due)
    if command.kind == CLOSURE and ticket.state == State.RESOLVED and closure_due(ticket) == due:
        closing.closure_step(draft)
        return True
    return False
