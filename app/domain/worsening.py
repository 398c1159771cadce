"""Worse news about an open ticket: danger, or a higher priority. It is asked for anew, on another ladder.

What must not live here: which words are worse news (rulebook), the ladder's steps (drafting.py).
"""

from __future__ import annotations

from app.domain import commands as cmd
from app.domain import events as ev
from app.domain.classification import PRIORITIES
from app.domain.drafting import Draft
from app.domain.texts import TextId
from app.domain.ticket import State


def worse_news(draft: Draft, command: cmd.WorseNews) -> None:
    """Let what the customer says now make the ticket more urgent; nothing that comes later makes it less.

    Danger is asked for even if somebody has the ticket: they are paged with the others, and stay on it. It is
    reported once; more words about the same danger are more words.
    """
    if not draft.ticket.open:
        return
    danger = command.life_safety and not draft.ticket.life_safety
    if raise_priority(draft, command.priority, ladder=command.ladder) or danger:
        ask_anew(draft, command.ladder, text=command.text, danger=danger)
    if danger:
        asked = draft.ticket.escalation.asked
        draft.answer_all(TextId.RECEIPT_LIFE_SAFETY_C, name=asked[0] if asked else "")


def raise_priority(draft: Draft, wanted: str, *, person: str = "", ladder: str = "") -> bool:
    """Make the ticket at least as urgent as `wanted`; return whether that was more than it is."""
    ticket = draft.ticket
    if not wanted or PRIORITIES.index(wanted) >= PRIORITIES.index(ticket.priority):
        return False
    draft.record(
        ev.PriorityChanged(
            **draft.head(),
            person=person,
            priority=wanted,
            previous=ticket.priority,
            ladder=ladder,
        ),
    )
    return True


def ask_anew(draft: Draft, ladder: str, *, text: str = "", danger: bool = False) -> None:
    """Ask for a ticket that became more urgent from the first level on, if nobody has it or in danger."""
    ticket, holder = draft.ticket, draft.ticket.assignee
    waits = ticket.escalating and not ticket.escalation.joining
    if not danger and not waits:
        return
    over = ticket.state == State.RESOLVED
    if over:
        draft.record(ev.Declined(**draft.head(), text=text))
        cycle = ticket.escalation.cycle
        draft.record(
            ev.Reopened(**draft.head(), person=holder, text="", next_at=draft.now, cycle=cycle),
        )
    if ticket.state == State.ON_HOLD:  # whatever it waited for, it does not wait now
        draft.record(ev.Released(**draft.head(), person="", reason=""))
    draft.record(
        ev.AskedAnew(
            **draft.head(),
            cycle=ticket.escalation.cycle + (1 if ticket.escalation.round else 0),
            ladder=ladder,
            text=text,
            life_safety=danger,
            joining=bool(holder) and not waits and not over,
        ),
    )
    draft.advance("worse", also=holder, text=TextId.WORSE_PAGE)
