"""A few worlds in which everything goes wrong, played in virtual time: every promise holds after every step.

`make soak` plays more of them, for as long as one likes.
"""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from app.rulebook.revision import Rulebook, load
from tests.sim.places import variants
from tests.sim.world import ROOT, Plan, World


@pytest.fixture(scope="module")
def rulebooks() -> list[Rulebook]:
    return variants(load(ROOT / "rules"))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [1, 2, 7, 8])
def test_every_promise_holds_in_a_world_of_trouble(
    engine: Engine, rulebooks: list[Rulebook], seed: int
) -> None:
    world = World(engine, rulebooks, Plan(seed=seed, days=0.3, per_day=16, faults=2))
    world.run()
    assert world.watch.counts()["tickets"] > 1
    assert world.stats["deaths"] + world.stats["lost connections"] > 0, "nothing went wrong: it proves little"
