"""Key 0 of a page: whoever is called talks to the store, and has promised nothing by it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.usecases import intake
from app.usecases.desk import Desk
from app.usecases.store_phone import store_phone
from tests.stories.people import DANA, LUIS, TANYA, TANYA_MAIL, WATER
from tests.stories.town import NUMBER, Town
from tests.web.visiting import signed_in

DANA_METHODS = 'methods: [{sms: "+16175550101"}, {email: dana.reyes@tidewell.example}]'
CHOICES = "Press 1 to take it. 2, to pass it on to Priya S. 3, to hear it again."


@pytest.fixture
def called(place: Town) -> Town:
    place.change_company((DANA_METHODS, DANA_METHODS.replace("[", '[{voice: "+16175550101"}, ')))
    return place


def test_talk_to_the_store_and_then_take_it(called: Town) -> None:
    called.text(TANYA, WATER)
    dana = called.on_call(called.ringing(DANA), "answer")
    (words,) = dana["heard"]
    assert words.endswith(f"{CHOICES} 0, to talk to the store."), words
    dana = called.on_call(dana, "press", "0")
    assert dana["heard"][-1].startswith("Calling the store.")
    tanya = called.ringing(TANYA)
    assert tanya["number"] == NUMBER, "she sees our number, and never Dana's"
    tanya = called.on_call(tanya, "answer")
    called.on_call(tanya, "say", "It is running down the shelves")
    dana = called.sim.waits(dana)
    assert dana["heard"][-1] == "It is running down the shelves"
    talking = called.ticket().ticket
    assert (talking.escalating, talking.assignee) == (True, ""), "a talk is no yes"
    called.on_call(tanya, "hang_up")
    dana = called.sim.waits(dana)
    assert (
        dana["heard"][-1]
        == f"You are back at the page. It is not taken yet. {CHOICES} 0, to talk to the store."
    )
    assert called.ticket().ticket.escalating
    dana = called.on_call(dana, "press", "1")
    assert called.ticket().ticket.assignee == "dana"
    assert "Calls Tanya Brooks by key 0 of the page" in signed_in(called).text("/tickets/1042")


def test_a_talk_is_not_cut_off_when_somebody_else_takes_it(called: Town) -> None:
    called.text(TANYA, WATER)
    dana = called.on_call(called.on_call(called.ringing(DANA), "answer"), "press", "0")
    tanya = called.on_call(called.ringing(TANYA), "answer")
    called.text(LUIS, "TAKE 1042")
    assert called.ticket().ticket.assignee == "luis"
    assert called.sim.waits(dana)["asks"] == "talk"
    called.on_call(tanya, "hang_up")
    dana = called.sim.waits(dana)
    assert (dana["heard"][-1], dana["status"]) == (
        "Already taken by Luis M. Nothing for you to do. Goodbye.",
        "completed",
    )


def test_who_is_no_longer_asked_calls_no_store(called: Town) -> None:
    called.text(TANYA, WATER)
    dana = called.on_call(called.ringing(DANA), "answer")
    called.sim.text(LUIS, "TAKE 1042")
    called.sim.settle()
    intake.handle_waiting(called.house)  # only the inbox: her line is still open
    dana = called.on_call(dana, "press", "0")
    assert dana["heard"][-1] == "Already taken by Luis M. Nothing for you to do. Goodbye."
    assert not called.rings(TANYA)
    assert "noted" not in called.kinds()


def test_a_store_that_does_not_pick_up_and_a_talk_after_which_nobody_presses(called: Town) -> None:
    called.sim.set_phone(TANYA, calls="no_answer")
    called.text(TANYA, WATER)
    dana = called.on_call(called.on_call(called.ringing(DANA), "answer"), "press", "0")
    assert dana["heard"][-1].startswith(f"Nobody picked up at the store. {CHOICES}")
    dana = called.on_call(dana, "hang_up")
    assert "P1" in called.last(DANA), "her next method, at once"
    assert called.ticket().ticket.escalating


def test_who_mailed_is_called_at_the_phone_that_we_know(called: Town) -> None:
    called.mail(TANYA_MAIL, WATER, "Leak")
    dana = called.on_call(called.on_call(called.ringing(DANA), "answer"), "press", "0")
    called.on_call(called.ringing(TANYA), "decline")
    assert called.sim.waits(dana)["heard"][-1].startswith("Nobody picked up at the store.")


def test_who_mailed_and_left_no_phone_cannot_be_called(called: Town) -> None:
    called.change_company(
        (DANA_METHODS, DANA_METHODS.replace("[", '[{voice: "+16175550101"}, ')),
        ('        phones: ["+16175550114"]\n', ""),
        ('    - "+16175550114"  # Tanya Brooks, store 114\n', ""),
    )
    called.mail(TANYA_MAIL, WATER, "Leak")
    dana = called.on_call(called.ringing(DANA), "answer")
    assert dana["heard"][-1].endswith(CHOICES), "key 0 is not offered"
    dana = called.on_call(dana, "press", "0")
    no_phone = "Whoever reported this left no phone number. Please answer from the ticket's page."
    assert dana["heard"][-1] == f"{no_phone} {CHOICES}"
    called.on_call(dana, "press", "1")
    assert called.ticket().ticket.assignee == "dana"
    assert "noted" not in called.kinds()


def test_a_stranger_is_called_in_our_country_and_not_at_a_dear_number(place: Town) -> None:
    place.text(TANYA, WATER)
    requester = place.ticket().ticket.requester
    with place.house.begin() as connection:
        desk = Desk(place.house, connection, place.clock.now())
        for number, dialled in {
            "+14155550177": True,
            "+19005550177": False,  # who calls a 900 number pays
            "+447700900123": False,
            "anonymous 12345678": False,
            TANYA: True,
        }.items():
            stranger = replace(requester, contact="", address=number)
            assert bool(store_phone(desk, stranger)) == dialled, number
