"""Who exists, and who is off: the company, its people, its accounts with their sites and contacts.

Values and lookups only.

Keys are short stable strings chosen by whoever writes the directory file; they are the identity everywhere
(schedules and ladders name people by key). Those of sites and contacts begin with their account's.
What must not live here: who is on call (oncall.py, roster.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property


class Role(StrEnum):
    """What somebody is in the company; a person may have several."""

    ACCOUNT_MANAGER = "account_manager"
    SERVICE_MANAGER = "service_manager"
    DUTY_MANAGER = "duty_manager"
    REP = "rep"
    MANAGER = "manager"


class MethodKind(StrEnum):
    """A way to reach a person."""

    SMS = "sms"
    EMAIL = "email"
    VOICE = "voice"


@dataclass(frozen=True, slots=True)
class ContactMethod:
    """A phone (E.164) or mailbox (lower case) at which a person is paged, in the person's own order.

    `verified`: the directory vouches for it. A code that came back proves it too (contact_checks.py).
    """

    kind: MethodKind
    address: str
    verified: bool = False


@dataclass(frozen=True, slots=True)
class NotifyStep:
    """A notification rule's step: tickets of `priority` page by `kind`, so long after the person is asked."""

    priority: str
    kind: MethodKind
    after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """The service company that runs this Closeloop: `short_name` opens each text to a customer."""

    name: str
    short_name: str
    phone: str
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who can be paged. `methods` in the order in which they are tried.

    `notify` are their own notification rules (notifying.py), `quiet` is when to leave them alone, local time.

    `cover` is the target that stands in while this person is off (`person:KEY`, `team:NAME` or
    `schedule:NAME`), `leave_feed` the URL or file of the iCalendar feed that says when that is; or empty.
    """

    key: str
    name: str
    roles: tuple[Role, ...]
    methods: tuple[ContactMethod, ...]
    timezone: str
    language: str = "en"
    cover: str = ""
    leave_feed: str = ""
    notify: tuple[NotifyStep, ...] = ()
    quiet: tuple[time, time] | None = None
    active: bool = True

    @property
    def first_name(self) -> str:
        """Return the name's first word."""
        return self.name.split()[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A corporate customer.

    `manager` and `backup` are targets: `person:KEY`, `team:NAME` or `schedule:NAME`; the backup may be empty.
    """

    key: str
    name: str
    tier: str
    manager: str
    backup: str = ""
    contract_start: date | None = None
    contract_end: date | None = None
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One place of an account, known by its `code` (the store number that people text)."""

    key: str
    account: str
    code: str
    name: str
    address: str
    city: str
    region: str
    timezone: str
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody at the customer who may report and confirm. `sites` are site keys; empty means all of them."""

    key: str
    account: str
    name: str
    title: str
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    sites: tuple[str, ...] = ()
    language: str = "en"
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """`person` is service manager for these trades and regions; an empty tuple means all of them."""

    person: str
    trades: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """`person` is off from `start` until before `end`, UTC."""

    person: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterOverride:
    """A dated exception that was entered after the schedule's document was: a swap, a stand-in.

    On [start, end), UTC. `out` may be `*` for everyone; one of `out` and `joins` may be empty.
    """

    schedule: str
    start: datetime
    end: datetime
    out: str = ""
    joins: str = ""


@dataclass(frozen=True, kw_only=True)
class Directory:
    """Everything but the contacts (there may be many; they are looked up by address), at one version.

    `schedules` holds documents in the form of docs on on-call schedules: name -> JSON-able document.
    `overrides` come after those of the documents, in their order; `leave` comes after all of them.
    `duty` is the target that answers for the role duty_manager: `person:KEY`, `team:NAME` or `schedule:NAME`.
    """

    version: int
    company: Company
    duty: str
    people: Mapping[str, Person]
    accounts: Mapping[str, Account]
    sites: Mapping[str, Site]
    coverage: tuple[Coverage, ...] = ()
    schedules: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    overrides: tuple[LaterOverride, ...] = ()
    leave: tuple[Leave, ...] = ()

    @cached_property
    def _sites_by_code(self) -> Mapping[tuple[str, str], Site]:
        return {(s.account, normal_code(s.code)): s for s in self.sites.values() if s.active}

    @cached_property
    def _people_by_address(self) -> Mapping[str, Person]:
        return {m.address: p for p in self.people.values() if p.active for m in p.methods}

    def timezone(self, site: str) -> str:
        """Return the IANA zone of the site with that key, the company's for an unknown one."""
        known = self.sites.get(site)
        return known.timezone if known else self.company.timezone

    def site_by_code(self, account: str, code: str) -> Site | None:
        """Return the account's active site with that code; leading zeros do not matter."""
        return self._sites_by_code.get((account, normal_code(code)))

    def person_by_address(self, address: str) -> Person | None:
        """Return the active person with that phone (E.164) or mailbox (lower case) among the methods."""
        return self._people_by_address.get(address)

    def person_named(self, words: str) -> Person | None:
        """Return the one active person whom somebody means by these words; None for nobody or several.

        A key, a whole name, a first name, or that with an initial; upper and lower case do not matter.
        """
        said = " ".join(words.casefold().replace(".", " ").split())
        if not said:
            return None
        if said in self.people and self.people[said].active:
            return self.people[said]
        found = {p.key: p for p in self.people.values() if p.active and said in _spoken(p.name)}
        return next(iter(found.values())) if len(found) == 1 else None

    def sites_of(self, account: str, keys: Iterable[str] = ()) -> tuple[Site, ...]:
        """Return the account's active sites, only those of `keys` if there are any, by code."""
        wanted = set(keys)
        found = (s for s in self.sites.values() if s.active and s.account == account)
        return tuple(sorted((s for s in found if not wanted or s.key in wanted), key=lambda s: s.code))


def _spoken(name: str) -> set[str]:
    """Return how a person's name is said: whole, the first name, the first name and an initial."""
    whole = " ".join(name.casefold().replace(".", " ").split())
    first, _, rest = whole.partition(" ")
    last = rest.split()[-1] if rest else ""
    return {whole, first, f"{first} {last}".strip(), f"{first} {last[:1]}".strip()}


def normal_code(code: str) -> str:
    """Return a site code as it is compared: no leading zeros, no spaces, upper case."""
    stripped = "".join(code.split()).upper().lstrip("0")
    return stripped or "0"


def site_key(account: str, code: str) -> str:
    """Return the identity of the account's site with that code, such as `quickbite.114`."""
    return f"{account}.{normal_code(code).lower()}"


def contact_key(account: str, key: str) -> str:
    """Return the identity of the account's contact whom its account knows as `key`."""
    return f"{account}.{key}"
