"""Who is at the desk: sign-in, the session cookie's content, magic links, and the page link of a text.

What must not live here: cookies and forms, and what somebody may do (web/access.py).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Connection

from app.domain.errors import CloseloopError
from app.domain.instants import format_instant, parse_instant
from app.store import records
from app.store.records import AuditEntry, User
from app.usecases.house import House, token_hash

LINK_LIVES_AFTER_END = timedelta(hours=24)
_SHORTEST_PASSWORD = 10
_LONGEST_PASSWORD = 1000
_ROLES = ("owner", "manager", "account_manager")
_HASHER = PasswordHasher()
# Each check takes 64 MiB for a moment: strangers who try many at once must not use up the memory.
_CHECKING = BoundedSemaphore(4)
_TURN_SECONDS = 5


class UserError(CloseloopError):
    """A user needs a mail address, a role and a password of ten characters or more."""


class BusyError(CloseloopError):
    """Too many people are signing in at this moment; try again."""

    permanent = False


class LinkOverError(CloseloopError):
    """This link was for a ticket that is over, or for somebody who is no longer here."""


@dataclass(frozen=True, slots=True)
class LinkHolder:
    """Somebody who came by the link in a page's text: this person, this ticket, nothing else."""

    ticket_id: int
    person: str
    name: str


def add_user(
    connection: Connection,
    *,
    email: str,
    name: str,
    role: str,
    person: str,
    password: str,
    now: datetime,
) -> bool:
    """Create a user or give an existing one a new password; return whether it is new. Raises UserError.

    A new password ends all sessions of the old one.
    """
    if "@" not in email.strip("@"):
        raise UserError(f"{email!r} is not a mail address")
    if role not in _ROLES:
        raise UserError(f"{role!r} is not a role; it is one of {', '.join(_ROLES)}")
    if not _SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
        raise UserError(f"a password has {_SHORTEST_PASSWORD} to {_LONGEST_PASSWORD} characters")
    user = User(
        email=email.strip().lower(),
        name=name,
        role=role,
        person=person,
        password_hash=_HASHER.hash(password),
        active=True,
    )
    return records.put_user(connection, user, now)


def check_password(house: House, email: str, password: str) -> User | None:
    """Return the user whose password this is, or None; takes as long either way. Raises BusyError."""
    if len(password) > _LONGEST_PASSWORD:
        return None
    with house.begin() as connection:
        user = records.user(connection, email.strip())
    if not _CHECKING.acquire(timeout=_TURN_SECONDS):
        raise BusyError
    try:
        _HASHER.verify(user.password_hash if user else _nobody(), password)
    except (VerificationError, InvalidHashError):
        return None
    finally:
        _CHECKING.release()
    return user if user and user.active else None


def active_user(house: House, email: str) -> User | None:
    """Return the user with this address, if they may sign in."""
    with house.begin() as connection:
        user = records.user(connection, email)
    return user if user and user.active else None


def magic_key(secret: bytes, email: str, until: datetime) -> str:
    """Return a key that signs `email` in until an instant; whoever has it needs no password."""
    return str(_serializer(secret, "enter").dumps([email, format_instant(until)]))


def read_magic_key(secret: bytes, key: str, now: datetime) -> str | None:
    """Return the address that a magic key signs in, or None."""
    found = _read(secret, "enter", key, now)
    return found[0] if found else None


def session_key(secret: bytes, user: User, until: datetime) -> str:
    """Return what the session cookie holds; good until an instant, or until the password changes."""
    content = [user.email, format_instant(until), _stamp(user)]
    return str(_serializer(secret, "session").dumps(content))


def session_user(house: House, secret: bytes, key: str) -> User | None:
    """Return whose session cookie this is, while it is good and they may sign in."""
    found = _read(secret, "session", key, house.clock.now())
    user = active_user(house, found[0]) if found else None
    return user if user and found and found[1:] == [_stamp(user)] else None


def link_holder(house: House, token: str) -> LinkHolder | None:
    """Return whose page link this token is, or None for a token that we never gave out.

    It is good while its ticket is open and for a day after its end, and while its person is active. Raises
    LinkOverError afterwards; that somebody tried is recorded.
    """
    now = house.clock.now()
    with house.begin() as connection:
        found = records.link(connection, token_hash(token))
        if found is None:
            return None
        person = house.roster(connection).directory.people.get(found.person)
        ended = found.ended_at is not None and now > found.ended_at + LINK_LIVES_AFTER_END
        if person is not None and person.active and not ended:
            return LinkHolder(found.ticket_id, found.person, person.name)
        detail = {"person": found.person, "ticket_id": str(found.ticket_id)}
        entry = AuditEntry(id=house.ids.next(), at=now, kind="link_over", subject=found.person, detail=detail)
        records.add_audit(connection, [entry])
    raise LinkOverError


@cache
def _nobody() -> str:
    """Return what is checked when there is no such user, so that the answer takes as long as for one."""
    return _HASHER.hash("nobody has this password")


def _stamp(user: User) -> str:
    return hashlib.sha256(user.password_hash.encode()).hexdigest()[:16]


def _serializer(secret: bytes, what: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt=f"closeloop {what}")


def _read(secret: bytes, what: str, key: str, now: datetime) -> list[str] | None:
    """Return what a signed key says besides its end, or None when it is forged or its time is over."""
    try:
        email, until, *more = _serializer(secret, what).loads(key)
        return [str(email), *map(str, more)] if now < parse_instant(until) else None
    except (BadSignature, ValueError, TypeError, CloseloopError):
        return None
