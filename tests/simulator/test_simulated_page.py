"""The page and its JSON interface: names from a directory, what is refused, what changes, and who may ask."""

from __future__ import annotations

import ast
import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from receiving_app import ReceivingApp

import simulator
from simulator.directory import read
from simulator.running import Simulator
from simulator.segments import count, smart_encoded

ANN = "+16175550142"

COMPANY = """
company: {name: Acme Facilities Inc, short_name: Acme}
people:
  - {key: dana, name: Dana Reyes, roles: [account_manager], methods: [{sms: "+1 617 555 0100"}, {email: Dana@acme.example}]}
  - {key: luis, name: Luis Marsh, methods: [{sms: +16175550101}, {voice: (617) 555-0102}]}
  - not a person
accounts:
  - {key: qb, name: QuickBite, sites: [{code: 114}]}
contacts:
  - {key: maria, name: Maria Lopez, title: Store manager, account: qb, phones: ["+16175550142"], emails: [maria@qb.example]}
  - {key: ned, name: Ned, account: gone, phones: +13125550144}
demo: {phones: ["+16175550142", +16175550100], mailboxes: [Maria@qb.example]}
"""


def fetch(url: str, **more: Any) -> tuple[int, dict[str, str], bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, **more), timeout=60) as response:
            return response.status, dict(response.headers), response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


def test_it_imports_nothing_of_the_application() -> None:
    for path in Path(simulator.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not any(
                name.split(".")[0] in {"app", "httpx", "requests", "twilio", "sendgrid"} for name in names
            )


def test_names_come_from_the_directory(simulate: Callable[..., Simulator], tmp_path: Path) -> None:
    path = tmp_path / "company.yaml"
    path.write_text(COMPANY, encoding="utf-8")
    state = simulate(directory=path).state()
    phones = {phone["number"]: phone for phone in state["phones"]}
    assert list(phones) == ["+16175550100", "+16175550101", "+16175550102", ANN, "+13125550144"]
    assert {k: phones[ANN][k] for k in ("name", "title", "group", "staff")} == {
        "name": "Maria Lopez", "title": "Store manager", "group": "QuickBite", "staff": False,
    }  # fmt: skip
    assert (phones["+16175550100"]["title"], phones["+16175550100"]["group"]) == ("account manager", "Acme")
    assert phones["+13125550144"]["group"] == "gone"
    assert [box["address"] for box in state["mailboxes"]] == ["dana@acme.example", "maria@qb.example"]
    assert state["cast"] == [ANN, "+16175550100", "maria@qb.example"]


def test_a_directory_of_another_shape_gives_no_names_and_no_error(tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    for odd in ("- 1", "people: 7\ncontacts: {a: [1]}", "people: [{methods: [1, {sms: null}]}]", ""):
        path.write_text(odd, encoding="utf-8")
        labels = read(path, ("+1",))
        assert labels.cast == ("+1",)
    path.write_text("a: [", encoding="utf-8")
    with pytest.raises(ValueError, match="not YAML"):
        read(path)


def test_only_what_changed_is_sent_again(sim: Simulator) -> None:
    state = sim.state()
    sim.text(ANN, "leak")
    assert sim.settle()
    newer = json.loads(fetch(f"{sim.url}/api/state?since={state['version']}&boot={state['boot']}")[2])
    assert [phone["number"] for phone in newer["phones"]] == [ANN]
    same = json.loads(fetch(f"{sim.url}/api/state?since={newer['version']}&boot={newer['boot']}")[2])
    assert same["phones"] == []
    assert len(json.loads(fetch(f"{sim.url}/api/state?since=10000&boot=other")[2])["phones"]) == 1


def test_changes_are_told_at_once(sim: Simulator) -> None:
    connection = http.client.HTTPConnection(sim.url.removeprefix("http://"), timeout=60)
    connection.request("GET", "/api/changes")
    stream = connection.getresponse()
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.readline().startswith(b"data: ")
    sim.set_phone(ANN, name="Ann")
    assert stream.readline() == b"\n"
    assert stream.readline().startswith((b"data: ", b": alive"))
    connection.close()


def test_an_open_page_does_not_hold_up_the_end(simulate: Callable[..., Simulator]) -> None:
    sim = simulate()
    connection = http.client.HTTPConnection(sim.url.removeprefix("http://"), timeout=60)
    connection.request("GET", "/api/changes")
    assert connection.getresponse().readline().startswith(b"data: ")
    sim.set_provider("twilio", down="hang")
    hanging = http.client.HTTPConnection(sim.url.removeprefix("http://"), timeout=60)
    hanging.request("GET", "/2010-04-01/Accounts/x.json")
    waiting = http.client.HTTPConnection(sim.url.removeprefix("http://"), timeout=60)
    waiting.request("GET", "/api/wait?phone=%2B16175550142&timeout=600")
    ends = time.monotonic() + 60
    while len(sim._server.server_state.tasks) < 3:
        assert time.monotonic() < ends
        time.sleep(0.01)
    sim.__exit__()  # were it held up, the wait would not be answered within the client's time-out
    assert json.loads(waiting.getresponse().read()) == {"found": None}
    for each in (connection, hanging, waiting):
        each.close()


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/api/text", {"from": "617", "body": "x"}, "not a phone number"),
        ("/api/text", {"from": ANN, "body": ""}, "empty"),
        ("/api/text", {"from": ANN, "body": "x", "to": "+16175550000"}, "none of the company's numbers"),
        ("/api/text", {"from": ANN, "body": "\ud800"}, "surrogates"),
        (
            "/api/text",
            {"from": ANN, "body": "x", "media": [{"content_type": "image/png", "b64": "?"}]},
            "base64",
        ),
        ("/api/text", {"from": ANN, "text": "x"}, "no such thing here: text"),
        ("/api/text", {"from": ANN, "body": 7}, "body must be of type str"),
        ("/api/text", [], "must be an object"),
        ("/api/mail", {"from": "ann", "text": "x"}, "not a mail address"),
        ("/api/mail", {"from": "a@b.example", "reply_to_message": "x"}, "no such mail"),
        ("/api/mail", {"from": "a@b.example", "subject": "x\r\nBcc: y"}, "ValueError"),
        ("/api/phones/617", {"off": True}, "not a phone number"),
        ("/api/phones/%2B16175550142", {"off": "yes"}, "off must be of type bool"),
        ("/api/providers/acme", {}, "twilio and sendgrid"),
        ("/api/providers/twilio", {"receipts": "later"}, "receipts is one of auto, manual"),
    ],
)
def test_what_cannot_be_is_refused_in_words(sim: Simulator, path: str, body: object, words: str) -> None:
    headers = {"Content-Type": "application/json"}
    status, _headers, answer = fetch(sim.url + path, data=json.dumps(body).encode(), headers=headers)
    assert status in {400, 404}
    assert words in json.loads(answer)["error"]
    assert sim.phone(ANN).messages == []


def test_foreign_pages_and_hosts_are_kept_out(sim: Simulator) -> None:
    forged = json.dumps({"from": ANN, "body": "x"}).encode()
    assert fetch(f"{sim.url}/api/text", data=forged, headers={"Content-Type": "text/plain"})[0] == 415
    assert fetch(f"{sim.url}/api/state", headers={"Host": "evil.example.com"})[0] == 421
    assert fetch(f"{sim.url}/healthz")[2] == b"ok\n"


def test_the_page_needs_nothing_from_elsewhere(sim: Simulator) -> None:
    status, headers, page = fetch(sim.url + "/")
    assert status == 200
    assert headers["content-security-policy"].startswith("default-src 'self'")
    folder = Path(simulator.__file__).parent
    for asset in ("phones.css", "phones.js", "card.js", "dom.js", "favicon.svg"):
        status, _headers, content = fetch(f"{sim.url}/static/{asset}")
        assert (status, content) == (200, (folder / "static" / asset).read_bytes())
        foreign = content.replace(b"http://www.w3.org/", b"")
        assert b"http://" not in foreign
        assert b"innerHTML" not in content
    assert b"http://" not in page
    assert fetch(sim.url + "/favicon.ico")[0] == 200


def test_pictures_are_shown_and_other_files_are_not(sim: Simulator) -> None:
    text = sim.text(ANN, "look", media=[("image/png", b"png"), ("text/html", b"<script>")])
    assert fetch(sim.url + text["media"][0]["url"])[0] == 200
    assert fetch(sim.url + text["media"][1]["url"])[0] == 404


def test_the_log_tells_who_asked_what(sim: Simulator, app: ReceivingApp) -> None:
    app.answer = lambda _got: 403
    sim.text(ANN, "leak")
    assert sim.settle()
    last = sim.log()["webhooks"][-1]
    assert (last["kind"], last["status"], last["params"]["Body"]) == ("sms", 403, "leak")
    assert sim.log(after=last["n"]) == {"requests": [], "webhooks": []}


@pytest.mark.parametrize(
    ("body", "segments"),
    [
        ("", 1), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 10, 2), ("\u2019" * 70, 1), ("\u2019" * 71, 2), ("😀" * 35, 1), ("😀" * 36, 2),
        ("a" + "😀" * 66, 2), ("a" + "😀" * 67, 3), ("é" * 160, 1), ("ê" * 70, 1), ("ê" * 71, 2),
    ],
)  # fmt: skip
def test_segments(body: str, segments: int) -> None:
    assert count(body) == segments


def test_smart_encoding_brings_typography_back_to_one_segment() -> None:
    assert smart_encoded("\u201cit\u2019s wet\u201d \u2014 aisle\u00a07\u2026") == '"it\'s wet" - aisle 7...'
    assert smart_encoded("水") == "水"
