"""How much Python does: calls are counted, not seconds, so that neither load nor luck decides a test.

What a pattern does inside one call is not seen: how long that takes is measured in bench/.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType


def calls_of(work: Callable[[], object]) -> int:
    """Return how many calls of functions, built-in ones included, `work` makes in this thread."""
    count = 0

    def seen(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count
