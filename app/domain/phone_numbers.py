"""Numbers as Twilio writes them, in webhooks and in its lists, as ours. Pure."""

from __future__ import annotations

import re

from app.domain.charsets import storable

_CHANNEL_PREFIX = re.compile(r"(?:whatsapp|rcs|sms)\s*:", re.IGNORECASE)
_SHOWN = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
# What Twilio writes for callers who hide their number: the letters of ANONYMOUS, RESTRICTED, ... on a keypad.
_HIDDEN = frozenset({"+266696687", "+7378742833", "+2562533", "+8566", "+86282452253"})
_LONGEST_NAME = 100


def phone_of(address: str) -> str:
    """Return a Twilio address as E.164, a short code's digits, or a sender's name in lower case.

    WhatsApp and RCS put their name before the number; the person is the same, so it goes.
    """
    plain = _CHANNEL_PREFIX.sub("", address.strip(), count=1).strip()
    digits = re.sub(r"[\s().-]", "", plain)
    if re.fullmatch(r"\+?\d{3,20}", digits, re.ASCII):
        return digits
    return storable(plain.lower()[:_LONGEST_NAME])


def caller_of(address: str, call_id: str) -> str:
    """Return the caller's number; for one who hides it a name of this call's own.

    Two of them are not one sender: the second one's words are not about the first one's ticket.
    """
    number = phone_of(address)
    if _SHOWN.fullmatch(number) and number not in _HIDDEN:
        return number
    return storable(f"anonymous {call_id[-8:]}")
