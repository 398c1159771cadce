"""One live call of the switchboard: what was done on it and not yet seen, how it ends or moves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field

from simulator.records import Call
from simulator.twiml import Step

KEYS = frozenset("0123456789*#")
# What a person can do with a call, by what the call waits for.
DEEDS = {
    "pick_up": ("answer", "decline", "ignore"),
    "keys": ("press", "silence", "hang_up"),
    "words": ("say", "press", "silence", "hang_up"),
    "talk": ("say", "press", "hang_up"),
    "": ("hang_up",),
}

Document = tuple[Step, ...]


class EndedError(Exception):
    """The call is over, with this status."""


class MovedError(Exception):
    """The application has sent the call to another document."""

    def __init__(self, document: Awaitable[Document]) -> None:
        super().__init__()
        self.document = document


@dataclass(slots=True)
class Line:
    """One live call: what was done on it and not yet seen, and whether it waits for somebody."""

    call: Call
    waiting: bool = False
    inputs: asyncio.Queue[tuple[str, str]] = field(default_factory=asyncio.Queue)
    documents: int = 0
