"""Words as they are compared: lower case, no accents, plain digits and apostrophes.

`fold` keeps every character's place, so that what is found in the folded text can be cut out of the original.
What must not live here: what any word means.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_APOSTROPHES: Final = frozenset("'\u2019\u2018\u02bc\u00b4`\u2032\uff07")
_WORD: Final = re.compile(r"\d[\d:.,]*(?:[a-z]{1,8}\d{0,2}[a-z]{0,3})?|[a-z]+(?:'[a-z]+)*'?|\?")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text, folded, without apostrophes; `start` and `end` are its place in the text."""

    word: str
    start: int
    end: int


def fold(text: str) -> str:
    """Return `text` for comparing, of the same length: each character becomes one plain character."""
    return "".join(map(_folded, text))


def words(text: str) -> tuple[Word, ...]:
    """Return the words, numbers and question marks of `text`; times such as 3:15 are one word."""
    folded = fold(text)
    return tuple(
        Word(match.group().replace("'", "").rstrip(":.,"), match.start(), match.end())
        for match in _WORD.finditer(folded)
    )


@lru_cache(maxsize=4096)
def _folded(character: str) -> str:
    if character in _APOSTROPHES:
        return "'"
    digit = unicodedata.digit(character, None)
    if digit is not None and unicodedata.category(character) == "Nd":
        return str(digit)
    plain = unicodedata.normalize("NFKD", character)[:1].lower()
    return plain if len(plain) == 1 else character
