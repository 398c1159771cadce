"""Notification rules: by which methods, and how long after the page, one person is tried; quiet hours.

A plan is made when somebody is asked and dies when somebody has the ticket. What must not live here: who is
asked (drafting.py), what a refusal means (delivery.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.domain import asking_events as ev
from app.domain.asking_events import PageStep
from app.domain.classification import PRIORITIES
from app.domain.directory import ContactMethod, MethodKind, NotifyStep, Person
from app.domain.event import Event
from app.domain.message import Channel
from app.domain.roster import PAGED_BY
from app.domain.zones import local_instant

URGENT: Final = PRIORITIES[0]
_CALLS: Final = (timedelta(minutes=2), timedelta(minutes=5))
_WAKES: Final = (MethodKind.SMS, MethodKind.VOICE)
"""What quiet hours hold back; a mail wakes nobody."""


def plan(person: Person, priority: str, now: datetime, text: str = "") -> tuple[PageStep, ...]:
    """Return all tries to page a person of whom an answer is wanted now, earliest first.

    Never empty for somebody who has a method to be paged by. Without rules of their own for the priority it
    is their first method, and for the most urgent tickets two calls after two and five minutes.
    """
    usable = [method for method in person.methods if method.kind in PAGED_BY]
    if not usable:
        return ()
    wanted = [
        (method, step.after) for step in _rules(person, priority) for method in _first(usable, step.kind)
    ]
    if not wanted:
        wanted = [(usable[0], timedelta(0))]
    steps = {
        (held_until(person, method.kind, priority, now + after), method): None for method, after in wanted
    }
    return tuple(
        PageStep(person=person.key, kind=method.kind, address=method.address, at=at, text=text)
        for at, method in sorted(steps, key=lambda step: step[0])
    )


def held_until(person: Person, kind: MethodKind, priority: str, at: datetime) -> datetime:
    """Return when a page that is due at `at` may go: then, or when the person's quiet hours end.

    P1 is never held back, nor is a mail.
    """
    if priority == URGENT or kind not in _WAKES or person.quiet is None:
        return at
    begins, ends = person.quiet
    local = at.astimezone(ZoneInfo(person.timezone))
    clock = local.time()
    quiet = begins <= clock < ends if begins < ends else clock >= begins or clock < ends
    if not quiet:
        return at
    day = local.date() + timedelta(days=1 if begins > ends and clock >= begins else 0)
    return max(at, local_instant(datetime.combine(day, ends), ZoneInfo(person.timezone)))


def trivial(steps: Sequence[PageStep], person: Person, now: datetime) -> bool:
    """Return whether a plan is just "the first method, now", which needs no record."""
    first = next((method for method in person.methods if method.kind in PAGED_BY), None)
    return (
        len(steps) == 1
        and first is not None
        and steps[0].at <= now
        and steps[0].by(first.kind, first.address)
    )


def untried(person: Person, steps: Sequence[PageStep]) -> ContactMethod | None:
    """Return the person's first method by which no step goes, or None."""
    return next(
        (m for m in person.methods if m.kind in PAGED_BY and not any(s.by(m.kind, m.address) for s in steps)),
        None,
    )


def _rules(person: Person, priority: str) -> Sequence[NotifyStep]:
    own = [step for step in person.notify if step.priority == priority]
    if own or priority != URGENT:
        return own
    first = next(method for method in person.methods if method.kind in PAGED_BY)
    if first.kind is MethodKind.VOICE:
        return ()
    later = [NotifyStep(priority, MethodKind.VOICE, after) for after in _CALLS]
    return (NotifyStep(priority, first.kind, timedelta(0)), *later)


def _first(methods: Sequence[ContactMethod], kind: MethodKind) -> list[ContactMethod]:
    return [method for method in methods if method.kind is kind][:1]


def steps_after(steps: tuple[PageStep, ...], event: Event) -> tuple[PageStep, ...]:
    """Return what is left of all plans of a ticket after `event`."""
    match event:
        case ev.PagesPlanned():
            return (*(s for s in steps if s.person != event.person), *event.steps)
        case ev.LevelReached():
            return tuple(s for s in steps if s.person not in event.people)
        case ev.Exhausted() | ev.AskedAnew():
            return ()
        case ev.Passed() | ev.DeliveryFailed(page=True, next_channel=""):
            return tuple(s for s in steps if s.person != event.person)
        case ev.PagedAgain():
            return _taken(steps, event)
        case ev.DeliveryFailed(page=True) if event.channel is not Channel.VOICE:
            # A call that nobody answers may be answered next time; an address that refuses a text does not.
            return tuple(
                replace(s, done=True)
                if s.person == event.person and s.by(event.channel, event.address)
                else s
                for s in steps
            )
    return steps


def _taken(steps: tuple[PageStep, ...], event: ev.PagedAgain) -> tuple[PageStep, ...]:
    for index, step in enumerate(steps):
        if step.person == event.person and not step.done and step.by(event.method, event.address):
            return (*steps[:index], replace(step, done=True), *steps[index + 1 :])
    extra = PageStep(person=event.person, kind=event.method, address=event.address, at=event.at, done=True)
    return (*steps, extra)
