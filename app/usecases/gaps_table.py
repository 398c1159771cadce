"""The coverage proof as lines in a terminal. What must not live here: what is a gap (domain/coverage.py)."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console

from app.usecases.gaps import Proof, cause_text, trades_text, who_text

_WIDTH = 110
_SHOWN = 6


def print_gaps(proof: Proof, *, trades: int, console: Console | None = None) -> None:
    """Print each gap with whom it concerns and why, instants in the company's zone; or that there is none."""
    out = console or Console(width=_WIDTH, highlight=False, markup=False)
    zone = ZoneInfo(proof.directory.company.timezone)
    if not proof.gaps:
        out.print(
            f"No gap until {_local(proof.end, zone)}: for every account, site, trade and priority"
            " somebody can be paged at each instant."
        )
        return
    for gap in proof.gaps:
        for since, until in gap.spans[:_SHOWN]:
            out.print(f"{_local(since, zone)} to {_local(until, zone)}")
        if len(gap.spans) > _SHOWN:
            out.print(f"and {len(gap.spans) - _SHOWN} times more; --json has them all")
        out.print(
            f"  {who_text(gap, proof.directory)}; {trades_text(gap, trades)}; {', '.join(gap.priorities)}"
        )
        out.print(f"  ladder {gap.ladder}:")
        for cause in gap.causes:
            out.print(f"    {cause_text(cause, proof.directory)}")
    out.print(f"{len(proof.gaps)} gap{'s' if len(proof.gaps) > 1 else ''} until {_local(proof.end, zone)}.")


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).strftime("%a %Y-%m-%d %H:%M %Z")
