"""The board as a page shows it: rows by next due, in groups, and the filters that its address holds. Pure.

What must not live here: who may see it (access.py), reading (usecases/views.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from app.domain.clocks import zone_of
from app.domain.message import Channel
from app.domain.ticket import State, Ticket
from app.domain.uncovered import Uncovered
from app.store.lanes import TOGETHER, HeldBack
from app.store.tickets import Wanted
from app.usecases.gap_watch import label
from app.usecases.views import Board, BoardRow
from app.web.access import Action, Visitor
from app.web.acting import PRIORITIES
from app.web.incident_line import IncidentLine, line_of
from app.web.words import METRICS, STATES, Moment, Names, Timer, moment, place_of, timer, trade_of

_GROUPS = (
    ("overdue", "Overdue", timedelta(0)),
    ("minutes", "Within 15 minutes", timedelta(minutes=15)),
    ("hour", "Within the hour", timedelta(hours=1)),
)
_LATER = ("later", "Later")
_NO_CLOCK = ("still", "No clock running")
_QUOTE = 160
_KINDS = {Channel.SMS: "text", Channel.VOICE: "call", Channel.EMAIL: "mail", Channel.WEB: "message"}


@dataclass(frozen=True, slots=True)
class Filters:
    """Which tickets the board shows; empty means all."""

    who: str = ""
    account: str = ""
    priority: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Filters:
        """Return the filters of an address; what is not known is left out."""
        priority = query.get("priority", "")
        return cls(
            who="mine" if query.get("who") == "mine" else "",
            account=query.get("account", "").replace("\0", "")[:100],
            priority=priority if priority in PRIORITIES else "",
        )

    def query(self, **changes: str) -> str:
        """Return the address's part for these filters with some changed: `?who=mine`, or nothing."""
        values = {"who": self.who, "account": self.account, "priority": self.priority, **changes}
        chosen = {name: value for name, value in values.items() if value}
        return f"?{urlencode(chosen)}" if chosen else ""

    def wanted(self, visitor: Visitor) -> Wanted:
        """Return what is looked for."""
        person = visitor.person if self.who else ""
        return Wanted(account=self.account, priority=self.priority, person=person)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One open ticket on the board."""

    number: int
    code: str
    place: str
    priority: str
    trade: str
    state: str
    state_key: str
    quote: str
    clock: str
    timer: Timer | None
    due: Moment | None
    who: str
    asked: bool
    until: Moment | None
    eta: Moment | None
    can_ack: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that are due at about the same time."""

    key: str
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPage:
    """All that the board's template needs. `hidden` is how many open tickets are beyond the limit."""

    groups: tuple[Group, ...]
    total: int
    hidden: int
    duty: str
    gaps: tuple[str, ...]
    incidents: tuple[IncidentLine, ...]
    held: tuple[str, ...]
    last: tuple[int, Moment, str] | None
    filters: Filters
    accounts: tuple[tuple[str, str], ...]
    now_ms: int


def _gap(gap: Uncovered, board: Board, names: Names) -> str:
    """Return who is missing and when, in the company's own time."""
    zone = board.directory.company.timezone
    since, until = (moment(at, board.now, zone).text for at in (max(gap.start, board.now), gap.end))
    off = f" ({names.several(gap.away)} off)" if gap.away else ""
    return f"nobody for {label(gap.target, board.directory)} from {since} to {until}{off}"


def _held(held: HeldBack, board: Board) -> str:
    """Return how many messages are held back, and why."""
    if held.lane == TOGETHER:
        return f"{_many(held.waiting, 'page')} held back, told together with the next"
    what = _many(held.waiting, _KINDS[Channel(held.lane)])
    if held.until is not None:
        again = moment(held.until, board.now, board.directory.company.timezone).text
        return f"{what} held back: the provider says too fast ({held.code}), again from {again}"
    if held.code:
        return f"{what} held back: slower, because the provider said too fast ({held.code})"
    return f"{what} held back: they go as fast as the sender may"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def board_page(board: Board, visitor: Visitor, filters: Filters) -> BoardPage:
    """Return the board as this visitor sees it."""
    names = Names(board.directory, board.users)
    sorted_in: dict[tuple[str, str], list[Row]] = {}
    for row in board.rows:
        sorted_in.setdefault(_group(board, row), []).append(_row(board, row, names, visitor))
    keys = [*((key, title) for key, title, _ in _GROUPS), _LATER, _NO_CLOCK]
    groups = tuple(Group(*key, tuple(sorted_in[key])) for key in keys if key in sorted_in)
    accounts = sorted((a.name, a.key) for a in board.directory.accounts.values() if a.active)
    return BoardPage(
        groups=groups,
        total=board.total,
        hidden=board.total - len(board.rows),
        duty=names.several(board.duty),
        gaps=tuple(_gap(gap, board, names) for gap in board.gaps),
        incidents=tuple(line_of(incident, board.directory, visitor) for incident in board.incidents),
        held=tuple(_held(each, board) for each in board.held),
        last=_last(board, board.last_closed) if board.last_closed else None,
        filters=filters,
        accounts=tuple((key, name) for name, key in accounts),
        now_ms=int(board.now.timestamp() * 1000),
    )


def _group(board: Board, row: BoardRow) -> tuple[str, str]:
    if row.next_due_at is None:
        return _NO_CLOCK
    left = row.next_due_at - board.now
    return next(((key, title) for key, title, limit in _GROUPS if left < limit), _LATER)


def _row(board: Board, row: BoardRow, names: Names, visitor: Visitor) -> Row:
    ticket, now = row.ticket, board.now
    zone = zone_of(ticket, board.directory)
    code, place = place_of(ticket, board.directory)
    next_at = ticket.escalation.next_at
    travelling = ticket.state in (State.EN_ROUTE, State.ON_HOLD)
    open_to_ack = not ticket.over and (not ticket.assignee or ticket.escalating)
    return Row(
        number=ticket.number,
        code=code,
        place=place,
        priority=ticket.priority,
        trade=trade_of(ticket),
        state=STATES[ticket.state],
        state_key=ticket.state,
        quote=" ".join(ticket.text.split())[:_QUOTE],
        clock=METRICS.get(row.next_metric, ""),
        timer=timer(row.next_due_at, now) if row.next_due_at else None,
        due=moment(row.next_due_at, now, zone, with_zone=True) if row.next_due_at else None,
        who=who_has(ticket, names),
        asked=ticket.escalating,
        until=moment(next_at, now, zone, with_zone=True) if next_at else None,
        eta=moment(ticket.eta, now, zone, with_zone=True) if ticket.eta and travelling else None,
        can_ack=open_to_ack and visitor.may(Action.ACK, ticket.id),
    )


def who_has(ticket: Ticket, names: Names) -> str:
    """Return who has a ticket or is being asked to take it; `until` when stands beside it."""
    has = f"{names.short(ticket.assignee)} has it" if ticket.assignee else ""
    asked = names.several(ticket.escalation.asked)
    if ticket.escalating:
        asking = f"asking {asked}" if asked else "nobody was reached, asking again"
        if has and asked != names.short(ticket.assignee):
            return f"{has}, {asking}"
        return asking[0].upper() + asking[1:]
    return has or "Nobody has it"


def _last(board: Board, ticket: Ticket) -> tuple[int, Moment, str]:
    at = ticket.ended_at or board.now
    zone = zone_of(ticket, board.directory)
    return ticket.number, moment(at, board.now, zone, with_zone=True), STATES[ticket.state].lower()
