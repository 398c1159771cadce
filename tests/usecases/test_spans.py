"""Spans of a message's way: one trace from the webhook to the send, ids and no words; nothing without an address."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from pydantic import SecretStr
from sqlalchemy import Engine

from app import serving
from app.rulebook.revision import Rulebook
from app.settings import Settings
from app.usecases import delivery, intake
from app.usecases.accept import InboxWriter
from app.usecases.gateways import Gateways
from app.usecases.pulse import Pulse
from app.usecases.roles import Role
from tests.nodes import DANA, ROOT, TANYA, WATER, Carrier, Clock, Lines, node, put, scalars, sms
from tests.serving import Served


class Receiver:
    """An OTLP receiver on loopback. `spans` are those that came, `bodies` the requests as they were."""

    def __init__(self) -> None:
        receiver = self
        self.bodies: list[bytes] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.path == "/v1/traces"
                receiver.bodies.append(body)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @property
    def spans(self) -> list[Span]:
        requests = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return [
            s
            for r in requests
            for each in r.resource_spans
            for scope in each.scope_spans
            for s in scope.spans
        ]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever)
    thread.start()
    yield receiver
    receiver.server.shutdown()
    thread.join()
    receiver.server.server_close()


def settings(home: Path, **more: str) -> Settings:
    return Settings(home=home, role=Role.WEB, secret=SecretStr("s" * 32), **more)  # type: ignore[arg-type]


def ids(span: Span) -> dict[str, object]:
    return {
        a.key.removeprefix("closeloop."): a.value.int_value or a.value.string_value for a in span.attributes
    }


def test_a_message_is_one_trace_from_the_webhook_to_the_send_on_another_node(
    company: Engine, rulebook: Rulebook, tmp_path: Path, receiver: Receiver
) -> None:
    clock = Clock(datetime.now(UTC))
    web, worker = node(company, rulebook, clock), node(company, rulebook, clock, "two")
    apps = [
        serving.build_app(
            settings(tmp_path, otlp_endpoint=receiver.url), house, Pulse(house, role="web", version="1")
        )
        for house in (web, worker)
    ]
    with Served(apps[0]), Served(apps[1]), ThreadPoolExecutor(2) as senders:  # spans are sent when they end
        writer = InboxWriter(web)
        writer.start()
        asyncio.run(writer.accept([sms(TANYA, WATER, clock.at)]))
        writer.stop()
        assert intake.handle_waiting(worker) == 1
        put(worker, sms(DANA, "CMDS", clock.at))
        assert intake.handle_waiting(worker) == 1
        ways = Gateways(sms=Carrier(), mail=Carrier(), calls=Lines())
        for pages in (True, False):
            while delivery.send_pending(worker, ways, senders, pages=pages):
                pass
    inbox_id, asked = scalars(company, "SELECT id FROM inbox ORDER BY received_at, id")
    (ticket_id,) = scalars(company, "SELECT id FROM tickets")
    outbox = scalars(company, "SELECT id FROM outbox WHERE ticket_id IS NOT NULL ORDER BY id")
    (answer,) = [span for span in receiver.spans if ids(span).get("inbox_id") == asked]
    others = [span for span in receiver.spans if span.trace_id == answer.trace_id]
    by_name = {span.name: span for span in others}
    assert sorted(by_name) == ["intake", "outbox", "send"], "an answer about no ticket has a way"
    assert by_name["outbox"].parent_span_id == answer.span_id
    spans = [span for span in receiver.spans if span not in others]
    assert len({span.trace_id for span in spans}) == 1
    named = {
        name: [s for s in spans if s.name == name]
        for name in ("webhook", "intake", "decision", "outbox", "send")
    }
    assert [len(found) for found in named.values()] == [1, 1, 1, len(outbox), len(outbox)]
    (webhook,), (taken,), (decision,) = named["webhook"], named["intake"], named["decision"]
    assert webhook.parent_span_id == b""
    assert taken.parent_span_id == webhook.span_id
    assert decision.parent_span_id == taken.span_id
    assert {s.parent_span_id for s in named["outbox"]} == {decision.span_id}
    assert {s.parent_span_id for s in named["send"]} == {s.span_id for s in named["outbox"]}
    assert ids(webhook) == {"inbox_id": inbox_id, "kind": "message", "channel": "sms"}
    assert ids(taken) == {"inbox_id": inbox_id, "ticket_id": ticket_id}
    assert ids(decision) == {"ticket_id": ticket_id, "command": "Open"}
    assert sorted(str(ids(s)["outbox_id"]) for s in named["send"]) == [str(i) for i in outbox]
    assert {ids(s)["state"] for s in named["send"]} == {"sent"}
    sent = b"".join(receiver.bodies)
    for personal in (TANYA, "Tanya", "Dana", "ceiling", "Pantry"):
        assert personal.encode() not in sent


def test_without_the_packages_an_address_is_an_error_that_says_what_to_install(
    engine: Engine, rulebook: Rulebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = node(engine, rulebook, Clock())
    pulse = Pulse(house, role="web", version="1")
    for name in [name for name in sys.modules if name.startswith("opentelemetry")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.delitem(sys.modules, "app.providers.otlp", raising=False)
    wanted = settings(tmp_path, otlp_endpoint="http://127.0.0.1:1")
    with pytest.raises(serving.TracingError, match=r"pip install 'closeloop\[otel\]'"):
        serving.build_app(wanted, house, pulse)
    # The variable of all programs may be meant for another one: no reason not to page.
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1/")
    serving.build_app(settings(tmp_path), house, pulse)
    assert house.tracer is None


def test_nothing_of_it_is_loaded_without_an_address() -> None:
    code = (
        "import sys, app.__main__, app.serving, app.demo, app.usecases.delivery, app.web.pages, app.worker.engine;"
        "sys.exit(any(name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
