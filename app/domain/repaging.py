"""Trying a person again: the next step of their plan, when it is due or when a method failed.

What must not live here: the plan itself (notifying.py), who is asked next (drafting.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.domain import commands as cmd
from app.domain import events as ev
from app.domain import handoffs
from app.domain.delivery import provider_away
from app.domain.directory import ContactMethod, MethodKind, Person
from app.domain.drafting import Draft
from app.domain.events import PageStep
from app.domain.message import Channel
from app.domain.notifying import held_until, untried
from app.domain.roster import PAGED_BY
from app.domain.texts import TextId


def step_due(draft: Draft, person: str, due: datetime) -> bool:
    """Page a person by the steps that are due; return whether there was one."""
    steps = [s for s in draft.ticket.page_steps if s.person == person and not s.done]
    if not steps or min(step.at for step in steps) != due:
        return False
    for step in steps:
        if step.at <= draft.now:
            _page(draft, person, step)
    return True


def report_failure(draft: Draft, command: cmd.ReportFailure) -> None:
    """Try the next method of whoever did not get a message, then the next person, at once."""
    ticket, person = draft.ticket, command.person
    asks = person and person not in ticket.passed and command.text != TextId.EXHAUSTED
    following = _after(draft, command) if asks else None
    draft.record(
        ev.DeliveryFailed(
            **draft.head(),
            person=person,
            channel=command.channel,
            address=command.address,
            page=command.page,
            code=command.code,
            detail=command.detail,
            outbox_id=command.outbox_id,
            next_channel="" if following is None else following.kind,
        ),
    )
    if not person:
        for holder in (ticket.assignee,) if ticket.assignee else ticket.escalation.asked:
            to, channel = ticket.requester.name or command.address, str(command.channel)
            draft.tell(holder, TextId.DELIVERY_FAILED, to=to, channel=channel, reason=command.detail)
    elif command.page and ticket.awaits(person):
        handoffs.page_failed(draft, person, None if following is None else _index(draft, person, following))
    elif command.page and ticket.escalating:
        left = draft.ticket.escalation
        if following is not None:
            if following.at <= draft.now:
                _page(draft, person, following)
        elif person in ticket.escalation.asked and (left.waiting or not draft.ticket.next_asked):
            draft.advance("unreachable", without=person)


def _after(draft: Draft, command: cmd.ReportFailure) -> PageStep | None:
    """Return the try that follows on the one that failed, None when there is none."""
    person = draft.setting.roster.directory.people.get(command.person)
    if person is None:
        return None
    mine = [s for s in draft.ticket.page_steps if s.person == person.key]
    if provider_away(command.code):
        other = _other_way(person, mine, command)
        if other is not None:
            at = held_until(person, other.kind, draft.urgency, draft.now)
            return PageStep(
                person=person.key, kind=other.kind, address=other.address, at=at, text=command.text
            )
    called = command.channel is Channel.VOICE
    left = [s for s in mine if not s.done and (called or not s.by(command.channel, command.address))]
    if left and called:
        return left[0]  # it was rung in vain: the plan goes on as it stands
    if left:
        kind, address, text = left[0].kind, left[0].address, left[0].text
    elif mine:
        method = untried(person, mine)
        if method is None:
            return None
        kind, address, text = method.kind, method.address, command.text
    else:
        methods = person.methods
        # One number may be there twice, to be called and to be texted.
        failed = (str(command.channel), command.address)
        place = next((i for i, m in enumerate(methods) if (str(m.kind), m.address) == failed), len(methods))
        later = next((m for i, m in enumerate(methods) if i > place and m.kind in PAGED_BY), None)
        if later is None:
            return None
        kind, address, text = later.kind, later.address, command.text
    at = held_until(person, kind, draft.urgency, draft.now)
    return PageStep(person=person.key, kind=kind, address=address, at=at, text=text)


def _other_way(person: Person, steps: Sequence[PageStep], command: cmd.ReportFailure) -> ContactMethod | None:
    """Return the first method by another provider that was not tried yet, None if there is none.

    What is planned for later by the provider that is away stays planned: it may be back by then.
    """
    written = command.channel is Channel.EMAIL
    ways = [m for m in person.methods if m.kind in PAGED_BY and (m.kind is MethodKind.EMAIL) != written]
    if not steps:  # tried from the first method on
        failed = (str(command.channel), command.address)
        tried = [(str(m.kind), m.address) for m in person.methods]
        done = tried[: tried.index(failed)] if failed in tried else tried
        return next((m for m in ways if (str(m.kind), m.address) not in done), None)
    return next((m for m in ways if not any(s.done and s.by(m.kind, m.address) for s in steps)), None)


def _index(draft: Draft, person: str, step: PageStep) -> int | None:
    methods = draft.setting.roster.methods(person)
    return next((i for i, m in enumerate(methods) if step.by(m.kind, m.address)), None)


def _page(draft: Draft, person: str, step: PageStep) -> None:
    planned = any(s.person == person for s in draft.ticket.page_steps)
    if planned:
        draft.record(
            ev.PagedAgain(**draft.head(), person=person, method=step.kind, address=step.address),
        )
    index = _index(draft, person, step)
    if index is not None:  # else the directory has changed since
        draft.page(person, method=index, text=TextId(step.text) if step.text else None)
