"""Pieces of text that rules ask for, all looked for in one pass: contains, startsWith, endsWith, matches.

What must not live here: conditions themselves (compiling.py); this only says which rules are worth trying.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import re2

from app.rulebook.compiling import Key

_MEMORY: Final = 1 << 16  # bytes for each pattern, and at least
_LEAST_MEMORY: Final = 16 << 20


class Pieces:
    """Which rules' pieces are in a text. Where the set cannot be made, all rules are worth trying."""

    def __init__(self, wanted: Mapping[Key, Sequence[int]]) -> None:
        """Compile the patterns of `wanted`, which has the rules (by number) of each key."""
        self._rules = [tuple(rules) for rules in wanted.values()]
        self._all = sorted({rule for rules in self._rules for rule in rules})
        options = re2.Options()
        options.log_errors = False
        options.max_mem = max(_LEAST_MEMORY, _MEMORY * len(wanted))
        self._set = re2.Set.SearchSet(options)
        try:
            for key in wanted:
                self._set.Add(_pattern(key))
            self._set.Compile()
        except re2.error:
            self._set = None

    def found_in(self, text: str) -> Sequence[int]:
        """Return the rules of which a piece is in `text`, in no order."""
        if self._set is None:
            return self._all
        hits = self._set.Match(text)
        return [rule for hit in hits or () for rule in self._rules[hit]]


def _pattern(key: Key) -> str:
    piece = key.value if key.kind == "matches" else re2.escape(key.value)
    return {"startsWith": rf"\A(?:{piece})", "endsWith": rf"(?:{piece})\z"}.get(key.kind, piece)
