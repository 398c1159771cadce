"""What every event has: its head, and who the customer is that a ticket belongs to.

`at` is when it happened, `recorded_at` when we learned of it; both aware, UTC. `actor` says who did it:
`person:KEY` (staff), `contact:KEY` or `address:+1...` (customer), `system` (a timer or a rule).
What must not live here: a single event (events.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, TypedDict

from app.domain.message import Channel

SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """The contact who opened the ticket, at the address that they used; confirmation goes there.

    `contact` is empty for somebody whom the directory does not know. `our_address` is the number or mailbox
    of ours that they wrote to. `thread` is the Message-ID of their first mail, else empty.
    """

    contact: str
    name: str
    channel: Channel
    address: str
    our_address: str
    language: str = "en"
    thread: str = ""
    subject: str = ""


class Head(TypedDict):
    """What the constructor of each event takes besides its own fields."""

    at: datetime
    recorded_at: datetime
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The head that each event has."""

    kind: ClassVar[str] = ""
    at: datetime
    recorded_at: datetime
    actor: str
