"""Whose it still is: a ticket handed to a named colleague, and a holder from whom nothing is heard.

Both leave the ticket with its holder until somebody else has it: there is no moment in which nobody does.
What must not live here: passing on to the next in line (responding.py), the ladder's steps (drafting.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from app.domain import commands as cmd
from app.domain import events as ev
from app.domain.clocks import waits_for_holder
from app.domain.drafting import Draft, Fact
from app.domain.texts import TextId

# How long a colleague has to say yes before the ticket stays where it is.
OFFER_LASTS = timedelta(minutes=10)
# How long a silent holder has to answer before others are asked.
_PATIENCE = timedelta(minutes=10)


def offer(draft: Draft, command: cmd.Pass) -> bool:
    """Ask the colleague whom the holder names; return whether this was one's ticket to hand over.

    Whoever is only asked, and names somebody, has said no: the named colleague is asked beside the others.
    """
    ticket, by, to = draft.ticket, command.person, command.to
    holds = ticket.assignee == by
    if not to or to == by or not (holds or (ticket.assignee == "" and by in ticket.escalation.asked)):
        return False
    roster = draft.setting.roster
    leave = roster.away(to, draft.now)
    if leave is not None or not roster.reachable(to):
        facts: dict[str, Fact] = {"until": leave.end} if leave else {}
        draft.answer(TextId.HANDOFF_CANNOT, by, to=to, **facts)
        return True
    if not holds:
        _ask_instead(draft, command)
        return True
    until = draft.now + OFFER_LASTS
    draft.record(ev.HandoffOffered(**draft.head(), person=by, to=to, until=until, text=command.text))
    draft.page(to, text=TextId.HANDOFF_PAGE, by=by, ack_by=until)
    draft.answer(TextId.HANDOFF_OFFERED, by, to=to, ack_by=until)
    return True


def _ask_instead(draft: Draft, command: cmd.Pass) -> None:
    escalation = draft.ticket.escalation
    draft.record(ev.Passed(**draft.head(), person=command.person, text=command.text))
    due = max(escalation.next_at or draft.now, draft.now + OFFER_LASTS)
    draft.record(
        ev.LevelReached(
            **draft.head(),
            cycle=escalation.cycle,
            round=max(escalation.round, 1),
            level=max(escalation.level, 1),
            people=(command.to,),
            revision=draft.setting.revision,
            next_at=due,
            reason="named",
            waiting=escalation.waiting,
            continued=True,
            directory=draft.setting.roster.directory.version,
        ),
    )
    draft.page(command.to, text=TextId.HANDOFF_PAGE, by=command.person)
    draft.answer(TextId.PASSED, command.person, to=command.to)


def accept(draft: Draft, person: str) -> bool:
    """Make the colleague to whom the ticket was offered its holder; return whether it was offered to them."""
    handoff, holder = draft.ticket.handoff, draft.ticket.assignee
    if handoff is None or handoff.to != person:
        return False
    until = draft.holds_until()
    draft.record(ev.Taken(**draft.head(), person=person, previous=holder, holds_until=until))
    draft.tell(holder, TextId.TAKEN, by=person, time=draft.now)
    return True


def refuse(draft: Draft, command: cmd.Pass) -> bool:
    """Leave the ticket with its holder, who hears it; return whether it was offered to this colleague."""
    handoff = draft.ticket.handoff
    if handoff is None or handoff.to != command.person:
        return False
    end(draft, "refused", command.text)
    draft.answer(TextId.HANDOFF_REFUSED, command.person, by=draft.ticket.assignee)
    return True


def end(draft: Draft, reason: str, text: str = "") -> None:
    """End the open offer; the holder hears that the ticket is still theirs."""
    handoff = draft.ticket.handoff
    if handoff is None:
        return
    draft.record(ev.HandoffEnded(**draft.head(), to=handoff.to, reason=reason, text=text))
    draft.tell(draft.ticket.assignee, TextId.HANDOFF_BACK, to=handoff.to)


def expire(draft: Draft, due: datetime) -> bool:
    """End an offer whose time is up; return whether it was still open."""
    handoff = draft.ticket.handoff
    if handoff is None or handoff.until != due:
        return False
    end(draft, "expired")
    return True


def holder_timer(draft: Draft, due: datetime) -> bool:
    """Ask a silent holder, and later go on without one; return whether the ticket still waited for it."""
    ticket, holds = draft.ticket, draft.setting.ladder.ack_holds
    if not waits_for_holder(ticket) or ticket.ack_until != due:
        return False
    if ticket.ack_asked:
        go_on(draft)
        return True
    until = draft.now + min(holds or _PATIENCE, _PATIENCE)
    draft.record(ev.HolderAsked(**draft.head(), person=ticket.assignee, until=until))
    draft.page(ticket.assignee, text=TextId.HOLDER_PAGE, ack_by=until)
    return True


def go_on(draft: Draft) -> None:
    """Go on with the ladder where it was; the holder keeps the ticket until somebody takes it."""
    holder = draft.ticket.assignee
    draft.record(ev.HolderSilent(**draft.head(), person=holder))
    draft.advance("silent", without=holder)
    draft.tell(holder, TextId.HOLDER_SILENT)


def keep(draft: Draft, person: str) -> None:
    """Note that the holder, who was asked, still has it."""
    if draft.ticket.ack_asked and draft.ticket.assignee == person:
        draft.record(ev.HolderKept(**draft.head(), person=person, holds_until=draft.holds_until()))


def page_failed(draft: Draft, person: str, following: int | None) -> None:
    """Try the next method of the one who was asked about a ticket that somebody has; without one, go on."""
    ticket = draft.ticket
    handoff = ticket.handoff if ticket.handoff is not None and ticket.handoff.to == person else None
    if following is None and handoff:
        end(draft, "unreachable")
    elif following is None:
        go_on(draft)
    elif handoff:
        text, until = TextId.HANDOFF_PAGE, handoff.until
        draft.page(person, text=text, method=following, by=ticket.assignee, ack_by=until)
    else:
        until = ticket.ack_until or draft.now
        draft.page(person, text=TextId.HOLDER_PAGE, method=following, ack_by=until)
