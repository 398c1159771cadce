"""Why a stored ticket was decided as it was. What must not live here: the words of a trace (why.py)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Engine

from app.domain.events import Opened
from app.store import sla_audit as store
from app.usecases.sla_explain import UnknownTicketError, UnreadableTicketError
from app.usecases.why import NOT_ASKED, StageWords, why


@dataclass(frozen=True, slots=True)
class Explained:
    """The first event of a ticket and its trace in plain words; no words where no trace was kept."""

    opened: Opened
    stages: tuple[StageWords, ...]


def explained(engine: Engine, number: int) -> Explained:
    """Return why a ticket is what it is, by its number. Raises UnknownTicketError, UnreadableTicketError."""
    with store.snapshot(engine) as connection:
        stored = store.by_number(connection, number)
    if stored is None:
        raise UnknownTicketError(f"there is no ticket {number}")
    opened = next((event for event in stored.events if isinstance(event, Opened)), None)
    if opened is None:
        raise UnreadableTicketError(f"ticket {number} cannot be read: {stored.unreadable}")
    return Explained(opened, why(opened.trace) if opened.trace else ())


def lines(found: Explained) -> Iterator[str]:
    """Yield the explanation as lines of a terminal."""
    opened = found.opened
    yield f"Ticket {opened.number}: {opened.priority}, {opened.trade or 'trade not known'},"
    yield f"ladder {opened.ladder}; decided by revision {opened.revision[:12]}."
    if not found.stages:
        said = ", ".join(opened.rules) or "none"
        yield f"What each rule looked at was not kept for this ticket. Rules: {said}."
        return
    yield from trace_lines(found.stages)


def trace_lines(stages: tuple[StageWords, ...]) -> Iterator[str]:
    """Yield a trace as lines of a terminal."""
    for stage in stages:
        yield ""
        yield f"{stage.question} {', '.join(stage.decided) or 'No rule says so.'}"
        for rule in stage.rules:
            yield f"  {'matched' if rule.matched else 'not    '}  {rule.rule}"
            for seen in rule.saw:
                yield f"             {seen}"
    yield ""
    yield NOT_ASKED
