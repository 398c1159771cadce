"""Notification rules and quiet hours of the directory file: read, refused with advice, kept in the database."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app.documents import DocumentError
from app.domain.directory import MethodKind, NotifyStep
from app.store.directory import read_directory
from app.usecases.directory import load_directory
from app.usecases.directory_file import parse_directory

COMPANY = (Path(__file__).parents[2] / "demo" / "company.yaml").read_text("utf-8")
NOW = datetime(2026, 6, 9, tzinfo=UTC)
DANA = "    name: Dana Reyes\n"


def company(more: str) -> str:
    assert DANA in COMPANY
    return COMPANY.replace(DANA, f"{DANA}    {more}\n", 1)


def test_rules_and_quiet_hours_are_kept_and_told(engine: Engine) -> None:
    load_directory(engine, parse_directory(COMPANY, "c.yaml"), now=NOW)
    rules = "notify: {P3: [email], P1: [{call: 5m}, sms, {call: 2m}]}\n    quiet_hours: 22:00-07:00"
    changes = load_directory(engine, parse_directory(company(rules), "c.yaml"), now=NOW)
    assert changes.lines == ("~ person dana: notification rules changed; quiet none -> 22:00-07:00",)
    with engine.begin() as connection:
        dana = read_directory(connection).people["dana"]
    assert dana.notify == (
        NotifyStep("P1", MethodKind.SMS, timedelta(0)),
        NotifyStep("P1", MethodKind.VOICE, timedelta(minutes=2)),
        NotifyStep("P1", MethodKind.VOICE, timedelta(minutes=5)),
        NotifyStep("P3", MethodKind.EMAIL, timedelta(0)),
    )
    assert dana.quiet == (time(22), time(7))
    assert not load_directory(engine, parse_directory(company(rules), "c.yaml"), now=NOW)
    unvouched = company(rules).replace("verified: true", "verified: false")
    lines = load_directory(engine, parse_directory(unvouched, "c.yaml"), now=NOW).lines
    assert any("no longer verified" in line for line in lines)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("notify: {P5: [sms]}", "unknown priority 'P5'"),
        ("notify: {P1: [fax]}", "'fax' is not one of sms, call and email"),
        ("notify: {P1: [[sms]]}", "is not one of sms, call and email"),
        ("notify: {P1: [{sms: 5}]}", "in P1: 5 is not a duration"),
        ("notify: {P1: [{sms: 1m}]}", "the first step goes at once"),
        ("notify: {P1: [sms, {call: 2d}]}", "longer than a day"),
        ("notify: {P1: []}", "one to 10 steps"),
        ("notify: sms", "write the steps of each priority"),
        ("quiet_hours: 25:00-07:00", "no quiet hours; write them like 22:00-07:00"),
        ("quiet_hours: 07:00-07:00", "no time at all"),
        ("verified: maybe", "neither true nor false"),
    ],
)
def test_what_is_wrong_is_said(more: str, message: str) -> None:
    words = company(more)
    if more.startswith("verified"):
        words = words.replace("    verified: true\n", "", 1)
    with pytest.raises(DocumentError) as caught:
        parse_directory(words, "c.yaml")
    assert message in str(caught.value)
