"""What a node does of the whole. What must not live here: how it does it (worker/, web/)."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """The parts that a node takes on.

    A worker makes tickets and sends. Apart, a storm that is being read does not hold up the pages of what was
    read before it: a Python process runs one thread at a time.
    """

    BOTH = "both"
    WEB = "web"
    WORKER = "worker"
    TICKETS = "tickets"
    SENDER = "sender"

    @property
    def serves(self) -> bool:
        """Whether it serves pages and takes webhooks in."""
        return self in (Role.BOTH, Role.WEB)

    @property
    def handles(self) -> bool:
        """Whether it handles what came in, and what time brings."""
        return self in (Role.BOTH, Role.WORKER, Role.TICKETS)

    @property
    def sends(self) -> bool:
        """Whether it hands pages and texts to the providers."""
        return self in (Role.BOTH, Role.WORKER, Role.SENDER)
