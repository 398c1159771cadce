"""What the rulebook is asked and what it answers: facts, a classification, a route. Values only.

What must not live here: how a rule decides (rulebook/), how ladders and clocks run (escalation.py, sla.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, NamedTuple

PRIORITIES: Final = ("P1", "P2", "P3", "P4")
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CHANNELS: Final = ("sms", "email", "voice", "web")

# What a message is; only `new` opens a ticket by itself.
KINDS: Final = (
    "new",
    "update",
    "chase",
    "ack_thanks",
    "confirm_yes",
    "confirm_no",
    "staff_reply",
    "stop",
    "auto_reply",
    "spam_or_wrong",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KindEstimate:
    """What learned words say of a message: how sure they are of each kind, and of a P1, in percent."""

    kinds: Mapping[str, int]
    p1: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a message when the rules are asked.

    `account`, `site` and `region` are empty when unknown; `local_hour` (0 to 23) and `weekday` (`mon` to
    `sun`) are those of the site, or of the company without one. `pictures` counts attachments; `automatic`
    is empty for a human's message, else the reason why it is not one.
    """

    text: str = ""
    subject: str = ""
    channel: str = "sms"
    contact_known: bool = False
    account: str = ""
    tier: str = ""
    site: str = ""
    region: str = ""
    local_hour: int = 12
    weekday: str = "mon"
    open_tickets: int = 0
    pictures: int = 0
    automatic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceStep:
    """One rule that was tried: in which stage, whether it matched, and the facts that it looked at.

    `facts` are pairs of a fact's name and its value as text; for a word list the value is what was found.
    """

    stage: str
    rule: str
    matched: bool
    facts: tuple[tuple[str, str], ...] = ()


class Tried(NamedTuple):
    """One rule of a Trace: its stage, its name, whether it matched, and the names of what it looked at."""

    stage: str
    rule: str
    matched: bool
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Why a message was decided as it was: the rules that were tried, in order, and the values they saw.

    It is what a ticket keeps: a value stands once in `seen`, however many rules looked at it.
    """

    seen: Mapping[str, str]
    tried: tuple[Tried, ...]


def trace_of(steps: Iterable[TraceStep]) -> Trace:
    """Return `steps` as a ticket keeps them."""
    known = tuple(steps)
    return Trace(
        seen={name: value for step in known for name, value in step.facts},
        tried=tuple(
            Tried(step.stage, step.rule, step.matched, tuple(name for name, _ in step.facts))
            for step in known
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """What a message is about: `trade` is empty when the message does not tell, which is for triage.

    `rules` are the names of the rules that decided, `trace` every rule that was tried, in order. What is
    `vague` says too little to be trouble of its own beside an open ticket.
    """

    priority: str
    trade: str = ""
    kind: str = "new"
    tags: tuple[str, ...] = ()
    life_safety: bool = False
    vague: bool = False
    rules: tuple[str, ...] = ()
    trace: tuple[TraceStep, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureTerms:
    """How long an unanswered closing question waits for its reminder, and for closing as unconfirmed.

    Both count from the question.
    """

    remind_after: timedelta
    close_after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a ticket goes: names of a ladder and an SLA policy, further targets to tell, terms of closing."""

    ladder: str
    sla: str
    also_notify: tuple[str, ...] = ()
    confirm: ClosureTerms
    rules: tuple[str, ...] = ()
    trace: tuple[TraceStep, ...] = ()
