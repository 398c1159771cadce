"""Asking two rulebooks about many messages: helpers answer as one process does, and may die."""

from __future__ import annotations

import copy
import csv
import multiprocessing
import os
import signal
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest

from app.domain.classification import Facts
from app.rulebook.revision import Rulebook, from_document
from app.store.history import Opening
from app.usecases.replay_deciding import Answer, Books, decisions, worth
from tests.building import NIGHT, directory

MESSAGES = Path(__file__).parents[1] / "data" / "messages.csv"
BATCH = 8
DIRECTORY = directory()


def opening(number: int, text: str, subject: str = "", *, kept: bool = True, **changes: str) -> Opening:
    facts = asdict(Facts(text=text, subject=subject, channel="sms")) if kept else None
    values = {"priority": "P1", "trade": "plumbing", "revision": "earlier", **changes}
    return Opening(
        ticket_id=number,
        number=number,
        at=NIGHT,
        begun_at=NIGHT,
        text=text,
        subject=subject,
        channel="sms",
        contact="",
        account="",
        site="",
        facts=facts,
        **values,
    )


@pytest.fixture(scope="module")
def books(rulebook: Rulebook) -> Books:
    """The default rulebook, and one in which nothing that leaks is urgent."""
    document = copy.deepcopy(dict(rulebook.document))
    files = document["files"]
    assert isinstance(files, dict)
    files["routing"]["priority"].insert(
        0, {"name": "it waits", "when": 'trade == "plumbing" && length < 300', "priority": "P4"}
    )
    return rulebook, from_document(document)


@pytest.fixture(scope="module")
def batches(books: Books) -> list[list[Opening]]:
    with MESSAGES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[: 5 * BATCH]
    told = [opening(i, row["text"], row["subject"], kept=i % 5 > 0) for i, row in enumerate(rows)]
    told[3] = opening(3, "a leak in the sink", priority="P2", trade="electrical", revision=books[0].hash)
    broken = {"no_such_fact": 1}
    told[BATCH + 1] = Opening(**{**{n: getattr(told[9], n) for n in Opening.__slots__}, "facts": broken})
    return [told[start : start + BATCH] for start in range(0, len(told), BATCH)]


def asked(
    batches: list[list[Opening]], books: Books, helpers: int
) -> list[tuple[list[Opening], list[Answer]]]:
    with closing(decisions(batches, DIRECTORY, books, helpers)) as found:
        return [(batch, list(answers)) for batch, answers in found]


def test_helpers_answer_in_order_what_one_process_does(batches: list[list[Opening]], books: Books) -> None:
    here = asked(batches, books, 0)
    assert [batch for batch, _ in here] == batches
    answers = [answer for _, found in here for answer in found]
    assert answers[BATCH + 1] is None  # what cannot be asked has failed, and nothing else
    assert answers.count(None) == 1
    assert any(answer and answer[0].priority != answer[1].priority for answer in answers)
    by_hand = answers[3]
    assert by_hand is not None
    assert [(outcome.priority, outcome.trade) for outcome in by_hand] == [("P2", "electrical")] * 2
    assert asked(batches, books, 2) == here
    assert multiprocessing.active_children() == []


def test_what_a_helper_leaves_behind_is_asked_about_here(batches: list[list[Opening]], books: Books) -> None:
    same = (books[0], books[0])
    here = asked(batches, same, 0)
    with closing(decisions(iter(batches), DIRECTORY, same, 1)) as found:
        first = next(found)
        (helper,) = multiprocessing.active_children()
        assert helper.pid
        os.kill(helper.pid, signal.SIGKILL)
        helper.join()
        rest = [(batch, list(answers)) for batch, answers in found]
    assert [(first[0], list(first[1])), *rest] == here
    assert multiprocessing.active_children() == []


def test_a_replay_that_breaks_off_leaves_no_helper(batches: list[list[Opening]], books: Books) -> None:
    found = decisions(batches, DIRECTORY, books, 1)
    next(found)
    found.close()
    assert multiprocessing.active_children() == []


def test_a_few_messages_are_worth_no_helper() -> None:
    assert worth(100) == 0
    assert 1 < worth(100_000) <= 8
