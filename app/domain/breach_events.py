"""What happened to the clocks of a ticket, and what people say about it afterwards.

What must not live here: when a clock reaches what (sla.py, clocks.py), what a note says (breach_notes.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from app.domain.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned(Event):
    """A clock reached `share` percent of its target, at `at`."""

    kind: ClassVar[str] = "warned"
    metric: str
    share: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Breached(Event):
    """A clock's target ran out while it was running, at `at`; `recorded_at` is when that was noticed."""

    kind: ClassVar[str] = "breached"
    metric: str
    held_by: str = field(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachExplained(Event):
    """Somebody says why a clock was breached, by a code of the rulebook, and what is done about it."""

    kind: ClassVar[str] = "breach_explained"
    person: str
    metric: str
    reason: str
    remark: str
    corrective_action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachExcused(Event):
    """Somebody lets a breach count apart, for a reason. It stays recorded."""

    kind: ClassVar[str] = "breach_excused"
    person: str
    metric: str
    reason: str
    remark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachUnexcused(Event):
    """Somebody takes an excuse back."""

    kind: ClassVar[str] = "breach_unexcused"
    person: str
    metric: str
