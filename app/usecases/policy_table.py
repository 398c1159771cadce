"""A policy preview as a table in a terminal. What must not live here: what changes (policy_move.py)."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from app.domain.clocks import zone_of
from app.domain.instants import format_duration
from app.usecases.policy_move import PolicyPreview, Standing

_WIDTH = 110  # also where nobody looks: a narrower file would cut the instants


def print_preview(preview: PolicyPreview, console: Console | None = None) -> None:
    """Print each clock before and after, instants in the zone of the ticket's site."""
    out = console or Console(width=_WIDTH, highlight=False)
    ticket = preview.ticket
    zone = ZoneInfo(zone_of(ticket, preview.directory))
    table = Table(title=f"Ticket {ticket.number}: SLA policy {preview.name}, as it is now")
    for heading in ("Clock", "", "Target", "Due", "State"):
        table.add_column(heading)
    for row in preview.rows:
        table.add_row(row.metric.capitalize(), "before", *_cells(row.before, zone))
        after = ("after", *_cells(row.after, zone)) if row.changed else ("the same after",)
        table.add_row("", *after)
    out.print(table)
    if preview.actions_changed:
        out.print("What a warning and a breach set off changes too.")
    if preview.same:
        out.print("It counts by this policy already: there is nothing to move.")


def _cells(standing: Standing | None, zone: ZoneInfo) -> tuple[str, str, str]:
    if standing is None:
        return "none", "", ""
    seconds = standing.target_seconds
    due = standing.due_at.astimezone(zone).strftime("%a %Y-%m-%d %H:%M:%S %Z") if standing.due_at else ""
    state = f"{standing.state}, breached" if standing.breached else str(standing.state)
    return "" if seconds is None else format_duration(timedelta(seconds=seconds)), due, state
