"""A code proves a phone: sent as a text, answered by text, bounded, kept nowhere; failures count against it."""

from __future__ import annotations

import re

import pytest

from app.domain.contact_checks import Standing
from app.store import contact_checks
from app.usecases.verifying import Outcome, VerifyError, enter_code, send_code
from tests.stories.town import Town

DANA, DANA_MAIL = "+16175550101", "dana.reyes@tidewell.example"


def standing(place: Town, person: str = "dana") -> list[Standing]:
    with place.house.begin() as connection:
        checks = contact_checks.read_checks(connection)
        known = place.house.roster(connection).directory.people[person]
    return [checks.standing(person, method) for method in known.methods]


def code_on(place: Town) -> str:
    found = re.search(r"code: (\d{6})", place.last(DANA))
    assert found, place.last(DANA)
    return found.group(1)


def test_a_code_is_texted_back(place: Town) -> None:
    place.change_company(
        ("dana.reyes@tidewell.example}]\n    verified: true", "dana.reyes@tidewell.example}]")
    )
    assert standing(place) == [Standing.UNVERIFIED, Standing.UNVERIFIED]
    assert send_code(place.house, "dana").address == DANA
    place.settle()
    code = code_on(place)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    with place.house.begin() as connection:
        kept = connection.exec_driver_sql(
            "SELECT body, subject FROM outbox WHERE text_id = 'verify_code'"
        ).one()
    assert code not in str(kept)

    place.text(DANA, wrong)
    assert place.last(DANA) == "That is not the code. Tries left: 4."
    with pytest.raises(VerifyError, match="just now"):
        send_code(place.house, "dana", DANA)
    place.text(DANA, f"{code[:3]} {code[3:]}")
    assert place.last(DANA) == f"Thank you. {DANA} is verified: pages can reach you there."
    assert standing(place) == [Standing.WORKS, Standing.UNVERIFIED]
    place.text(DANA, code)
    assert "used up" in place.last(DANA)

    # The next one that is open is the mailbox; its code may be typed in.
    assert send_code(place.house, "dana").address == DANA_MAIL
    place.settle()
    mailed = re.search(r"code is (\d{6})", str(place.mails(DANA_MAIL)[-1]))
    assert mailed
    place.later(minutes=9)
    assert enter_code(place.house, "dana", mailed.group(1)) == (Outcome.VERIFIED, DANA_MAIL)
    assert standing(place) == [Standing.WORKS, Standing.WORKS]


def test_codes_grow_old_run_out_and_are_not_sent_too_often(place: Town) -> None:
    with pytest.raises(VerifyError, match="nobody"):
        send_code(place.house, "dan")
    with pytest.raises(VerifyError, match="no sms or email of Dana"):
        send_code(place.house, "dana", "+16175550102")
    send_code(place.house, "dana", DANA)
    place.settle()
    old = code_on(place)
    place.later(minutes=10)
    assert enter_code(place.house, "dana", old) == (Outcome.OVER, "")
    send_code(place.house, "dana", DANA)
    place.settle()
    code = code_on(place)
    assert enter_code(place.house, "dana", old if old != code else "000000")[0] is Outcome.WRONG
    for _ in range(4):
        outcome = enter_code(place.house, "dana", "000000" if code != "000000" else "000001")
    assert outcome[0] is Outcome.OVER
    assert enter_code(place.house, "dana", code) == (Outcome.OVER, "")
    for _ in range(3):
        place.later(minutes=1)
        send_code(place.house, "dana", DANA)
    place.later(minutes=1)
    with pytest.raises(VerifyError, match="within an hour"):
        send_code(place.house, "dana", DANA)
    place.later(minutes=61)
    assert enter_code(place.house, "dana", code) == (Outcome.NONE, "")
    # Nobody's code is on the way: six digits are an ordinary message again.
    place.text(DANA, "104 233")
    assert "code" not in place.last(DANA)


def test_an_address_that_refuses_counts_as_failing_until_something_arrives(place: Town) -> None:
    place.sim.set_phone(DANA, refuse=21614)
    send_code(place.house, "dana", DANA)
    place.settle()
    assert standing(place)[0] is Standing.FAILING
    place.sim.set_phone(DANA, refuse=None)
    place.later(minutes=2)
    send_code(place.house, "dana", DANA)
    place.settle()
    assert standing(place)[0] is Standing.WORKS
