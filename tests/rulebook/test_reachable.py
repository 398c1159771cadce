"""Which ladders are possible: never fewer than a ticket can really get, and no more than the known facts allow."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.classification import PRIORITIES, WEEKDAYS, Classification, Facts
from app.rulebook.models import RouteRule
from app.rulebook.reachable import Routes
from app.rulebook.revision import load
from app.rulebook.view import situation

BOOK = load(Path(__file__).parents[2] / "rules")


def rule(ladder: str, when: str = "true") -> RouteRule:
    confirm = {"remind_after": "1h", "close_after": "2h"}
    return RouteRule.model_validate({"name": ladder, "when": when, "ladder": ladder, "confirm": confirm})


def test_what_is_not_known_leaves_a_rule_open_and_what_is_known_decides() -> None:
    routes = Routes(
        [
            rule("words", 'priority == "P1" && words.flood'),
            rule("gold", 'account.tier in ["gold"] || site.code == "1"'),
            rule("night", 'local.hour >= 20 && !(text.contains("x") || priority != "P1")'),
            rule("rest"),
        ]
    )
    assert routes.ladders({}) == {"words", "gold", "night", "rest"}
    assert routes.ladders({"priority": "P2", "account.tier": "basic"}) == {"gold", "rest"}
    assert routes.ladders({"priority": "P2", "account.tier": "gold"}) == {"gold"}
    known = {"priority": "P1", "account.tier": "basic", "site.code": "2"}
    assert routes.ladders(known) == {"words", "night", "rest"}
    assert routes.ladders(known | {"local.hour": 8}) == {"words", "rest"}


@settings(max_examples=60, deadline=None)
@given(
    st.builds(
        Facts,
        tier=st.sampled_from(("gold", "premium", "basic", "")),
        local_hour=st.integers(0, 23),
        weekday=st.sampled_from(WEEKDAYS),
        account=st.sampled_from(("quickbite", "")),
    ),
    st.sampled_from(PRIORITIES),
    st.booleans(),
    st.sets(st.sampled_from(("account.tier", "local.hour", "priority", "life_safety", "account.key"))),
)
def test_the_ladder_that_a_ticket_gets_was_possible(
    facts: Facts, priority: str, danger: bool, asked: set[str]
) -> None:
    route = BOOK.route(facts, Classification(priority=priority, trade="plumbing", life_safety=danger))
    all_known = situation(facts) | {"priority": priority, "life_safety": danger, "trade": "plumbing"}
    known = {
        name: value for name, value in all_known.items() if name in asked and not isinstance(value, tuple)
    }
    assert route.ladder in BOOK.routes.ladders(known)
    whole = {name: value for name, value in all_known.items() if isinstance(value, str | int)}
    assert BOOK.routes.ladders(whole) == {route.ladder}
