"""Calls by the real SDK: placed at the simulator, and against servers that answer nonsense or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from nonsense import Nonsense
from serving import Served

from app.domain.reading import read_receipt
from app.ports import CallOut, GatewayError, Trouble
from app.providers.twilio import TwilioConfig
from app.providers.twilio_calls import TwilioCalls
from simulator.config import Config
from simulator.running import Simulator

TO = "+15005550111"
TOKEN = "7-1-0123456789abcdef"


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(Config(app_url="http://127.0.0.1:9", receipts="manual")) as running:
        yield running


def gateway(base: str, number: str = Config().numbers[0], timeout: float = 5.0) -> TwilioCalls:
    return TwilioCalls(
        TwilioConfig(
            account_sid=Config().account_sid,
            auth_token=Config().auth_token,
            from_number=number,
            public_base_url="https://hooks.acme.example/",
            api_base=base,
            timeout=timeout,
        )
    )


def test_the_newest_calls_to_a_number_are_listed(simulator: Simulator) -> None:
    simulator.reset()
    out = gateway(simulator.url)
    sid = out.place(CallOut(to=TO, token=TOKEN)).provider_id
    out.place(CallOut(to="+15005550112", token=TOKEN))
    simulator.ringing(TO)
    assert [(f.provider_id, f.over) for f in out.recent(TO, datetime(2000, 1, 1, tzinfo=UTC))] == [
        (sid, False)
    ]
    assert out.recent(TO, datetime(2200, 1, 1, tzinfo=UTC)) == []
    out.end(sid)
    assert simulator.waits({"id": sid}, timeout=30)["status"] == "completed"
    assert [f.over for f in out.recent(TO, datetime(2000, 1, 1, tzinfo=UTC))] == [True]
    told = read_receipt(out.look_up(sid, 7, datetime(2026, 6, 9, tzinfo=UTC)))
    assert (told.outbox_id, told.provider_id, told.error_code) == (7, sid, "no_key")
    with pytest.raises(GatewayError):
        out.look_up("CA" + "0" * 32, 7, datetime(2026, 6, 9, tzinfo=UTC))
    out.close()


def test_what_goes_over_the_wire() -> None:
    with Served(Nonsense(201, b'{"sid": "CA1", "status": "queued"}')) as served:
        out = gateway(served.url)
        sent = out.place(CallOut(to=TO, token=TOKEN))
        out.close()
        (request,) = served.app.requests
    assert (sent.provider_id, sent.status) == ("CA1", "queued")
    hook = "https://hooks.acme.example/inbound/twilio/call"
    assert request["form"] == {
        "To": TO,
        "From": Config().numbers[0],
        "Url": f"{hook}/answer?s={TOKEN}#rc=2&rp=all&ct=2000&rt=5000",
        "Timeout": "20",
        "TimeLimit": "1200",
        "StatusCallback": f"{hook}/status?s={TOKEN}",
        "StatusCallbackEvent": "completed",
        "MachineDetection": "Enable",
        "AsyncAmd": "true",
        "AsyncAmdStatusCallback": f"{hook}/machine?s={TOKEN}",
    }


def test_a_call_rings_is_hung_up_and_hanging_up_twice_does_no_harm(simulator: Simulator) -> None:
    simulator.reset()
    out = gateway(simulator.url)
    sent = out.place(CallOut(to=TO, token=TOKEN))
    assert simulator.ringing(TO)["id"] == sent.provider_id
    with pytest.raises(GatewayError) as nobody_there:
        out.ask_again(sent.provider_id, TOKEN, machine=True)
    assert nobody_there.value.permanent
    out.end(sent.provider_id)
    assert simulator.settle()
    assert simulator.phone(TO).calls[0]["over"]
    out.end(sent.provider_id)
    with pytest.raises(GatewayError):
        out.end("CA" + "0" * 32)
    out.close()


@pytest.mark.parametrize(
    ("to", "trouble", "code"),
    [
        ("+15005550001", Trouble.ADDRESS, "21217"),
        ("+15005550002", Trouble.ADDRESS, "21214"),
        ("+15005550003", Trouble.CONFIG, "21215"),
        ("+15005550004", Trouble.ADDRESS, "21216"),
    ],
)
def test_refusals_by_their_kind(simulator: Simulator, to: str, trouble: Trouble, code: str) -> None:
    out = gateway(simulator.url)
    with pytest.raises(GatewayError) as refused:
        out.place(CallOut(to=to, token=TOKEN))
    out.close()
    assert (refused.value.trouble, refused.value.code) == (trouble, code)


def test_a_short_code_cannot_call_and_a_lost_answer_may_have_rung() -> None:
    with pytest.raises(GatewayError, match="no number to call from") as refused:
        gateway("http://127.0.0.1:9", number="55512").place(CallOut(to=TO, token=TOKEN))
    assert (refused.value.trouble, refused.value.permanent) == (Trouble.CONFIG, True)
    for status, body in ((500, b"{}"), (201, b"not json")):
        with Served(Nonsense(status, body)) as served:
            out = gateway(served.url)
            with pytest.raises(GatewayError) as lost:
                out.place(CallOut(to=TO, token=TOKEN))
            out.close()
        assert lost.value.trouble is Trouble.AMBIGUOUS
        assert len(served.app.requests) == 1, "nothing repeats a call by itself"
