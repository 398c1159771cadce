"""A replay's result as a picture."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime

from app.usecases.replay import Replay, Totals
from app.usecases.replay_words import drawn


def test_counts_have_no_more_room_than_their_bars() -> None:
    before = Counter({"P1": 0, "P2": 9_999, "P3": 10_000, "P4": 12_345})
    after = Counter({"P1": 999_499, "P2": 999_500, "P3": 1_234_567, "P4": 45_000_000})
    result = Replay(
        since=datetime(2027, 3, 1, tzinfo=UTC),
        keep=0,
        messages=46_000_000,
        before=Totals(priorities=before),
        after=Totals(priorities=after),
    )
    said = re.findall(r'font-size="11"[^>]*>([^<]*)<', drawn(result))
    assert said[:8] == ["0", "999k", "9999", "1M", "10k", "1.23M", "12.3k", "45M"]
    assert "P3 10000 before, 1234567 after" in drawn(result), "and whoever cannot see it hears them whole"
