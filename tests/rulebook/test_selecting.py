"""Which SLA policy a ticket gets: precedence, ties, and mistakes at their place."""

from __future__ import annotations

from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest
import yaml
from folders import CALENDARS, ROUTING, SLA, write
from hypothesis import given, settings
from hypothesis import strategies as st

from app.documents import DocumentError
from app.domain.classification import Classification, Facts
from app.domain.sla import parse_policy
from app.rulebook.revision import Rulebook, from_document, load

OPEN_ROUTES = ROUTING.replace("    sla: standard\n", "")


def sla(*policies: str) -> str:
    """An sla.yaml with these policies: each a name and what stands in its `for`."""
    lines = ["policies:"]
    for policy in policies:
        name, _, wanted = policy.partition(" ")
        lines.append(f"  {name}:")
        if wanted:
            lines.append(f"    for: {wanted}")
        lines.append("    targets: {resolve: {within: 8h}}")
    return "\n".join(lines) + "\n"


def chosen(book: Rulebook, priority: str = "P3", **facts: str) -> str:
    trade = facts.pop("trade", "other")
    return book.route(Facts(**facts), Classification(priority=priority, trade=trade)).sla


def problems(folder: Path, **changed: str) -> list[str]:
    rules = write(folder, **{"routing": OPEN_ROUTES, **changed})
    with pytest.raises(DocumentError) as caught:
        load(rules)
    return [str(problem).removeprefix(f"{rules}/") for problem in caught.value.problems]


ALL = (
    "rest",
    "urgent {priority: [P1, P2]}",
    "water {trade: plumbing}",
    "water_urgent {trade: [plumbing], priority: P1}",
    "gold {tier: [gold, platinum]}",
    "gold_water {tier: gold, trade: plumbing}",
    "gold_urgent {tier: gold, priority: P1}",
    "market {account: market}",
    "market_p1 {account: market, priority: P1}",
)


@pytest.mark.parametrize(
    ("ticket", "policy"),
    [
        ({}, "rest"),
        ({"account": "other", "tier": "silver"}, "rest"),
        ({"priority": "P2"}, "urgent"),
        ({"trade": "plumbing"}, "water"),
        ({"trade": "plumbing", "priority": "P2"}, "water"),  # a trade is stronger than a priority
        ({"trade": "plumbing", "priority": "P1"}, "water_urgent"),
        ({"tier": "platinum", "trade": "plumbing", "priority": "P1"}, "gold"),  # one tier beats both of them
        ({"tier": "gold", "trade": "plumbing", "priority": "P1"}, "gold_water"),  # then trade beats priority
        ({"tier": "gold", "priority": "P1"}, "gold_urgent"),
        ({"account": "market", "tier": "gold", "trade": "plumbing"}, "market"),  # one customer beats all
        ({"account": "market", "tier": "gold", "priority": "P1"}, "market_p1"),
    ],
)
def test_the_most_specific_policy_wins(tmp_path: Path, ticket: dict[str, str], policy: str) -> None:
    book = load(write(tmp_path, routing=OPEN_ROUTES, sla=sla(*ALL)))
    assert chosen(book, **ticket) == policy
    assert chosen(load(write(tmp_path / "x", routing=OPEN_ROUTES, sla=sla(*ALL[::-1]))), **ticket) == policy


def test_a_route_rule_that_names_a_policy_wins(tmp_path: Path) -> None:
    routing = OPEN_ROUTES.replace("    ladder: night\n", "    ladder: night\n    sla: special\n")
    policies = sla("rest", "gold {tier: gold}", "special named")
    book = load(write(tmp_path, routing=routing, sla=policies))
    assert chosen(book, "P1", tier="gold") == "gold"
    night = Facts(tier="gold", local_hour=22)
    route = book.route(night, Classification(priority="P1", trade="other"))
    assert (route.sla, [step.stage for step in route.trace]) == ("special", ["route"])


def test_the_trace_tells_what_the_choice_looked_at(tmp_path: Path) -> None:
    book = load(write(tmp_path, routing=OPEN_ROUTES, sla=sla(*ALL)))
    route = book.route(Facts(tier="gold"), Classification(priority="P1", trade="other"))
    step = route.trace[-1]
    assert (step.stage, step.rule) == ("sla", "gold_urgent")
    assert step.facts == (("tier", "gold"), ("priority", "P1"))


@pytest.mark.parametrize(
    ("policies", "message"),
    [
        (("a", "b"), "sla.yaml:4:3: 'b' and 'a' (line 2) tie: both are for all other tickets"),
        (
            ("a {tier: gold}",),
            "sla.yaml:1:1: no policy is for all other tickets; let one of them have no 'for'",
        ),
        (
            ("a", "b {tier: gold}", "c {tier: [silver, gold]}"),
            "sla.yaml:8:5: 'c' and 'b' (line 5) tie: both are for tier gold",
        ),
        (
            ("a", "b {account: [x, y], priority: [P1, P2]}", "c {priority: P2, account: y}"),
            "sla.yaml:8:5: 'c' and 'b' (line 5) tie: both are for account y, priority P2",
        ),
        (("a", "b {teir: gold}"), "sla.yaml:5:11: unknown key 'teir'; did you mean 'tier'?"),
        (("a", "b {trade: plumbin}"), "sla.yaml:5:11: unknown trade 'plumbin'; did you mean 'plumbing'?"),
        (("a", "b {priority: [P1, P5]}"), "sla.yaml:5:26: unknown priority 'P5'; known here: P1, P2, P3, P4"),
        (("a", "b {account: 412}"), "sla.yaml:5:11: 412 is no name; put it in quotes"),
        (
            ("a", "b {tier: []}"),
            "sla.yaml:5:11: an empty list of tier fits no ticket; leave it out to mean any",
        ),
        (
            ("a", "b {}"),
            "sla.yaml:5:5: say which tickets by account, tier, trade, priority; write 'named' for none by itself",
        ),
        (
            ("a", "b gold"),
            "sla.yaml:5:5: say which tickets by account, tier, trade, priority; write 'named' for none by itself",
        ),
    ],
)
def test_mistakes_of_choosing_are_told_at_their_place(
    tmp_path: Path, policies: tuple[str, ...], message: str
) -> None:
    assert problems(tmp_path, sla=sla(*policies)) == [message]


def test_a_target_for_some_priorities_only_is_refused(tmp_path: Path) -> None:
    lacking = SLA.replace("P3: 3d, P4: 9d", "P4: 9d")
    assert problems(tmp_path, sla=lacking) == [
        "sla.yaml:5:17: no target for P3, and any ticket's priority may change to it"
    ]


def test_policies_that_are_only_named_by_rules_need_no_default(tmp_path: Path) -> None:
    two = SLA + SLA.removeprefix("policies:\n").replace("standard", "other")
    book = load(write(tmp_path, sla=two))
    assert chosen(book) == "standard"
    assert from_document(book.document) == book  # as all revisions were before there was a choice


KEYS = {"account": ["x", "y"], "tier": ["g", "s"], "trade": ["plumbing", "other"], "priority": ["P1", "P2"]}
WANTS = st.dictionaries(
    st.sampled_from(list(KEYS)), st.lists(st.integers(0, 1), min_size=1, max_size=2, unique=True), min_size=1
).map(lambda wants: {key: sorted(KEYS[key][i] for i in picks) for key, picks in wants.items()})


@settings(max_examples=25, deadline=None)
@given(st.lists(WANTS, max_size=4))
def test_a_rulebook_that_loads_has_one_answer_for_every_ticket(wanted: list[dict[str, list[str]]]) -> None:
    from tempfile import TemporaryDirectory

    policies: dict[str, Any] = {"rest": {"targets": {"resolve": {"within": "8h"}}}}
    for index, wants in enumerate(wanted):
        policies[f"p{index}"] = {"for": wants, "targets": {"resolve": {"within": "8h"}}}
    tickets = [dict(zip(KEYS, values, strict=True)) for values in product(*KEYS.values())]

    def strongest(ticket: dict[str, str]) -> list[str]:
        fitting = [
            (sum(8 >> list(KEYS).index(key) for key in wants), f"p{index}")
            for index, wants in enumerate(wanted)
            if all(ticket[key] in values for key, values in wants.items())
        ]
        best = max((rank for rank, _ in fitting), default=0)
        return [name for rank, name in fitting if rank == best] or ["rest"]

    with TemporaryDirectory() as folder:
        rules = write(Path(folder), routing=OPEN_ROUTES, sla=yaml.safe_dump({"policies": policies}))
        if any(
            first.keys() == second.keys() and all(set(first[key]) & set(second[key]) for key in first)
            for first, second in combinations(wanted, 2)
        ):
            with pytest.raises(DocumentError, match=" tie: both are for "):
                load(rules)
            return
        book = load(rules)
        for ticket in tickets:
            assert [chosen(book, **ticket)] == strongest(ticket)


def test_which_tickets_a_policy_is_for_is_no_part_of_what_is_stamped(tmp_path: Path) -> None:
    one = load(write(tmp_path / "a", routing=OPEN_ROUTES, sla=sla("rest", "gold {tier: gold}")))
    other = load(write(tmp_path / "b", routing=OPEN_ROUTES, sla=sla("rest", "gold {tier: [gold, x]}")))
    assert one.sla_document("gold") == other.sla_document("gold")
    assert one != other


def test_an_update_of_the_holidays_library_moves_no_stored_revision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = load(write(tmp_path))
    figures = book.sla_document("standard")
    calendars = figures["calendars"]
    assert isinstance(calendars, dict)
    monkeypatch.setattr("holidays.country_holidays", lambda *_a, **_k: {})  # a library that forgot them all
    again = from_document(book.document)
    assert (again.hash, again.sla_document("standard")) == (book.hash, figures)
    assert "2026-07-03" in calendars["store"]["holidays"]  # Independence Day 2026 is a Saturday, so observed
    assert load(write(tmp_path / "x")).sla_document("standard") != figures


@pytest.mark.parametrize(
    ("rule", "there", "not_there"),
    [
        ("{country: US, observed: true}", "2026-07-03", "2026-03-31"),
        ("{country: US, observed: false}", "2026-07-04", "2026-07-03"),
        (
            "{country: US, subdivision: CA}",
            "2026-03-31",
            "2027-01-01",
        ),  # Cesar Chavez Day; outside of the years
    ],
)
def test_holidays_by_country_are_dates_in_the_document(
    tmp_path: Path, rule: str, there: str, not_there: str
) -> None:
    changed = CALENDARS.replace("{country: US}", rule)
    document = load(write(tmp_path, calendars=changed)).sla_document("standard")
    calendars = document["calendars"]
    assert isinstance(calendars, dict)
    dates = calendars["store"]["holidays"]
    assert there in dates
    assert not_there not in dates


def test_a_site_calendar_runs_in_the_zone_of_each_ticket(tmp_path: Path) -> None:
    document = load(write(tmp_path)).sla_document("standard")
    calendars = document["calendars"]
    assert isinstance(calendars, dict)
    zones = ("America/New_York", "America/Denver")
    east, west = (parse_policy(document["policy"], calendars, zone) for zone in zones)
    assert east != west


@pytest.mark.parametrize("hours", ["{mon: []}", "{}", '{mon: [["09:00", "09:00"]]}'])
def test_a_calendar_that_never_opens_is_refused(tmp_path: Path, hours: str) -> None:
    changed = CALENDARS.replace('{mon: [["09:00", "17:00"]]}', hours)
    assert problems(tmp_path, calendars=changed) == [
        "calendars.yaml:3:3: this calendar never opens; give it hours, or 24x7"
    ]
