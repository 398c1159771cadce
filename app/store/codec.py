"""Domain values to JSON documents and back, by their own type annotations. No SQL here."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from app.domain.errors import CloseloopError
from app.domain.events import EVENT_TYPES, AnyEvent, Event
from app.domain.ticket import Ticket

_TICKET: TypeAdapter[Ticket] = TypeAdapter(Ticket)
_EVENTS: dict[str, TypeAdapter[Any]] = {kind: TypeAdapter(cls) for kind, cls in EVENT_TYPES.items()}
_HEAD = {"at", "recorded_at", "actor"}


class NewerEventError(CloseloopError):
    """A ticket has an event of a newer Closeloop; do this with that version."""


def ticket_to_doc(ticket: Ticket) -> str:
    """Return the JSON document of a ticket."""
    return _TICKET.dump_json(ticket).decode()


def ticket_from_doc(document: dict[str, Any]) -> Ticket:
    """Return the ticket that `ticket_to_doc` wrote."""
    return _TICKET.validate_python(document)


def event_to_data(event: Event) -> str:
    """Return what is special to this event as JSON; the head has columns of its own."""
    return _EVENTS[event.kind].dump_json(event, exclude=_HEAD).decode()


def knows(kind: str) -> bool:
    """Return whether this version knows events of that kind."""
    return kind in _EVENTS


def event_from_row(kind: str, head: dict[str, Any], data: dict[str, Any]) -> AnyEvent:
    """Return the event of a row: its `kind`, its `head` (at, recorded_at, actor) and its own data.

    Raises NewerEventError.
    """
    if not knows(kind):
        raise NewerEventError(
            f"a ticket has an event {kind!r} of a newer Closeloop; do this with that version"
        )
    event: AnyEvent = _EVENTS[kind].validate_python({**data, **head})
    return event
