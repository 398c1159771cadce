"""Word lists, found in a message in one pass: phrases, spelling slips, negation, disguises.

The work is linear in the message: each word is looked up once, and only phrases that start with it and whose
second word follows are compared. What must not live here: which list means what (words.yaml).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from app.rulebook.phrases import NOTHING, Phrase, Start, WordList, found_at, merged, start_of
from app.rulebook.slips import Slips
from app.rulebook.tokens import Tokens, folded

NEGATION_REACH: Final = 3
_MEMO: Final = 20_000

Spans = list[tuple[int, int]]


class Vocabulary:
    """All word lists, ready to be looked for."""

    def __init__(
        self,
        lists: Iterable[WordList],
        negators: Iterable[str],
        breakers: Iterable[str],
        no_slips: Iterable[str] = (),
    ) -> None:
        """Compile `lists`; a word of `breakers` ends the reach of one of `negators`.

        Words of `no_slips` are never taken for a misspelt word of a list. Raises PhraseError.
        """
        self._negators = frozenset(folded(word) for word in negators)
        self._breakers = frozenset(folded(word) for word in breakers)
        self._first: dict[str, list[Phrase]] = {}
        self._first_prefix: dict[str, list[Phrase]] = {}
        known: set[str] = set(self._negators | self._breakers)
        prefixes: set[str] = set()
        for phrase in merged(lists):
            for word in phrase.slots[0].words:
                self._first.setdefault(word, []).append(phrase)
            for prefix in phrase.slots[0].prefixes:
                self._first_prefix.setdefault(prefix, []).append(phrase)
            for slot in phrase.slots:
                known |= slot.words
                prefixes.update(slot.prefixes)
        self._slips = Slips(known, prefixes, (folded(word) for word in no_slips))
        self._longest = max((len(prefix) for prefix in prefixes), default=0)
        self._memo: dict[str, tuple[str, Start]] = {}
        self._last: tuple[Tokens, dict[str, Spans]] | None = None

    def find(self, tokens: Tokens) -> dict[str, Spans]:
        """Return where each word list was found, in the order of the message; not to be changed.

        The same tokens are asked about several times in a row (classify, route, another rulebook).
        """
        last = self._last
        if last is None or last[0] is not tokens:
            last = self._last = (tokens, self._find(tokens))
        return last[1]

    def _find(self, tokens: Tokens) -> dict[str, Spans]:
        known = self._memo
        looked_up = [known.get(word) or self._look_up(word) for word in tokens.words]
        words = [word for word, _ in looked_up]
        present = set(words)
        hits = [
            (phrase, start, end)
            for start, (_, begin) in enumerate(looked_up)
            if begin is not NOTHING
            for phrase, end in found_at(begin, words, tokens.sentences, present, start)
        ]
        disguises = [(start, end) for phrase, start, end in hits if phrase.disguise]
        found: dict[str, Spans] = {}
        for phrase, start, end in hits:
            if disguises and any(_hides(disguise, start, end) for disguise in disguises):
                continue
            owners = phrase.always
            if phrase.negatable and not self._negated(words, tokens.clauses, start):
                owners += phrase.negatable
            for owner in owners:
                found.setdefault(owner, []).append((start, end))
        return found

    def _look_up(self, word: str) -> tuple[str, Start]:
        """Return `word`, put right if it is a slip, and the phrases that may start with it."""
        right = self._slips.corrected(word)
        phrases = list(self._first.get(right, ()))
        for length in range(1, min(len(right), self._longest) + 1):
            phrases.extend(self._first_prefix.get(right[:length], ()))
        known = (right, start_of(phrases) if phrases else NOTHING)
        if len(self._memo) >= _MEMO:
            self._memo.clear()
        self._memo[word] = known
        return known

    def _negated(self, words: list[str], clauses: list[int], start: int) -> bool:
        clause = clauses[start]
        for index in range(start - 1, max(-1, start - 1 - NEGATION_REACH), -1):
            if clauses[index] != clause or words[index] in self._breakers:
                return False
            if words[index] in self._negators:
                return True
        return False


def _hides(disguise: tuple[int, int], start: int, end: int) -> bool:
    """Tell whether a disguise covers a shorter phrase: "fire drill" hides "fire", but not "fire drill*"."""
    return disguise[0] <= start and end <= disguise[1] and end - start < disguise[1] - disguise[0]
