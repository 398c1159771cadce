"""What colleagues write about swaps, and which time they mean."""

from __future__ import annotations

import pytest

from app.domain.swaps import SwapVerb, parse_swap, read_span
from tests.building import NIGHT  # Tuesday, 9 June 2026, 2:11 in New York

KNOWN = {"ben": "ben", "ben kowalski": "ben", "noor": "noor"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SWAP OK", ("ok", "", "")),
        ("swap ok thanks", ("ok", "", "")),
        ("Swap yes!", ("ok", "", "")),
        ("swap no", ("no", "", "")),
        ("swap can't", ("no", "", "")),
        ("swap cancel", ("withdraw", "", "")),
        ("SWAP ben", ("offer", "ben", "")),
        ("swap with Ben Kowalski thu", ("offer", "ben", "thu")),
        ("swap noor 11/26 6p-10p", ("offer", "noor", "11/26 6p-10p")),
        ("swap somebody thu", ("offer", "", "")),
        ("cambio de planes", None),
        ("cambio ok", ("ok", "", "")),
        ("we swapped the valve", None),
        ("swapping the pump now", None),
    ],
)
def test_what_is_meant(text: str, expected: tuple[str, str, str] | None) -> None:
    reply = parse_swap(text, lambda words: KNOWN.get(words, ""))
    assert (reply and (str(reply.verb), reply.who, reply.when)) == expected
    assert reply is None or isinstance(reply.verb, SwapVerb)


@pytest.mark.parametrize(
    ("when", "start", "end"),
    [
        ("today", "06-09T04:00", "06-10T04:00"),
        ("tue", "06-09T04:00", "06-10T04:00"),
        ("mon", "06-15T04:00", "06-16T04:00"),
        ("thursday", "06-11T04:00", "06-12T04:00"),
        ("sat to sun", "06-13T04:00", "06-15T04:00"),
        ("sun-mon", "06-14T04:00", "06-16T04:00"),
        ("tonight", "06-09T22:00", "06-10T12:00"),
        ("fri 6p-10p", "06-12T22:00", "06-13T02:00"),
        ("fri 18:00-02:00", "06-12T22:00", "06-13T06:00"),
        ("6/30", "06-30T04:00", "07-01T04:00"),
        ("2026-07-04", "07-04T04:00", "07-05T04:00"),
        ("jul 4", "07-04T04:00", "07-05T04:00"),
        ("el jueves", "06-11T04:00", "06-12T04:00"),
    ],
)
def test_which_time_is_meant(when: str, start: str, end: str) -> None:
    span = read_span(when, NIGHT, "America/New_York")
    assert span is not None
    assert [moment.isoformat()[5:16] for moment in span] == [start, end]


@pytest.mark.parametrize("when", ["soon", "13/45", "fri 6p-99p", "2026-02-30", "thu fri sat"])
def test_what_is_not_understood_is_nothing(when: str) -> None:
    assert read_span(when, NIGHT, "America/New_York") is None
