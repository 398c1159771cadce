"""Hard cases: sites named late or wrongly, people who are both, robots, providers that are down, changes."""

from __future__ import annotations

import copy
import itertools
from dataclasses import replace

import pytest

from app.rulebook.revision import from_document
from app.store import timers as timer_store
from app.usecases import triage
from tests.stories.people import DANA, DANA_MAIL, PRIYA, STRANGER, TANYA, TANYA_MAIL, WATER
from tests.stories.town import HELP, NUMBER, Town

GLORIA = "+16175550110"  # of Pantry Row, for all its sites
LUIS = "+16175550102"
NOBODY = """schedules:
  nobody:
    timezone: America/New_York
    layers:
      - name: never
        people: [dana]
        rotation: {unit: weekly, length: 1, starts: "2030-01-07T08:00"}
  duty:"""
DANAS_ENTRY = """  - key: dana
    name: Dana Reyes
    roles: [account_manager]
    timezone: America/New_York
    methods: [{sms: "+16175550101"}, {email: dana.reyes@tidewell.example}]
    verified: true
"""


def tickets(place: Town) -> int:
    with place.house.begin() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM tickets").scalar_one())


def test_a_contact_of_many_sites_is_asked_which_and_the_page_goes_out_meanwhile(place: Town) -> None:
    place.text(GLORIA, "water is coming through the ceiling")
    assert place.ticket().ticket.site == ""
    assert "1042" in place.last(DANA)
    assert "Which site" in place.last(GLORIA)
    place.text(GLORIA, "114")
    assert place.ticket().ticket.site == "pantryrow.114"
    assert "#114" in place.last(DANA) or "114" in place.last(DANA)
    place.text(GLORIA, "it is getting worse")
    assert tickets(place) == 1


def test_another_site_in_a_second_message_is_another_ticket(place: Town) -> None:
    place.text(GLORIA, "water is coming through the ceiling, store 114")
    place.text(GLORIA, "and the freezer is down at store 119")
    assert [place.ticket(n).ticket.site for n in (1042, 1043)] == ["pantryrow.114", "pantryrow.119"]


def test_words_about_a_ticket_elsewhere_stay_with_it(place: Town) -> None:
    """Tanya is of store 114 and reports for 119: what she adds without naming a store is about 119."""
    place.text(TANYA, "water is coming through the ceiling, store 119")
    place.text(TANYA, "it is getting worse, please hurry")
    assert tickets(place) == 1
    assert place.kinds().count("customer_wrote") == 1


def test_a_site_that_does_not_exist_is_no_site(place: Town) -> None:
    place.text(GLORIA, "water is coming through the ceiling, store 9114")
    assert place.ticket().ticket.site == ""
    place.text(GLORIA, "sorry, store 114")
    assert place.ticket().ticket.site == "pantryrow.114"


def test_somebody_who_is_both_answers_as_whom_we_wrote_to(place: Town) -> None:
    """Luis is on our staff, and the file has his phone as a contact of store 114 too."""
    place.change_company(('phones: ["+16175550109"]', f'phones: ["{LUIS}"]'))
    place.text(LUIS, WATER)
    assert place.ticket().ticket.requester.address == LUIS
    place.text(DANA, "DONE 1042 valve")
    place.text(LUIS, "YES")
    assert place.ticket().ticket.state == "closed"
    place.later(minutes=1)
    place.text(TANYA, WATER)
    place.text(DANA, "PASS 1043")
    place.text(PRIYA, "ESC 1043")
    place.text(LUIS, "LIST")
    assert "nothing open" in place.last(LUIS)


def test_pictures_and_nothing_are_not_lost(place: Town) -> None:
    place.text(TANYA, "", media=[("image/jpeg", b"\xff\xd8\xff")])
    assert place.ticket().ticket.text == "(1 picture)"
    place.text(TANYA, "   ")
    assert place.kinds().count("customer_wrote") == 1
    place.text(GLORIA, " \n ")
    assert place.ticket(1043).ticket.text == "(no text)"


def test_a_mail_of_ten_thousand_characters(place: Town) -> None:
    place.mail(
        TANYA_MAIL, "Water through the ceiling, store 114. " + "The floor is wet. " * 600, "Leak " * 300
    )
    assert len(place.ticket().ticket.text) > 9000
    page = place.last(DANA)
    assert len(page) <= 306
    assert "reply 1" in page
    assert "/t/" in page


def test_digits_of_other_scripts_are_digits(place: Town) -> None:
    place.text(
        GLORIA,
        "water is coming through the ceiling, store \N{FULLWIDTH DIGIT ONE}\N{FULLWIDTH DIGIT ONE}\N{FULLWIDTH DIGIT FOUR}",
    )
    place.text(DANA, "ACK \uff11\uff10\uff14\uff12")
    assert place.ticket().ticket.assignee == "dana"


def test_stop_with_a_full_stop_opens_nothing_and_start_undoes_it(place: Town) -> None:
    for words in ("Stop.", "STOP ALL", "Alto"):
        place.text(TANYA, words)
    assert tickets(place) == 0
    place.text(TANYA, "START")
    place.text(TANYA, "please cancel the plumber")
    assert tickets(place) == 1


def test_two_robots_do_not_talk_for_ever(place: Town) -> None:
    for robot, words in (
        (STRANGER, "I am driving right now and will answer later"),
        (TANYA, "ok"),
        (DANA, "ok"),
    ):
        place.text(TANYA, WATER)
        said = len(place.inbox(robot))
        for _ in range(20):
            place.text(robot, words)
        assert len(place.inbox(robot)) - said <= 8, (robot, place.inbox(robot)[-3:])


def test_our_own_number_is_nobody(place: Town) -> None:
    place.text(NUMBER, "water through the ceiling")
    place.text(NUMBER, "water through the ceiling")
    assert tickets(place) <= 1


def test_a_provider_that_is_away_is_tried_again_then_one_that_is_there(place: Town) -> None:
    place.change_company(
        (
            'methods: [{sms: "+16175550101"}, {email',
            'methods: [{sms: "+16175550101"}, {voice: "+16175550101"}, {email',
        )
    )
    place.sim.set_provider("twilio", down="503")
    place.text(TANYA, WATER)
    assert place.mails(DANA_MAIL) == []
    place.later(seconds=30)
    assert [m["subject"].startswith("[1042] P1") for m in place.mails(DANA_MAIL)] == [True]
    assert place.ticket().ticket.escalation.asked == ("dana",), "nobody else is woken for that"
    heard = [
        str(m)
        for name in ("ruth.okafor", "calvin.price", "noor.haddad")
        for m in place.mails(f"{name}@tidewell.example")
    ]
    assert any("Twilio does not take our texts and calls" in mail for mail in heard), "by the other provider"
    with place.house.begin() as connection:
        failing = connection.exec_driver_sql("SELECT count(*) FROM failing_addresses")
        assert failing.scalar() == 0, "it says nothing about Dana's phone"
    place.sim.set_provider("twilio", down="")
    place.later(minutes=30)
    assert "1042" in place.last(TANYA)
    with place.house.begin() as connection:
        tries = connection.exec_driver_sql(
            "SELECT array_agg(extract(epoch FROM a.at)::float ORDER BY a.attempt) FROM delivery_attempts a"
            " JOIN outbox o ON o.id = a.outbox_id WHERE o.rank = 0 GROUP BY o.id ORDER BY o.id LIMIT 1"
        ).scalar_one()
    gaps = [after - before for before, after in itertools.pairwise(tries)]
    assert len(gaps) == 1


def test_mail_that_is_away_is_a_text(place: Town) -> None:
    place.change_company(
        (
            'methods: [{sms: "+16175550101"}, {email: dana.reyes@tidewell.example}]',
            'methods: [{email: dana.reyes@tidewell.example}, {sms: "+16175550101"}]',
        )
    )
    place.sim.set_provider("sendgrid", down="503")
    place.text(TANYA, WATER)
    assert place.inbox(DANA) == []
    place.later(seconds=30)
    assert "1042" in place.last(DANA)
    place.sim.set_provider("sendgrid", down="")


@pytest.mark.parametrize("receipts", ["auto", "manual"])
def test_answers_that_got_lost_are_looked_up_and_nothing_is_sent_twice(place: Town, receipts: str) -> None:
    place.tell_the_time()
    place.sim.set_provider("twilio", down="lost_answer", receipts=receipts)
    place.text(TANYA, WATER)
    place.sim.set_provider("twilio", down="")
    place.later(minutes=1)
    assert [len([t for t in place.inbox(p) if "1042" in t]) for p in (DANA, TANYA)] == [1, 1]
    assert place.mails(DANA_MAIL) == []
    known = {delivery.status for delivery in place.ticket().deliveries}
    assert known == ({"delivered"} if receipts == "auto" else {"queued"}), (
        "found out by asking, not by a receipt"
    )
    place.sim.deliver_receipts()
    place.settle()


def test_a_phone_that_is_off_is_nobody_yet(place: Town) -> None:
    place.sim.set_phone(DANA, off=True)
    place.text(TANYA, WATER)
    place.later(minutes=7)
    assert "1042" in place.last(PRIYA)


def test_an_account_without_manager_and_a_gap_in_the_duty_alarm_at_last(place: Town) -> None:
    place.change_company(
        ("    manager: dana\n    backup: luis\n", "    manager: schedule:nobody\n"),
        (
            "schedules:\n  duty:",
            NOBODY,
        ),
        ('starts: "2025-01-06T08:00"', 'starts: "2030-01-07T08:00"'),
    )
    place.text(TANYA, WATER)
    assert "1042" in place.last(PRIYA)
    place.later(hours=1)
    assert place.ticket().ticket.escalating
    assert "exhausted" in place.kinds()


def test_a_holder_who_leaves_the_company_is_not_asked_after_a_no(place: Town) -> None:
    place.text(TANYA, WATER)
    place.text(DANA, "DONE valve")
    place.change_company(
        (DANAS_ENTRY, ""),
        ('    - "+16175550101"  # Dana Reyes\n', ""),
        ("    - dana.reyes@tidewell.example\n", ""),
        ("manager: dana", "manager: luis"),
        ("backup: luis", "backup: farah"),
        ("backup: dana", "backup: farah"),
    )
    pages = len(place.inbox(DANA))
    place.text(TANYA, "NO")
    assert len(place.inbox(DANA)) == pages
    assert place.ticket().ticket.escalating
    assert any("1042" in text for text in place.inbox(LUIS) + place.inbox(PRIYA))


def test_a_ladder_that_was_renamed_is_climbed_to_its_end(place: Town) -> None:
    place.text(TANYA, WATER)
    ladder = place.ticket().ticket.ladder
    document = copy.deepcopy(dict(place.house.rulebook.document))
    renamed = _renamed(document, ladder, "another_name")
    place.house.rulebook = from_document(renamed)
    place.later(minutes=20)
    assert "1042" in place.last(PRIYA)
    assert place.kinds().count("level_reached") >= 2
    place.text(TANYA, "NEW no power in the bakery, store 114")
    assert tickets(place) == 2


def _renamed(value: object, old: str, new: str) -> dict[str, object]:
    def walk(item: object) -> object:
        if isinstance(item, dict):
            return {(new if k == old else k): walk(v) for k, v in item.items()}
        if isinstance(item, list | tuple):
            return [walk(v) for v in item]
        return new if item == old else item

    done = walk(value)
    assert isinstance(done, dict)
    return done


def test_when_even_triage_fails_the_messages_behind_go_on(place: Town) -> None:
    real = place.house.rulebook.route

    def broken(facts: object, found: object) -> object:
        if getattr(facts, "account", "") in ("pantryrow", ""):
            raise ZeroDivisionError("routing is broken")
        return real(facts, found)

    def nowhere(*_: object) -> object:
        raise ZeroDivisionError("triage is broken too")

    opens = triage.open_for_triage
    place.house.rulebook.route = broken
    triage.open_for_triage = nowhere
    try:
        place.sim.text(TANYA, WATER)
        place.text("+12125550104", "water through the ceiling, store 412")
        assert place.ticket().ticket.requester.address == "+12125550104"
    finally:
        place.house.rulebook.route = real
        triage.open_for_triage = opens
    place.later(minutes=2)
    assert place.ticket(1043).ticket.requester.address == TANYA


def test_a_timer_that_is_no_longer_wanted_gives_way_to_the_one_that_is(place: Town) -> None:
    place.text(TANYA, WATER)
    place.text(DANA, "ACK")
    with place.house.begin() as connection:
        wanted = timer_store.of_ticket(connection, place.ticket().ticket.id)
        connection.exec_driver_sql("DELETE FROM timers WHERE kind = 'clock' AND key <> 'arrive'")
        connection.exec_driver_sql(
            "UPDATE timers SET due_at = due_at - interval '1 hour', not_before = %s", (place.clock.at,)
        )
    place.settle()
    with place.house.begin() as connection:
        assert timer_store.of_ticket(connection, place.ticket().ticket.id) == wanted
    assert replace(place.ticket().ticket, version=0)  # it can still be read
    assert HELP


def test_the_clocks_of_a_site_that_is_named_later_run_in_its_zone(place: Town) -> None:
    """The teardown compares what is armed with what the site's own hours ask for."""
    document = copy.deepcopy(dict(place.house.rulebook.document))
    policies = document["files"]["sla"]["policies"]
    for policy in policies.values():
        policy["targets"]["arrive"]["calendar"] = "site_hours"
    place.house.rulebook = from_document(document)
    place.text(GLORIA, "water is coming through the ceiling")
    place.text(GLORIA, "store 410")
    assert place.ticket().ticket.site == "pantryrow.410"
