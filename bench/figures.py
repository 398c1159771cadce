"""What comes out of a measurement: figures for people, numbers for machines, and the table in README.md."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

README = Path(__file__).with_name("README.md")
_BEGIN, _END = "<!-- figures: written by python -m bench --write -->", "<!-- end of figures -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table, as text. `met` is None when no goal stands.

    `times` is how many times as good as its goal it is, for the picture: 1 is just met, 0.5 half of it.
    """

    what: str
    value: str
    baseline: str = ""
    ratio: str = ""
    goal: str = ""
    met: bool | None = None
    times: float | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        """Return the line's cells; a goal says whether it is met."""
        verdict = {True: " (met)", False: " (missed)", None: ""}[self.met]
        return self.what, self.value, self.baseline, self.ratio, self.goal + verdict


HEADS = ("what", "measured", "baseline", "ratio", "goal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one measurement found: lines for the table, and every number for --json.

    `broken` says that a promise did not hold: that fails the run, a missed goal does not.
    """

    figures: Sequence[Figure]
    broken: bool = False
    numbers: Mapping[str, object] = field(default_factory=dict)


def quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return the milliseconds that stand for many latencies given in seconds."""
    points = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
    return {name: round(quantile(values, share) * 1000, 2) for name, share in points.items()}


def machine(load_before: float) -> str:
    """Return in a few words what this was measured on; `load_before` is the load average at the start."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in _lines("/proc/cpuinfo")
            if line.lower().startswith("model name")
        ),
        platform.processor() or platform.machine(),
    )
    kb = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    memory = f", {kb / 2**20:.0f} GB" if kb else ""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {platform.system()}"
        f" {platform.machine()}, {cores} cores of {model}{memory}. Load generator, simulator, PostgreSQL and"
        f" server share them. A million additions in Python take {_million_additions():.0f} ms here."
        f" Load average before the start: {load_before:.1f}{_busy(load_before)}."
    )


def _million_additions() -> float:
    """Return milliseconds, the median of five: how fast this machine's cores are for us just now."""
    taken = []
    for _ in range(5):
        began, total = time.perf_counter(), 0
        for number in range(1_000_000):
            total += number
        taken.append((time.perf_counter() - began) * 1000)
    return median(taken)


def _busy(load: float) -> str:
    return " (others were at work on the machine, so the figures are too low)" if load > 0.5 else ""


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def markdown(figures: Sequence[Figure], about: str) -> str:
    """Return the table and the machine as Markdown."""
    rows = [HEADS, ("---",) * len(HEADS), *(figure.cells for figure in figures)]
    table = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
    return f"{table}\n\n{about}"


def rewrite(path: Path, text: str) -> None:
    """Put `text` between the marks in a Markdown file. Raises ValueError when the marks are not there."""
    before, begin, rest = path.read_text("utf-8").partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise ValueError(f"{path} has no place for the figures: {_BEGIN} ... {_END}")
    path.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", "utf-8")
