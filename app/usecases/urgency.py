"""How urgent an open ticket is by what is said later: what the rules make of it, and which ladder follows.

What must not live here: what being more urgent does to the ticket (domain/worsening.py).
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from app.domain.classification import PRIORITIES, WEEKDAYS, Classification, Facts
from app.domain.commands import SetPriority, WorseNews
from app.domain.ticket import Ticket
from app.usecases.desk import Desk

_SAYS_NOTHING = "hello"


def worse_news(desk: Desk, ticket: Ticket, facts: Facts, actor: str) -> WorseNews | None:
    """Return the command that the words of `facts` are for an open ticket; None when they are no worse."""
    if not any(letter.isalpha() for letter in facts.text):
        return None
    rulebook = desk.house.rulebook
    found = rulebook.classify(facts)
    danger = found.life_safety and not ticket.life_safety
    if not danger and _rank(found.priority) >= _rank(ticket.priority):
        return None
    if not danger and not _says_more(desk, facts, found):
        return None
    return WorseNews(
        actor=actor,
        priority=found.priority,
        life_safety=danger,
        ladder=_ladder(desk, ticket, facts, found),
        text=facts.text,
    )


def with_ladder(desk: Desk, ticket: Ticket, command: SetPriority) -> SetPriority:
    """Return the command with the ladder that the ticket has to climb at its new priority."""
    facts = _facts(desk, ticket)
    found = Classification(priority=command.priority, trade=ticket.trade)
    return replace(command, ladder=_ladder(desk, ticket, facts, found))


def _says_more(desk: Desk, facts: Facts, found: Classification) -> bool:
    """Return whether it is the words that are urgent.

    Rules also judge by account and hour, and by not knowing what a message is about: "hello?" is no news.
    """
    nothing = desk.house.rulebook.classify(replace(facts, text=_SAYS_NOTHING, subject="", pictures=0))
    known = bool(found.trade) or found.priority == PRIORITIES[0]
    return known and _rank(found.priority) < _rank(nothing.priority)


def _rank(priority: str) -> int:
    return PRIORITIES.index(priority)


def _ladder(desk: Desk, ticket: Ticket, facts: Facts, found: Classification) -> str:
    now = replace(
        found,
        priority=min(found.priority, ticket.priority, key=_rank) if found.rules else found.priority,
        trade=ticket.trade or found.trade,
        tags=tuple(dict.fromkeys((*ticket.tags, *found.tags))),
        life_safety=found.life_safety or ticket.life_safety,
    )
    return desk.house.rulebook.route(facts, now).ladder


def _facts(desk: Desk, ticket: Ticket) -> Facts:
    directory = desk.roster.directory
    account, site = directory.accounts.get(ticket.account), directory.sites.get(ticket.site)
    local = desk.now.astimezone(ZoneInfo(desk.zone(ticket.site)))
    return Facts(
        text=ticket.text,
        subject=ticket.requester.subject,
        channel=ticket.requester.channel,
        contact_known=bool(ticket.requester.contact),
        account=ticket.account,
        tier=account.tier if account else "",
        site=site.code if site else "",
        region=site.region if site else "",
        local_hour=local.hour,
        weekday=WEEKDAYS[local.weekday()],
    )
