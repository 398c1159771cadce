"""The end of the work, and its undoing: done, confirmed, declined, reopened, closed without an answer.

What must not live here: the commands while work goes on (responding.py), texts (texts.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from app.domain import commands as cmd
from app.domain import events as ev
from app.domain.clocks import closure_due
from app.domain.drafting import Draft, Fact
from app.domain.responding import take_it, working
from app.domain.texts import TextId
from app.domain.ticket import State, Ticket

# A no from the customer reopens a ticket that was closed this recently; later it is a new ticket.
REOPEN_WINDOW = timedelta(days=7)


def lacks_resolution(draft: Draft, person: str) -> bool:
    """Return whether `person` said that it is done, but not yet what was done."""
    return draft.ticket.assignee == person and _is_done_without_words(draft.ticket)


def _is_done_without_words(ticket: Ticket) -> bool:
    """Return whether nobody told yet what was done; it is kept after the customer's quick yes, too."""
    return ticket.state in (State.RESOLVED, State.CLOSED) and not ticket.resolution


def resolve(draft: Draft, command: cmd.Resolve) -> None:
    """Somebody says that it is fixed: ask the customer. What was done may follow later."""
    ticket, person = draft.ticket, command.person
    if ticket.reserved:  # whoever looked at the customer's words says again that it is fixed
        if ticket.assignee == "" or ticket.escalating:
            take_it(draft, person, implied=True)
    elif command.text and _is_done_without_words(ticket):
        note_resolution(draft, person, command.text)
        return
    elif not working(draft, person):
        return
    if draft.ticket.state in (State.ACKNOWLEDGED, State.EN_ROUTE, State.NEW):
        draft.record(ev.Arrived(**draft.head(), person=person, implied=True))
    draft.record(ev.Resolved(**draft.head(), person=person, text=command.text))
    closes = draft.ticket.close_after + draft.at
    text = TextId.DONE_SAVED if command.text else TextId.DONE_NEEDS_TEXT
    draft.answer(text, person, time=draft.at, close_by=closes)
    draft.tell_customer(TextId.CLOSING_QUESTION_C, time=draft.at, quote=command.text, close_by=closes)


def note_resolution(draft: Draft, person: str, text: str) -> None:
    """Add what was done to a ticket that was reported as done without saying so."""
    draft.record(ev.ResolutionNoted(**draft.head(), person=person, text=text))
    draft.answer(TextId.NOTE_SAVED, person)


def reopen_by_staff(draft: Draft, command: cmd.Reopen) -> None:
    """Undo a done or a closing; whoever reopens has it."""
    ticket, person = draft.ticket, command.person
    if ticket.state not in (State.RESOLVED, State.CLOSED):
        draft.answer(TextId.REOPENED, person)
        return
    draft.record(ev.Reopened(**draft.head(), person=person, text=command.text, next_at=None))
    if draft.ticket.assignee == "":
        draft.record(ev.Acknowledged(**draft.head(), person=person))
    elif draft.ticket.assignee != person:
        draft.record(ev.Taken(**draft.head(), person=person, previous=ticket.assignee))
        draft.tell(ticket.assignee, TextId.TAKEN, by=person, time=draft.at)
    draft.answer(TextId.REOPENED, person)
    draft.tell_customer(TextId.NOT_FIXED_YET_C)


def confirm(draft: Draft, command: cmd.Confirm) -> None:
    """Close: the customer agrees."""
    ticket = draft.ticket
    asked = ticket.state == State.RESOLVED or (ticket.state == State.CLOSED and not ticket.confirmed)
    if not asked:
        return
    draft.record(ev.Confirmed(**draft.head(), text=command.text, inbox_id=command.inbox_id))
    draft.record(ev.Closed(**draft.head(), confirmed=True))
    draft.answer_all(TextId.CLOSED_CONFIRMED_C)
    if ticket.assignee:
        draft.tell(ticket.assignee, TextId.CUSTOMER_CONFIRMED)


def may_reopen(ticket: Ticket, now: datetime) -> bool:
    """Return whether a no from the customer reopens this ticket: it waits for an answer, or closed lately."""
    if ticket.state == State.CLOSED and ticket.ended_at is not None:
        return now - ticket.ended_at <= REOPEN_WINDOW
    return ticket.state == State.RESOLVED


def decline(draft: Draft, command: cmd.Decline) -> None:
    """Go back to work: the customer does not agree; whoever had it is paged."""
    ticket = draft.ticket
    if not may_reopen(ticket, draft.now):
        return
    draft.record(ev.Declined(**draft.head(), text=command.text, inbox_id=command.inbox_id))
    # Whoever had it is asked first, for as long as the first level is; then the ladder goes on after it.
    holder = ticket.assignee if draft.setting.roster.reachable(ticket.assignee) else ""
    next_at = draft.now + draft.first_wait if holder else draft.now
    draft.record(
        ev.Reopened(
            **draft.head(),
            person=ticket.assignee,
            text=command.text,
            next_at=next_at,
            cycle=ticket.escalation.cycle,
        ),
    )
    if holder:
        draft.page(holder, text=TextId.REOPENED_PAGE)
    else:
        draft.record(ev.AskedAnew(**draft.head(), cycle=ticket.escalation.cycle + 1))
        draft.advance("reopened", text=TextId.REOPENED_PAGE)
    draft.answer_all(TextId.REOPENED_C, name=draft.being_paged)


def closure_step(draft: Draft) -> None:
    """Remind of the unanswered closing question, or close as unconfirmed after that."""
    ticket = draft.ticket
    if ticket.reserved:  # the next word is ours, not the customer's
        draft.record(ev.ClosureReminded(**draft.head()))
        if not ticket.escalating:
            draft.ask_holder_first("reserved", TextId.LOOK_AGAIN_PAGE)
        return
    to_remind = ticket.reminded_at is None and ticket.remind_after < ticket.close_after
    if to_remind or ticket.life_safety:
        draft.record(ev.ClosureReminded(**draft.head()))
        closes: dict[str, Fact] = {} if ticket.life_safety else {"close_by": closure_due(draft.ticket)}
        draft.tell_customer(TextId.CLOSING_REMINDER_C, **closes)
        return
    draft.record(ev.Closed(**draft.head(), confirmed=False))
    draft.tell_customer(TextId.CLOSED_UNCONFIRMED_C)
    if ticket.assignee:
        draft.tell(ticket.assignee, TextId.CUSTOMER_SILENT, time=draft.at)
