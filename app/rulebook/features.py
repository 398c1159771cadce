"""What learned words look at in a message: its words, pairs of words and beginnings of words.

The work is linear in a bounded part of the message. What must not live here: what they weigh (learned.py).
"""

from __future__ import annotations

import re
from typing import Final

MOST_WORDS: Final = 150
_MOST_CHARACTERS: Final = 3000
_BEGINNING: Final = 5
_WORD: Final = re.compile(r"[a-z]+|\d+|[?!]")
_FIGURE: Final = "0"


def features_of(text: str, subject: str) -> tuple[str, ...]:
    """Return the features of a message whose `text` and `subject` are folded, each once, in their order.

    Of a long message the beginning counts. All figures are alike: store 114 says nothing of store 7. A pair
    is written `not cooling`, the beginning of a longer word `refri*`.
    """
    found: dict[str, None] = {}
    before = ""
    said_in_all = f"{text[:_MOST_CHARACTERS]} | {subject[:_MOST_CHARACTERS]}"
    for number, word in enumerate(_WORD.findall(said_in_all)):
        if number == MOST_WORDS:
            break
        said = _FIGURE if word[0].isdecimal() else word[:60]
        found[said] = None
        if len(said) > _BEGINNING:
            found[f"{said[:_BEGINNING]}*"] = None
        if before:
            found[f"{before} {said}"] = None
        before = said
    return tuple(found)
