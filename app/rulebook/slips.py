"""Spelling slips: which known word is meant by an unknown one.

What must not live here: which words are known (vocabulary.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

_LENGTH: Final = 6
_PREFIX: Final = 3
_VOWELS: Final = "aeiouy"
_TWO: Final = 2


class Slips:
    """Puts words right that are one slip away from exactly one known word."""

    def __init__(
        self, known: Collection[str], prefixes: Collection[str], no_slips: Iterable[str] = ()
    ) -> None:
        """Know whole words and beginnings of words; those of `no_slips` are meant as they are written."""
        self._known = frozenset((*known, *no_slips))
        self._prefixes = frozenset(prefixes)
        self._index = _slip_index({*known, *prefixes})

    def corrected(self, word: str) -> str:
        """Return the word that is meant: `word` itself if it is known, short, or not clearly a slip."""
        if len(word) < _LENGTH or word in self._known or not word.isalpha():
            return word
        if any(word[:length] in self._prefixes for length in range(_PREFIX, len(word) + 1)):
            return word
        near = {
            right
            for key in _with_one_letter_less(word)
            for right in self._index.get(key, ())
            if right[0] == word[0] and _is_slip(word, right)
        }
        # Two candidates are as good as none: a wrong guess is worse than a word that nobody knew.
        return near.pop() if len(near) == 1 else word


def _slip_index(words: Iterable[str]) -> Mapping[str, list[str]]:
    index: dict[str, list[str]] = {}
    for word in words:
        if len(word) >= _LENGTH and word.isalpha():
            for key in _with_one_letter_less(word):
                index.setdefault(key, []).append(word)
    return index


def _is_slip(word: str, right: str) -> bool:
    """Tell whether `word` is `right` with a letter left out, doubled, swapped, or one vowel for another.

    Another consonant is taken for another word: "showing" is not "snowing", Hester is no heater.
    """
    if len(word) != len(right):
        return True
    places = [at for at, (one, other) in enumerate(zip(word, right, strict=True)) if one != other]
    if len(places) == 1:
        return word[places[0]] in _VOWELS and right[places[0]] in _VOWELS
    first, last = places[0], places[-1]
    return (
        len(places) == _TWO
        and last == first + 1
        and word[first] == right[last]
        and word[last] == right[first]
    )


def _with_one_letter_less(word: str) -> list[str]:
    """Return `word` and what is left of it without one letter; words one slip apart share one."""
    return [word, *(word[:i] + word[i + 1 :] for i in range(len(word)))]
