"""How an SMS is counted and made cheap to send: GSM-7 or UCS-2, units, segments.

What must not live here: what a text says (texts.py).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

from app.domain.gsm7 import BASIC, EXTENSION, REPLACEMENTS

GSM_LIMITS: Final = (160, 153)
"""Septets that one segment holds: alone, and as one of several (a header takes the rest)."""

UCS_LIMITS: Final = (70, 67)
"""UTF-16 units that one segment holds: alone, and as one of several."""

# Emoji, modifiers, invisible formatting, controls, surrogates, private use: nothing that a text loses by.
_DROPPED: Final = frozenset({"So", "Sk", "Cf", "Cc", "Cs", "Co", "Cn"})
_GSM: Final = BASIC | EXTENSION
# What `to_gsm` leaves as it is, each and in any order.
_PLAIN: Final = _GSM - REPLACEMENTS.keys() - {"\r"}
_WIDE: Final = 0xFFFF
_PLANE_OF_TAGS: Final = range(0xFE00, 0xFE10)


@dataclass(frozen=True, slots=True)
class Segments:
    """What a carrier bills: `units` are septets (GSM-7) or UTF-16 units (UCS-2)."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    segments: int


def to_gsm(text: str) -> str:
    """Return `text` in the SMS alphabet as far as it stays readable.

    Typographic marks get their plain form, letters lose accents that the alphabet lacks (so Spanish and
    French stay GSM-7), emoji and controls go. Other scripts stay as they are: a question mark for each letter
    helps nobody. Doing it twice changes nothing.
    """
    if _PLAIN.issuperset(text):
        return text
    kept: list[str] = []
    for character in unicodedata.normalize("NFC", text.replace("\r\n", "\n")):
        kept.append(_said(character, follows_foreign=bool(kept) and not is_gsm(kept[-1])))
        if not kept[-1]:
            kept.pop()
    return unicodedata.normalize("NFC", "".join(kept))


def is_gsm(text: str) -> bool:
    """Return whether `text` can be sent as GSM-7."""
    return _GSM.issuperset(text)


def measure(text: str) -> Segments:
    """Return how `text` is sent, exactly as it stands; no text needs no segment.

    Neither the two septets of an extension character nor a surrogate pair are split between segments, so
    that a long text may need one segment more than its units suggest.
    """
    if is_gsm(text):
        if BASIC.issuperset(text):  # as most are: each character is one septet
            alone, part = GSM_LIMITS
            units = len(text)
            return Segments("GSM-7", units, min(units, 1) if units <= alone else -(-units // part))
        sizes = [1 if character in BASIC else 2 for character in text]
        units, segments = _fill(sizes, GSM_LIMITS)
        return Segments("GSM-7", units, segments)
    sizes = [2 if ord(character) > _WIDE else 1 for character in text]
    units, segments = _fill(sizes, UCS_LIMITS)
    return Segments("UCS-2", units, segments)


def _fill(sizes: list[int], limits: tuple[int, int]) -> tuple[int, int]:
    alone, part = limits
    units = sum(sizes)
    if units <= alone:
        return units, min(units, 1)
    segments, room = 1, part
    for size in sizes:
        if size > room:
            segments, room = segments + 1, part
        room -= size
    return units, segments


def _said(character: str, *, follows_foreign: bool) -> str:
    if character in REPLACEMENTS:
        return REPLACEMENTS[character]
    if character in BASIC or character in EXTENSION:
        return character
    category = unicodedata.category(character)
    if category in {"Mn", "Me"}:
        # Marks of a script that we keep belong to it; what remains of an accent or of an emoji does not.
        return character if follows_foreign and ord(character) not in _PLANE_OF_TAGS else ""
    plain = "".join(
        REPLACEMENTS.get(part, part)
        for part in unicodedata.normalize("NFKD", character)
        if unicodedata.category(part) not in {"Mn", "Me"}
    )
    if plain and is_gsm(plain):
        return plain
    return "" if category in _DROPPED else character
