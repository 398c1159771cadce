"""A call that dials a second phone: it rings, the two hear each other, and the application hears how it went."""

from __future__ import annotations

import pytest
from receiving_app import Got, ReceivingApp
from twilio.rest import Client as TwilioClient

from simulator.client import NothingCameError
from simulator.running import Simulator

OURS = "+15005550006"
ANN, BOB = "+16175550142", "+16175550143"
DIAL = (
    '<Response><Dial callerId="{caller}" timeout="30" timeLimit="900" hangupOnStar="true" action="/after">'
    "<Number>{to}</Number></Dial></Response>"
)
AFTER = '<Response><Gather timeout="8" action="/key"><Say>Press 1.</Say></Gather></Response>'


def connect(app: ReceivingApp, twilio: TwilioClient, *, to: str = BOB, caller: str = OURS) -> str:
    documents = {"/answer": DIAL.format(to=to, caller=caller), "/after": AFTER, "/key": "<Response/>"}

    def answer(got: Got) -> int | str:
        return documents.get(got.path, 204)

    app.answer = answer
    return str(twilio.calls.create(to=ANN, from_=OURS, url=f"{app.url}/answer", timeout=20).sid)


def went(app: ReceivingApp) -> str:
    (got,) = app.at("/after")
    return got.form["DialCallStatus"]


def test_two_phones_hear_each_other_until_one_hangs_up(
    sim: Simulator, app: ReceivingApp, twilio: TwilioClient
) -> None:
    sid = connect(app, twilio)
    ann = sim.on_call(sim.ringing(ANN), "answer")
    assert ann["asks"] == "talk"
    bob = sim.ringing(BOB)
    assert bob["number"] == OURS
    bob = sim.on_call(bob, "answer")
    assert bob["asks"] == "talk"
    sim.on_call(ann, "say", "What do you see?")
    sim.on_call(bob, "say", "Water, aisle 7.")
    assert sim.waits(bob)["heard"] == ["What do you see?"]
    assert sim.waits(ann)["heard"] == ["Water, aisle 7."]
    child = twilio.calls(bob["id"]).fetch()
    assert (child.direction, child.parent_call_sid) == ("outbound-dial", sid)
    bob = sim.on_call(bob, "hang_up")
    assert bob["status"] == "completed"
    ann = sim.waits(ann)
    assert (went(app), ann["heard"][-1], ann["asks"]) == ("completed", "Press 1.", "keys")


def test_star_comes_back_and_hanging_up_ends_both(
    sim: Simulator, app: ReceivingApp, twilio: TwilioClient
) -> None:
    connect(app, twilio)
    ann = sim.on_call(sim.ringing(ANN), "answer")
    bob = sim.on_call(sim.ringing(BOB), "answer")
    ann = sim.on_call(ann, "press", "5")
    assert ann["asks"] == "talk", "only the star key ends it"
    ann = sim.on_call(ann, "press", "*")
    assert (ann["asks"], sim.waits(bob)["status"], went(app)) == ("keys", "completed", "completed")

    app.got.clear()
    connect(app, twilio)
    ann = sim.on_call(sim.ringing(ANN), "answer")
    bob = sim.ringing(BOB)
    assert sim.on_call(ann, "hang_up")["status"] == "completed"
    assert sim.waits(bob)["status"] == "no-answer"
    assert app.at("/after") == []
    with pytest.raises(NothingCameError):
        sim.ringing(BOB, timeout=0.01)


@pytest.mark.parametrize(("calls", "status"), [("busy", "busy"), ("no_answer", "no-answer")])
def test_a_second_phone_that_is_not_reached(
    sim: Simulator, app: ReceivingApp, twilio: TwilioClient, calls: str, status: str
) -> None:
    sim.set_phone(BOB, calls=calls)
    connect(app, twilio)
    ann = sim.on_call(sim.ringing(ANN), "answer")
    assert (ann["asks"], went(app)) == ("keys", status)


@pytest.mark.parametrize(("wrong", "code"), [({"caller": "+16175550199"}, "13214"), ({"to": "5"}, "13223")])
def test_a_dial_that_twilio_refuses(
    sim: Simulator, app: ReceivingApp, twilio: TwilioClient, wrong: dict[str, str], code: str
) -> None:
    connect(app, twilio, **wrong)
    ann = sim.on_call(sim.ringing(ANN), "answer")
    assert (ann["status"], ann["error"].split()[0]) == ("completed", code)
