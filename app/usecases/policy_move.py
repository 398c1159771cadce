"""Moving an open ticket to the SLA policy that the rulebook in force would choose for it now.

A ticket keeps the policy that it was opened with; a new revision is for new tickets. Only a manager moves
one, on purpose and with a reason, after seeing what that changes. What must not live here: how policies are
chosen (rulebook/selecting.py), what the move does to the ticket (domain/decide.py), who may (web/access.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from app.domain.classification import WEEKDAYS, Classification, Facts
from app.domain.clocks import read_clocks, zone_of
from app.domain.commands import MovePolicy
from app.domain.decide import Decision
from app.domain.directory import Directory
from app.domain.errors import CloseloopError
from app.domain.sla import ClockReport, ClockState, Metric, parse_policy
from app.domain.sla_actions import stamped_actions
from app.domain.ticket import Ticket
from app.store import tickets as ticket_store
from app.usecases.actions import NoSuchTicketError, perform
from app.usecases.house import House, policy_digest

_LONGEST_REASON = 2000


class MoveError(CloseloopError):
    """A ticket can be moved to another SLA policy while it is open, to another than it has, with a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a clock stands under one policy. Instants are UTC, `target_seconds` None without a target."""

    state: ClockState
    due_at: datetime | None
    target_seconds: float | None
    breached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricPreview:
    """One clock before and after the move; None where that policy has no target for it."""

    metric: Metric
    before: Standing | None
    after: Standing | None

    @property
    def changed(self) -> bool:
        """Return whether the move makes a difference to this clock."""
        return self.before != self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPreview:
    """What moving a ticket would change as of `now`, in the order of the metrics.

    `policy` is the hash of the policy that the ticket would get, `name` what the rulebook calls it;
    `actions_changed` when a warning or a breach would set off something else.
    """

    ticket: Ticket
    name: str
    policy: str
    rows: tuple[MetricPreview, ...]
    actions_changed: bool
    directory: Directory
    now: datetime

    @property
    def same(self) -> bool:
        """Return whether the ticket counts by this policy already."""
        return self.ticket.policy == self.policy


def id_of(house: House, number: int) -> int:
    """Return the id of the ticket of this number. Raises NoSuchTicketError."""
    with house.begin() as connection:
        found = ticket_store.by_numbers(connection, [number])
    if not found:
        raise NoSuchTicketError(f"there is no ticket {number}")
    return next(iter(found))


def preview(house: House, ticket_id: int) -> PolicyPreview:
    """Return what the ticket of this id would get, without changing anything.

    Raises NoSuchTicketError, MoveError for a ticket that is over.
    """
    now = house.clock.now()
    with house.begin() as connection:
        ticket = ticket_store.by_ids(connection, [ticket_id]).get(ticket_id)
        if ticket is None:
            raise NoSuchTicketError
        if not ticket.open:
            raise MoveError(f"ticket {ticket.number} is over: it stays with the policy that it ended under")
        return _preview(house, connection, ticket, now)


def move(
    house: House, ticket_id: int, *, actor: str, person: str, reason: str, expected: str | None = None
) -> Decision:
    """Move an open ticket to the policy that the rulebook in force chooses for it, and commit.

    `expected` is the hash that the person saw in the preview. Raises NoSuchTicketError; MoveError without a
    reason, for a ticket that is over or has that policy already, and when it is no longer the one `expected`.
    """
    why = reason.strip()[:_LONGEST_REASON]
    if not why:
        raise MoveError("say why the ticket is moved: the reason is shown in its story")
    seen = preview(house, ticket_id)
    if expected is not None and seen.policy != expected:
        raise MoveError("the rulebook or the ticket has changed since; look at the preview again")
    if seen.same:
        raise MoveError(
            f"ticket {seen.ticket.number} counts by the policy {seen.name!r} as it is now already"
        )
    with house.begin() as connection:
        digest = house.policy_hash(connection, seen.name)
    command = MovePolicy(actor=actor, person=person, policy=digest, name=seen.name, reason=why)
    return perform(house, ticket_id, command)


def _preview(house: House, connection: Connection, ticket: Ticket, now: datetime) -> PolicyPreview:
    directory = house.roster(connection).directory
    zone = zone_of(ticket, directory)
    name = _present_policy(house, ticket, directory, zone)
    document: Mapping[str, object] = house.rulebook.sla_document(name)
    calendars = document["calendars"]
    if not isinstance(calendars, Mapping):
        raise TypeError("an SLA document carries its calendars")
    policy = parse_policy(document["policy"], calendars, zone)
    before = read_clocks(ticket, house.policy(connection, ticket.policy, zone), now)
    after = read_clocks(ticket, policy, now)
    return PolicyPreview(
        ticket=ticket,
        name=name,
        policy=policy_digest(document),
        rows=tuple(
            MetricPreview(
                metric=metric, before=_standing(before.get(metric)), after=_standing(after.get(metric))
            )
            for metric in Metric
            if metric in before or metric in after
        ),
        actions_changed=house.actions(connection, ticket.policy) != stamped_actions(document["actions"]),
        directory=directory,
        now=now,
    )


def _standing(report: ClockReport | None) -> Standing | None:
    if report is None:
        return None
    return Standing(
        state=report.state,
        due_at=report.due_at,
        target_seconds=report.target_seconds,
        breached=report.breached,
    )


def _present_policy(house: House, ticket: Ticket, directory: Directory, zone: str) -> str:
    """Return the name of the policy that a ticket like this one would get today: as it is, where it is."""
    account, site = directory.accounts.get(ticket.account), directory.sites.get(ticket.site)
    local = ticket.opened_at.astimezone(ZoneInfo(zone))
    facts = Facts(
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
    found = Classification(
        priority=ticket.priority,
        trade=ticket.trade,
        tags=ticket.tags,
        life_safety=ticket.life_safety,
    )
    return house.rulebook.route(facts, found).sla
