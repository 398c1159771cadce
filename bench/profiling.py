"""Where a message's time goes: cProfile over the intake of a backlog. `python -m bench.profiling [N]`."""

from __future__ import annotations

import cProfile
import pstats
import sys
import time

from app.store import engine as engines
from app.usecases import intake
from bench.backlog import fill, house_of
from bench.place import place

_LINES = 45


def main(count: int) -> None:
    with place() as made, made.database() as url:
        engine = engines.connect(url)
        house = house_of(engine)
        fill(house, 64)
        intake.handle_waiting(house)  # what is loaded on first use
        fill(house, count, 64)
        profile = cProfile.Profile()
        began, cpu = time.perf_counter(), time.process_time()
        profile.enable()
        while intake.handle_waiting(house):
            pass
        profile.disable()
        wall, used = time.perf_counter() - began, time.process_time() - cpu
        print(f"{count} messages, {wall / count * 1e6:.0f} us each, {used / count * 1e6:.0f} us of CPU")
        for order in ("tottime", "cumtime"):
            pstats.Stats(profile).sort_stats(order).print_stats(_LINES)
        engine.dispose()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
