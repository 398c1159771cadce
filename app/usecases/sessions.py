"""Who is at the desk: sign-in, the session cookie's content, magic links, and the page link of a text.

What must not live here: cookies and forms (web), what somebody may do (web/access.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Connection

from app.domain.errors import CloseloopError
from app.domain.instants import format_instant, parse_instant
from app.store import records
from app.store.records import User
from app.usecases.house import House, token_hash

LINK_LIVES_AFTER_END = timedelta(hours=24)
_SHORTEST_PASSWORD = 10
_ROLES = ("owner", "manager", "account_manager")
_HASHER = PasswordHasher()
# Checked when there is no such user, so that the answer takes as long as for one.
_NOBODY = _HASHER.hash("nobody has this password")


class UserError(CloseloopError):
    """A user needs a mail address, a role and a password of ten characters or more."""


@dataclass(frozen=True, slots=True)
class LinkHolder:
    """Somebody who came by the link in a page's text: this person, this ticket, nothing else."""

    ticket_id: int
    person: str


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
    """Create a user or give an existing one a new password; return whether it is new. Raises UserError."""
    if "@" not in email.strip("@"):
        raise UserError(f"{email!r} is not a mail address")
    if role not in _ROLES:
        raise UserError(f"{role!r} is not a role; it is one of {', '.join(_ROLES)}")
    if len(password) < _SHORTEST_PASSWORD:
        raise UserError(f"a password has at least {_SHORTEST_PASSWORD} characters")
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
    """Return the user whose password this is, or None; takes as long either way."""
    with house.begin() as connection:
        user = records.user(connection, email.strip())
    try:
        _HASHER.verify(user.password_hash if user else _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return None
    return user if user and user.active else None


def active_user(house: House, email: str) -> User | None:
    """Return the user with this address, if they may sign in."""
    with house.begin() as connection:
        user = records.user(connection, email)
    return user if user and user.active else None


def magic_key(secret: bytes, email: str, until: datetime) -> str:
    """Return a key that signs `email` in until an instant; whoever has it needs no password."""
    return str(_serializer(secret, "enter").dumps([email, format_instant(until)]))


def session_key(secret: bytes, email: str, until: datetime) -> str:
    """Return what the session cookie holds."""
    return str(_serializer(secret, "session").dumps([email, format_instant(until)]))


def read_magic_key(secret: bytes, key: str, now: datetime) -> str | None:
    """Return the address that a magic key signs in, or None."""
    return _read(_serializer(secret, "enter"), key, now)


def read_session_key(secret: bytes, key: str, now: datetime) -> str | None:
    """Return the address of a session cookie that is still good, or None."""
    return _read(_serializer(secret, "session"), key, now)


def link_holder(house: House, token: str) -> LinkHolder | None:
    """Return whose page link this token is, while its ticket is open and for a day after its end."""
    now = house.clock.now()
    with house.begin() as connection:
        found = records.link(connection, token_hash(token))
        if found is None:
            return None
        if found.ended_at is not None and now > found.ended_at + LINK_LIVES_AFTER_END:
            return None
    return LinkHolder(found.ticket_id, found.person)


def _serializer(secret: bytes, what: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt=f"closeloop {what}")


def _read(serializer: URLSafeSerializer, key: str, now: datetime) -> str | None:
    try:
        email, until = serializer.loads(key)
        return str(email) if now < parse_instant(until) else None
    except (BadSignature, ValueError, TypeError, CloseloopError):
        return None
