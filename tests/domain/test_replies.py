"""What our own people answer: the reply grammar, and the instant of an arrival."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.replies import (
    Eta,
    Hold,
    Verb,
    WallClock,
    eta_instant,
    parse_customer,
    parse_staff,
)

NEW_YORK = ZoneInfo("America/New_York")


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


# --- our own people ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1", ()),
        ("1.", ()),
        ("(1)", ()),
        (" 1 \n", ()),
        ("1 1042", (1042,)),
        ("1042 1", (1042,)),
        ("ACK", ()),
        ("ack 1042", (1042,)),
        ("Ack #1042!", (1042,)),
        ("ack1042", (1042,)),
        ("ACK 1042, 1047", (1042, 1047)),
        ("ack 1042 and 1047", (1042, 1047)),
        ("ＡＣＫ １０４２", (1042,)),
        ("ack ١٠٤٢", (1042,)),
        ("a", ()),
        ("y", ()),
        ("Yes", ()),
        ("ok", ()),
        ("OK thanks will do", ()),
        ("ok 1042", (1042,)),
        ("Got it!", ()),
        ("I\u2019ve got it", ()),
        ("on it", ()),
        ("Got it, which store is it?", ()),
        ("ack. whats the door code?", ()),
        ("taking this one", ()),
        ("Got 20871, calling Crestline now", (20871,)),
        ("👍", ()),
        ("👍🏿", ()),
        ("Liked \u201cP1 Plumbing QuickBite #412\u201d", ()),
        ("voy", ()),
        ("Sí, voy en camino", ()),
        ("lo tengo", ()),
        ("1\n\nDana Reyes\nAccount Manager", ()),
    ],
)
def test_ways_to_say_i_have_it(text: str, numbers: tuple[int, ...]) -> None:
    reply = parse_staff(text)
    assert (reply.verb, reply.numbers, reply.everything) == (Verb.ACK, numbers, False)


@pytest.mark.parametrize("text", ["ack all", "1 all", "all", "ACK ALL please", "todos"])
def test_taking_all(text: str) -> None:
    reply = parse_staff(text)
    assert (reply.verb, reply.everything) == (Verb.ACK, True)


@pytest.mark.parametrize(
    ("text", "numbers", "rest"),
    [
        ("2", (), ""),
        ("2 flat tire", (), "flat tire"),
        ("2 1042 flat tire", (1042,), "flat tire"),
        ("PASS 1042 sick kid", (1042,), "sick kid"),
        ("can\u2019t", (), ""),
        ("Cant.", (), ""),
        ("no", (), ""),
        ("no, flat tire", (), "flat tire"),
        ("busy", (), ""),
        ("no puedo", (), ""),
        ("cant take it im at the hospital w my kid, pls pass to backup", (), None),
        ("got it but cant go", (), None),
        ("pass it to Luis 1042", (1042,), "it to Luis"),
    ],
)
def test_ways_to_say_i_cannot(text: str, numbers: tuple[int, ...], rest: str | None) -> None:
    reply = parse_staff(text)
    assert (reply.verb, reply.numbers) == (Verb.PASS, numbers)
    assert rest is None or reply.text == rest


@pytest.mark.parametrize(
    ("text", "eta", "numbers"),
    [
        ("ETA 45", minutes(45), ()),
        ("eta45", minutes(45), ()),
        ("ETA 1042 45", minutes(45), (1042,)),
        ("ETA 45 1042", minutes(45), (1042,)),
        ("1042 eta: 45 min", minutes(45), (1042,)),
        ("ETA ４５", minutes(45), ()),
        ("eta 1h30", minutes(90), ()),
        ("ETA 1 hr 30 min", minutes(90), ()),
        ("eta 1.5 hours", minutes(90), ()),
        ("eta 2 hours", minutes(120), ()),
        ("ETA half an hour", minutes(30), ()),
        ("ETA 30-45", minutes(45), ()),
        ("ok eta 30", minutes(30), ()),
        ("on my way, eta 15 min 1042", minutes(15), (1042,)),
        ("eta 45 min per dispatcher, told the store", minutes(45), ()),
        ("be there in 20", minutes(20), ()),
        ("on site in 20 min", minutes(20), ()),
        ("llego en 45", minutes(45), ()),
        ("ETA 3:15", WallClock(3, 15, exact=False), ()),
        ("ETA 3:15 #1042", WallClock(3, 15, exact=False), (1042,)),
        ("eta 2pm", WallClock(14, 0, exact=True), ()),
        ("eta 3:15 p.m.", WallClock(15, 15, exact=True), ()),
        ("ETA 12am", WallClock(0, 0, exact=True), ()),
        ("ETA 12:30", WallClock(12, 30, exact=False), ()),
        ("eta 15:30", WallClock(15, 30, exact=True), ()),
        ("eta 15h30", WallClock(15, 30, exact=True), ()),
        ("eta 0315", WallClock(3, 15, exact=True), ()),
        ("eta 315", WallClock(3, 15, exact=False), ()),
        ("ETA 1042 1530", WallClock(15, 30, exact=True), (1042,)),
        ("eta noon", WallClock(12, 0, exact=True), ()),
        ("llego a las 3:15", WallClock(3, 15, exact=False), ()),
        ("ETA", None, ()),
        ("eta 1042", None, (1042,)),
        ("ETA tomorrow 8am", None, ()),
        ("eta 25:00", None, ()),
    ],
)
def test_arrivals(text: str, eta: Eta | None, numbers: tuple[int, ...]) -> None:
    reply = parse_staff(text)
    assert (reply.verb, reply.eta, reply.numbers) == (Verb.ETA, eta, numbers)


@pytest.mark.parametrize(
    ("text", "verb", "numbers", "rest"),
    [
        ("ONSITE", Verb.ONSITE, (), ""),
        ("onsite 1042", Verb.ONSITE, (1042,), ""),
        ("here", Verb.ONSITE, (), ""),
        ("I'm here", Verb.ONSITE, (), ""),
        ("arrived", Verb.ONSITE, (), ""),
        ("on site", Verb.ONSITE, (), ""),
        ("ya llegué", Verb.ONSITE, (), ""),
        ("en sitio", Verb.ONSITE, (), ""),
        ("DONE 1042 fixed valve", Verb.DONE, (1042,), "fixed valve"),
        ("Done. Replaced valve, mopped", Verb.DONE, (), "Replaced valve, mopped"),
        ("DONE fixed valve 1042", Verb.DONE, (1042,), "fixed valve"),
        ("1042: done replaced valve", Verb.DONE, (1042,), "replaced valve"),
        ("DONE#1042 replaced", Verb.DONE, (1042,), "replaced"),
        ("done", Verb.DONE, (), ""),
        ("fixed", Verb.DONE, (), ""),
        ("listo, cambié la válvula", Verb.DONE, (), "cambié la válvula"),
        ("ESC 1042 need help", Verb.ESC, (1042,), "need help"),
        ("escalate", Verb.ESC, (), ""),
        ("NOTE 1042 called 617-555-0100 since 2019", Verb.NOTE, (1042,), "called 617-555-0100 since 2019"),
        ("note part from 2019", Verb.NOTE, (), "part from 2019"),
        ("UPDATE 1042 plumber is delayed", Verb.UPDATE, (1042,), "plumber is delayed"),
        ("REOPEN 1042", Verb.REOPEN, (1042,), ""),
        ("TAKE 1042", Verb.TAKE, (1042,), ""),
        ("cancel 1042 duplicate", Verb.CANCEL, (1042,), "duplicate"),
        ("release 1042", Verb.RELEASE, (1042,), ""),
        ("LIST", Verb.LIST, (), ""),
        ("my list please", Verb.LIST, (), "please"),
        ("WHO", Verb.WHO, (), ""),
        ("who is on call?", Verb.WHO, (), ""),
        ("CMDS", Verb.HELP, (), ""),
        ("?", Verb.HELP, (), ""),
        ("NEW ac out at 412", Verb.NEW, (), "ac out at 412"),
        ("new ticket: ac out", Verb.NEW, (), "ac out"),
        ("STOP", Verb.STOP, (), "STOP"),
        ("cancel", Verb.STOP, (), "cancel"),
        ("start", Verb.START, (), "start"),
    ],
)
def test_the_other_verbs(text: str, verb: Verb, numbers: tuple[int, ...], rest: str) -> None:
    reply = parse_staff(text)
    assert (reply.verb, reply.numbers, reply.text) == (verb, numbers, rest)


@pytest.mark.parametrize(
    ("text", "hold"),
    [
        ("hold parts", Hold(reason="waiting_parts")),
        ("HOLD 1042 waiting for parts 2h", Hold(reason="waiting_parts", duration=timedelta(hours=2))),
        ("hold no access, store closed 1 day", Hold(reason="no_access", duration=timedelta(days=1))),
        ("on hold customer approval 45 min", Hold(reason="waiting_customer", duration=minutes(45))),
        ("hold", Hold(reason="other")),
        ("en espera de piezas", Hold(reason="waiting_parts")),
    ],
)
def test_holds(text: str, hold: Hold) -> None:
    reply = parse_staff(text)
    assert (reply.verb, reply.hold) == (Verb.HOLD, hold)


@pytest.mark.parametrize(
    "text",
    [
        "45",
        "45 min",
        "1042",
        "1 hour",
        "2 guys on the way",
        "no water in the store",
        "ok what store is this?",
        "yes?",
        "yes, which store?",
        "got it which store?",
        "not got it",
        "here is the photo",
        "not onsite yet",
        "done in 20 min",
        "done?",
        "almost done",
        "who is this",
        "hold on who is this",
        "help me",
        "cancel the plumber",
        "new compressor ordered",
        "update?",
        "I will be there",
        "$1300 approved",
        "Disliked \u201cP1 Plumbing\u201d",
        "a customer called",
        "",
        "   ",
        "🤷",
    ],
)
def test_what_is_not_clear_is_no_command(text: str) -> None:
    reply = parse_staff(text)
    assert reply.verb is Verb.UNKNOWN
    assert reply.text == text.strip()


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_a_parser(text: str) -> None:
    staff = parse_staff(text)
    assert staff.verb in Verb
    assert all(1000 <= number <= 9_999_999 for number in staff.numbers)


SOUP = "1 2 ack eta done onsite hold no yes cant all but not fixed still voy en 1042 1047 45 3:15 ? , . # 👍"
replies = st.lists(st.sampled_from([*SOUP.split(), "\n"]), max_size=8).map(" ".join)


@given(replies)
@settings(max_examples=300, deadline=None)
def test_words_in_any_order_are_read_without_harm(text: str) -> None:
    reply = parse_staff(text)
    assert set(reply.numbers) <= {1042, 1047}
    assert (reply.hold is None) == (reply.verb is not Verb.HOLD)
    if reply.eta is not None:
        assert reply.verb is Verb.ETA
    assert parse_customer(text, asked=True).number in {None, 1042, 1047}


# --- the instant of an arrival -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("eta", "now", "expected"),
    [
        (minutes(45), "2026-07-01T06:11:30", "2026-07-01T06:56:30"),
        # 2:11 in New York: the next quarter past three is in the morning, from 3:16 on in the afternoon.
        (WallClock(3, 15, exact=False), "2026-07-01T06:11:30", "2026-07-01T07:15:00"),
        (WallClock(3, 15, exact=False), "2026-07-01T07:15:40", "2026-07-01T07:15:00"),
        (WallClock(3, 15, exact=False), "2026-07-01T07:16:00", "2026-07-01T19:15:00"),
        (WallClock(3, 15, exact=True), "2026-07-01T07:16:00", "2026-07-02T07:15:00"),
        (WallClock(12, 30, exact=False), "2026-07-01T03:50:00", "2026-07-01T04:30:00"),
        (WallClock(0, 0, exact=True), "2026-07-01T03:59:00", "2026-07-01T04:00:00"),
        # Spring forward: 2:30 does not exist on that day; the first instant after the gap is 3:00 EDT.
        (WallClock(2, 30, exact=True), "2026-03-08T06:00:00", "2026-03-08T07:00:00"),
        # Fall back: 1:30 comes twice; after the first, it is the second.
        (WallClock(1, 30, exact=True), "2026-11-01T05:00:00", "2026-11-01T05:30:00"),
        (WallClock(1, 30, exact=True), "2026-11-01T05:45:00", "2026-11-01T06:30:00"),
    ],
)
def test_when_that_is_at_the_site(eta: Eta, now: str, expected: str) -> None:
    said = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert eta_instant(eta, said, NEW_YORK) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@given(
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    exact=st.booleans(),
    now=st.integers(1_767_225_600, 1_830_000_000),
    zone=st.sampled_from(["America/New_York", "America/Phoenix", "Australia/Lord_Howe", "Pacific/Apia"]),
)
@settings(max_examples=100, deadline=None)
def test_an_arrival_is_never_past_and_never_far(
    hour: int, minute: int, *, exact: bool, now: int, zone: str
) -> None:
    said = datetime.fromtimestamp(now, UTC)
    eta = WallClock(hour, minute, exact=exact or hour > 12)
    instant = eta_instant(eta, said, ZoneInfo(zone))
    assert instant.utcoffset() == timedelta(0)
    assert timedelta(minutes=-1) < instant - said <= timedelta(hours=26 if eta.exact else 14)


def test_a_long_report_of_what_was_done_is_kept_whole() -> None:
    done = "replaced the valve, " * 500
    assert parse_staff("DONE 1042 " + done).text.startswith("replaced the valve, replaced")
    assert len(parse_staff("DONE 1042 " + done).text) > len(done) - 10
