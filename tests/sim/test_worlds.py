"""A world in which everything goes wrong and a piece of a company's year, in virtual time: every promise holds.

Each in a process of its own, as `make soak` and `make year` play them: the order of sets is a part of a world, so that
what is red here is red again by the command that it prints. Those play more, for as long as one likes.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.sim.stage import ROOT


def play(module: str, options: str) -> str:
    """Play it, and return the last line that it prints."""
    played = subprocess.run(
        [sys.executable, "-m", module, *options.split()],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert played.returncode == 0, f"{played.stdout}\n{played.stderr}"
    return played.stdout.splitlines()[-1]


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_every_promise_holds_in_a_world_of_trouble() -> None:
    told = play("tests.sim.soak", "--seed 7 --worlds 1 --days 0.15 --per-day 16 --faults 2")
    assert told.startswith("1 worlds kept every promise"), told
    assert " 0 deaths" not in told, "nothing went wrong: it proves little"


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_every_promise_holds_on_a_day_of_the_year_on_which_clocks_change() -> None:
    told = play("tests.sim.year", "--seed 5 --days 1 --since 2028-03-12 --per-day 5 --faults 0.3 --parts 1")
    assert told.startswith("1 days from 2028-03-12 kept every promise"), told
    assert ": 0 tickets" not in told, "nobody wrote: it proves little"
