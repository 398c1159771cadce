"""Asking two rulebooks about many messages, by processes beside this one where there are enough of them.

What must not live here: which messages, and what follows from the answers (replay.py).
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from multiprocessing.connection import Connection
from typing import Any, Final, NamedTuple, Self, TypeAlias
from zoneinfo import ZoneInfo

from app.domain.classification import WEEKDAYS, Classification, Facts, Route
from app.domain.directory import Directory
from app.rulebook.revision import Rulebook, from_document
from app.store.history import Opening

WORTH: Final = 5_000
"""From so many messages on others help: one needs a second or two until it can be asked."""
_MOST_HELPERS: Final = 8
_NICE: Final = 5  # pages go out beside it
_PATIENCE: Final = 10.0  # seconds, for a helper that was told to end


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one rulebook makes of a message: whom it pages, which of those at night, which clocks breach."""

    priority: str
    trade: str
    tags: tuple[str, ...]
    ladder: str
    sla: str
    also_notify: tuple[str, ...]
    woken: tuple[str, ...] = ()
    at_night: tuple[str, ...] = ()
    breached: tuple[str, ...] = ()


Books: TypeAlias = tuple[Rulebook, Rulebook]
"""The old rulebook and the new one; the same one twice where they are equal."""
Answer: TypeAlias = tuple[Outcome, Outcome] | None
"""What the old and the new rulebook say of a message; None where a rule failed."""


class _Asked(NamedTuple):
    """A message as rulebooks are asked about it, and what its ticket was given then."""

    facts: Mapping[str, Any]
    priority: str
    trade: str
    revision: str


def decisions(
    batches: Iterable[list[Opening]], directory: Directory, books: Books, helpers: int
) -> Generator[tuple[list[Opening], Sequence[Answer]]]:
    """Yield each batch, in order, with the answers to its messages.

    `helpers` processes are asked, none to ask here. They give way to whatever else this machine does. If one
    dies, its messages are asked about here.
    """
    with ExitStack() as stack:
        idle = deque(stack.enter_context(_Helper(books)) for _ in range(helpers))
        working: deque[tuple[list[Opening], _Helper]] = deque()
        for batch in batches:
            asked = [_asked(opening, directory) for opening in batch]
            if not helpers:
                yield batch, _answers(asked, books)
                continue
            done = None
            if not idle:
                openings, helper = working.popleft()
                done = openings, helper.answers()
                idle.append(helper)
            idle[0].ask(asked)
            working.append((batch, idle.popleft()))
            if done is not None:
                yield done  # what follows from it is worked out while all helpers are busy
        for openings, helper in working:
            yield openings, helper.answers()


def worth(messages: int) -> int:
    """Return how many helpers so many messages are worth: none, or one more than there are cores.

    The one more has work at hand when this process is late with the next.
    """
    return min(_MOST_HELPERS, (os.cpu_count() or 1) + 1) if messages >= WORTH else 0


class _Helper:
    """A process that asks the same two rulebooks, one batch at a time."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._pending: list[_Asked] = []

    def __enter__(self) -> Self:
        old, new = self._books
        documents = [old.document] if new is old else [old.document, new.document]
        self._pipe, there = multiprocessing.Pipe()
        # Not forked: whoever asks may be a server with threads.
        self._process = multiprocessing.get_context("spawn").Process(
            target=_help, args=(there, documents), daemon=True
        )
        # Ctrl-C reaches the whole group; a helper ends when nobody asks it any more.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        there.close()
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.close()
        self._process.join(_PATIENCE)
        self._process.kill()
        self._process.join()
        self._process.close()

    def ask(self, asked: list[_Asked]) -> None:
        """Hand over a batch; a helper gets the next after it answered only."""
        self._pending = asked
        with suppress(OSError):
            self._pipe.send(asked)

    def answers(self) -> Sequence[Answer]:
        """Wait for the answers to what was handed over; without the process, find them."""
        try:
            found: Sequence[Answer] = self._pipe.recv()
        except (EOFError, OSError):
            return _answers(self._pending, self._books)
        return found


def _help(pipe: Connection, documents: list[dict[str, object]]) -> None:
    """Answer until whoever asks closes the pipe, or is no more."""
    os.nice(_NICE)
    books = [from_document(document) for document in documents]
    with suppress(EOFError, OSError):
        while True:
            pipe.send(_answers(pipe.recv(), (books[0], books[-1])))


def _answers(asked: Iterable[_Asked], books: Books) -> list[Answer]:
    return [_answer(each, *books) for each in asked]


def _answer(asked: _Asked, old: Rulebook, new: Rulebook) -> Answer:
    try:
        facts = Facts(**asked.facts)
        before = old.decide(facts)
        after = before if new is old else new.decide(facts)
        found = before[0]
        if asked.revision == old.hash and (found.priority, found.trade) != (asked.priority, asked.trade):
            # Not the rules: somebody chose it who typed the ticket in, and would choose it again.
            before, after = (
                _chosen(book, facts, decided, asked) for book, decided in ((old, before[0]), (new, after[0]))
            )
    except Exception:  # noqa: BLE001 - a rule that fails on one message must not end the replay
        return None
    return _outcome(*before), _outcome(*after)


def _chosen(
    book: Rulebook, facts: Facts, found: Classification, asked: _Asked
) -> tuple[Classification, Route]:
    by_hand = replace(found, priority=asked.priority, trade=asked.trade)
    return by_hand, book.route(facts, by_hand)


def _outcome(found: Classification, route: Route) -> Outcome:
    return _same(
        priority=found.priority,
        trade=found.trade,
        tags=found.tags,
        ladder=route.ladder,
        sla=route.sla,
        also_notify=route.also_notify,
    )


# There are few, and what stands in a batch many times is sent once.
_same = lru_cache(maxsize=4096)(Outcome)


def _asked(opening: Opening, directory: Directory) -> _Asked:
    facts = opening.facts
    if facts is None:
        facts = asdict(_facts_of(opening, directory))
    return _Asked(facts, opening.priority, opening.trade, opening.revision)


def _facts_of(opening: Opening, directory: Directory) -> Facts:
    """Return what the rules were asked, of a ticket that kept no facts: what its other fields tell."""
    account, site = directory.accounts.get(opening.account), directory.sites.get(opening.site)
    local = opening.at.astimezone(ZoneInfo(site.timezone if site else directory.company.timezone))
    return Facts(
        text=opening.text,
        subject=opening.subject,
        channel=opening.channel,
        contact_known=bool(opening.contact),
        account=opening.account,
        tier=account.tier if account else "",
        site=site.code if site else "",
        region=site.region if site else "",
        local_hour=local.hour,
        weekday=WEEKDAYS[local.weekday()],
    )
