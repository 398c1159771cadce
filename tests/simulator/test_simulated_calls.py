"""Calls through the simulator, placed with the real SDK: phones ring, speak TwiML, take keys, and say how it went."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from receiving_app import Got, ReceivingApp
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client as TwilioClient

from simulator.client import NothingCameError
from simulator.running import Simulator

OURS = "+15005550006"
ANN = "+16175550142"
Place = Callable[..., str]
EVENTS = ["initiated", "ringing", "answered", "completed"]
ASK = (
    '<Response><Gather input="dtmf" numDigits="1" timeout="8" finishOnKey="" actionOnEmptyResult="true"'
    ' action="/key"><Say>Water in aisle 7. Press 1.</Say></Gather></Response>'
)
BYE = "<Response><Say>You have it.</Say><Hangup/></Response>"


def talk(got: Got) -> int | str:
    """Answer as an application would that asks for a key."""
    if got.path == "/answer":
        return ASK
    if got.path == "/key":
        return BYE if got.form["Digits"] else "<Response><Hangup/></Response>"
    return 204


@pytest.fixture
def place(app: ReceivingApp, twilio: TwilioClient) -> Place:
    app.answer = talk

    def call(to: str = ANN, **more: object) -> str:
        sid = twilio.calls.create(
            to=to,
            from_=OURS,
            url=f"{app.url}/answer",
            timeout=20,
            status_callback=f"{app.url}/status",
            status_callback_event=EVENTS,
            **more,
        ).sid
        return str(sid)

    return call


def statuses(app: ReceivingApp) -> list[tuple[str, str]]:
    return [(got.form["SequenceNumber"], got.form["CallStatus"]) for got in app.at("/status")]


def test_a_phone_rings_speaks_and_takes_a_key(
    sim: Simulator, app: ReceivingApp, twilio: TwilioClient, place: Place
) -> None:
    sid = place()
    call = sim.ringing(ANN)
    assert (call["id"], call["status"], call["heard"]) == (sid, "ringing", [])
    assert sim.settle(), "a phone that rings waits for somebody: nothing moves"
    call = sim.on_call(call, "answer")
    assert (call["heard"], call["asks"]) == (["Water in aisle 7. Press 1."], "keys")
    call = sim.on_call(call, "press", "1")
    assert (call["status"], call["heard"][-1], call["said"]) == ("completed", "You have it.", ["1"])
    assert statuses(app) == [("0", "initiated"), ("1", "ringing"), ("2", "in-progress"), ("3", "completed")]
    last = app.at("/status")[-1].form
    assert {"CallDuration", "Duration", "Timestamp", "CallSid", "CallbackSource"} <= last.keys()
    for got in app.got:
        signature = got.headers["x-twilio-signature"]
        assert RequestValidator(sim.config.auth_token).validate(app.url + got.path, got.form, signature)
    fetched = twilio.calls(sid).fetch()
    assert (fetched.status, fetched.to, fetched.direction) == ("completed", ANN, "outbound-api")
    assert [listed.sid for listed in twilio.calls.list(to=ANN)] == [sid]


@pytest.mark.parametrize(
    ("switch", "status"),
    [
        ({"calls": "busy"}, "busy"),
        ({"calls": "no_answer"}, "no-answer"),
        ({"off": True}, "failed"),
    ],
)
def test_what_a_call_meets(
    sim: Simulator, app: ReceivingApp, place: Place, switch: dict[str, object], status: str
) -> None:
    sim.set_phone(ANN, **switch)
    place()
    assert sim.settle()
    assert statuses(app)[-1] == ("2", status)
    with pytest.raises(NothingCameError):
        sim.ringing(ANN, timeout=0.01)


@pytest.mark.parametrize(("deed", "status"), [("decline", "busy"), ("ignore", "no-answer")])
def test_a_person_does_not_take_the_call(
    sim: Simulator, app: ReceivingApp, place: Place, deed: str, status: str
) -> None:
    place()
    assert sim.on_call(sim.ringing(ANN), deed)["status"] == status
    assert statuses(app)[-1][1] == status


def test_a_voicemail_answers_hears_all_and_presses_nothing(
    sim: Simulator, app: ReceivingApp, place: Place
) -> None:
    sim.set_phone(ANN, calls="voicemail")
    place(machine_detection="Enable", async_amd="true", async_amd_status_callback=f"{app.url}/machine")
    assert sim.settle()
    (call,) = sim.phone(ANN).calls
    assert (call["status"], call["answered_by"], call["said"]) == ("completed", "machine_start", [])
    assert statuses(app)[-1][1] == "completed", "as if somebody had been there"
    assert app.at("/machine")[0].form["AnsweredBy"] == "machine_start"
    assert app.at("/key")[0].form["Digits"] == ""


def test_a_ringing_and_a_talking_phone_are_hung_up(
    sim: Simulator, twilio: TwilioClient, place: Place
) -> None:
    sid = place()
    sim.ringing(ANN)
    assert twilio.calls(sid).update(status="completed").sid == sid
    assert sim.settle()
    assert sim.phone(ANN).calls[0]["over"]
    twilio.calls(sid).update(status="completed")  # once more changes nothing
    second = place()
    with pytest.raises(TwilioRestException) as refused:
        twilio.calls(second).update(twiml=BYE)  # nobody is there to hear it
    assert refused.value.code == 21220
    call = sim.on_call(sim.ringing(ANN), "answer")
    twilio.calls(second).update(twiml="<Response><Say>Already taken.</Say></Response>")
    call = sim.waits(call)
    assert (call["status"], call["heard"][-1]) == ("completed", "Already taken.")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": "+15005550001"}, 21217),
        ({"to": "+15005550002"}, 21214),
        ({"to": "+15005550003"}, 21215),
        ({"to": "+15005550004"}, 21216),
        ({"to": "617 555 0142"}, 21217),
        ({"from_": "+15005550001"}, 21212),
        ({"from_": "+16175550199"}, 21210),
        ({"timeout": 601}, 20001),
        ({"url": "ftp://x"}, 21205),
        ({"status_callback": "nowhere"}, 21609),
        ({"status_callback_event": ["picked-up"]}, 20001),
        ({"async_amd": "true"}, 20001),
        ({"twiml": BYE}, 20001),
        ({"url": None, "twiml": "<Response><Shout/></Response>"}, 20001),
        ({"send_digits": "1"}, 20001),
    ],
)
def test_a_wrong_request_is_refused_as_twilio_does(
    twilio: TwilioClient, fields: dict[str, object], code: int
) -> None:
    asked = {"to": ANN, "from_": OURS, "url": "http://127.0.0.1:9/answer", **fields}
    with pytest.raises(TwilioRestException) as refused:
        twilio.calls.create(**{name: value for name, value in asked.items() if value is not None})
    assert refused.value.code == code


def test_an_application_that_breaks_is_told_at_its_fallback(
    sim: Simulator, app: ReceivingApp, twilio: TwilioClient
) -> None:
    app.answer = lambda got: BYE if got.path == "/fallback" else "<Response><Say>half"
    twilio.calls.create(to=ANN, from_=OURS, url=f"{app.url}/answer", fallback_url=f"{app.url}/fallback")
    call = sim.on_call(sim.ringing(ANN), "answer")
    assert call["heard"] == ["You have it."]
    assert app.at("/fallback")[0].form["ErrorCode"] == "12100"
    assert "12100" in call["error"]


def test_a_phone_calls_us_and_its_words_come_as_speech_or_as_a_recording(
    sim: Simulator, app: ReceivingApp
) -> None:
    def hear(got: Got) -> int | str:
        if got.path.startswith("/inbound/twilio/voice"):
            return '<Response><Gather input="speech" action="/said"><Say>What is wrong?</Say></Gather></Response>'
        if got.path == "/said":
            return '<Response><Record action="/recorded" transcribe="true" transcribeCallback="/heard"/></Response>'
        return "<Response/>"

    app.answer = hear
    call = sim.call(ANN)
    assert (call["asks"], call["heard"]) == ("words", ["What is wrong?"])
    first = app.at("/inbound/twilio/voice")[0].form
    assert (first["From"], first["To"], first["CallStatus"], first["Direction"]) == (
        ANN,
        OURS,
        "ringing",
        "inbound",
    )
    sim.on_call(call, "say", "water in aisle 7")
    assert app.at("/said")[0].form["SpeechResult"] == "water in aisle 7"
    assert sim.on_call(call, "say", "and smoke")["status"] == "completed"
    assert (
        app.at("/recorded")[0]
        .form["RecordingUrl"]
        .startswith("https://api.twilio.com/2010-04-01/Accounts/AC")
    )
    assert app.at("/heard")[0].form["TranscriptionText"] == "and smoke"


def test_what_cannot_be_done_on_a_call_says_what_can(sim: Simulator, place: Place) -> None:
    place()
    call = sim.ringing(ANN)
    with pytest.raises(ValueError, match="answer, decline, ignore"):
        sim.on_call(call, "press", "1")
    sim.on_call(call, "answer")
    with pytest.raises(ValueError, match="0 to 9"):
        sim.on_call(call, "press", "x")
    call = sim.on_call(call, "silence")
    with pytest.raises(ValueError, match="over: completed"):
        sim.on_call(call, "hang_up")


def test_a_call_does_not_outlive_the_simulator(
    simulate: Callable[..., Simulator], app: ReceivingApp, tmp_path: Path
) -> None:
    app.answer = lambda _got: ASK
    first = simulate(state=tmp_path / "state")
    assert first.call(ANN)["asks"] == "keys"
    first.__exit__()
    assert simulate(state=tmp_path / "state").phone(ANN).calls[0]["status"] == "failed"
