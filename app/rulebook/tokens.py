"""A text as words: lower case, no accents, no apostrophes; in which clause and sentence each word stands.

What must not live here: which words matter (phrases.py, vocabulary.py).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

MAX_WORDS: Final = 1500
MAX_WORD: Final = 60  # letters; what is longer is no word, and would be long to be put right

_ELISION: Final = re.compile(r"\b([cdjlmnst]|qu)['\u2019](?=[a-zà-ÿ])")
_APOSTROPHE: Final = re.compile(r"['\u2019\u2018\u00b4`]")
WORD: Final = re.compile(r"[a-z]+|\d+|[.!?;:,\n()]+|[\U0001F100-\U0001FAFF\u2600-\u27BF]|[#%$&+]")


@dataclass(frozen=True, slots=True)
class Tokens:
    """A message's words, and for each the number of the clause and of the sentence in which it stands."""

    words: list[str]
    clauses: list[int]
    sentences: list[int]


def folded(text: str) -> str:
    """Return `text` in lower case, without accents and apostrophes; French elisions become two words."""
    low = text.lower()
    if "'" in low or "\u2019" in low or "`" in low:
        low = _APOSTROPHE.sub("", _ELISION.sub(r"\1 ", low))
    if low.isascii():
        return low
    return "".join(c for c in unicodedata.normalize("NFKD", low) if not unicodedata.combining(c))


def tokens_of(text: str) -> Tokens:
    """Return the words of `text` (already folded), at most MAX_WORDS of them, each cut at MAX_WORD."""
    words: list[str] = []
    clauses: list[int] = []
    sentences: list[int] = []
    clause = sentence = 0
    for part in WORD.findall(text):
        if part[0] in ".!?;:,\n()":
            clause += 1
            if part[0] not in ",:()":
                sentence += 1
            continue
        words.append(part[:MAX_WORD])
        clauses.append(clause)
        sentences.append(sentence)
        if len(words) == MAX_WORDS:
            break
    return Tokens(words, clauses, sentences)
