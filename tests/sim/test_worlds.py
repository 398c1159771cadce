"""A few worlds in which everything goes wrong, played in virtual time: every promise holds after every step.

In a process of its own, as `make soak` plays them: the order of sets is a part of a world, so that what is red here is
red again by the command that it prints. `make soak` plays more of them, for as long as one likes.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.sim.stage import ROOT


@pytest.mark.timeout(1800)
def test_every_promise_holds_in_worlds_of_trouble() -> None:
    played = subprocess.run(
        [
            *(sys.executable, "-m", "tests.sim.soak", "--seed", "7", "--worlds", "2"),
            *("--days", "0.3", "--per-day", "16", "--faults", "2"),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert played.returncode == 0, f"{played.stdout}\n{played.stderr}"
    told = played.stdout.splitlines()[-1]
    assert told.startswith("2 worlds kept every promise"), played.stdout
    assert " 0 deaths" not in told, "nothing went wrong: it proves little"
