"""Draws the examples of sla.md from what `closeloop compute` answers: `python docs/sla_drawings.py`.

Each `json` block there is a question; the `text` block after it is drawn here, and a test draws it again.
"""  # noqa: INP001 - a script beside the document that it draws

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from app.domain.compute import answer

WIDTH = 66
BLOCK = re.compile(r"```json\n(?P<question>.*?)```\n(?:\n```text\n.*?```\n)?", re.DOTALL)
MARKS = {"running": "█", "over": "▓", "closed_hours": "·", "resolved": "-"}


def redraw(document: str) -> str:
    """Return the document with a fresh drawing after each question."""

    def drawn(match: re.Match[str]) -> str:
        question = match["question"]
        return f"```json\n{question}```\n\n```text\n{draw(json.loads(question))}\n```\n"

    return BLOCK.sub(drawn, document)


def draw(question: Mapping[str, Any]) -> str:
    """Return the clocks that a question asks for: a verdict, a bar to scale, and each stretch of it."""
    found: Any = answer({key: value for key, value in question.items() if not key.startswith("expect")})
    zone = ZoneInfo(question.get("site_timezone", "UTC"))
    return "\n\n".join(clock(metric, report, zone) for metric, report in found["metrics"].items())


def clock(metric: str, report: Mapping[str, Any], zone: ZoneInfo) -> str:
    """Return the drawing of one clock."""
    target, elapsed = report["target_seconds"], report["elapsed_seconds"]
    due = datetime.fromisoformat(report["due_at"]) if report["due_at"] else None
    over = due if elapsed > target else None
    head = f"{metric}: {report['state']}, {length(elapsed)} of {length(target)} counted"
    head += f", due {local(due, zone)}" if due else ""
    if report["breached"]:
        head += f", breached {local(datetime.fromisoformat(report['breached_at']), zone)}"
    pieces = []
    for begin, end, kind in report["segments"]:
        start, stop = datetime.fromisoformat(begin), datetime.fromisoformat(end)
        if over and kind == "running" and start < over < stop:
            pieces += [(start, over, kind), (over, stop, "over")]
        else:
            pieces.append((start, stop, "over" if over and kind == "running" and start >= over else kind))
    if not pieces:
        return head
    first, last = pieces[0][0], max([pieces[-1][1], *([due] if due else [])])
    whole = (last - first).total_seconds() or 1.0

    def place(instant: datetime) -> int:
        return round((instant - first).total_seconds() / whole * WIDTH)

    bar = "".join(MARKS.get(kind, "░") * (place(stop) - place(start)) for start, stop, kind in pieces)
    lines = [head, "", bar]
    if due and first <= due:
        at = place(due)
        lines.append(f"{' ' * at}^ due" if at < WIDTH - 5 else f"{'due ^':>{at + 1}}")
    for start, stop, kind in pieces:
        words = {"over": "running, over the target", "closed_hours": "closed hours"}.get(kind, kind)
        lines.append(
            f"{MARKS.get(kind, '░')} {local(start, zone):<23}  {words:<26}  {length_of(start, stop)}"
        )
    return "\n".join(line.rstrip() for line in [*lines, f"  {local(pieces[-1][1], zone)}"])


def local(instant: datetime, zone: ZoneInfo) -> str:
    """Return an instant in the site's zone."""
    there = instant.astimezone(zone)
    return f"{there:%a} {there:%b} {there.day} {there:%H:%M:%S} {there.tzname()}".replace(":00 ", " ")


def length_of(start: datetime, stop: datetime) -> str:
    """Return how long a stretch is."""
    return length((stop - start).total_seconds())


def length(seconds: float) -> str:
    """Return seconds as hours, minutes and seconds."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes) + [f"{rest:g} s"] * bool(rest)
    return " ".join(parts) or "0 min"


if __name__ == "__main__":
    path = Path(__file__).with_name("sla.md")
    path.write_text(redraw(path.read_text("utf-8")), "utf-8")
