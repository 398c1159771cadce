"""Every event in plain words; how deliveries fare; clocks as bars. On made-up tickets, without a server."""

from __future__ import annotations

import inspect
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain import commands as cmd
from app.domain import events as ev
from app.domain.clocks import read_clocks
from app.domain.directory import MethodKind
from app.domain.events import EVENT_TYPES, Requester
from app.domain.message import Channel
from app.domain.sla import parse_policy
from app.store.outbox import Delivery
from app.usecases.views import Board, BoardRow, TicketView
from app.web.access import LINK, Visitor
from app.web.board import Filters, board_page
from app.web.clock_rows import clock_rows
from app.web.timeline import delivery_status, timeline
from app.web.words import exact_moment, exact_span, span
from tests.building import MINUTE, NIGHT, POLICY_DOCUMENT, Case, directory

POLICY = parse_policy(POLICY_DOCUMENT, {}, "America/New_York")


def view(case: Case, **changes: Any) -> TicketView:
    assert case.ticket is not None
    values: dict[str, Any] = {
        "ticket": case.ticket,
        "events": tuple(case.all_events),
        "deliveries": (),
        "suppressed": {},
        "reports": read_clocks(case.ticket, POLICY, case.now),
        "policy": POLICY,
        "directory": directory(),
        "users": {"olga@x.example": "Olga Owner"},
        "now": case.now,
    }
    return TicketView(**{**values, **changes})


def titles(case: Case, **changes: Any) -> list[str]:
    return [line.title for line in timeline(view(case, **changes))][::-1]


def delivery(**changes: Any) -> Delivery:
    values: dict[str, Any] = {
        "id": 5,
        "ticket_id": 7,
        "rank": 0,
        "text_id": "page",
        "channel": "sms",
        "address": "+16175550142",
        "person": "ana",
        "body": "Ack by 2:21a\nhttps://desk.example/t/k7Qm2xAAAAAAAA",
        "state": "sent",
        "status": "sent",
        "code": "",
        "detail": "",
        "attempts": 1,
        "created_at": NIGHT,
        "sent_at": NIGHT,
        "failure_reported": False,
    }
    return Delivery(**{**values, **changes})


def test_a_ticket_from_first_word_to_last() -> None:
    case = Case()
    case.by(cmd.Acknowledge, at=4)
    case.by(cmd.GiveEta, at=5, eta=NIGHT + 45 * MINUTE)
    case.by(cmd.Hold, at=6, reason="waiting_parts", duration=timedelta(hours=4))
    case.by(cmd.Release, at=7)
    case.by(cmd.Resolve, at=8, text="replaced valve")
    case.do(cmd.Confirm(actor="contact:maria", text="YES"), at=9)
    assert titles(case) == [
        "Opened by text as P1, plumbing",
        "Asking Ana T. until 2:21a",
        "Ana T. has it",
        "Expected on site at 2:56a",
        "On hold: waiting for parts, until 6:17a",
        "Work goes on",
        "On site",
        "Resolved",
        "Customer agrees that it is over",
        "Closed, confirmed by the customer",
    ]
    by_title = {line.title: line for line in timeline(view(case))}
    assert by_title["On site"].marks == ("implied by what came next",)
    assert by_title["Resolved"].quote == "replaced valve"
    assert by_title["Resolved"].who == "Ana T."
    assert by_title["Customer agrees that it is over"].who == "Maria Lopez"
    assert by_title["Ana T. has it"].who == ""
    assert by_title["Opened by text as P1, plumbing"].marks == ("rule: water",)


def sample(kind: type[Any]) -> Any:
    """An event of that kind with something in each field."""
    known: dict[str, Any] = {
        "at": NIGHT,
        "recorded_at": NIGHT + 15 * MINUTE,
        "actor": "person:sam",
        "requester": Requester(contact="", name="", channel=Channel.SMS, address="+1", our_address="+2"),
        "channel": Channel.SMS,
        "method": MethodKind.VOICE,
        "steps": (ev.PageStep(person="ana", kind=MethodKind.SMS, address="+1", at=NIGHT),),
        "people": ("ana", "olga@x.example", "who"),
        "person": "olga@x.example",
        "previous": "gone",
        "metric": "resolve",
        "next_channel": "email",
        "reason": "escalated",
        "priority": "P2",
    }
    by_type = {"str": "word", "int": 1, "bool": True, "datetime": NIGHT, "tuple[str, ...]": ("a",)}
    fields = {}
    for name, parameter in inspect.signature(kind).parameters.items():
        kinds = str(parameter.annotation).split(" | ")
        fields[name] = known[name] if name in known else by_type.get(kinds[0], parameter.default)
    return kind(**fields)


@pytest.mark.parametrize("kind", sorted(EVENT_TYPES))
def test_every_event_has_words(kind: str) -> None:
    case = Case()
    (line,) = timeline(view(case, events=(sample(EVENT_TYPES[kind]),)))
    assert line.title
    assert line.at.text == "2:11a"
    assert line.late is not None
    assert line.late.text == "2:26a"
    for unspoken in ("_", "olga@x", "None", "datetime"):
        assert unspoken not in line.title


def test_what_happened_first_stands_below_also_when_it_was_noticed_late() -> None:
    case = Case()
    case.by(cmd.Note, at=16, text="nobody here yet")
    case.by(cmd.Acknowledge, at=20)
    lines = timeline(view(case))
    kinds = [line.title for line in lines]
    assert kinds.index("Breach: acknowledge was due; nobody had it") > kinds.index("Ana T. has it")
    breach = lines[kinds.index("Breach: acknowledge was due; nobody had it")]
    assert (breach.at.text, breach.tone) == ("2:26a", "bad")
    assert kinds.index("Breach: acknowledge was due; nobody had it") > kinds.index("Note")


@pytest.mark.parametrize(
    ("changes", "words", "tone"),
    [
        ({"state": "pending", "attempts": 0, "status": ""}, "queued", ""),
        ({"state": "sending", "status": ""}, "queued", ""),
        (
            {"state": "pending", "attempts": 2, "detail": "too many"},
            "tried 2 times, will be tried again: too many",
            "bad",
        ),
        ({"state": "cancelled"}, "not sent: no longer needed", ""),
        ({"state": "failed", "code": "21610"}, "failed: 21610", "bad"),
        ({"status": "queued"}, "sent", ""),
        ({"status": "sent"}, "sent", ""),
        ({"status": "delivered"}, "delivered", "good"),
        (
            {"status": "undelivered", "code": "30005", "detail": "unknown handset"},
            "undelivered: unknown handset",
            "bad",
        ),
    ],
)
def test_how_a_delivery_fares(changes: dict[str, Any], words: str, tone: str) -> None:
    assert delivery_status(delivery(**changes)) == (words, tone)


def test_a_link_in_a_message_is_its_readers_own() -> None:
    lines = timeline(view(Case(), deliveries=(delivery(),)))
    assert (lines[0].title, lines[0].quote) == ("Page to Ana T. by text", "Ack by 2:21a\n(their link)")


def test_clock_bars_are_drawn_to_scale() -> None:
    case = Case()
    case.by(cmd.Acknowledge, at=30)
    case.by(cmd.Hold, at=60, reason="waiting_parts")
    case.now = NIGHT + 120 * MINUTE
    rows = {row.key: row for row in clock_rows(view(case))}
    acknowledge = rows["acknowledge"]
    assert [(p.x, p.width, p.kind) for p in acknowledge.pieces] == [(0, 500, "running"), (500, 500, "late")]
    assert (acknowledge.due_x, acknowledge.words) == (500, "missed by 15:00")
    assert rows["resolve"].words == "paused, 1h 00m of 8h 00m used"
    assert [(p.x, p.width, p.kind) for p in rows["resolve"].pieces] == [
        (0, 500, "running"),
        (500, 500, "paused"),
    ]
    assert rows["resolve"].timer is None
    assert "confirm" not in rows


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00"),
        (59, "0:59"),
        (-61, "1:01"),
        (3599, "59:59"),
        (3600, "1h 00m"),
        (86399, "23h 59m"),
        (90000, "1d 1h"),
    ],
)
def test_spans_are_short(seconds: int, text: str) -> None:
    assert span(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(9, "0:09"), (3599, "59:59"), (3600, "1h 00m 00s"), (7509, "2h 05m 09s"), (93599, "1d 1h 59m 59s")],
)
def test_an_audit_tells_lengths_to_the_second(seconds: int, text: str) -> None:
    assert exact_span(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("hour", "text"),
    [(4, "12:30:07a EDT"), (5, "1:30:07a EDT"), (6, "1:30:07a EST"), (17, "12:30:07p EST")],
)
def test_an_audit_tells_the_two_hours_of_an_autumn_night_apart(hour: int, text: str) -> None:
    at = datetime(2026, 11, 1, hour, 30, 7, tzinfo=UTC)
    assert exact_moment(at, at, "America/New_York").text == text
    later = at + timedelta(days=90)
    assert exact_moment(at, later, "America/New_York").text == f"Nov 1 2026 {text}"


def test_a_board_that_is_too_long_says_how_many_are_missing() -> None:
    ticket = Case().ticket
    assert ticket is not None
    rows = tuple(
        BoardRow(ticket=replace(ticket, number=n), next_metric="acknowledge", next_due_at=NIGHT + n * MINUTE)
        for n in (-1, 5, 30, 90)
    )
    board = Board(
        rows=rows, total=304, duty=("dora",), last_closed=None, directory=directory(), users={}, now=NIGHT
    )
    nobody = Visitor(role="nobody", name="", person="", actor="", csrf="")
    page = board_page(board, nobody, Filters())
    assert page.hidden == 300
    assert [(g.title, len(g.rows)) for g in page.groups] == [
        ("Overdue", 1),
        ("Within 15 minutes", 1),
        ("Within the hour", 1),
        ("Later", 1),
    ]
    # Whoever may do nothing is offered nothing.
    assert not any(row.can_ack for group in page.groups for row in group.rows)
    linked = replace(nobody, role=LINK, only_ticket=8)
    assert not linked.sees(ticket.id)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"status": "sent"}, ("sent", "")),
        ({"status": "answered"}, ("picked up, no key yet", "")),
        ({"status": "delivered", "detail": "pressed 1"}, ("pressed 1", "good")),
        ({"status": "ended"}, ("hung up: no longer needed", "")),
        (
            {"status": "undelivered", "detail": "a voicemail answered"},
            ("undelivered: a voicemail answered", "bad"),
        ),
    ],
)
def test_how_a_call_fares(changes: dict[str, Any], status: tuple[str, str]) -> None:
    assert delivery_status(delivery(channel="voice", **changes)) == status


def test_a_call_without_a_key_says_what_happened_and_what_is_tried_next() -> None:
    failed = replace(
        sample(EVENT_TYPES["delivery_failed"]),
        person="ana",
        channel=Channel.VOICE,
        address="+16175550142",
        page=True,
        code="no_answer",
        next_channel="sms",
    )
    (line, *_) = timeline(view(Case(), events=(failed,)))
    assert line.title.startswith("Call to Ana T. at ")
    assert line.title.endswith(": nobody picked up. Next try by text.")
