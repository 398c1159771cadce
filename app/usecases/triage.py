"""A message that our own code failed on still becomes a ticket, and a person is paged.

What must not live here: what a message means (customers.py), which failures come here (intake.py).
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from app.domain import commands as cmd
from app.domain.classification import Classification, ClosureTerms, Facts, Route
from app.domain.directory import Role
from app.domain.events import Requester
from app.domain.ticket import Ticket
from app.rulebook.revision import Rulebook
from app.store.inbox import Waiting
from app.usecases.desk import Desk

log = structlog.get_logger()

NOTHING_WRITTEN = "(no text)"
_LONGEST_FAILURE = 300
_TRIAGE_TERMS = ClosureTerms(remind_after=timedelta(hours=4), close_after=timedelta(days=1))


def open_for_triage(desk: Desk, waiting: Waiting, error: Exception) -> Ticket:
    """Open a P1 ticket for a message that our own code failed on, without asking any rule."""
    inbound = waiting.inbound
    raw = str(inbound.payload.get("Body") or inbound.payload.get("text") or "")
    text = raw or inbound.raw[:2000].decode("utf-8", "replace").replace("\0", "")
    rulebook = desk.house.rulebook
    route = _triage_route(rulebook)
    desk.note("triage", inbound.sender, {"error": repr(error)[:500]})
    requester = Requester(
        contact="",
        name="",
        channel=inbound.channel,
        address=inbound.sender,
        our_address=inbound.recipient,
    )
    command = cmd.Open(
        actor=f"address:{inbound.sender}",
        ticket_id=desk.house.ids.next(),
        number=desk.number(),
        contact_at=min(inbound.received_at, desk.now),
        requester=requester,
        account="",
        site="",
        text=text.strip() or NOTHING_WRITTEN,
        classification=Classification(priority="P1", tags=("triage",), rules=("intake failed",)),
        route=route,
        revision=rulebook.hash,
        policy=desk.house.policy_hash(desk.connection, route.sla),
        inbox_id=waiting.id,
        ask_site=False,
        failure=repr(error)[:_LONGEST_FAILURE],
    )
    return desk.apply(command).ticket


def _triage_route(rulebook: Rulebook) -> Route:
    """Return the route of a stranger's P1; where even that cannot be asked, some ladder that reaches someone.

    A rule that fails on everything must not keep a person from being paged (promise 1).
    """
    try:
        route = rulebook.route(Facts(), Classification(priority="P1"))
    except Exception as error:  # noqa: BLE001 - whatever is broken in the rules, the message is not lost
        log.error("triage_route_failed", error=repr(error))  # noqa: TRY400 - its message was logged before
        ladders = rulebook.ladders
        duty = [name for name, ladder in ladders.items() if Role.DUTY_MANAGER in ladder.targets]
        return Route(
            ladder=next(iter(duty or ladders)),
            sla=next(iter(rulebook.policies)),
            confirm=_TRIAGE_TERMS,
        )
    return Route(ladder=route.ladder, sla=route.sla, confirm=route.confirm)
