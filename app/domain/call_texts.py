"""What is spoken on the phone: which texts there are, their facts, and how numbers are said.

What must not live here: the wording (rules/texts/*.yaml), TwiML (inbound), what a key does (usecases).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

_LONGEST_QUOTE: Final = 140  # characters: about ten seconds
_GAP: Final = re.compile(r"\s+")
_MORE_THAN_ONE_DIGIT: Final = re.compile(r"\d(?=\d)")


class SpokenId(StrEnum):
    """One spoken text, in each language."""

    CALL_PAGE = "call_page"
    CALL_CHOICES = "call_choices"
    CALL_CHOICES_ALL = "call_choices_all"
    CALL_STORE = "call_store"
    CALL_MANY = "call_many"
    CALL_NEUTRAL = "call_neutral"
    CALL_KEYS = "call_keys"
    CALL_OWNED = "call_owned"
    CALL_OWNED_ALL = "call_owned_all"
    CALL_TAKEN = "call_taken"
    CALL_PASSED = "call_passed"
    CALL_PASSED_ALL = "call_passed_all"
    CALL_DIALLING = "call_dialling"
    CALL_TALKED = "call_talked"
    CALL_NOT_REACHED = "call_not_reached"
    CALL_NO_PHONE = "call_no_phone"
    CALL_OVER = "call_over"
    CALL_KEPT = "call_kept"
    CALL_NOT_SAVED = "call_not_saved"
    CALL_GOODBYE = "call_goodbye"
    CALL_GREETING_C = "call_greeting_c"
    CALL_AGAIN_C = "call_again_c"
    CALL_RECORD_C = "call_record_c"
    CALL_THANKS_C = "call_thanks_c"
    CALL_NOTHING_C = "call_nothing_c"


SPOKEN_FACTS: Final[Mapping[SpokenId, frozenset[str]]] = MappingProxyType(
    {
        **dict.fromkeys(SpokenId, frozenset({"company"})),
        SpokenId.CALL_PAGE: frozenset(
            {"company", "priority", "trade", "account", "code", "city", "quote", "missed", "rounds"},
        ),
        SpokenId.CALL_CHOICES: frozenset({"company", "to"}),
        SpokenId.CALL_MANY: frozenset({"company", "count"}),
        SpokenId.CALL_OWNED: frozenset({"company", "number"}),
        SpokenId.CALL_TAKEN: frozenset({"company", "number", "by"}),
        SpokenId.CALL_PASSED: frozenset({"company", "number", "to"}),
        SpokenId.CALL_OVER: frozenset({"company", "number"}),
    },
)
"""The facts that each spoken text may use. A fact that has no value at the time is empty."""

_SPELLED: Final = frozenset({"number", "code"})


def speakable(name: str, value: str) -> str:
    """Return a fact as it is spoken: one line, digits of a number one by one, a long quote cut."""
    text = unicodedata.normalize("NFC", _GAP.sub(" ", value)).strip()
    text = "".join(c for c in text if unicodedata.category(c) not in {"Cc", "Cs", "Cn", "Co"})
    if name in _SPELLED:
        return _MORE_THAN_ONE_DIGIT.sub(lambda digit: f"{digit.group()} ", text)
    if name == "priority":
        return text.removeprefix("P")
    if name == "quote" and len(text) > _LONGEST_QUOTE:
        return text[:_LONGEST_QUOTE].rsplit(" ", 1)[0]
    return text.rstrip(".") if name == "quote" else text
