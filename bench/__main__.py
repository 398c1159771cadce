"""The command: `python -m bench [--quick] [--only NAME ...] [--json FILE] [--write]`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app import bootstrap
from bench import accepted, backlog, escalations, figures, growth, idle, pages, picture, storm
from bench.figures import Figure, Result
from bench.place import Place, place

# A further measurement is a module with `measure` and a line here.
_MEASUREMENTS: dict[str, Callable[..., Result]] = {
    "accepted": accepted.measure,
    "pages": pages.measure,
    "storm": storm.measure,
    "backlog": backlog.measure,
    "idle": idle.measure,
    "escalations": escalations.measure,
    "growth": growth.measure,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure what bench/README.md claims."
    )
    parser.add_argument(
        "--quick", action="store_true", help="a smoke run of a minute; its figures say little"
    )
    parser.add_argument(
        "--only", action="append", choices=_MEASUREMENTS, help="only this one; may be repeated"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number there")
    parser.add_argument("--write", action="store_true", help="put the table into bench/README.md")
    return parser


def main() -> int:
    """Measure; return 1 when a promise did not hold, such as a page that never came."""
    given = _parser().parse_args()
    if given.write and (given.quick or given.only):
        sys.stderr.write("bench: --write takes a whole run, without --quick and --only\n")
        return 2
    bootstrap.configure_logging("warning")
    console, load, began = Console(), os.getloadavg()[0], time.monotonic()
    lines: list[Figure] = []
    numbers: dict[str, object] = {}
    broken = False
    with console.status("setting up a database with the company in it") as status, place() as made:
        for name in given.only or _MEASUREMENTS:
            status.update(f"measuring: {name}")
            try:
                result = _run(made, name, console, quick=given.quick)
            except Exception:  # noqa: BLE001 - what was measured in an hour before is not lost for it
                console.print_exception()
                result = Result(figures=[Figure(what=name, value="BROKE OFF")], broken=True)
            lines += result.figures
            numbers |= result.numbers
            broken |= result.broken
    about = figures.machine(load)
    console.print(_table(lines), about, f"{time.monotonic() - began:.0f} s in all.", sep="\n")
    if given.json:
        given.json.write_text(json.dumps({"machine": about, **numbers}, indent=1) + "\n", "utf-8")
    if given.write:
        picture.PICTURE.write_text(picture.draw(lines, about), "utf-8")
        words = f"{figures.markdown(lines, about)}\n\n![How far each goal was met]({picture.PICTURE.name})"
        figures.rewrite(figures.README, words)
        console.print(f"written into {figures.README.name}, with {picture.PICTURE.name}")
    return int(broken)


def _run(made: Place, name: str, console: Console, *, quick: bool) -> Result:
    def say(line: str) -> None:
        console.print(f"[dim]{time.strftime('%H:%M:%S')}[/] {line}", highlight=False)

    return _MEASUREMENTS[name](made, say, quick=quick)


def _table(lines: list[Figure]) -> Table:
    table = Table(*figures.HEADS)
    for line in lines:
        style = {True: "green", False: "red", None: ""}[line.met]
        table.add_row(*line.cells, style=style)
    return table


if __name__ == "__main__":
    sys.exit(main())
