"""A ticket's events as its clocks see them.

What must not live here: what a clock makes of them (sla.py), other events of a ticket (events.py).
"""

from __future__ import annotations

from app.domain import events as ev
from app.domain.events import AnyEvent
from app.domain.sla import SlaEvent

# Events that a clock looks at, by their name in the SLA's own words (docs on `closeloop compute`).
_SLA_TYPES: dict[type[ev.Event], str] = {
    ev.Opened: "opened",
    ev.Acknowledged: "acknowledged",
    ev.EtaGiven: "eta_given",
    ev.Arrived: "arrived",
    ev.Updated: "updated",
    ev.Held: "held",
    ev.Released: "released",
    ev.PriorityChanged: "priority_changed",
    ev.Resolved: "resolved",
    ev.Reopened: "reopened",
    ev.Confirmed: "confirmed",
    ev.Declined: "declined",
    ev.Closed: "closed",
    ev.Cancelled: "cancelled",
    ev.Merged: "cancelled",  # the target's clocks go on for both
    ev.MergedIn: "merged_in",
}


def sla_event(event: AnyEvent) -> SlaEvent | None:
    """Return the event as a clock sees it, or None when no clock looks at such an event."""
    name = _SLA_TYPES.get(type(event))
    if name is None:
        return None
    reason = (event.reason or None) if isinstance(event, ev.Held | ev.Released) else None
    priority = event.priority if isinstance(event, ev.Opened | ev.PriorityChanged) else None
    first = event.first_contact_at if isinstance(event, ev.MergedIn) else None
    return SlaEvent(type=name, at=event.at, priority=priority, reason=reason, first_contact_at=first)
