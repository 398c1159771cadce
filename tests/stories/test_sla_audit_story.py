"""A long night and a week after it; then an auditor recomputes every clock from the command line."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import Result
from sqlalchemy import text
from typer.testing import CliRunner

from app.__main__ import cli
from tests.stories.people import DANA, LUCIA, PRIYA, RUTH, STRANGER, TANYA, WATER
from tests.stories.town import Town


def sla(place: Town, *words: str) -> Result:
    """Run `closeloop sla` on the town's database."""
    url = place.house.engine.url.render_as_string(hide_password=False)
    return CliRunner().invoke(cli, ["sla", *words], env={"CLOSELOOP_DATABASE_URL": url})


def a_long_night(place: Town) -> None:
    """Tickets that met and missed about everything there is."""
    place.text(TANYA, WATER)  # 1042: late in everything, on hold, declined, reopened, never confirmed
    place.later(minutes=20)
    place.text(DANA, "ACK")
    place.text(LUCIA, "se fue la luz en la cocina")  # 1043: taken late, never done
    place.later(minutes=45)
    for phone in (PRIYA, RUTH):
        place.text(phone, "ACK 1043")
    place.text(PRIYA, "UPDATE 1043 an electrician is on the way")  # not silent: others need not be asked
    place.text(DANA, "HOLD 1042 parts 2h")
    place.text(TANYA, "NEW no power in the bakery, store 114")  # 1044: all in time
    place.later(minutes=1)
    place.text(DANA, "ACK 1044")
    place.text(DANA, "ETA 1044 30")
    place.later(minutes=29)
    place.text(DANA, "ONSITE 1044")
    place.later(minutes=15)
    place.text(DANA, "DONE 1044 new fuse")
    place.text(TANYA, "YES 1044")
    place.text(STRANGER, "there is smoke in the stock room, please help")  # 1045: an unknown site
    place.text(RUTH, "ACK 1045")
    place.text(RUTH, "UPDATE 1045 the fire brigade is there")
    place.later(hours=5)
    place.text(DANA, "ONSITE 1042")
    place.later(hours=4)
    place.text(DANA, "DONE 1042 replaced the valve")
    place.text(TANYA, "NO 1042")
    place.text(DANA, "ACK 1042")
    place.later(hours=1)
    place.text(DANA, "DONE 1042 tightened the joint")
    place.later(days=1)


def test_after_a_long_night_the_auditor_finds_nothing_but_what_was_tampered_with(
    place: Town, tmp_path: Path
) -> None:
    a_long_night(place)
    with place.house.begin() as connection:
        kinds = set(connection.execute(text("SELECT DISTINCT kind FROM events")).scalars())
    assert kinds >= {"breached", "warned", "held", "released", "reopened", "closed"}
    result = sla(place, "verify")
    assert result.stdout.startswith("4 tickets, ")
    assert result.stdout.endswith("clocks recomputed from their events: no difference.\n")
    assert result.exit_code == 0
    assert sla(place, "verify", "--since", "2030-01-01").stdout.startswith("0 tickets")

    tamper = """UPDATE events SET at = at {} interval '1 second'
        WHERE kind = 'breached' AND data->>'metric' = 'acknowledge'
        AND ticket_id = (SELECT id FROM tickets WHERE number = 1042)"""
    with place.house.begin() as connection:
        connection.execute(text(tamper.format("+")))
    result = sla(place, "verify")
    assert result.exit_code == 1
    [breach, document, summary] = result.stdout.splitlines()
    assert breach == (
        "1042 acknowledge: recorded a breach on 2026-06-09T06:21:01Z; computed one on 2026-06-09T06:21:00Z"
    )
    assert document.startswith("1042 ticket: recorded breaches acknowledge on 2026-06-09T06:21:00Z, ")
    assert "acknowledge on 2026-06-09T06:21:01Z" in document.partition("; computed ")[2]
    assert summary.endswith(": 2 differences.")
    with place.house.begin() as connection:
        connection.execute(text(tamper.format("-")))

    as_of = "2026-06-09T12:00:00Z"
    shown = sla(place, "explain", "1042", "--as-of", as_of).stdout
    assert shown.startswith(
        "Ticket 1042, Pantry Row Markets #114 Boston, MA, as of Tue Jun 9 2026, 8:00:00 AM"
    )
    assert "Missed by 10 minutes: due on Tue Jun 9 2026, 2:21:00 AM EDT" in shown
    assert "paused: waiting for parts" in shown
    question = sla(place, "explain", "1042", "--as-of", as_of, "--json").stdout
    assert question.count("\n") == 1
    file = tmp_path / "question.jsonl"
    file.write_text(question)
    answered = CliRunner().invoke(cli, ["compute", str(file)])
    assert answered.exit_code == 0
    clock = json.loads(answered.stdout)["answer"]["metrics"]["acknowledge"]
    assert (clock["state"], clock["elapsed_seconds"]) == ("missed", 1200)
    assert clock["breached_at"] == "2026-06-09T06:21:00Z"


def test_a_ticket_that_is_not_there(place: Town) -> None:
    result = sla(place, "explain", "9")
    assert result.exit_code == 1
    assert str(result.exception) == "there is no ticket 9"
