"""Pages by call: only a key counts, whoever does not press one is passed over, and nobody rings in vain."""

from __future__ import annotations

import pytest

from app.store import records
from simulator.client import NothingCameError
from tests.stories.people import DANA, LUCIA, PRIYA, STRANGER, TANYA, WATER
from tests.stories.town import Town

DANA_METHODS = 'methods: [{sms: "+16175550101"}, {email: dana.reyes@tidewell.example}]'
PRIYA_METHODS = 'methods: [{sms: "+16175550103"}, {email: priya.shah@tidewell.example}]'


def call_first(place: Town, *, priya: bool = False) -> None:
    """Have Dana (and Priya) called before anything else is tried."""
    changes = [(DANA_METHODS, DANA_METHODS.replace("[", '[{voice: "+16175550101"}, '))]
    if priya:
        changes.append((PRIYA_METHODS, PRIYA_METHODS.replace("[", '[{voice: "+16175550103"}, ')))
    place.change_company(*changes)


def test_a_call_says_what_it_is_about_and_one_takes_it(place: Town) -> None:
    call_first(place)
    place.text(TANYA, WATER)
    call = place.ringing(DANA)
    assert place.inbox(DANA) == []
    assert place.ticket().ticket.escalating, "a phone that rings is no acknowledgement"

    call = place.on_call(call, "answer")
    (words,) = call["heard"]
    assert words.startswith("Tidewell on-call. Priority 1,")
    assert "store 1 1 4" in words
    assert "water coming through ceiling aisle 7" in words
    assert "Press 1 to take it" in words
    assert place.ticket().ticket.escalating, "nor is one that was picked up"

    call = place.on_call(call, "press", "7")
    assert call["heard"][-1].startswith("Sorry. Press 1")
    call = place.on_call(call, "press", "3")
    assert call["heard"][-1] == words
    call = place.on_call(call, "press", "1")
    assert (call["heard"][-1], call["status"]) == (
        "You own ticket 1 0 4 2. Details are in your texts. Goodbye.",
        "completed",
    )
    ticket = place.ticket()
    assert (ticket.ticket.assignee, ticket.ticket.escalating) == ("dana", False)
    assert "delivery_failed" not in place.kinds(), "the end of a call that was acknowledged is no failure"
    assert any("/t/" in text and "water coming" in text for text in place.inbox(DANA))
    assert "Dana Reyes has your request" in place.last(TANYA)
    (page,) = [d for d in ticket.deliveries if d.channel == "voice"]
    assert (page.state, page.status, page.detail) == ("sent", "delivered", "pressed 1")


@pytest.mark.parametrize(
    ("switch", "said"),
    [
        ({"calls": "voicemail"}, "a voicemail answered"),
        ({"calls": "busy"}, "the line was busy"),
        ({"calls": "no_answer"}, "nobody picked up"),
        ({"off": True}, "the call could not be put through"),
        ({"refuse": 21216}, "Twilio answered 400"),
    ],
)
def test_whatever_is_no_key_goes_to_the_next_method_at_once(
    place: Town, switch: dict[str, object], said: str
) -> None:
    call_first(place)
    place.sim.set_phone(DANA, **switch)
    place.text(TANYA, WATER)
    assert place.clock.at == place.ticket().ticket.opened_at
    failed = next(e for e in place.ticket().events if e.kind == "delivery_failed")
    assert (failed.channel, failed.person, failed.next_channel) == ("voice", "dana", "sms")
    assert said in failed.detail
    assert [d.channel for d in place.ticket().deliveries if d.person == "dana"][:2] == ["voice", "sms"]


def test_a_voicemail_never_acknowledges(place: Town) -> None:
    only_a_call = DANA_METHODS.replace("sms", "voice").replace(", {email: dana.reyes@tidewell.example}", "")
    place.change_company((DANA_METHODS, only_a_call), ("    - dana.reyes@tidewell.example\n", ""))
    place.sim.set_phone(DANA, calls="voicemail")
    place.text(TANYA, WATER)
    assert "1042" in place.last(PRIYA), "the next level, in the same minute"
    assert place.ticket().ticket.assignee == ""
    assert place.kinds()[:4] == ["opened", "level_reached", "delivery_failed", "level_reached"]


def test_silence_three_times_is_no_key_and_two_passes_it_on(place: Town) -> None:
    call_first(place, priya=True)
    place.text(TANYA, WATER)
    call = place.on_call(place.ringing(DANA), "answer")
    for _ in range(2):
        call = place.on_call(call, "silence")
        assert call["heard"][-1] == call["heard"][0]
    assert not place.rings(PRIYA)
    call = place.on_call(call, "silence")
    assert (call["status"], call["heard"][-1]) == ("completed", "Goodbye.")
    assert "P1" in place.last(DANA), "her next method"
    place.later(minutes=7)
    priya = place.on_call(place.ringing(PRIYA), "answer")
    priya = place.on_call(priya, "press", "2")
    assert priya["heard"][-1].startswith("Passed on")
    assert "passed" in place.kinds()
    assert place.ticket().ticket.escalating


def test_whoever_is_second_hears_who_was_first_and_other_phones_stop_ringing(place: Town) -> None:
    call_first(place, priya=True)
    place.text(TANYA, WATER)
    place.later(minutes=7)  # now both are asked: Dana's phone rings a second time
    dana, priya = place.ringing(DANA), place.ringing(PRIYA)
    dana = place.on_call(dana, "answer")
    place.on_call(place.on_call(priya, "answer"), "press", "1")
    assert place.ticket().ticket.assignee == "priya"
    dana = place.sim.waits(dana)
    assert dana["heard"][-1] == "Already taken by Priya S. Nothing for you to do. Goodbye."
    with pytest.raises(NothingCameError):
        place.ringing(DANA)
    assert not any(call["asks"] for phone in (DANA, PRIYA) for call in place.sim.phone(phone).calls)
    assert "delivery_failed" not in place.kinds()


def test_a_text_passes_or_takes_it_while_the_phone_still_rings(place: Town) -> None:
    call_first(place)
    place.text(TANYA, WATER)
    place.text(DANA, "2")
    assert not place.rings(DANA)
    assert "1042" in place.last(PRIYA)
    place.text(TANYA, "NEW freezer dead and leaking water everywhere, store 114")
    assert place.rings(DANA)
    place.text(DANA, "ACK 1043")
    assert not place.rings(DANA)
    assert place.sim.phone(DANA).calls[-1]["heard"] == []
    assert "delivery_failed" not in [*place.kinds(), *place.kinds(1043)]


def test_a_moot_call_says_so_when_it_is_picked_up(place: Town) -> None:
    call_first(place)
    place.text(TANYA, WATER)
    call = place.ringing(DANA)
    place.sim.text(PRIYA, "TAKE 1042")
    place.sim.settle()
    from app.usecases import intake  # only the inbox, so that nobody hangs up meanwhile

    intake.handle_waiting(place.house)
    call = place.sim.on_call(call, "answer")
    assert call["heard"] == ["Already taken by Priya S. Nothing for you to do. Goodbye."]
    place.settle()
    assert "delivery_failed" not in place.kinds()


def test_a_customer_calls_and_it_is_a_ticket_like_any_other(place: Town) -> None:
    call = place.sim.call(TANYA)
    assert call["heard"][0].startswith("Tidewell, day and night.")
    call = place.on_call(call, "say", "water is coming through the ceiling store one fourteen")
    assert call["heard"][-1].startswith("Thank you.")
    ticket = place.ticket().ticket
    assert (ticket.requester.channel, ticket.requester.address) == ("voice", TANYA)
    assert (ticket.priority, ticket.account) == ("P1", "pantryrow")
    assert ticket.site.endswith(".114")
    assert "P1" in place.last(DANA)
    assert "1042" in place.last(TANYA), "the loop closes by text to the number that called"
    place.text(DANA, "ACK")
    place.text(DANA, "DONE replaced valve")
    place.on_call(place.sim.call(TANYA), "say", "yes")
    assert place.ticket().ticket.state == "resolved", "a caller's number proves nothing"
    place.text(TANYA, "YES")
    assert (place.ticket().ticket.state, place.ticket().ticket.confirmed) == ("closed", True)


def test_a_caller_who_is_not_understood_is_recorded_and_the_words_follow(place: Town) -> None:
    call = place.on_call(place.sim.call(TANYA), "silence")
    assert call["heard"][-1].startswith("We could not hear you")
    call = place.on_call(call, "silence")
    assert "recorded" in call["heard"][-1]
    place.on_call(call, "say", "there is smoke in store 114")
    kinds = place.kinds()
    assert place.ticket().ticket.text.startswith("(voice message")
    assert "customer_wrote" in kinds
    assert "smoke" in str(place.ticket().events)
    assert place.ticket().ticket.priority == "P1"


def test_calls_without_a_word_leave_a_trace_and_no_ticket(place: Town) -> None:
    call = place.on_call(place.sim.call(STRANGER), "hang_up")
    assert call["over"]
    place.on_call(place.sim.call(LUCIA), "hang_up")
    assert place.sim.phone(LUCIA).calls[0]["heard"][0].startswith("Tidewell, día y noche")
    place.text(TANYA, WATER)
    assert place.ticket().ticket.number == 1042, "the first one"
    place.on_call(place.sim.call(STRANGER), "say", "help")
    assert place.ticket(1043).ticket.text == "help", "on the phone it is a cry, not a question about texts"
    # A colleague's number on a call is no colleague: it may be anybody's.
    place.on_call(place.sim.call(DANA), "say", "acknowledge 1042")
    assert place.ticket().ticket.assignee == ""
    with place.house.begin() as connection:
        assert not records.audit_of(connection, "webhook_refused")


def test_whoever_has_texted_stop_is_called(place: Town) -> None:
    place.change_company(
        (DANA_METHODS, DANA_METHODS.replace("}, {email", '}, {voice: "+16175550101"}, {email'))
    )
    place.text(DANA, "STOP")
    place.text(TANYA, WATER)
    assert place.clock.at == place.ticket().ticket.opened_at
    call = place.on_call(place.ringing(DANA), "answer")
    place.on_call(call, "press", "1")
    assert place.ticket().ticket.assignee == "dana"
