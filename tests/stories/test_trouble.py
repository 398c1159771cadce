"""When things go wrong: phones that cannot be reached, strangers, stops, doubts, silence everywhere."""

from __future__ import annotations

from app.rulebook.revision import from_document
from app.store import records
from tests.stories.people import CALVIN, DANA, DANA_MAIL, LUCIA, NOOR, PRIYA, RUTH, STRANGER, TANYA, WATER
from tests.stories.town import Town


def duty_inbox(place: Town) -> list[str]:
    return [text for phone in (RUTH, CALVIN, NOOR) for text in place.inbox(phone)]


def test_an_undeliverable_page_goes_to_the_next_contact_method_at_once(place: Town) -> None:
    place.sim.set_phone(DANA, undeliverable=True)
    place.text(TANYA, WATER)
    assert [m["subject"].startswith("[1042] P1") for m in place.mails(DANA_MAIL)] == [True]
    assert "delivery_failed" in place.kinds()
    assert place.clock.at == place.ticket().ticket.opened_at


def test_when_no_method_reaches_anybody_the_next_level_is_asked_at_once(place: Town) -> None:
    place.sim.set_phone(DANA, refuse=21610)
    place.sim.set_mailbox(DANA_MAIL, undeliverable=True)
    place.text(TANYA, WATER)
    assert "1042" in place.last(PRIYA)
    assert place.kinds()[:5] == [
        "opened",
        "level_reached",
        "delivery_failed",
        "delivery_failed",
        "level_reached",
    ]


def test_nobody_answers_until_the_duty_manager_is_alarmed_and_it_starts_over(place: Town) -> None:
    place.text(TANYA, WATER)
    place.later(hours=3)
    view = place.ticket()
    assert "exhausted" in place.kinds()
    assert view.ticket.escalation.cycle >= 2
    assert view.ticket.escalating
    assert any("1042" in text for text in duty_inbox(place))


def test_a_stranger_still_gets_a_ticket_and_the_duty_manager_a_page(place: Town) -> None:
    place.text(STRANGER, "there is smoke in the stock room, please help")
    view = place.ticket()
    assert (view.ticket.requester.contact, view.ticket.account) == ("", "")
    assert any("1042" in text for text in duty_inbox(place))
    assert "1042" in place.last(STRANGER)


def test_a_second_text_joins_the_open_ticket_and_new_opens_another(place: Town) -> None:
    place.text(TANYA, WATER)
    place.text(TANYA, "it is getting worse, ceiling tiles are falling")
    assert place.kinds().count("customer_wrote") == 1
    assert "ceiling tiles" in place.last(DANA)
    place.text(TANYA, "NEW the freezer in aisle 3 is dead, store 114")
    assert place.ticket(1043).ticket.text.startswith("the freezer")


def test_one_word_with_two_pages_at_hand_changes_nothing_and_asks(place: Town) -> None:
    place.text(TANYA, WATER)
    place.text(TANYA, "NEW no power in the bakery, store 114")
    place.text(DANA, "1")
    assert "1042" in place.last(DANA)
    assert "1043" in place.last(DANA)
    assert [place.ticket(n).ticket.state for n in (1042, 1043)] == ["new", "new"]
    place.text(DANA, "ACK 1043")
    assert [place.ticket(n).ticket.state for n in (1042, 1043)] == ["new", "acknowledged"]
    place.later(seconds=20)
    place.text(DANA, "ACK 1042")
    place.text(DANA, "DONE fixed")
    assert [place.ticket(n).ticket.state for n in (1042, 1043)] == ["acknowledged", "acknowledged"]
    assert "DONE" in place.last(DANA)


def test_a_late_one_hears_who_has_it(place: Town) -> None:
    place.text(TANYA, WATER)
    place.later(minutes=8)
    place.text(PRIYA, "1")
    place.text(DANA, "1")
    assert "Priya" in place.last(DANA)
    assert place.ticket().ticket.assignee == "priya"
    place.text(DANA, "TAKE 1042")
    assert place.ticket().ticket.assignee == "dana"


def test_words_that_we_do_not_know_are_kept_as_a_note(place: Town) -> None:
    place.text(TANYA, WATER)
    place.text(DANA, "ACK")
    place.text(DANA, "the roofers say the gutter is blocked")
    assert "noted" in place.kinds()
    assert "note" in place.last(DANA).lower()


def test_a_stop_from_a_colleague_alarms_the_duty_manager(place: Town) -> None:
    place.text(DANA, "STOP")
    with place.house.begin() as connection:
        assert DANA in records.suppressed(connection, [DANA])
    assert any("Dana Reyes" in text for text in duty_inbox(place))
    told = len(duty_inbox(place))
    place.text(DANA, "STOP")
    assert len(duty_inbox(place)) == told
    place.text(TANYA, WATER)
    assert any("1042" in str(mail) for mail in place.mails(DANA_MAIL))
    failed = [e for e in place.ticket().events if e.kind == "delivery_failed"]
    assert [(e.code, e.next_channel) for e in failed] == [("suppressed", "email")]
    place.text(DANA, "START")
    place.text(DANA, "1")
    assert "You own 1042" in place.last(DANA)


def test_a_stop_from_the_one_on_duty_alarms_the_others(place: Town) -> None:
    for phone, name in ((RUTH, "ruth.okafor"), (CALVIN, "calvin.price"), (NOOR, "noor.haddad")):
        place.text(phone, "STOP")
        assert any("STOP" in str(mail) for mail in place.mails(f"{name}@tidewell.example")), name
    heard = [text for phone in (RUTH, CALVIN, NOOR) for text in place.inbox(phone) if "texted STOP" in text]
    assert heard
    assert RUTH in "".join(heard)


def test_a_stop_from_a_customer_opens_nothing(place: Town) -> None:
    place.text(TANYA, "STOP")
    with place.house.begin() as connection:
        rows = connection.exec_driver_sql("SELECT count(*) FROM tickets").scalar()
    assert rows == 0


def test_a_spanish_writer_is_answered_in_spanish(place: Town) -> None:
    place.text(LUCIA, "se inundo la cocina, mucha agua, tienda 303")
    assert "llam" in place.last(LUCIA) or "Ticket 1042" in place.last(LUCIA)
    assert "Recib" in place.last(LUCIA) or "recib" in place.last(LUCIA)


def test_two_pictures_without_words_are_an_emergency_all_the_same(place: Town) -> None:
    place.text(TANYA, "", media=[("image/jpeg", b"\xff\xd8\xff"), ("image/jpeg", b"\xff\xd8\xfe")])
    assert place.ticket().ticket.text == "(2 pictures)"
    assert "1042" in place.last(DANA)


def test_a_message_that_breaks_the_rules_becomes_a_ticket_for_triage(place: Town) -> None:
    real = place.house.rulebook

    def broken(*_: object) -> object:
        raise ZeroDivisionError("a rule went wrong")

    place.house.rulebook = from_document(real.document)
    place.house.rulebook.classify = broken
    place.house.rulebook.route = broken
    try:
        place.text(TANYA, WATER)
    finally:
        place.house.rulebook = real
    view = place.ticket()
    assert (view.ticket.priority, view.ticket.tags) == ("P1", ("triage",))
    assert WATER in view.ticket.text
    assert any("1042" in text for text in duty_inbox(place))
    assert any("a rule went wrong" in text for text in duty_inbox(place))


def test_an_unanswered_closing_question_ends_unconfirmed(place: Town) -> None:
    place.text(TANYA, WATER)
    place.text(DANA, "DONE replaced valve")
    place.later(days=3)
    view = place.ticket()
    assert (view.ticket.state, view.ticket.confirmed) == ("closed", False)
    assert "closure_reminded" in place.kinds()


def test_a_duplicate_webhook_is_one_message(place: Town) -> None:
    place.sim.set_provider("twilio", duplicate=True)
    place.text(TANYA, WATER)
    with place.house.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM tickets").scalar() == 1


def test_help_from_somebody_we_know_is_a_cry_for_help_and_from_a_stranger_a_question(place: Town) -> None:
    place.text(STRANGER, "HELP")
    with place.house.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM tickets").scalar() == 0
    place.text(TANYA, "help!!")
    assert place.ticket().ticket.requester.contact
    assert "1042" in place.last(DANA)


def test_an_eta_without_a_time_asks_for_one(place: Town) -> None:
    place.text(TANYA, WATER)
    place.text(DANA, "ACK")
    place.text(DANA, "ETA soon")
    assert "eta_given" not in place.kinds()
    assert "ETA" in place.last(DANA)
