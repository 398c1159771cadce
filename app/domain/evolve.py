"""A ticket's state as the fold of its events: `evolve` is the only way a ticket changes.

What must not live here: the shapes of the state (ticket.py), what to do about an event (decide.py), texts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from app.domain import breach_notes
from app.domain import events as ev
from app.domain.events import AnyEvent
from app.domain.notifying import steps_after
from app.domain.sla_history import sla_event
from app.domain.ticket import WORKING, Escalation, Handoff, State, Ticket


def opened(ticket_id: int, event: ev.Opened) -> Ticket:
    """Return the new ticket that `event` makes."""
    return Ticket(
        id=ticket_id,
        number=event.number,
        version=0,
        state=State.NEW,
        priority=event.priority,
        trade=event.trade,
        tags=event.tags,
        life_safety=event.life_safety,
        account=event.account,
        site=event.site,
        requester=event.requester,
        text=event.text,
        opened_at=event.at,
        latest_at=event.at,
        changed_at=event.recorded_at,
        ladder=event.ladder,
        revision=event.revision,
        policy=event.policy,
        timezone=event.timezone,
        also_notify=event.also_notify,
        remind_after=timedelta(seconds=event.remind_after_seconds),
        close_after=timedelta(seconds=event.close_after_seconds),
        related=(event.maybe_same,) if event.maybe_same else (),
    )


def evolve(ticket: Ticket | None, event: AnyEvent, *, ticket_id: int = 0) -> Ticket:
    """Return the ticket after `event`. `ticket` is None (and `ticket_id` given) only for Opened."""
    if isinstance(event, ev.Opened):
        ticket = opened(ticket_id, event)
    if ticket is None:
        raise ValueError(f"the first event of a ticket is opened, not {event.kind}")
    seen = sla_event(event)
    history = ticket.history if seen is None else (*ticket.history, seen)
    changed_at = max(ticket.changed_at, event.recorded_at)
    seen_at = event.recorded_at if isinstance(event, ev.Warned | ev.Breached) else event.at
    latest_at = max(ticket.latest_at or ticket.changed_at, seen_at)
    after = _apply(ticket, event)
    return replace(  # all at once: a ticket has many fields, and each copy costs as much as an event
        after,
        version=ticket.version + 1,
        history=history,
        page_steps=steps_after(ticket.page_steps, event) if after.escalating else (),
        changed_at=changed_at,
        latest_at=latest_at,
    )


def fold(ticket_id: int, events: Iterable[AnyEvent]) -> Ticket:
    """Return the ticket that `events` (in order, Opened first) make."""
    ticket: Ticket | None = None
    for event in events:
        ticket = evolve(ticket, event, ticket_id=ticket_id)
    if ticket is None:
        raise ValueError("a ticket has at least one event")
    return ticket


def _apply(ticket: Ticket, event: AnyEvent) -> Ticket:  # noqa: C901, PLR0912 - one flat branch for each event
    at_rest = replace(ticket.escalation, next_at=None, asked=(), joining=False, waiting=(), alarmed=False)
    match event:
        case ev.EscalationArmed() | ev.LevelReached() | ev.Exhausted() | ev.AskedAnew():
            return _ask(ticket, event)
        case ev.Acknowledged(joined=True):
            return replace(ticket, escalation=at_rest)
        case ev.Acknowledged():
            state = State.ACKNOWLEDGED if ticket.state == State.NEW else ticket.state
            held = replace(ticket, state=state, assignee=event.person, escalation=at_rest)
            return replace(_held_until(held, event.holds_until), acknowledged_at=event.at, handoff=None)
        case ev.Taken():
            taken = replace(ticket, assignee=event.person, escalation=at_rest)
            return replace(_held_until(taken, event.holds_until), acknowledged_at=event.at, handoff=None)
        case ev.HolderAsked() | ev.HolderKept() | ev.HolderSilent() | ev.HandoffOffered() | ev.HandoffEnded():
            return _with_holder(ticket, event)
        case ev.Escalated():
            joining = bool(ticket.assignee)
            return replace(ticket, escalation=replace(ticket.escalation, joining=joining))
        case ev.Passed():
            return _pass(ticket, event.person)
        case ev.DeliveryFailed(page=True, next_channel="") if event.person:
            return replace(ticket, escalation=_without(ticket.escalation, event.person))
        case ev.EtaGiven():
            state = State.EN_ROUTE if ticket.state in (State.NEW, State.ACKNOWLEDGED) else ticket.state
            return replace(_held_until(ticket, None), state=state, eta=event.eta)
        case ev.Arrived():
            there = State.ON_SITE if ticket.state in WORKING else ticket.state
            return replace(_held_until(ticket, None), state=there)
        case ev.Held():
            held_in = ticket.before_hold if ticket.state == State.ON_HOLD else ticket.state
            held = replace(_held_until(ticket, None), state=State.ON_HOLD, before_hold=held_in)
            return replace(held, hold_reason=event.reason, hold_until=event.until)
        case ev.Released():
            return replace(ticket, state=ticket.before_hold, hold_reason="", hold_until=None)
        case ev.Resolved():
            done = replace(ticket, state=State.RESOLVED, resolution=event.text, resolved_at=event.at)
            done = replace(_held_until(done, None), handoff=None, news="", reserved=False)
            return replace(done, escalation=at_rest, reminded_at=None, hold_reason="", hold_until=None)
        case ev.ResolutionNoted():
            return replace(ticket, resolution=event.text)
        case ev.ClosureReminded():
            return replace(ticket, reminded_at=event.at)
        case ev.Reopened():
            return _reopen(ticket, event)
        case ev.Closed():
            end = replace(ticket, state=State.CLOSED, ended_at=event.at, confirmed=event.confirmed)
            return replace(end, escalation=at_rest, reserved=False)
        case ev.Cancelled():
            end = replace(ticket, state=State.CANCELLED, ended_at=event.at, escalation=at_rest, handoff=None)
            return replace(end, hold_reason="", hold_until=None)
        case ev.Merged():
            end = replace(ticket, state=State.MERGED, ended_at=event.at, escalation=at_rest, handoff=None)
            return replace(end, merged_into=event.into, hold_reason="", hold_until=None)
        case ev.MaybeSame():
            return replace(ticket, related=(*ticket.related, event.number))
        case ev.MergedIn():
            return _merged_in(ticket, event)
        case ev.PriorityChanged():
            return replace(ticket, priority=event.priority, ladder=event.ladder or ticket.ladder)
        case ev.PolicyMoved():
            return replace(ticket, policy=event.policy, kept_breaches=len(ticket.breaches))
        case ev.CustomerWrote(reserves=True):
            return replace(ticket, reserved=True, news=event.text)
        case ev.SiteSet():
            return replace(ticket, account=event.account, site=event.site, timezone=event.timezone)
        case ev.Warned():
            return replace(ticket, warned=_union(ticket.warned, (f"{event.metric}:{event.share}",)))
        case ev.Breached():
            known = replace(ticket, breached=_union(ticket.breached, (event.metric,)))
            known = replace(known, breaches=(*ticket.breaches, (event.metric, event.at)))
            return replace(known, breach_notes=breach_notes.after(known.breach_notes, event))
        case ev.BreachExplained() | ev.BreachExcused() | ev.BreachUnexcused():
            return replace(ticket, breach_notes=breach_notes.after(ticket.breach_notes, event))
        case ev.Updated():
            return _held_until(ticket, None)
        case (
            ev.Opened()
            | ev.PagesPlanned()
            | ev.PagedAgain()
            | ev.CustomerWrote()
            | ev.DeliveryFailed()
            | ev.Confirmed()
            | ev.Declined()
            | ev.Noted()
        ):
            return ticket


def _merged_in(ticket: Ticket, event: ev.MergedIn) -> Ticket:
    told = {reader.address for reader in ticket.readers}
    also = () if event.requester.address in told else (event.requester,)
    danger = ticket.life_safety or event.life_safety
    apart = tuple(number for number in ticket.related if number != event.number)
    return replace(ticket, also=(*ticket.also, *also), related=apart, life_safety=danger)


def _ask(ticket: Ticket, event: ev.EscalationArmed | ev.LevelReached | ev.Exhausted | ev.AskedAnew) -> Ticket:
    match event:
        case ev.EscalationArmed():
            step = Escalation(cycle=event.cycle, next_at=event.next_at)
            return replace(ticket, escalation=step)
        case ev.LevelReached():
            before, asked = ticket.escalation, (*event.people, *_holder_asked(ticket, event.people))
            step = Escalation(
                cycle=event.cycle,
                round=event.round,
                level=event.level,
                next_at=event.next_at,
                asked=_union(before.asked if event.continued else event.people, asked),
                joining=before.joining,
                waiting=event.waiting,
                alarmed=before.alarmed,
            )
            paged = _union(ticket.paged, event.people)
            return replace(ticket, escalation=step, paged=paged, passed=_less(ticket.passed, event.people))
        case ev.Exhausted():
            joining = ticket.escalation.joining
            step = Escalation(
                cycle=event.cycle + 1,
                next_at=event.next_at,
                asked=_holder_asked(ticket, ()),
                joining=joining,
                alarmed=True,
            )
            paged = _union(ticket.paged, event.people)
            return replace(ticket, escalation=step, paged=paged, passed=_less(ticket.passed, event.people))
        case ev.AskedAnew():
            step = Escalation(cycle=event.cycle, joining=event.joining)
            danger = ticket.life_safety or event.life_safety
            anew = replace(ticket, ladder=event.ladder or ticket.ladder, life_safety=danger, escalation=step)
            return replace(anew, news=event.text or ticket.news)


def _holder_asked(ticket: Ticket, people: Iterable[str]) -> tuple[str, ...]:
    """Return the holder who was paged with the others and did not answer: that answer is waited for."""
    escalation, holder = ticket.escalation, ticket.assignee
    waits = escalation.joining and holder in escalation.asked and holder not in people
    return (holder,) if waits else ()


def _with_holder(
    ticket: Ticket,
    event: ev.HolderAsked | ev.HolderKept | ev.HolderSilent | ev.HandoffOffered | ev.HandoffEnded,
) -> Ticket:
    match event:
        case ev.HolderAsked():
            return replace(ticket, ack_until=event.until, ack_asked=True)
        case ev.HolderKept():
            return _held_until(ticket, event.holds_until)
        case ev.HolderSilent():
            return _held_until(ticket, None)
        case ev.HandoffOffered():
            return replace(ticket, handoff=Handoff(to=event.to, until=event.until))
        case ev.HandoffEnded():
            return replace(ticket, handoff=None)
        case _:
            assert_never(event)


def _pass(ticket: Ticket, person: str) -> Ticket:
    waiting = replace(ticket, escalation=_without(ticket.escalation, person))
    waiting = replace(waiting, passed=_union(ticket.passed, (person,)))
    if ticket.assignee != person:
        return waiting
    # Whoever comes now says anew when: the time that was told is over with the one who told it.
    on_the_way = (State.ACKNOWLEDGED, State.EN_ROUTE)
    state = State.NEW if ticket.state in on_the_way else ticket.state
    before = State.NEW if ticket.before_hold in on_the_way else ticket.before_hold
    waiting = replace(_held_until(waiting, None), handoff=None)
    return replace(waiting, assignee="", state=state, before_hold=before, eta=None)


def _held_until(ticket: Ticket, until: datetime | None) -> Ticket:
    """Return the ticket with an acknowledgement that counts until then; None: for good."""
    return replace(ticket, ack_until=until, ack_asked=False)


def _reopen(ticket: Ticket, event: ev.Reopened) -> Ticket:
    asked = (ticket.assignee,) if ticket.assignee else ()
    step = Escalation(
        cycle=event.cycle,
        round=event.round,
        level=event.level,
        next_at=event.next_at,
        asked=asked,
    )
    back = replace(ticket, state=State.ACKNOWLEDGED if ticket.assignee else State.NEW, escalation=step)
    back = replace(back, reserved=False, passed=(), news=event.text if event.next_at else ticket.news)
    return replace(back, resolved_at=None, reminded_at=None, ended_at=None, confirmed=False, eta=None)


def _without(escalation: Escalation, person: str) -> Escalation:
    return replace(escalation, asked=tuple(p for p in escalation.asked if p != person))


def _less(known: tuple[str, ...], gone: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in known if name not in set(gone))


def _union(known: tuple[str, ...], more: Iterable[str]) -> tuple[str, ...]:
    return (*known, *dict.fromkeys(name for name in more if name not in known))
