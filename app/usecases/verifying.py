"""Proving that a phone or mailbox is a person's: a code goes there, and comes back by text or on a page.

The code itself is kept nowhere: the outbox has a placeholder, which the sender replaces (`revealed`).
What must not live here: which addresses count as reachable (domain/contact_checks.py).
"""

from __future__ import annotations

import hmac
import re
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from typing import Final

from app.domain.contact_checks import Checks
from app.domain.directory import ContactMethod, MethodKind, Person
from app.domain.errors import CloseloopError
from app.domain.message import Channel
from app.domain.texts import TextId
from app.store import contact_checks as store
from app.store.contact_checks import SentCode
from app.store.outbox import Claimed
from app.usecases.desk import Desk
from app.usecases.house import House
from app.usecases.wording import Origin

GOOD_FOR: Final = timedelta(minutes=10)
TRIES: Final = 5
_PAUSE: Final = timedelta(minutes=1)
_WINDOW, _MOST_SENDS = timedelta(hours=1), 5
_REMEMBERED: Final = timedelta(hours=1)  # so long digits are taken for a code that is no longer good
_HIDDEN: Final = "######"
_SALT: Final = "code_salt"
_DIGITS: Final = re.compile(r"\D{0,20}(\d{3})[ -]?(\d{3})\D{0,20}\Z", re.DOTALL)
_CHANNELS: Final = {MethodKind.SMS: Channel.SMS, MethodKind.EMAIL: Channel.EMAIL}


class VerifyError(CloseloopError):
    """A code goes to a phone or mailbox of somebody in the directory, not too often."""


class Outcome(StrEnum):
    """What became of a code that came back."""

    VERIFIED = "verified"
    WRONG = "wrong"
    OVER = "over"
    NONE = "none"


def send_code(house: House, person: str, address: str = "") -> ContactMethod:
    """Send a code to that address of a person, or to their first one that is not verified; return which.

    Raises VerifyError when there is no such person or address, and when codes were asked for too often.
    """
    with house.begin() as connection:
        desk = Desk(house, connection, house.clock.now())
        known = desk.roster.directory.people.get(person)
        if known is None or not known.active:
            raise VerifyError(f"there is nobody with the key {person!r} in the directory")
        method = _wanted(known, address, store.read_checks(connection))
        salt = _counted(desk, known, method)
        origin = Origin(channel=_CHANNELS[method.kind], address=method.address)
        minutes = str(int(GOOD_FOR.total_seconds()) // 60)
        row = desk.wording.loose(TextId.VERIFY_CODE, origin, known.language, code=_HIDDEN, minutes=minutes)
        desk.say([replace(row, person=person, thread={**row.thread, _SALT: salt})])
        desk.note("code_sent", person, {"address": method.address})
        desk.flush()
    house.wake("saved")
    return method


def _wanted(person: Person, address: str, checks: Checks) -> ContactMethod:
    methods = [m for m in person.methods if m.kind in _CHANNELS]
    if address:
        methods = [m for m in methods if m.address == address]
        if not methods:
            raise VerifyError(
                f"{address} is no sms or email of {person.name} in the directory; a code goes by text or mail"
            )
    if not methods:
        raise VerifyError(f"{person.name} has neither sms nor email in the directory")
    open_first = sorted(methods, key=lambda m: checks.standing(person.key, m) == "works")
    return open_first[0]


def _counted(desk: Desk, person: Person, method: ContactMethod) -> str:
    """Keep a fresh code's hash; return the salt that it is made from. Raises VerifyError if too soon."""
    now = desk.now
    before = {c.address: c for c in store.lock_codes(desk.connection, person.key)}.get(method.address)
    counted_from, sends = now, 0
    if before is not None and now - before.counted_from < _WINDOW:
        counted_from, sends = before.counted_from, before.sends
    if before is not None and now - before.sent_at < _PAUSE:
        raise VerifyError(f"a code went to {method.address} just now; wait a minute before the next one")
    if sends >= _MOST_SENDS:
        raise VerifyError(f"{_MOST_SENDS} codes went to {method.address} within an hour; try again later")
    salt = desk.house.ids.token()
    code = desk.house.code(person.key, method.address, salt)
    store.put_code(
        desk.connection,
        SentCode(
            person=person.key,
            address=method.address,
            code_hash=desk.house.code_hash(person.key, method.address, code),
            sent_at=now,
            expires_at=now + GOOD_FOR,
            tries_left=TRIES,
            sends=sends + 1,
            counted_from=counted_from,
        ),
    )
    return salt


def revealed(house: House, message: Claimed) -> Claimed:
    """Return a message as it is sent: with its code, if it carries one."""
    salt = message.thread.get(_SALT)
    if message.text_id != TextId.VERIFY_CODE or not salt:
        return message
    code = house.code(message.person, message.address, salt)
    return replace(
        message,
        body=message.body.replace(_HIDDEN, code),
        subject=message.subject.replace(_HIDDEN, code),
    )


def digits_of(text: str) -> str:
    """Return the code that a short message consists of, or nothing."""
    found = _DIGITS.match(text.strip())
    return "".join(found.groups()) if found else ""


def try_code(desk: Desk, person: str, digits: str) -> tuple[Outcome, str]:
    """Compare `digits` with the codes that were sent to a person; return what came of it.

    The second value is the address that is verified now, or how many tries are left.
    """
    codes = store.lock_codes(desk.connection, person)
    good = [code for code in codes if code.expires_at > desk.now and code.tries_left > 0]
    for code in good:
        if hmac.compare_digest(code.code_hash, desk.house.code_hash(person, code.address, digits)):
            store.put_proven(desk.connection, person, code.address, desk.now)
            desk.note("address_verified", person, {"address": code.address})
            return Outcome.VERIFIED, code.address
    if good:
        store.count_try(desk.connection, good)
        left = max(code.tries_left for code in good) - 1
        return (Outcome.WRONG, str(left)) if left else (Outcome.OVER, "")
    recent = any(desk.now - code.sent_at < _REMEMBERED for code in codes)
    return (Outcome.OVER, "") if recent else (Outcome.NONE, "")


def enter_code(house: House, person: str, typed: str) -> tuple[Outcome, str]:
    """Do what `try_code` does for what somebody typed on a page or in a terminal."""
    digits = digits_of(typed)
    with house.begin() as connection:
        desk = Desk(house, connection, house.clock.now())
        if not digits:
            return Outcome.NONE, ""
        outcome = try_code(desk, person, digits)
        desk.flush()
    return outcome
