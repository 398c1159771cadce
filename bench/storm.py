"""A storm: many customers write in the same instant. When the first page is out, and how fast all are."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from itertools import islice
from statistics import median

from bench.company import messages
from bench.figures import Figure, Result
from bench.load import Sent, as_fast_as_it_goes, at_random, sms_request
from bench.pages import arrivals
from bench.place import Place
from bench.processes import free_port

_WARM, _SIZE, _CONNECTIONS = 60, 300, 32
_GOAL_FIRST, _GOAL_RATE = 1.0, 1000.0


def measure(place: Place, say: Callable[[str], None], *, quick: bool) -> Result:
    """Send all at once, each from another contact, to a server that has nothing else to do; some rounds."""
    first: list[float] = []
    rates: list[float] = []
    lost = 0
    for number in range(1, 2 if quick else 6):
        with place.database() as database:
            one, rate, missing = _one_storm(place, database)
        first.append(one)
        rates.append(rate)
        lost += missing
        say(f"storm of {_SIZE}, round {number}: first page after {one * 1e3:.0f} ms, all at {rate:,.0f}/s")
    begun, rate = median(first), median(rates)
    never = f", {lost} NEVER CAME" if lost else ""
    figure = Figure(
        what=f"a storm: {_SIZE} messages at once, first page handed over, and all",
        value=f"{begun * 1e3:.0f} ms, {rate:,.0f}/s{never}",
        goal=f"first < {_GOAL_FIRST:.0f} s, all >= {_GOAL_RATE:,.0f}/s",
        met=begun < _GOAL_FIRST and rate >= _GOAL_RATE and not lost,
        times=min(_GOAL_FIRST / begun, rate / _GOAL_RATE),
    )
    numbers = {"first_page_seconds": first, "per_second": rates}
    return Result(figures=[figure], broken=bool(lost), numbers={"storm": numbers})


def _one_storm(place: Place, database: str) -> tuple[float, float, int]:
    """Return seconds until the first page, pages a second, and how many never came."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with place.phones(port) as (_, phones), place.server(database, port, phones.url):
        written = [
            (mark, sms_request(url, f"SM{secrets.token_hex(16)}", phone, text))
            for mark, phone, text in islice(messages(), _WARM + _SIZE)
        ]
        warm, storm = written[:_WARM], written[_WARM:]
        # The first messages pay for what is loaded on first use; they are sent and not counted.
        arrivals(phones, place.managers, asyncio.run(at_random(port, warm, 20)))
        began = time.time()
        asyncio.run(as_fast_as_it_goes(port, [request for _, request in storm], _CONNECTIONS))
        marks = dict.fromkeys((mark for mark, _ in storm), began)
        arrived = arrivals(phones, place.managers, Sent(due=marks, answered=marks))
    came = [arrived[mark] - began for mark in marks if mark in arrived]
    if not came:
        return float("inf"), 0.0, _SIZE
    return min(came), len(came) / max(came), _SIZE - len(came)
