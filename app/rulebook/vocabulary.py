"""Word lists, found in a message in one pass: phrases, word families, spelling slips, negation, disguises.

A phrase of words.yaml is words with `*` for any ending, `|` between alternatives of one word, and `..` for
up to three words in between. The work is linear in the message: each word is looked up once, and only the
phrases that start with it are compared. What must not live here: which list means what (words.yaml).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

GAP: Final = 4
NEGATION_REACH: Final = 3
MAX_WORDS: Final = 1500
_SLIP_LENGTH: Final = 6
_VOWELS: Final = "aeiouy"
_MEMO: Final = 20_000
_PREFIX: Final = 3
_MOST_WORDS: Final = 12

_ELISION: Final = re.compile(r"\b([cdjlmnst]|qu)['\u2019](?=[a-zà-ÿ])")
_APOSTROPHE: Final = re.compile(r"['\u2019\u2018\u00b4`]")
_WORD: Final = re.compile(r"[a-z]+|\d+|[.!?;:,\n()]+|[\U0001F100-\U0001FAFF\u2600-\u27BF]|[#%$&+]")

Spans = list[tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WordList:
    """One list of words.yaml. `negatable`: a "no" before it takes it away. `disguise`: it hides others."""

    name: str
    phrases: tuple[str, ...]
    negatable: bool = True
    disguise: bool = False


@dataclass(frozen=True, slots=True)
class _Slot:
    words: frozenset[str]
    prefixes: tuple[str, ...]
    gap: int

    def fits(self, word: str) -> bool:
        return word in self.words or (bool(self.prefixes) and word.startswith(self.prefixes))


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A phrase and the lists that have it: those that a negation takes it from, and the others."""

    slots: tuple[_Slot, ...]
    negatable: tuple[str, ...]
    always: tuple[str, ...]
    disguise: bool


@dataclass(frozen=True, slots=True)
class _Start:
    """The phrases that may begin with a word, by what has to follow it."""

    alone: tuple[_Phrase, ...] = ()
    followed: Mapping[str, tuple[_Phrase, ...]] = field(default_factory=dict)
    later: Mapping[str, tuple[_Phrase, ...]] = field(default_factory=dict)
    open: tuple[_Phrase, ...] = ()


@dataclass(frozen=True, slots=True)
class Tokens:
    """A message's words, and for each the number of the clause and of the sentence in which it stands."""

    words: list[str]
    clauses: list[int]
    sentences: list[int]


class PhraseError(ValueError):
    """A phrase of a word list is not written as it must be."""


def folded(text: str) -> str:
    """Return `text` in lower case, without accents and apostrophes; French elisions become two words."""
    low = text.lower()
    if "'" in low or "\u2019" in low or "`" in low:
        low = _APOSTROPHE.sub("", _ELISION.sub(r"\1 ", low))
    if low.isascii():
        return low
    return "".join(c for c in unicodedata.normalize("NFKD", low) if not unicodedata.combining(c))


def tokens_of(text: str) -> Tokens:
    """Return the words of `text` (already folded), at most MAX_WORDS of them."""
    words: list[str] = []
    clauses: list[int] = []
    sentences: list[int] = []
    clause = sentence = 0
    for part in _WORD.findall(text):
        if part[0] in ".!?;:,\n()":
            clause += 1
            if part[0] not in ",:()":
                sentence += 1
            continue
        words.append(part)
        clauses.append(clause)
        sentences.append(sentence)
        if len(words) == MAX_WORDS:
            break
    return Tokens(words, clauses, sentences)


class Vocabulary:
    """All word lists, ready to be looked for."""

    def __init__(self, lists: Iterable[WordList], negators: Iterable[str], breakers: Iterable[str]) -> None:
        """Compile `lists`; a word of `breakers` ends the reach of one of `negators`. Raises PhraseError."""
        self._negators = frozenset(folded(word) for word in negators)
        self._breakers = frozenset(folded(word) for word in breakers)
        self._first: dict[str, list[_Phrase]] = {}
        self._first_prefix: dict[str, list[_Phrase]] = {}
        known: set[str] = set(self._negators | self._breakers)
        prefixes: set[str] = set()
        for phrase in _merged(lists):
            for word in phrase.slots[0].words:
                self._first.setdefault(word, []).append(phrase)
            for prefix in phrase.slots[0].prefixes:
                self._first_prefix.setdefault(prefix, []).append(phrase)
            for slot in phrase.slots:
                known |= slot.words
                prefixes.update(slot.prefixes)
        self._known = known
        self._prefixes = frozenset(prefixes)
        self._slips = _slip_index(known | prefixes)
        self._longest = max((len(prefix) for prefix in prefixes), default=0)
        self._memo: dict[str, tuple[str, _Start]] = {}

    def find(self, tokens: Tokens) -> dict[str, Spans]:
        """Return where each word list was found, in the order of the message."""
        looked_up = [self._look_up(word) for word in tokens.words]
        words = [word for word, _ in looked_up]
        disguises: Spans = []
        hits: list[tuple[_Phrase, int, int]] = []
        for start, (_, begin) in enumerate(looked_up):
            if begin is _NOTHING:
                continue
            for phrase in _possible(begin, words, start):
                end = _match(phrase.slots, words, tokens.sentences, start)
                if end:
                    hits.append((phrase, start, end))
                    if phrase.disguise:
                        disguises.append((start, end))
        found: dict[str, Spans] = {}
        for phrase, start, end in hits:
            if disguises and any(_hides(disguise, start, end) for disguise in disguises):
                continue
            for owner in phrase.always:
                found.setdefault(owner, []).append((start, end))
            if phrase.negatable and not self._negated(words, tokens.clauses, start):
                for owner in phrase.negatable:
                    found.setdefault(owner, []).append((start, end))
        return found

    def _look_up(self, word: str) -> tuple[str, _Start]:
        """Return `word`, put right if it is a slip, and the phrases that may start with it."""
        known = self._memo.get(word)
        if known is None:
            right = self._corrected(word)
            phrases = list(self._first.get(right, ()))
            for length in range(1, min(len(right), self._longest) + 1):
                phrases.extend(self._first_prefix.get(right[:length], ()))
            known = (right, _start_of(phrases) if phrases else _NOTHING)
            if len(self._memo) >= _MEMO:
                self._memo.clear()
            self._memo[word] = known
        return known

    def _corrected(self, word: str) -> str:
        if len(word) < _SLIP_LENGTH or word in self._known or not word.isalpha():
            return word
        if any(word[:length] in self._prefixes for length in range(_PREFIX, len(word) + 1)):
            return word
        near = {
            right
            for key in _with_one_letter_less(word)
            for right in self._slips.get(key, ())
            if right[0] == word[0] and _is_slip(word, right)
        }
        # Two candidates are as good as none: a wrong guess is worse than a word that nobody knew.
        return near.pop() if len(near) == 1 else word

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


def slots_of(phrase: str) -> tuple[_Slot, ...]:
    """Return a phrase of words.yaml as the words that must follow each other. Raises PhraseError."""
    slots: list[_Slot] = []
    gap = 0
    for part in phrase.replace("-", " ").split():
        if part == "..":
            if not slots:
                raise PhraseError(f"{phrase!r} cannot start with '..'")
            gap = GAP
            continue
        for slot in _slots_of_part(part, phrase):
            slots.append(_Slot(slot.words, slot.prefixes, gap))
            gap = 0
    if not slots:
        raise PhraseError("a phrase has at least one word")
    if len(slots) > _MOST_WORDS:
        raise PhraseError(f"a phrase has at most {_MOST_WORDS} words")
    if gap:
        raise PhraseError(f"{phrase!r} cannot end with '..'")
    return tuple(slots)


_NOTHING: Final = _Start()


def _merged(lists: Iterable[WordList]) -> list[_Phrase]:
    """Return each phrase once, with all the lists that have it."""
    owners: dict[tuple[_Slot, ...], list[WordList]] = {}
    for item in lists:
        for text in item.phrases:
            owners.setdefault(slots_of(text), []).append(item)
    return [
        _Phrase(
            slots=slots,
            negatable=tuple(item.name for item in items if item.negatable),
            always=tuple(item.name for item in items if not item.negatable),
            disguise=any(item.disguise for item in items),
        )
        for slots, items in owners.items()
    ]


def _start_of(phrases: Iterable[_Phrase]) -> _Start:
    alone: list[_Phrase] = []
    followed: dict[str, list[_Phrase]] = {}
    later: dict[str, list[_Phrase]] = {}
    rest: list[_Phrase] = []
    for phrase in phrases:
        if len(phrase.slots) == 1:
            alone.append(phrase)
        elif phrase.slots[1].prefixes:
            rest.append(phrase)
        else:
            for word in phrase.slots[1].words:
                (later if phrase.slots[1].gap else followed).setdefault(word, []).append(phrase)
    return _Start(
        alone=tuple(alone),
        followed={word: tuple(found) for word, found in followed.items()},
        later={word: tuple(found) for word, found in later.items()},
        open=tuple(rest),
    )


def _possible(begin: _Start, words: Sequence[str], start: int) -> Iterator[_Phrase]:
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


def _slots_of_part(part: str, phrase: str) -> list[_Slot]:
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
            last = _Slot(frozenset(), (pieces[-1],), 0) if part.endswith("*") else _one(pieces[-1])
            return [*map(_one, pieces[:-1]), last]
        (prefixes if alternative.endswith("*") else words).append(pieces[0])
    return [_Slot(frozenset(words), tuple(prefixes), 0)]


def _one(word: str) -> _Slot:
    return _Slot(frozenset({word}), (), 0)


def _match(slots: Sequence[_Slot], words: list[str], sentences: list[int], start: int) -> int:
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


def _slip_index(words: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    index: dict[str, set[str]] = {}
    for word in words:
        if len(word) >= _SLIP_LENGTH and word.isalpha():
            for key in _with_one_letter_less(word):
                index.setdefault(key, set()).add(word)
    return {key: tuple(sorted(found)) for key, found in index.items()}


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
    return len(places) == 2 and last == first + 1 and word[first] == right[last] and word[last] == right[first]  # noqa: PLR2004


def _with_one_letter_less(word: str) -> list[str]:
    """Return `word` and what is left of it without one letter; words one slip apart share one."""
    return [word, *(word[:i] + word[i + 1 :] for i in range(len(word)))]
