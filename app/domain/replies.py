"""What our own people answer: the reply grammar (docs on words), from any spelling to one verb.

What must not live here: which ticket a bare reply is about and what a verb does (usecases), the words
themselves (replies_words.py), what customers say (replies_customer.py, re-exported here).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from app.domain.replies_customer import CustomerReply, CustomerVerb, nothing_needed, parse_customer
from app.domain.replies_eta import Eta, WallClock, clock_of_digits, eta_instant, find_eta
from app.domain.replies_kind import customer_intent
from app.domain.replies_optout import opt_word
from app.domain.replies_words import (
    EVERYTHING,
    HOLD_REASONS,
    LONGEST,
    PHRASES,
    POLITE,
    POLITE_ALONE,
    POLITE_FIRST,
    UNITS,
    WEAK_ACK,
    WEAK_PASS,
    Verb,
)
from app.domain.spelling import Word, fold, words

__all__ = [
    "CustomerReply",
    "CustomerVerb",
    "Eta",
    "Hold",
    "StaffReply",
    "Verb",
    "WallClock",
    "customer_intent",
    "eta_instant",
    "nothing_needed",
    "parse_customer",
    "parse_staff",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why work waits, and for how long if said: waiting_parts, waiting_customer, no_access or other."""

    reason: str
    duration: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffReply:
    """A parsed reply. `numbers` are those that can be ticket numbers; `everything` is "ack all".

    `text` is the rest in the writer's own words, all of it when the verb is UNKNOWN. `eta` is None for
    "ETA" without a time that we understand; `hold` is set for HOLD only.
    """

    verb: Verb
    numbers: tuple[int, ...] = ()
    everything: bool = False
    text: str = ""
    eta: Eta | None = None
    hold: Hold | None = None


_READ: Final = 2000  # characters in which a verb and its numbers have to stand
_CLAUSE_ENDS: Final = frozenset(",.-;!\n")
_NUMBERS_NEEDED: Final = {Verb.CANCEL: 1, Verb.MERGE: 2}
_ALONE: Final = frozenset({Verb.LIST, Verb.WHO, Verb.HELP})
_FREE_TEXT: Final = frozenset(
    {Verb.DONE, Verb.ESC, Verb.NOTE, Verb.UPDATE, Verb.PASS, Verb.HOLD, Verb.NEW, Verb.CANCEL, Verb.ACK},
)
_THUMB: Final = re.compile(r"\s*(?:\U0001f44d[\U0001f3fb-\U0001f3ff]?\ufe0f?\s*)+\Z")
# How phones that react to a text tell those that cannot show it.
_REACTION: Final = re.compile(
    r"\s*(?:liked|loved|\U0001f44d\S* to|le gusto|reacted \U0001f44d\S* to)\s*[\"\u201c\u00ab]"
)
_UNREACTION: Final = re.compile(r"\s*(?:disliked|removed|laughed at|questioned|emphasized|reacted)\b")
# Not a part of a phone number, a price, a time or a model; "ack1042" is one all the same.
_TICKET: Final = re.compile(
    r"(?:(?<![\w.,:$/+-])|(?<=\back)|(?<=\bdone)|(?<=\bpass)|(?<=\btake)|(?<=\bonsite)|(?<=\bnote))"
    r"(#?)([1-9]\d{3,6})(?![\w/$%]|[-.,:]\d)",
)
# "since 2019", "code 4471": a number behind these is no ticket unless it has a "#".
_NO_TICKET: Final = re.compile(
    r"\b(?:from|since|in|of|at|until|code|pin|model|room|unit|zip|ext|part|serial|year|desde|de|en)\s*\Z"
)
# "done in 20 min" promises, it does not report.
_LATER: Final = re.compile(
    r"\s*(?:(?:in|within|en)\s+"
    r"(?:\d{1,3}\s*(?:m|mins?|minut\w*|h|hrs?|hours?|horas?)\b|an? hour|half an hour)"
    r"|by\s+(?:\d|noon)|soon\b|tomorrow\b|later\b|pronto\b|manana\b)",
)
_FOR_HOW_LONG: Final = re.compile(
    r"\b(\d{1,3})\s*(d|days?|dias?|h|hrs?|hours?|horas?|m|mins?|minut\w*|w|weeks?|semanas?)\b",
)


def parse_staff(text: str) -> StaffReply:
    """Return what one of our people means by `text`; UNKNOWN, with the whole text, if it is not clear.

    A reply that could be a question or small talk is never an acknowledgement: that would stop an escalation
    that is still needed. A bare 45 is no arrival. If the whole makes no sense, the first paragraph or line is
    tried alone (a signature may follow). Never raises.
    """
    text = text.strip()
    head, tail = text[:_READ], text[_READ:]
    parts = (head, re.split(r"\n\s*\n", head, maxsplit=1)[0], head.split("\n", maxsplit=1)[0])
    replies = (_parse(part) for part in dict.fromkeys(parts))
    reply = next((reply for reply in replies if reply.verb is not Verb.UNKNOWN), _parse(head))
    return replace(reply, text=reply.text + tail) if tail else reply


def _parse(text: str) -> StaffReply:
    folded = fold(text)
    unknown = StaffReply(verb=Verb.UNKNOWN, numbers=_ticket_numbers(folded), text=text.strip())
    if _THUMB.match(text) or _REACTION.match(folded):
        return StaffReply(verb=Verb.ACK)
    if _UNREACTION.match(folded):
        return unknown
    if opted := opt_word(text):
        return StaffReply(verb=Verb.STOP if opted == "STOP" else Verb.START, text=text.strip())
    said = words(text)
    start = _head(said, folded)
    found = _verb_at(said, start)
    if found is None:
        return unknown
    verb, end = found
    if verb is Verb.ACK and (clearer := _beyond_yes(said, folded, end)):
        verb, end = clearer
    elif verb in {Verb.ACK, Verb.PASS} and not _clear_yes_or_no(said, folded, start, end):
        return unknown
    if verb not in _ALONE and said[end:] and said[end].word == "?":
        return unknown
    return _reply(verb, text, folded, said[end - 1].end) or unknown


def _reply(verb: Verb, text: str, folded: str, end: int) -> StaffReply | None:
    """Return the reply whose verb ends at `end`, or None if the rest does not go with it."""
    numbers, rest = _numbers_and_rest(verb, text, folded, end)
    behind = fold(rest)
    said = words(rest)
    everything = verb is Verb.ACK and any(word.word in EVERYTHING for word in words(text))
    if verb in _ALONE and any(word.word not in POLITE_ALONE for word in said):
        return None
    if verb is Verb.HOLD and said and said[0].word in {"on", "up"}:
        return None
    if verb is Verb.ONSITE and folded[:end].rstrip().endswith(("here", "aqui")) and not _all_polite(said):
        return None
    if len(numbers) < _NUMBERS_NEEDED.get(verb, 0):
        return None
    if verb is Verb.NEW and not (text.lstrip().startswith("NEW") or "ticket" in folded[:end]):
        return None
    if verb in {Verb.DONE, Verb.ONSITE} and _LATER.match(behind):
        if verb is Verb.DONE:
            return None
        verb = Verb.ETA
    if verb is Verb.ETA:
        return _eta_reply(text, folded, numbers, rest, end)
    hold = _hold(behind) if verb is Verb.HOLD else None
    if verb is Verb.ACK and _all_polite(said):
        rest = ""
    return StaffReply(verb=verb, numbers=numbers, everything=everything, text=rest, hold=hold)


def _eta_reply(text: str, folded: str, numbers: tuple[int, ...], rest: str, end: int) -> StaffReply | None:
    found = find_eta(fold(rest))
    if found:
        eta, start, stop = found
        words_left = (rest[:start] + " " + rest[stop:]).strip(" ,.;:-")
        return StaffReply(verb=Verb.ETA, numbers=numbers, text=words_left, eta=eta)
    if len(numbers) > 1 and (clock := clock_of_digits(str(numbers[-1])[-4:])):
        return StaffReply(verb=Verb.ETA, numbers=numbers[:-1], text=rest, eta=clock)
    named = folded[:end].rstrip().endswith("eta")
    return StaffReply(verb=Verb.ETA, numbers=numbers, text=rest) if named and text else None


def _head(said: tuple[Word, ...], folded: str) -> int:
    """Return the index of the first word that is neither a ticket number nor a greeting."""
    index = 0
    while index < len(said) and (
        _TICKET.match(folded, said[index].start) or said[index].word in POLITE_FIRST
    ):
        index += 1
    return index


def _verb_at(said: tuple[Word, ...], start: int) -> tuple[Verb, int] | None:
    """Return the verb that stands at `start` and the index behind it; the longest phrase wins."""
    for length in range(min(LONGEST, len(said) - start), 0, -1):
        phrase = tuple(word.word for word in said[start : start + length])
        if phrase in PHRASES:
            return PHRASES[phrase], start + length
    if start < len(said):
        first = said[start].word
        if first in WEAK_ACK or first in EVERYTHING:
            return Verb.ACK, start + 1
        if first in WEAK_PASS:
            return Verb.PASS, start + 1
    return None


def _all_polite(said: tuple[Word, ...]) -> bool:
    return all(word.word in POLITE | EVERYTHING for word in said)


def _beyond_yes(said: tuple[Word, ...], folded: str, end: int) -> tuple[Verb, int] | None:
    """Return the verb that follows a yes ("ok, eta 45"), or the refusal that takes it back."""
    index = end
    while index < len(said):
        found = _verb_at(said, index)
        if found and found[0] is not Verb.ACK and said[index].word not in WEAK_PASS | {"here", "no"}:
            return None if found[0] in _ALONE | {Verb.NEW, Verb.CANCEL} else found
        skippable = _TICKET.match(folded, said[index].start) or said[index].word in POLITE
        if not skippable and not (found and found[0] is Verb.ACK):
            break
        index = max(index + 1, found[1] if found else 0)
    for at in range(end, len(said)):
        found = _verb_at(said, at)
        if found and found[0] is Verb.PASS and said[at].word not in WEAK_PASS:
            return Verb.PASS, end
    return None


def _clear_yes_or_no(said: tuple[Word, ...], folded: str, start: int, end: int) -> bool:
    first = said[start].word
    rest = [word for word in said[end:] if not _TICKET.match(folded, word.start)]
    follows = folded[said[end - 1].end :].lstrip(" ")[:1]
    strong = first not in WEAK_ACK | WEAK_PASS | EVERYTHING
    if any(word.word == "?" for word in rest):
        # "Got it, which store?" has it and asks; "ok which store?" only asks.
        return strong and follows in _CLAUSE_ENDS
    if first in WEAK_ACK or first in EVERYTHING or first in {"mine", "got", "taking"}:
        return _only_yes(said, end, folded) or (first in {"got", "taking"} and len(rest) < len(said[end:]))
    if first == "2":
        return not rest or rest[0].word not in UNITS
    if first in WEAK_PASS:
        return not rest or follows in _CLAUSE_ENDS or all(w.word in POLITE for w in rest)
    return True


def _only_yes(said: tuple[Word, ...], index: int, folded: str) -> bool:
    while index < len(said):
        found = _verb_at(said, index)
        if found and found[0] is Verb.ACK:
            index = found[1]
        elif said[index].word in POLITE or _TICKET.match(folded, said[index].start):
            index += 1
        else:
            return False
    return True


def _numbers_and_rest(verb: Verb, text: str, folded: str, end: int) -> tuple[tuple[int, ...], str]:
    """Return the ticket numbers, and the words behind the verb without those that stand at their edges.

    Where free text follows, a number inside it ("since 2019") counts only with "#".
    """
    found = list(_TICKET.finditer(folded))
    begin, stop = end, len(text)
    moved = True
    while moved:
        moved = False
        for match in found:
            if begin <= match.start() and not text[begin : match.start()].strip(" ,.:;-#\n"):
                begin, moved = match.end(), True
            elif begin <= match.start() and match.end() <= stop and _ends_reply(match, folded[:stop]):
                stop, moved = match.start(), begin == end
    inside = [m for m in found if begin <= m.start() and m.end() <= stop]
    ignored = [m for m in inside if verb in _FREE_TEXT and not m.group(1)]
    numbers = tuple(dict.fromkeys(int(m.group(2)) for m in found if m not in ignored))
    rest = text[begin:stop]
    if verb is Verb.ETA:
        for match in inside:
            blank = " " * (match.end() - match.start())
            rest = rest[: match.start() - begin] + blank + rest[match.end() - begin :]
    return numbers, rest.strip(" \t\r\n,.:;-") if re.search(r"\w", rest) else ""


def _ends_reply(match: re.Match[str], folded: str) -> bool:
    """Return whether the ticket number `match` is the last word, and not part of what is told."""
    if folded[match.end() :].strip(" .!,;)"):
        return False
    return bool(match.group(1)) or not _NO_TICKET.search(folded[: match.start()])


def _ticket_numbers(folded: str) -> tuple[int, ...]:
    return tuple(dict.fromkeys(int(match.group(2)) for match in _TICKET.finditer(folded)))


def _hold(behind: str) -> Hold:
    said = {word.word for word in words(behind)}
    reason = next((name for name, listed in HOLD_REASONS if said & listed), "other")
    span = _FOR_HOW_LONG.search(behind)
    if span is None:
        return Hold(reason=reason)
    hours = {"d": 24, "h": 1, "w": 24 * 7, "s": 24 * 7}.get(span.group(2)[0], 1 / 60)
    return Hold(reason=reason, duration=timedelta(hours=int(span.group(1)) * hours))
