"""What a message costs under 10 and under 1,000 rules: with the index and with the plain loop.

    python -m bench.rules

The rules are of the kinds that people write: word lists near each other, pieces of text, patterns, accounts,
sites and hours. Both ways run in the same process, on the same messages, in turns; they are compared on every
message first. Bounds: 1,000 rules cost at most 3 times what 10 cost, and less than a millisecond. Then what
the longest and oddest messages and conditions cost: at most 50 ms each.
"""

from __future__ import annotations

import contextlib
import copy
import csv
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from app.domain.classification import Facts
from app.rulebook.expression import ExpressionError, parse_expression
from app.rulebook.revision import Rulebook, from_document, load
from app.rulebook.view import view_of

ROOT = Path(__file__).parents[1]
ROUNDS = 7
BOUND, BOUND_US = 3.0, 1000.0
HOSTILE_MS = 50.0

MESSAGES = {
    "one word": "a" * 20_000,
    "one list": "leak " * 4000,
    "two lists apart": "flood " * 700 + "x " * 50 + "kitchen " * 700,
    "accents": "é" * 20_000,
    "figures": "1234 " * 4000,
    "marks": "!?.," * 5000,
    "quotes": "> " * 10_000,
    "lines": "x\n" * 10_000,
    "degrees": "at 72 degrees " * 1400,
    "answers": "still not fixed, is he coming? " * 650,
}
CONDITIONS = {
    "many nots": "!" * 3000 + "a",
    "many brackets": "(" * 3000 + "a",
    "many parts": " && ".join(["a"] * 300),
    "a long name": "a" * 5000,
    "a long path": "a." * 1000 + "b",
}


def conditions(count: int, lists: Sequence[str]) -> list[str]:
    """Return `count` different conditions."""
    kinds: list[Callable[[int], str]] = [
        lambda n: f"words.{lists[n % len(lists)]} && account.key == 'account{n}'",
        lambda n: (
            f"near(words.{lists[n % len(lists)]}, words.{lists[(n * 7 + 1) % len(lists)]}) && length > {n}"
        ),
        lambda n: f"text.contains('machine {n} ') || subject.contains('machine {n} ')",
        lambda n: f"text.matches('unit {n} (is )?(down|broken)') && local.hour >= 20",
        lambda n: f"site.code in ['{n}', '{n + 5000}'] && !words.{lists[n % len(lists)]}",
        lambda n: f"account.key == 'account{n}' && local.hour < 6 && channel == 'email'",
        lambda n: f"subject.startsWith('report {n}:')",
    ]
    return [kinds[n % len(kinds)](n) for n in range(count)]


def with_rules(book: Rulebook, count: int) -> Rulebook:
    """Return a rulebook of `count` rules in one stage, and those that end the other stages."""
    document = copy.deepcopy(dict(book.document))
    files = document["files"]
    assert isinstance(files, dict)
    routing, lists = files["routing"], sorted(files["words"]["lists"])
    rules = [
        {"name": f"rule {n}", "when": when, "priority": "P2"}
        for n, when in enumerate(conditions(count - 1, lists))
    ]
    files["routing"] = {
        "trades": routing["trades"],
        "trade": [routing["trade"][-1]],
        "priority": [*rules, {"name": "rest", "priority": "P3"}],
        "route": [routing["route"][-1]],
    }
    return from_document(document)


def plain(book: Rulebook, facts: Facts) -> str:
    """Ask one rule after the other, as without an index."""
    view = view_of(facts, book._parts.vocabulary)  # noqa: SLF001 - the naive way needs the inside
    view.values.update(life_safety=False, trade="")
    for rule in book._parts.stages.priority.rules:  # noqa: SLF001 - as above
        if rule.condition(view):
            return rule.name
    return ""


def indexed(book: Rulebook, facts: Facts) -> str:
    return book.decide(facts)[0].rules[1]


def timed(ask: Callable[[Rulebook, Facts], str], book: Rulebook, messages: list[Facts]) -> float:
    """Return microseconds of CPU for each message."""
    began = time.process_time()
    for facts in messages:
        ask(book, facts)
    return (time.process_time() - began) / len(messages) * 1e6


def hostile(book: Rulebook) -> float:
    """Print what hostile messages and conditions cost, in ms of CPU, best of some; return the worst."""
    rows = [
        (
            f"message, {name}",
            lambda n, given=text: book.classify(Facts(text=given, channel="email", open_tickets=n)),
        )
        for name, text in MESSAGES.items()
    ]
    rows += [
        (f"condition, {name}", lambda _n, given=source: parsed(given)) for name, source in CONDITIONS.items()
    ]
    worst = 0.0
    for name, work in rows:
        spent = []
        for attempt in range(ROUNDS):
            began = time.process_time()
            work(attempt)
            spent.append(time.process_time() - began)
        print(f"{name:<28} {min(spent) * 1e3:6.1f} ms")
        worst = max(worst, min(spent) * 1e3)
    print(f"The worst costs {worst:.1f} ms (bound {HOSTILE_MS:g}).")
    return worst


def parsed(source: str) -> None:
    with contextlib.suppress(ExpressionError):
        parse_expression(source)


def main() -> int:
    default = load(ROOT / "rules")
    with (ROOT / "tests" / "data" / "messages.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    messages = [
        Facts(
            text=row["text"],
            subject=row["subject"],
            channel=row["channel"],
            account=f"account{n}",
            site=str(n),
        )
        for n, row in enumerate(rows)
    ]
    books = {count: with_rules(default, count) for count in (10, 100, 1000)}
    for book in books.values():
        assert all(plain(book, facts) == indexed(book, facts) for facts in messages)
    spent: dict[tuple[str, int], list[float]] = {}
    for _ in range(ROUNDS):
        for count, book in books.items():
            for name, ask in (("plain loop", plain), ("index", indexed)):
                spent.setdefault((name, count), []).append(timed(ask, book, messages))
    best = {key: min(times) for key, times in spent.items()}
    print(f"{'rules':>6} {'plain loop':>12} {'index':>12}   us of CPU a message, best of {ROUNDS} (median)")
    for count in books:
        cells = [
            f"{best[name, count]:6.0f} ({statistics.median(spent[name, count]):.0f})"
            for name in ("plain loop", "index")
        ]
        print(f"{count:>6} {cells[0]:>12} {cells[1]:>12}")
    ratio = best["index", 1000] / best["index", 10]
    print(f"1,000 rules cost {ratio:.2f} times what 10 cost (bound {BOUND:g}),", end=" ")
    print(f"{best['index', 1000]:.0f} us a message (bound {BOUND_US:g}).")
    slow = hostile(default) > HOSTILE_MS
    return int(slow or ratio > BOUND or best["index", 1000] > BOUND_US)


if __name__ == "__main__":
    sys.exit(main())
