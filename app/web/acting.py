"""What the buttons do: a form becomes the command that a reply word would be, and its answer a short notice.

What must not live here: who may do it (access.py), what a command leads to (domain/decide.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from app.domain import commands as cmd
from app.domain.charsets import storable
from app.domain.commands import Command
from app.domain.decide import Decision
from app.domain.errors import CloseloopError
from app.domain.replies import Verb, eta_instant, parse_staff
from app.domain.texts import TextId
from app.domain.ticket import State, Ticket
from app.web.access import Action, Visitor
from app.web.words import HOLD_REASONS

PRIORITIES = ("P1", "P2", "P3", "P4")
_LONGEST_TEXT = 2000
_LONGEST_HOLD = timedelta(days=30)
_LONGEST_ETA = timedelta(days=7)

# What an answer to a person means on a page. The address of the page carries the id, never the words.
NOTICES: Mapping[str, str] = {
    TextId.ACKED: "You have it.",
    TextId.NOT_YOURS: "Somebody else has it already, so nothing was changed.",
    TextId.CLOSED_ALREADY: "This ticket is over already, so nothing was changed.",
    TextId.ETA_SAVED: "Saved, and the customer is told.",
    TextId.ETA_LATE: "Saved, and the customer is told. This is later than the limit for arriving: note why.",
    TextId.ONSITE_SAVED: "Saved: on site.",
    TextId.HOLD_SAVED: "On hold, and the customer is told.",
    TextId.RELEASED: "Work goes on.",
    TextId.DONE_SAVED: "Resolved. The customer is asked whether it is over.",
    TextId.DONE_NEEDS_TEXT: "Resolved. Please add a note: what was done?",
    TextId.REOPENED: "Back to work.",
    TextId.PASSED: "Passed on to the next in line.",
    TextId.HANDOFF_OFFERED: "Your colleague is asked to take it. Until then it is yours.",
    TextId.HANDOFF_CANNOT: "Nothing changed: that colleague is off, or cannot be reached.",
    TextId.HANDOFF_REFUSED: "It stays with whoever has it.",
    TextId.ESCALATED: "The next level is asked now.",
    TextId.CANCELLED: "Cancelled.",
    TextId.NOTE_SAVED: "Note saved.",
    TextId.UPDATE_SENT: "The customer is told.",
    "priority": "Priority changed.",
    TextId.MERGED: "Merged: the other ticket goes on for both.",
    TextId.NOT_MERGED: "Nothing merged: that ticket is not there, over, the same, of another account,"
    " or this one has duplicates of its own.",
    "opened": "Ticket opened.",
    "eta_unclear": "No time saved: write it like 45, 1h30 or 3:15p.",
    "text_missing": "Nothing saved: the text is missing.",
    "all_taken": "You have all tickets of the incident.",
    "ungrouped": "Each ticket is on its own again.",
    "conflict": "Nothing saved: somebody else changed this ticket at the same moment. Look again.",
    "choice_missing": "Nothing saved: please choose from the list.",
}


class UnclearError(CloseloopError):
    """The form does not say enough. `notice` is one of NOTICES."""

    def __init__(self, notice: str) -> None:
        """Carry the id of the notice."""
        super().__init__(NOTICES[notice])
        self.notice = notice


def command_of(  # noqa: C901, PLR0912 - one line for each action
    action: Action,
    visitor: Visitor,
    form: Mapping[str, str],
    zone: ZoneInfo,
    now: datetime,
) -> Command:
    """Return the command that a form asks for. Raises UnclearError."""
    actor, person = visitor.actor, visitor.person
    match action:
        case Action.ACK:
            return cmd.Acknowledge(actor=actor, person=person)
        case Action.CANT:
            return cmd.Pass(actor=actor, person=person, text=_text(form), to=form.get("to", "")[:40])
        case Action.TAKE:
            return cmd.Take(actor=actor, person=person)
        case Action.ETA:
            return cmd.GiveEta(actor=actor, person=person, eta=_eta(form, zone, now))
        case Action.ONSITE:
            return cmd.Arrive(actor=actor, person=person)
        case Action.DONE:
            return cmd.Resolve(actor=actor, person=person, text=_text(form))
        case Action.ESCALATE:
            return cmd.Escalate(actor=actor, person=person, text=_text(form))
        case Action.NOTE:
            return cmd.Note(actor=actor, person=person, text=_needed(form))
        case Action.UPDATE:
            return cmd.Update(actor=actor, person=person, text=_needed(form))
        case Action.HOLD:
            reason, text = form.get("reason", ""), _text(form)
            if reason not in HOLD_REASONS:
                raise UnclearError("choice_missing")
            length = _hold_length(form)
            return cmd.Hold(actor=actor, person=person, reason=reason, text=text, duration=length)
        case Action.RESUME:
            return cmd.Release(actor=actor, person=person)
        case Action.REOPEN:
            return cmd.Reopen(actor=actor, person=person, text=_text(form))
        case Action.CANCEL:
            return cmd.Cancel(actor=actor, person=person, text=_text(form))
        case Action.PRIORITY:
            priority = form.get("priority", "")
            if priority not in PRIORITIES:
                raise UnclearError("choice_missing")
            return cmd.SetPriority(actor=actor, person=person, priority=priority)
        case Action.MERGE:  # of two tickets, so not a command of one: see merge_target
            raise UnclearError(TextId.NOT_MERGED)
        case _:
            assert_never(action)


def merge_target(form: Mapping[str, str]) -> int:
    """Return the number of the ticket to merge into. Raises UnclearError."""
    number = form.get("number", "").strip().lstrip("#")
    if not (number.isascii() and number.isdigit() and len(number) <= 12):  # noqa: PLR2004 - no such number
        raise UnclearError(TextId.NOT_MERGED)
    return int(number)


def notice_of(action: Action, decision: Decision) -> str:
    """Return the id of the notice that tells what came of it."""
    if action == Action.PRIORITY:
        return "priority"
    answers = [str(say.text) for say in decision.says if say.answer and say.person]
    return answers[-1] if answers and answers[-1] in NOTICES else ""


def offers(ticket: Ticket, visitor: Visitor) -> tuple[Action, ...]:
    """Return what makes sense now for this visitor, the most likely first."""
    return tuple(action for action in _sensible(ticket, visitor.person) if visitor.may(action, ticket.id))


def next_step(ticket: Ticket, visitor: Visitor) -> Action | None:
    """Return the one action that is to be done next, which gets the big button."""
    possible = offers(ticket, visitor)
    order = [Action.ACK, Action.RESUME, Action.ETA, Action.ONSITE, Action.DONE, Action.REOPEN]
    if ticket.state == State.EN_ROUTE:
        order.remove(Action.ETA)
    return next((action for action in order if action in possible), None)


def _sensible(ticket: Ticket, me: str) -> list[Action]:
    if ticket.over and ticket.state in (State.CLOSED, State.RESOLVED):
        more = [Action.UPDATE] if ticket.open else []
        return [Action.REOPEN, Action.NOTE, *more]
    if not ticket.open:
        return [Action.NOTE]
    mine = ticket.assignee == me
    found: list[Action] = []
    wanted = (ticket.handoff is not None and ticket.handoff.to == me) or (mine and ticket.ack_asked)
    if ticket.assignee == "" or ticket.escalating or wanted:
        found.append(Action.ACK)
    if ticket.state == State.ON_HOLD:
        found.append(Action.RESUME)
    if ticket.state != State.ON_SITE:
        found += [Action.ETA, Action.ONSITE]
    found.append(Action.DONE)
    if mine or wanted or me in ticket.escalation.asked:
        found.append(Action.CANT)
    if ticket.assignee and not mine:
        found.append(Action.TAKE)
    found += [Action.ESCALATE, Action.NOTE, Action.UPDATE, Action.MERGE]
    if ticket.state != State.ON_HOLD:
        found.append(Action.HOLD)
    return [*found, Action.PRIORITY, Action.CANCEL]


def _text(form: Mapping[str, str]) -> str:
    return storable(form.get("text", "").strip()[:_LONGEST_TEXT])


def _needed(form: Mapping[str, str]) -> str:
    text = _text(form)
    if not text:
        raise UnclearError("text_missing")
    return text


def _eta(form: Mapping[str, str], zone: ZoneInfo, now: datetime) -> datetime:
    """Return when somebody will be there: a button's minutes, or what a text would say behind ETA."""
    said = form.get("other", "").strip()[:40] or form.get("minutes", "")
    reply = parse_staff(f"ETA {said}")
    if reply.verb != Verb.ETA or reply.eta is None:
        raise UnclearError("eta_unclear")
    eta = eta_instant(reply.eta, now, zone)
    if not timedelta(0) <= eta - now + timedelta(minutes=1) <= _LONGEST_ETA:
        raise UnclearError("eta_unclear")
    return eta


def _hold_length(form: Mapping[str, str]) -> timedelta | None:
    minutes = form.get("minutes", "")
    if not minutes:
        return None
    if not (minutes.isascii() and minutes.isdigit() and len(minutes) <= 6):  # noqa: PLR2004 - a few years
        raise UnclearError("choice_missing")
    return min(timedelta(minutes=int(minutes)), _LONGEST_HOLD) or None
