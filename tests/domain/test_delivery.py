from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.delivery import (
    SENDGRID_CODES,
    TWILIO_CODES,
    DeliveryStatus,
    Reaction,
    advance,
    canonical,
    next_attempt,
    next_page,
    provider_away,
    reaction_to_receipt,
    reaction_to_refusal,
    sendgrid_status,
    twilio_status,
)

NOW = datetime(2026, 11, 21, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("arrive", "final"),
    [
        (["queued", "sent", "delivered"], "delivered"),
        (["delivered", "sent"], "delivered"),
        (["sent", "sent", "delivered", "delivered"], "delivered"),
        (["undelivered", "sent"], "undelivered"),
        (["sent"], "sent"),
        (["accepted", "read", "delivered"], "read"),
        (["failed", "undelivered"], "failed"),
        (["undelivered", "delivered"], "delivered"),
        (["nonsense"], "unknown"),
        (["sent", "nonsense"], "sent"),
    ],
)
def test_receipts_only_move_forward(arrive: list[str], final: str) -> None:
    status = DeliveryStatus.UNKNOWN
    for word in arrive:
        status = advance(status, twilio_status(word))
    assert status == final


def test_the_order_of_arrival_does_not_matter_unless_two_failures_meet() -> None:
    for some in itertools.permutations(["queued", "sent", "undelivered", "delivered"]):
        status = DeliveryStatus.UNKNOWN
        for word in some:
            status = advance(status, word)
        assert status is DeliveryStatus.DELIVERED


def test_words_that_were_stored_come_back() -> None:
    assert all(canonical(status.value) is status for status in DeliveryStatus)
    assert canonical("pending") is DeliveryStatus.UNKNOWN
    assert advance("sent", "queued") is DeliveryStatus.SENT


@pytest.mark.parametrize(
    ("event", "status"),
    [("processed", "queued"), ("Deferred", "queued"), ("bounce", "undelivered"), ("dropped", "undelivered"),
     ("delivered", "delivered"), ("open", "delivered"), ("account_status_change", "unknown")],
)  # fmt: skip
def test_sendgrid_words(event: str, status: str) -> None:
    assert sendgrid_status(event) == status


@pytest.mark.parametrize(
    ("code", "http_status", "reaction"),
    [
        ("21610", 400, Reaction.OPT_OUT),
        ("21211", 400, Reaction.ADDRESS),
        ("20003", 401, Reaction.CONFIG),
        ("", 401, Reaction.CONFIG),
        ("", 403, Reaction.CONFIG),
        ("", 413, Reaction.CONTENT),
        ("20429", 429, Reaction.TRANSIENT),
        ("", 429, Reaction.TRANSIENT),
        ("12345", 400, Reaction.ADDRESS),
        ("", 500, Reaction.AMBIGUOUS),
        ("", 302, Reaction.AMBIGUOUS),
    ],
)
def test_refusals(code: str, http_status: int, reaction: Reaction) -> None:
    assert reaction_to_refusal(code, http_status) is reaction


@pytest.mark.parametrize(
    ("status", "code", "reaction"),
    [
        (DeliveryStatus.UNDELIVERED, "30003", Reaction.TRANSIENT),
        (DeliveryStatus.UNDELIVERED, "30036", Reaction.EXPIRED),
        (DeliveryStatus.FAILED, "30007", Reaction.CONTENT),
        (DeliveryStatus.FAILED, "", Reaction.TRANSIENT),
        (DeliveryStatus.FAILED, "4711", Reaction.TRANSIENT),
        (DeliveryStatus.UNDELIVERED, "bounce", Reaction.ADDRESS),
        (DeliveryStatus.DELIVERED, "", None),
        (DeliveryStatus.DELIVERED, "30003", None),
        (DeliveryStatus.DELIVERED, "unsubscribe", Reaction.OPT_OUT),
        (DeliveryStatus.SENT, "", None),
        (DeliveryStatus.UNKNOWN, "", None),
    ],
)
def test_receipts(status: DeliveryStatus, code: str, reaction: Reaction | None) -> None:
    assert reaction_to_receipt(status, code) is reaction


def test_the_tables_do_not_overlap() -> None:
    assert not set(TWILIO_CODES) & set(SENDGRID_CODES)
    assert all(code.isdigit() for code in TWILIO_CODES)


def test_gaps_grow_and_end() -> None:
    gaps = []
    for attempt in itertools.count(1):
        at = next_attempt(attempt, NOW, 0.5)
        if at is None:
            break
        gaps.append(at - NOW)
    assert len(gaps) == 10
    assert gaps == sorted(set(gaps))
    assert sum(gaps, timedelta()) < timedelta(days=1)
    assert gaps[0] == timedelta(seconds=5)


@pytest.mark.parametrize("answers_after", [0, 1, 4, 10])
@pytest.mark.parametrize("jitter", [0.0, 0.999])
@pytest.mark.parametrize("doubtful", [True, False])
def test_a_page_is_with_the_next_method_within_half_a_minute(
    answers_after: int, jitter: float, *, doubtful: bool
) -> None:
    """However slowly a provider fails, look-ups and all."""
    at, tries = NOW, 0
    while True:
        tries += 1
        looked_up = doubtful and tries > 1
        ended = at + timedelta(seconds=answers_after * (2 if looked_up else 1))
        again = next_page(tries, ended, jitter, due=NOW, doubtful=doubtful)
        if again is None:
            break
        assert again > ended
        at = again
    assert ended <= NOW + timedelta(seconds=30)
    assert tries >= (2 if answers_after < 4 else 1)


def test_whose_fault_a_failure_is() -> None:
    ours = ("unreachable", "unanswered", "20500", "20503", "20429", "503", "429", "20003", "401")
    theirs = ("", "no_answer", "busy", "30003", "30005", "21610", "21614", "bounce", "suppressed", "404")
    assert [code for code in (*ours, *theirs) if provider_away(code)] == list(ours)


def test_jitter_spreads_by_a_fifth() -> None:
    low, high = next_attempt(2, NOW, 0.0), next_attempt(2, NOW, 0.999999)
    assert low == NOW + timedelta(seconds=12)
    assert high is not None
    assert timedelta(seconds=17.9) < high - NOW < timedelta(seconds=18)
