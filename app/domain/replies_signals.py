"""How the tables of phrases are written that tell messages apart, and how they become patterns.

They match folded text (spelling.fold): lower case, no accents, no apostrophes, single spaces. So upper-case
words in a table stand for groups: HE for who may come, IT for what was reported. What must not live here: the
tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Final

import re2

_GROUPS: Final = {
    "HE": r"""
        (?:he|she|they|guy|guys|dude|man|lady|crew|crews|tech|techs|technician|plumber|electrician|contractor
        |vendor|someone|somebody|anyone|anybody|help|driver|locksmith|repair\w*|roofer|mechanic|team|cleaners?
        |service|exterminator|installer)
    """,
    "IT": r"(?:it|its|it is|it just|that|thats|this|they|he|she|same thing)",
}
# An escape, a class, the beginning of a group, or a character.
_PART: Final = re.compile(
    r"\\U[0-9a-fA-F]{8}|\\u[0-9a-fA-F]{4}|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?<?[=!]|\((?:\?:)?|.", re.DOTALL
)
_LOOKAROUNDS: Final = frozenset({"(?=", "(?!", "(?<=", "(?<!"})
_GROUP: Final = re.compile(r"(?<![\\\w])(?:HE|IT)(?![\w])")


class Signal:
    """Phrases that are looked for as whole words. Safe to share between threads.

    Most messages hold none of them, and Python's patterns take long to find that out, so google-re2 looks
    first: in linear time, for at least as much. It knows no lookarounds and ASCII's words only.
    """

    def __init__(self, phrases: str) -> None:
        """Take alternatives, in Python's notation. Raises ValueError where re2 reads them otherwise."""
        if "{," in phrases:
            raise ValueError(f"write {{0, where these phrases have {{,: {phrases!r}")
        self._phrases = phrases
        # A set of one: re2's own patterns take three times as long to be asked, in Python code.
        perhaps = re2.Set.SearchSet()
        perhaps.Add(rf"(?:^|\W)(?:{_without_lookarounds(phrases)})(?:$|\W)")
        perhaps.Compile()
        self._perhaps = perhaps.Match

    @cached_property
    def exact(self) -> re.Pattern[str]:
        """Return what decides where both look: a pattern that takes a while to compile."""
        return re.compile(rf"(?<!\w)(?:{self._phrases})(?!\w)")

    def search(self, text: str) -> re.Match[str] | None:
        """Return the first match in folded `text`, or nothing."""
        return self.exact.search(text) if self._may_stand_in(text) else None

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Yield each match in folded `text`."""
        return self.exact.finditer(text) if self._may_stand_in(text) else iter(())

    def sub(self, new: str, text: str) -> str:
        """Return folded `text` with `new` for each match."""
        return self.exact.sub(new, text) if self._may_stand_in(text) else text

    def _may_stand_in(self, text: str) -> bool:
        return not (text.isascii() and text.isprintable()) or bool(self._perhaps(text))


def anywhere(table: str) -> Signal:
    """Return whole words: a line of `table` holds alternatives, a backslash joins two lines."""
    lines = re.sub(r"\\\n\s*", "", table).strip().splitlines()
    return Signal(_grouped("|".join(line.strip() for line in lines)))


def at_start(table: str) -> re.Pattern[str]:
    """Return the pattern that `table` writes over several lines; spaces at a line's edges do not count."""
    return re.compile(_grouped("".join(line.strip() for line in table.splitlines())))


def _grouped(pattern: str) -> str:
    groups = {name: "".join(line.strip() for line in text.splitlines()) for name, text in _GROUPS.items()}
    return _GROUP.sub(lambda match: groups[match.group()], pattern)


def _without_lookarounds(pattern: str) -> str:
    """Return a pattern without its lookarounds, which matches wherever the whole one does."""
    kept: list[str] = []
    depth = 0  # of parentheses within a lookaround
    for part in _PART.findall(pattern):
        if depth or part in _LOOKAROUNDS:
            depth += part.startswith("(") - (part == ")")
        else:
            kept.append(rf"\x{{{part[2:]}}}" if part.startswith((r"\u", r"\U")) else part)
    return "".join(kept)
