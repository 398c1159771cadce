"""What is noted about a ticket's breaches: who held it, why it happened, what is done, whether it is excused.

What must not live here: when a target ran out (sla.py), which reasons there are (the rulebook).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import assert_never

from app.domain.events import Breached, BreachExcused, BreachExplained, BreachUnexcused


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachNote:
    """One breached clock. `held_by` had the ticket then; `reason` is a code, empty until somebody says why.

    An excuse names who gave it and when; it gives the reason too, as long as it stands: `said` is the one
    that was given with the explanation. `excuse_remark` is the excuse's own text.
    """

    metric: str
    held_by: str = ""
    reason: str = ""
    remark: str = ""
    corrective_action: str = ""
    explained_by: str = ""
    explained_at: datetime | None = None
    excused: bool = False
    excused_by: str = ""
    excused_at: datetime | None = None
    excuse_remark: str = ""
    said: str = ""

    @property
    def mark(self) -> str:
        """Return a short text that stands for what is noted: a changed note has another one."""
        return sha256(repr(self).encode()).hexdigest()[:16]


def note_of(notes: tuple[BreachNote, ...], metric: str) -> BreachNote:
    """Return what is noted about a metric's breach; an empty note when there is none."""
    return next((note for note in notes if note.metric == metric), BreachNote(metric=metric))


def after(
    notes: tuple[BreachNote, ...],
    event: Breached | BreachExplained | BreachExcused | BreachUnexcused,
) -> tuple[BreachNote, ...]:
    """Return the notes after an event, one for each breached metric, in the order of the breaches."""
    note = note_of(notes, event.metric)
    changed = _changed(note, event)
    if note not in notes:
        return (*notes, changed)
    return tuple(changed if known is note else known for known in notes)


def _changed(
    note: BreachNote,
    event: Breached | BreachExplained | BreachExcused | BreachUnexcused,
) -> BreachNote:
    match event:
        case Breached():
            return replace(note, held_by=event.held_by)
        case BreachExplained():
            return replace(
                note,
                reason=event.reason,
                said=event.reason,
                remark=event.remark,
                corrective_action=event.corrective_action,
                explained_by=event.person,
                explained_at=event.at,
            )
        case BreachExcused():
            return replace(
                note,
                reason=event.reason,
                excused=True,
                excused_by=event.person,
                excused_at=event.at,
                excuse_remark=event.remark,
            )
        case BreachUnexcused():
            back = replace(note, excused=False, excused_by="", excused_at=None, excuse_remark="")
            return replace(back, reason=note.said)
        case _:
            assert_never(event)
