"""Phrases of words.yaml, and how they are found among words: `*` any ending, `|` alternatives, `..` a gap.

What must not live here: negation and spelling slips (vocabulary.py, slips.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from app.rulebook.tokens import folded, tokens_of

GAP: Final = 4
_MOST_WORDS: Final = 12


class PhraseError(ValueError):
    """A phrase of a word list is not written as it must be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordList:
    """One list of words.yaml. `negatable`: a "no" before it takes it away. `disguise`: it hides others."""

    name: str
    phrases: tuple[str, ...]
    negatable: bool = True
    disguise: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """One word of a phrase: exact words or beginnings, after at most `gap` other words."""

    words: frozenset[str]
    prefixes: tuple[str, ...]
    gap: int

    def fits(self, word: str) -> bool:
        """Tell whether `word` is meant."""
        return word in self.words or (bool(self.prefixes) and word.startswith(self.prefixes))


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase and the lists that have it: those that a negation takes it from, and the others."""

    slots: tuple[Slot, ...]
    negatable: tuple[str, ...]
    always: tuple[str, ...]
    disguise: bool


@dataclass(frozen=True, slots=True)
class Start:
    """The phrases that may begin with a word, by what has to follow it."""

    alone: tuple[Phrase, ...] = ()
    followed: Mapping[str, tuple[Phrase, ...]] = field(default_factory=dict)
    later: Mapping[str, tuple[Phrase, ...]] = field(default_factory=dict)
    open: tuple[Phrase, ...] = ()


@lru_cache(maxsize=20_000)
def slots_of(phrase: str) -> tuple[Slot, ...]:
    """Return a phrase of words.yaml as the words that must follow each other. Raises PhraseError."""
    slots: list[Slot] = []
    gap = 0
    for part in phrase.replace("-", " ").split():
        if part == "..":
            if not slots:
                raise PhraseError(f"{phrase!r} cannot start with '..'")
            gap = GAP
            continue
        for slot in _slots_of_part(part, phrase):
            slots.append(Slot(slot.words, slot.prefixes, gap))
            gap = 0
    if not slots:
        raise PhraseError("a phrase has at least one word")
    if len(slots) > _MOST_WORDS:
        raise PhraseError(f"a phrase has at most {_MOST_WORDS} words")
    if gap:
        raise PhraseError(f"{phrase!r} cannot end with '..'")
    return tuple(slots)


NOTHING: Final = Start()


def merged(lists: Iterable[WordList]) -> list[Phrase]:
    """Return each phrase once, with all the lists that have it."""
    owners: dict[tuple[Slot, ...], list[WordList]] = {}
    for item in lists:
        for text in item.phrases:
            owners.setdefault(slots_of(text), []).append(item)
    return [
        Phrase(
            slots=slots,
            negatable=tuple(item.name for item in items if item.negatable),
            always=tuple(item.name for item in items if not item.negatable),
            disguise=any(item.disguise for item in items),
        )
        for slots, items in owners.items()
    ]


def start_of(phrases: Iterable[Phrase]) -> Start:
    """Return `phrases`, which begin with the same word, by what has to follow it."""
    alone: list[Phrase] = []
    followed: dict[str, list[Phrase]] = {}
    later: dict[str, list[Phrase]] = {}
    rest: list[Phrase] = []
    for phrase in phrases:
        if len(phrase.slots) == 1:
            alone.append(phrase)
        elif phrase.slots[1].prefixes:
            rest.append(phrase)
        else:
            for word in phrase.slots[1].words:
                (later if phrase.slots[1].gap else followed).setdefault(word, []).append(phrase)
    return Start(
        alone=tuple(alone),
        followed={word: tuple(found) for word, found in followed.items()},
        later={word: tuple(found) for word, found in later.items()},
        open=tuple(rest),
    )


def possible(begin: Start, words: Sequence[str], start: int) -> Iterator[Phrase]:
    """Yield the phrases whose second word stands where it must."""
    yield from begin.alone
    yield from begin.open
    after = words[start + 1 : start + 2 + GAP]
    if after and begin.followed:
        yield from begin.followed.get(after[0], ())
    if begin.later:
        seen = set(after)
        for word in seen:
            yield from begin.later.get(word, ())


def _slots_of_part(part: str, phrase: str) -> list[Slot]:
    words: list[str] = []
    prefixes: list[str] = []
    for alternative in part.split("|"):
        pieces = tokens_of(folded(alternative.removesuffix("*"))).words
        if not pieces or "".join(pieces) != folded(alternative.removesuffix("*")):
            raise PhraseError(f"{alternative!r} in {phrase!r} is not a word")
        if len(pieces) > 1:
            # A word such as w9 is read as two, as it is in a message.
            if part != alternative:
                raise PhraseError(f"{alternative!r} in {phrase!r} cannot be one of several")
            last = Slot(frozenset(), (pieces[-1],), 0) if part.endswith("*") else _one(pieces[-1])
            return [*map(_one, pieces[:-1]), last]
        (prefixes if alternative.endswith("*") else words).append(pieces[0])
    return [Slot(frozenset(words), tuple(prefixes), 0)]


def _one(word: str) -> Slot:
    return Slot(frozenset({word}), (), 0)


def match(slots: Sequence[Slot], words: list[str], sentences: list[int], start: int) -> int:
    """Return the index after the last word of the phrase that begins at `start`, or 0.

    Gaps are tried side by side, so that the work stays linear: a phrase ends as early as it can.
    """
    ends = {start + 1}
    sentence = sentences[start]
    for slot in slots[1:]:
        following: set[int] = set()
        for end in ends:
            for at in range(end, min(end + slot.gap + 1, len(words))):
                if sentences[at] != sentence:
                    break
                if slot.fits(words[at]):
                    following.add(at + 1)
        if not following:
            return 0
        ends = following
    return min(ends)
