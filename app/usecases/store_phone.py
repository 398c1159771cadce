"""Which phone somebody who is called about a ticket may be connected with: that of whoever reported it.

A number comes from the directory, or is the one that the report itself came from; never from a message's
words. What must not live here: how the call is connected (inbound), what is said (calls.py).
"""

from __future__ import annotations

import re

import phonenumbers

from app.domain.events import Requester
from app.store import directory as directory_store
from app.usecases.desk import Desk

_PHONE_NUMBER = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_DEAR = frozenset({phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST})


def store_phone(desk: Desk, requester: Requester) -> str:
    """Return the phone (E.164) of whoever reported a ticket, or nothing if there is none to be called.

    A stranger is only called in the company's own country and not at a dear number: else anybody who writes
    from such a number earns money with it.
    """
    address = requester.address
    known = directory_store.contacts_by_addresses(desk.connection, [address]).get(address, ())
    if _PHONE_NUMBER.fullmatch(address):
        return address if known or _ordinary(address, desk.roster.directory.company.phone) else ""
    return next((phone for contact in known for phone in contact.phones), "")


def _ordinary(number: str, ours: str) -> bool:
    try:
        called, own = phonenumbers.parse(number), phonenumbers.parse(ours)
    except phonenumbers.NumberParseException:
        return False
    return called.country_code == own.country_code and phonenumbers.number_type(called) not in _DEAR
