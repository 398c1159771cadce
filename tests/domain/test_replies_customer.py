"""What customers answer, and what kind of message anybody sent, from its words alone."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.classification import KINDS
from app.domain.replies import CustomerVerb, Verb, customer_intent, parse_customer, parse_staff

DATA = Path(__file__).parents[1] / "data"


# --- customers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "verb", "number"),
    [
        ("YES", CustomerVerb.YES, None),
        ("yes 1042", CustomerVerb.YES, 1042),
        ("1042 yes", CustomerVerb.YES, 1042),
        ("y", CustomerVerb.YES, None),
        ("ok", CustomerVerb.YES, None),
        ("good", CustomerVerb.YES, None),
        ("👍🏽", CustomerVerb.YES, None),
        ("1", CustomerVerb.YES, None),
        ("Sí, todo bien", CustomerVerb.YES, None),
        ("oui merci", CustomerVerb.YES, None),
        ("yes, the guy came and fixed it, thanks", CustomerVerb.YES, None),
        ("yep all good no leak anymore", CustomerVerb.YES, None),
        ("it works now", CustomerVerb.YES, None),
        ("no problem, thanks", CustomerVerb.YES, None),
        ("NO", CustomerVerb.NO, None),
        ("NO 1042", CustomerVerb.NO, 1042),
        ("2", CustomerVerb.NO, None),
        ("no 1042 still leaking", CustomerVerb.NO, 1042),
        ("still leaking", CustomerVerb.NO, None),
        ("not fixed", CustomerVerb.NO, None),
        ("again", CustomerVerb.NO, None),
        ("it came back", CustomerVerb.NO, None),
        ("yes they came but no its not fixed, same puddle", CustomerVerb.NO, None),
        ("non toujours pas", CustomerVerb.NO, None),
        ("sigue goteando", CustomerVerb.NO, None),
        ("👎", CustomerVerb.NO, None),
        ("yes but it smells", CustomerVerb.YES_BUT, None),
        ("sí pero huele", CustomerVerb.YES_BUT, None),
        ("Yes also the freezer is down now", CustomerVerb.YES_BUT, None),
        ("yes when will you clean the floor", CustomerVerb.YES_BUT, None),
        ("thanks", CustomerVerb.THANKS, None),
        ("where are you", CustomerVerb.CHASE, None),
        ("please cancel the plumber", CustomerVerb.CANCEL, None),
        ("hmm", CustomerVerb.TEXT, None),
        ("no hot water now", CustomerVerb.TEXT, None),
    ],
)
def test_answers_to_the_closing_question(text: str, verb: CustomerVerb, number: int | None) -> None:
    reply = parse_customer(text, asked=True)
    assert (reply.verb, reply.number) == (verb, number)


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("yes", CustomerVerb.YES),
        ("NO 1042", CustomerVerb.NO),
        ("ok", CustomerVerb.THANKS),
        ("👍", CustomerVerb.THANKS),
        ("yes hi we need somebody to unclog the mop sink at store 9", CustomerVerb.TEXT),
        ("no heat at all, 38 in the store", CustomerVerb.TEXT),
        ("again", CustomerVerb.TEXT),
        ("any eta???", CustomerVerb.CHASE),
        ("help", CustomerVerb.HELP),
        ("STOP", CustomerVerb.STOP),
        ("arrêt", CustomerVerb.STOP),
        ("please stop texting me", CustomerVerb.STOP),
        ("START", CustomerVerb.START),
        ("stop all", CustomerVerb.STOP),
        ("stop" + " " * 200 + "the water", CustomerVerb.TEXT),
        ("cancel", CustomerVerb.STOP),
        ("please cancel the plumber", CustomerVerb.CANCEL),
        ("STOP WHATEVER UR DOING, PIPE BROKE, WATER EVERYWHERE", CustomerVerb.TEXT),
        ("cant stop the water its coming out of the wall", CustomerVerb.TEXT),
        ("Auto-reply: I am driving", CustomerVerb.AUTO),
        ("we are closed right now because the power is out", CustomerVerb.TEXT),
    ],
)
def test_what_customers_say_unasked(text: str, verb: CustomerVerb) -> None:
    assert parse_customer(text, asked=False).verb is verb


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("NEW toilet overflowing at 412", "toilet overflowing at 412"),
        ("new problem: AC is out", "AC is out"),
        ("Nuevo: no hay luz", "no hay luz"),
        ("New", ""),
    ],
)
def test_something_new_is_said_with_its_own_words(text: str, rest: str) -> None:
    reply = parse_customer(text, asked=True)
    assert (reply.verb, reply.text) == (CustomerVerb.NEW, rest)


# --- the kind of a message ----------------------------------------------------------------------------------------------


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("name", "least"), [("messages.csv", 0.97), ("kinds.csv", 0.97)])
def test_the_kind_of_labelled_messages(name: str, least: float) -> None:
    labelled = rows(name)
    wrong = Counter[tuple[str, str]]()
    for row in labelled:
        found = customer_intent(row["text"], row["subject"], row["channel"])
        wrong[row["kind"], found] += found != row["kind"]
    share = 1 - wrong.total() / len(labelled)
    assert share >= least, +wrong


def test_no_report_of_trouble_is_thrown_away() -> None:
    # Taken for an update or a chase, a report still reaches a person; these three would be silence.
    silent = {"stop", "auto_reply", "spam_or_wrong"}
    lost = [
        row["text"]
        for name in ("messages.csv", "kinds.csv")
        for row in rows(name)
        if row["kind"] == "new" and customer_intent(row["text"], row["subject"], row["channel"]) in silent
    ]
    assert lost == []


def test_quoted_history_has_no_say() -> None:
    quoted = "Thank you!\n\nOn Mon, Ann wrote:\n> SEWAGE in the hallway, is someone coming?\n> STOP"
    assert customer_intent(quoted, "Re: [ERT-20433]", "email") == "ack_thanks"


@pytest.mark.parametrize(
    "text", ["a" * 200_000, "ack " * 50_000, "is anyone " * 20_000, "\n" * 100_000, "1042 " * 20_000]
)
@pytest.mark.timeout(60)  # ends what grows with the square of the length; it takes a tenth of a second
def test_a_huge_message_takes_no_time(text: str) -> None:
    assert customer_intent(text, text, "email") in KINDS
    assert parse_staff(text).verb in Verb
    assert parse_customer(text, asked=True).verb in CustomerVerb


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_a_parser(text: str) -> None:
    for asked in (True, False):
        assert parse_customer(text, asked=asked).verb in CustomerVerb
    for channel in ("sms", "email", "voice"):
        assert customer_intent(text, text[:40], channel) in KINDS
