"""Phrases of words.yaml, and how they are found among words: `*` any ending, `|` alternatives, `..` a gap.

What must not live here: negation and spelling slips (vocabulary.py, slips.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from app.rulebook.tokens import MAX_WORD, folded, tokens_of

GAP: Final = 4
_MOST_WORDS: Final = 12
_PAIR: Final = 2


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


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase and the lists that have it: those that a negation takes it from, and the others.

    `third` are the words one of which has to be in the message, where its third word has no other ending.
    """

    slots: tuple[Slot, ...]
    third: frozenset[str] | None
    negatable: tuple[str, ...]
    always: tuple[str, ...]
    disguise: bool


@dataclass(frozen=True, slots=True)
class Start:
    """The phrases that may begin with a word, by what has to follow it.

    `alone` is only that word. `next_pair` ends with the word that follows, `later_pair` with one within the
    gap; `next_long` and `later_long` go on after it. `open` are those whose second word may have any ending.
    """

    alone: tuple[Phrase, ...] = ()
    next_pair: Mapping[str, tuple[Phrase, ...]] = field(default_factory=dict)
    later_pair: Mapping[str, tuple[Phrase, ...]] = field(default_factory=dict)
    next_long: Mapping[str, tuple[Phrase, ...]] = field(default_factory=dict)
    later_long: Mapping[str, tuple[Phrase, ...]] = field(default_factory=dict)
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
            slots.append(Slot(slot.words, slot.prefixes, gap) if gap else slot)
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
            third=slots[_PAIR].words if len(slots) > _PAIR and not slots[_PAIR].prefixes else None,
            negatable=tuple(item.name for item in items if item.negatable),
            always=tuple(item.name for item in items if not item.negatable),
            disguise=any(item.disguise for item in items),
        )
        for slots, items in owners.items()
    ]


def start_of(phrases: Iterable[Phrase]) -> Start:
    """Return `phrases`, which begin with the same word, by what has to follow it."""
    alone: list[Phrase] = []
    rest: list[Phrase] = []
    by_second: dict[tuple[bool, bool], dict[str, list[Phrase]]] = {
        (gap, long): {} for gap in (False, True) for long in (False, True)
    }
    for phrase in phrases:
        if len(phrase.slots) == 1:
            alone.append(phrase)
        elif phrase.slots[1].prefixes:
            rest.append(phrase)
        else:
            found = by_second[bool(phrase.slots[1].gap), len(phrase.slots) > _PAIR]
            for word in phrase.slots[1].words:
                found.setdefault(word, []).append(phrase)
    kept = {key: {word: tuple(found) for word, found in by.items()} for key, by in by_second.items()}
    return Start(
        alone=tuple(alone),
        next_pair=kept[False, False],
        later_pair=kept[True, False],
        next_long=kept[False, True],
        later_long=kept[True, True],
        open=tuple(rest),
    )


def found_at(
    begin: Start, words: list[str], sentences: list[int], present: set[str], start: int
) -> list[tuple[Phrase, int]]:
    """Return the phrases that begin at `start`, each with the index after its last; `present` has `words`.

    Most are pairs, and found by their second word; only longer ones, and those whose second word may have any
    ending, are compared word for word.
    """
    second = start + 1
    hits = [(phrase, second) for phrase in begin.alone]
    sentence, end = sentences[start], min(second + GAP + 1, len(words))
    if second == end or sentences[second] != sentence:
        return hits  # no phrase reaches into the next sentence
    hits += [(phrase, second + 1) for phrase in begin.next_pair.get(words[second], ())]
    wanted = [*begin.open, *begin.next_long.get(words[second], ())]
    if begin.later_pair or begin.later_long:
        for at in range(second, end):
            if sentences[at] != sentence:
                end = at
                break
        pairs, longer = _later(begin, words, second, end)
        hits += pairs
        wanted += longer
    for phrase in wanted:
        third = phrase.third
        if third is not None and third.isdisjoint(present):
            continue
        if last := match(phrase.slots, words, sentences, start):
            hits.append((phrase, last))
    return hits


def _later(
    begin: Start, words: list[str], second: int, end: int
) -> tuple[list[tuple[Phrase, int]], list[Phrase]]:
    """Return the pairs whose second word is in `words[second:end]`, and the longer phrases that may go on."""
    pairs: dict[int, tuple[Phrase, int]] = {}
    longer: dict[int, Phrase] = {}
    for at in range(second, end):
        word = words[at]
        for phrase in begin.later_pair.get(word, ()):
            pairs.setdefault(id(phrase), (phrase, at + 1))
        for phrase in begin.later_long.get(word, ()):
            longer[id(phrase)] = phrase
    return list(pairs.values()), list(longer.values())


def _slots_of_part(part: str, phrase: str) -> list[Slot]:
    words: list[str] = []
    prefixes: list[str] = []
    for alternative in part.split("|"):
        pieces = _pieces_of(alternative.removesuffix("*"))
        if not pieces:
            raise PhraseError(f"{alternative!r} in {phrase!r} is not a word")
        if len(pieces) > 1:
            # A word such as w9 is read as two, as it is in a message.
            if part != alternative:
                raise PhraseError(f"{alternative!r} in {phrase!r} cannot be one of several")
            last = Slot(frozenset(), (pieces[-1],), 0) if part.endswith("*") else _one(pieces[-1])
            return [*map(_one, pieces[:-1]), last]
        (prefixes if alternative.endswith("*") else words).append(pieces[0])
    return [Slot(frozenset(words), tuple(prefixes), 0)]


def _pieces_of(stem: str) -> list[str]:
    """Return the words as which `stem` is read in a message; none if something in it is no word."""
    low = folded(stem)
    if low.isascii() and low.isalpha() and len(low) <= MAX_WORD:
        return [low]  # nearly all are so plain, and there are thousands
    pieces = tokens_of(low).words
    return pieces if "".join(pieces) == low else []


def _one(word: str) -> Slot:
    return Slot(frozenset({word}), (), 0)


def match(slots: Sequence[Slot], words: list[str], sentences: list[int], start: int) -> int:
    """Return the index after the last word of the phrase that begins at `start`, or 0.

    Gaps are tried side by side, so that the work stays linear: a phrase ends as early as it can.
    """
    ends: Collection[int] = (start + 1,)
    sentence, count = sentences[start], len(words)
    for slot in slots[1:]:
        exact, prefixes, reach = slot.words, slot.prefixes, slot.gap + 1
        following: set[int] = set()
        for end in ends:
            for at in range(end, min(end + reach, count)):
                if sentences[at] != sentence:
                    break
                word = words[at]
                if word in exact or (prefixes and word.startswith(prefixes)):
                    following.add(at + 1)
        if not following:
            return 0
        ends = following
    return min(ends)
