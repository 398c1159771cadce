"""A duplicate is folded into another ticket, which goes on for both.

What must not live here: loading and saving the two (usecases/merging.py), who hears a text (wording.py).
"""

from __future__ import annotations

from app.domain import commands as cmd
from app.domain import events as ev
from app.domain.classification import PRIORITIES
from app.domain.drafting import Draft
from app.domain.texts import TextId
from app.domain.ticket import Ticket
from app.domain.worsening import ask_anew


def refusal(duplicate: Ticket, target: Ticket) -> str:
    """Return why the one cannot be merged into the other, in a few words; empty when it can.

    Chains are refused, so that a number always leads to its ticket in one step; two accounts are, because
    each would read the other's words.
    """
    if duplicate.id == target.id:
        return "it is the same ticket"
    if not duplicate.open:
        return f"{duplicate.number} is over"
    if not target.open:
        return f"{target.number} is over"
    if any(e.type == "merged_in" for e in duplicate.history):
        return f"{duplicate.number} has duplicates of its own"
    if duplicate.account and target.account and duplicate.account != target.account:
        return "another account"
    return ""


def merge(draft: Draft, command: cmd.MergeInto | cmd.MergeIn) -> None:
    """Carry out one of the two halves of a merge."""
    if isinstance(command, cmd.MergeInto):
        _merge_into(draft, command)
    else:
        _merge_in(draft, command)


def _merge_into(draft: Draft, command: cmd.MergeInto) -> None:
    """End the duplicate; its people and its requester hear where it goes on."""
    ticket, person = draft.ticket, command.person
    into = str(command.into_number)
    draft.record(
        ev.Merged(**draft.head(), person=person, into=command.into, into_number=command.into_number),
    )
    asked = (ticket.assignee,) if ticket.assignee else ticket.escalation.asked
    for other in asked:
        if other != person:
            draft.tell(other, TextId.MERGED, into=into)
    draft.answer(TextId.MERGED, person, into=into)
    draft.tell_customer(TextId.MERGED_C, into=into)


def _merge_in(draft: Draft, command: cmd.MergeIn) -> None:
    """Take the duplicate's requester, words, first contact and, if it is more urgent, priority."""
    ticket, person = draft.ticket, command.person
    danger = command.life_safety and not ticket.life_safety
    draft.record(
        ev.MergedIn(
            **draft.head(),
            number=command.number,
            first_contact_at=command.first_contact_at,
            text=command.text,
            requester=command.requester,
            life_safety=command.life_safety,
        ),
    )
    if PRIORITIES.index(command.priority) < PRIORITIES.index(ticket.priority):
        draft.record(
            ev.PriorityChanged(
                **draft.head(),
                person=person,
                priority=command.priority,
                previous=ticket.priority,
            ),
        )
    if danger:
        ask_anew(draft, command.ladder, text=command.text, danger=True)
    sender = command.requester.name or command.requester.address
    for holder in (ticket.assignee,) if ticket.assignee else ticket.escalation.asked:
        if holder != person:
            draft.tell(holder, TextId.CUSTOMER_SAYS, quote=command.text, sender=sender)
