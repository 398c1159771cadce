"""The words with which a phone stops and starts our texts. As a carrier does, we act on the bare word only.

What must not live here: what follows from it.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from app.domain.spelling import fold

# Carrier defaults on long codes (PROVIDERS, section 3), and their usual Spanish and French counterparts.
_STOP: Final = frozenset(
    {
        *("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"),
        *("alto", "parar", "detener", "baja"),
        *("arret", "arreter", "desabonner"),
    },
)
_START: Final = frozenset({"start", "unstop"})
_LONGEST: Final = 40  # no longer text is such a word, whatever it is padded with
_TRIM: Final = re.compile(r"[\s.!,;:\"'*()\[\]<>_-]+")


def opt_word(text: str) -> Literal["STOP", "START", ""]:
    """Return STOP or START if `text` is nothing but such a word, in any case, with any punctuation.

    "please cancel the plumber" is none. YES is none either, though a carrier reads it as a start: to us it
    is an answer.
    """
    said = " ".join(text.split())
    word = _TRIM.sub("", fold(said)) if len(said) <= _LONGEST else ""
    if word in _STOP:
        return "STOP"
    return "START" if word in _START else ""
