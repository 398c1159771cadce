"""The shape of the directory file (docs/directory.md): a pydantic model per entry, a check per kind of value.

What must not live here: what concerns several places at once, and schedules (directory_checks.py).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

import phonenumbers
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, model_validator

from app.documents import Text, nearest
from app.domain.directory import ContactMethod, MethodKind, Role
from app.usecases.directory_notify import Notify, Quiet

VERSION = 1
REGION = "US"
"""Whose national notation a phone number without + is read in."""

_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}\Z")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,19}\Z")
_EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([a-z0-9-]+\.)+[a-z0-9-]{2,}\Z"
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


def phone_number(text: str) -> str:
    """Return the phone number in E.164. Raises ValueError: unreadable, impossible, with an extension."""
    try:
        number = phonenumbers.parse(text, REGION)
    except phonenumbers.NumberParseException:
        raise ValueError(f"{text!r} is not a phone number; write it like +1 617 555 0142") from None
    possible = (
        phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    )
    # In North America neither area code nor exchange begins with 0 or 1; the library looks at length only.
    american = number.country_code == 1
    if american and not re.fullmatch(r"[2-9]\d\d[2-9]\d{6}", str(number.national_number)):
        possible = False
    if not possible:
        raise ValueError(f"{text!r} cannot be a phone number; write it like +1 617 555 0142")
    if number.extension:
        raise ValueError(f"{text!r} has an extension, which cannot be texted")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def email_address(text: str) -> str:
    """Return the mailbox in lower case. Raises ValueError when it is none."""
    address = text.strip().lower()
    if not _EMAIL.match(address) or len(address) > 254:  # noqa: PLR2004 - RFC 5321, 4.5.3.1.3
        raise ValueError(f"{text!r} is not an email address")
    return address


def target(text: str) -> str:
    """Return `person:KEY`, `team:NAME` or `schedule:NAME`; a bare word is a person's key."""
    return text if ":" in text else f"person:{text}"


def slug(name: str) -> str:
    """Return a key made of a name: `María José` becomes `maria-jose`; empty when nothing of it is Latin."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].rstrip("-")


@cache
def _zones() -> frozenset[str]:
    return frozenset(zone for zone in available_timezones() if "/" in zone or zone == "UTC")


def is_zone(value: object) -> bool:
    """Return whether `value` is an IANA zone of a place, or UTC; abbreviations such as EST have no summer."""
    return isinstance(value, str) and value in _zones()


def _zone(text: str) -> str:
    if not is_zone(text):
        close = nearest(text, _zones())
        raise ValueError(f"{text!r} is not a time zone{close or '; write it like America/New_York'}")
    return text


def _key(text: str) -> str:
    if not _KEY.match(text):
        raise ValueError(f"{text!r} is not a key; use up to 40 of a-z, 0-9, - and _")
    return text


def _code(text: str) -> str:
    if not _CODE.match(text):
        raise ValueError(f"{text!r} is not a site code; use up to 20 letters, digits and dashes")
    return text


def _line(text: str) -> str:
    words = " ".join(text.split())
    if not words:
        raise ValueError("this is empty")
    if len(words) > 120 or not words.isprintable():  # noqa: PLR2004 - a name ends up in a text of 160
        raise ValueError("this should be one line of at most 120 printable characters")
    return words


def _short(text: str) -> str:
    if len(text) > 20:  # noqa: PLR2004 - it opens every text to a customer
        raise ValueError(f"{text!r} is too long; it opens each text, so at most 20 characters")
    return text


def _feed(text: str) -> str:
    address = text.strip()
    scheme, colon, rest = address.partition("://")
    if colon and (scheme.lower() not in ("https", "http", "webcal") or not rest.strip("/")):
        raise ValueError(f"{text!r} is no feed; write its https:// address or the path of an .ics file")
    if not address or len(address) > 2000 or not address.isprintable():  # noqa: PLR2004 - as browsers have it
        raise ValueError("this should be the https:// address of a feed or the path of an .ics file")
    return address


def _date(value: object) -> object:
    if not isinstance(value, str) or not _DATE.match(value):
        raise ValueError(f"{value!r} is not a date; write it like 2026-01-31")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a date; there is no such day") from None


def _yes(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError(f"{value!r} is neither true nor false")


def _some(values: list[Any]) -> list[Any]:
    if not values:
        raise ValueError("name at least one")
    return values


def _or_all(value: object) -> object:
    if value == "all":
        return None
    if value is None or value == []:
        raise ValueError("name at least one, or write all")
    return value


Key = Annotated[Text, AfterValidator(_key)]
Line = Annotated[Text, AfterValidator(_line)]
Zone = Annotated[Text, AfterValidator(_zone)]
Phone = Annotated[Text, AfterValidator(phone_number)]
Email = Annotated[Text, AfterValidator(email_address)]
Code = Annotated[Text, AfterValidator(_code)]
Day = Annotated[date, BeforeValidator(_date)]
Target = Annotated[Text, AfterValidator(target)]
Several = Annotated[list[Text] | None, BeforeValidator(_or_all)]
Language = Literal["en", "es"]
Yes = Annotated[bool, BeforeValidator(_yes)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CompanyEntry(_Entry):
    """`company:`."""

    name: Line
    short_name: Annotated[Line, AfterValidator(_short)]
    phone: Phone
    timezone: Zone


class MethodEntry(_Entry):
    """One of a person's `methods:`."""

    sms: Phone | None = None
    email: Email | None = None
    voice: Phone | None = None

    @model_validator(mode="before")
    @classmethod
    def _one(cls, value: Any) -> Any:  # noqa: ANN401 - what YAML held
        if isinstance(value, dict) and len(value) != 1:
            raise ValueError("write one of sms, email and voice in each entry of methods")
        return value

    def value(self, *, verified: bool) -> ContactMethod:
        """Return the contact method."""
        for kind, address in ((MethodKind.SMS, self.sms), (MethodKind.EMAIL, self.email)):
            if address is not None:
                return ContactMethod(kind, address, verified)
        return ContactMethod(MethodKind.VOICE, self.voice or "", verified)


class PersonEntry(_Entry):
    """One of `people:`."""

    key: Key
    name: Line
    roles: Annotated[list[Role], AfterValidator(_some)]
    timezone: Zone | None = None
    language: Language = "en"
    methods: Annotated[list[MethodEntry], AfterValidator(_some)]
    cover: Target | None = None
    leave_feed: Annotated[Text, AfterValidator(_feed)] | None = None
    verified: Yes = False
    notify: Notify = ()
    quiet_hours: Quiet = None


class ContractEntry(_Entry):
    """An account's `contract:`; `end` is its last day."""

    start: Day
    end: Day | None = None


class SiteEntry(_Entry):
    """One of an account's `sites:`."""

    code: Code
    name: Line
    address: Line
    city: Line
    region: Line
    timezone: Zone


class ContactEntry(_Entry):
    """One of an account's `contacts:`."""

    key: Key | None = None
    name: Line
    title: Line | Literal[""] = ""
    phones: list[Phone] = []
    emails: list[Email] = []
    sites: Several
    language: Language = "en"


class AccountEntry(_Entry):
    """One of `accounts:`."""

    key: Key
    name: Line
    tier: Key
    manager: Target
    backup: Target | None = None
    contract: ContractEntry | None = None
    sites: list[SiteEntry] = []
    contacts: list[ContactEntry] = []


class CoverageEntry(_Entry):
    """One of `coverage:`."""

    person: Text
    trades: Several
    regions: Several


class DemoEntry(_Entry):
    """`demo:`, whose addresses the simulator shows first."""

    phones: list[Phone] = []
    mailboxes: list[Email] = []


def _version(value: object) -> object:
    if value != VERSION:
        raise ValueError(f"this file is of version {value}; this program reads version {VERSION}")
    return value


class FileModel(_Entry):
    """The whole file."""

    closeloop: Annotated[int, BeforeValidator(_version)]
    company: CompanyEntry
    duty: Target
    schedules: dict[Key, dict[str, Any]] = {}  # their form is domain/schedules.py's to say
    teams: dict[Key, Annotated[list[Text], AfterValidator(_some)]] = {}
    people: Annotated[list[PersonEntry], AfterValidator(_some)]
    accounts: list[AccountEntry] = []
    coverage: list[CoverageEntry] = []
    demo: DemoEntry = DemoEntry()
