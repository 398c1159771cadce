"""How the pages name things: states, clocks, people, places, times and spans. Pure.

What must not live here: what a text to a phone says (rules/texts), what happened (timeline.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.domain.directory import Directory
from app.domain.ticket import State, Ticket
from app.usecases.wording import clock_text, short_name, trade_name, zone_name

STATES: Mapping[State, str] = {
    State.NEW: "New",
    State.ACKNOWLEDGED: "Acknowledged",
    State.EN_ROUTE: "En route",
    State.ON_SITE: "On site",
    State.ON_HOLD: "On hold",
    State.RESOLVED: "Resolved",
    State.CLOSED: "Closed",
    State.CANCELLED: "Cancelled",
    State.MERGED: "Merged",
}
METRICS: Mapping[str, str] = {
    "acknowledge": "Acknowledge",
    "arrive": "Arrive",
    "resolve": "Resolve",
    "update": "Update",
    "confirm": "Confirm",
}
HOLD_REASONS: Mapping[str, str] = {
    "waiting_parts": "waiting for parts",
    "waiting_customer": "waiting for the customer",
    "no_access": "no access",
    "other": "another reason",
}
CHANNELS: Mapping[str, str] = {"sms": "text", "email": "mail", "voice": "call", "web": "page"}
_MINUTE, _HOUR, _DAY, _NOON = 60, 3600, 86400, 12
_US_DIGITS = 11


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant as a page shows it: `text` in the site's zone, `iso` for machines."""

    text: str
    iso: str


@dataclass(frozen=True, slots=True)
class Timer:
    """A countdown: `text` as of now, `due_ms` for the script that goes on with it, `tone` over/soon/calm."""

    text: str
    due_ms: int
    tone: str
    words: str


@dataclass(frozen=True, slots=True)
class Names:
    """Finds names for keys. `users` are those who act without being in the directory, by mail address."""

    directory: Directory
    users: Mapping[str, str]

    def full(self, key: str) -> str:
        """Return a person's whole name; the key itself when nobody has it."""
        person = self.directory.people.get(key)
        return person.name if person else self.users.get(key, key)

    def short(self, key: str) -> str:
        """Return a name as colleagues say it: `Dana R.`."""
        name = self.full(key)
        return name if "@" in name or not name.strip() else short_name(name)

    def several(self, keys: tuple[str, ...]) -> str:
        """Return short names in one line: `Dana R. and Luis M.`."""
        names = [self.short(key) for key in keys]
        return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))

    def actor(self, actor: str, ticket: Ticket) -> str:
        """Return who did something; nothing for a timer or a rule."""
        kind, _, key = actor.partition(":")
        if kind in ("person", "user"):
            return self.short(key)
        if kind == "contact" and key == ticket.requester.contact:
            return ticket.requester.name
        if kind == "contact":
            return "Somebody else of the customer"
        return address_text(key) if kind == "address" else ""


def place_of(ticket: Ticket, directory: Directory) -> tuple[str, str]:
    """Return where it is, the site's code first because a narrow screen cuts the end: (`#114`, the rest)."""
    account = directory.accounts.get(ticket.account)
    site = directory.sites.get(ticket.site)
    name = account.name if account else "Unknown caller"
    if site is None:
        return "", name if account is None else f"{name}, site not known yet"
    return f"#{site.code}", f"{name} {site.city}"


def trade_of(ticket: Ticket) -> str:
    """Return the trade as people read it."""
    return trade_name(ticket.trade)


def moment(instant: datetime, now: datetime, zone: str, *, with_zone: bool = False) -> Moment:
    """Return an instant for a page, `with_zone` where the page does not say the zone elsewhere."""
    text = clock_text(instant, now, zone)
    if with_zone:
        text = f"{text} {zone_name(instant.astimezone(ZoneInfo(zone)))}"
    return Moment(text, instant.isoformat(timespec="seconds"))


def span(length: timedelta) -> str:
    """Return how long: `4:51` minutes and seconds, from an hour on `2h 05m`, from a day on `3d 4h`."""
    seconds = int(abs(length).total_seconds())
    if seconds < _HOUR:
        return f"{seconds // _MINUTE}:{seconds % _MINUTE:02d}"
    if seconds < _DAY:
        return f"{seconds // _HOUR}h {seconds % _HOUR // _MINUTE:02d}m"
    return f"{seconds // _DAY}d {seconds % _DAY // _HOUR}h"


def exact_moment(instant: datetime, now: datetime, zone: str) -> Moment:
    """Return an instant for an audit: `8:27:12a EST`, on another day than today's `Nov 21 2026 8:27:12a EST`.

    The zone is called what it was called then, for in autumn there is a 1:30a EDT and a 1:30a EST.
    """
    local, today = instant.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    clock = f"{local.hour % 12 or 12}:{local:%M:%S}{'a' if local.hour < _NOON else 'p'} {local.tzname()}"
    text = clock if local.date() == today else f"{local:%b} {local.day} {local.year} {clock}"
    return Moment(text, instant.isoformat(timespec="seconds"))


def exact_span(length: timedelta) -> str:
    """Return how long to the second: `4:51`, `2h 05m 09s`, `3d 0h 00m 07s`."""
    seconds = int(abs(length).total_seconds())
    if seconds < _HOUR:
        return span(length)
    days, hours = divmod(seconds // _HOUR, _DAY // _HOUR)
    text = f"{hours}h {seconds % _HOUR // _MINUTE:02d}m {seconds % _MINUTE:02d}s"
    return f"{days}d {text}" if days else text


def timer(due: datetime, now: datetime, soon: timedelta = timedelta(minutes=15)) -> Timer:
    """Return a countdown to `due`; a minus says that it is over."""
    left = due - now
    over = left < timedelta(0)
    tone = "over" if over else "soon" if left < soon else "calm"
    text = f"-{span(left)}" if over else span(left)
    return Timer(text, int(due.timestamp() * 1000), tone, "overdue" if over else "left")


def address_text(address: str) -> str:
    """Return a phone number as people write it, a mailbox as it is."""
    digits = address.removeprefix("+1")
    if address.startswith("+1") and len(address) == _US_DIGITS + 1 and digits.isdigit():
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"
    return address


def reason_text(reason: str) -> str:
    """Return why a ticket is on hold."""
    return HOLD_REASONS.get(reason, reason.replace("_", " "))
