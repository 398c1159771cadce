"""The page in a browser: a newcomer texts, hostile words stay words, and nothing overflows a small phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from receiving_app import ReceivingApp
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Mail
from twilio.rest import Client as TwilioClient

from simulator.running import Simulator

OURS = "+15005550006"
ANN = "+16175550142"
OURS_MAIL = "tickets@ops.example.com"
MAILBOX = "ann@store.example.com"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]


@pytest.fixture(scope="module")
def browser(chromium: str | None) -> Iterator[Browser]:
    expect.set_options(timeout=60_000)  # what is waited for comes at once, unless the machine is busy
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, sim: Simulator) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 360, "height": 740})
    context.set_default_timeout(60_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    sim.set_phone(ANN, name="Ann Lee")
    page.goto(sim.url, wait_until="load")
    yield page
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()
    assert complaints == []


def add(page: Page, address: str) -> None:
    page.get_by_text("Find or add somebody").click()
    page.locator("#add-address").fill(address)
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_text("Find or add somebody").click()


def test_a_newcomer_texts_and_is_answered(page: Page, sim: Simulator, twilio: TwilioClient) -> None:
    add(page, ANN)
    page.get_by_role("button", name="water coming through ceiling").click()
    page.get_by_label(f"Write as {ANN}").press("Enter")
    expect(page.locator(".bubble.out")).to_contain_text("water coming through ceiling aisle 7, store 114")
    expect(page.locator(".bubble.out .good")).to_have_count(1)
    hostile = "<img src=x onerror=alert(1)> see http://127.0.0.1:8000/t/k7Q. " + "W" * 200
    twilio.messages.create(to=ANN, from_=OURS, body=hostile)
    expect(page.locator(".bubble:not(.out) .words")).to_have_text(hostile)
    expect(page.locator(".bubble a")).to_have_attribute("href", "http://127.0.0.1:8000/t/k7Q")
    expect(page.locator(".bubble:not(.out) .meta")).to_contain_text("2 segments")
    assert sim.phone(ANN).sent[0]["answer"] == "204"


def test_a_phone_is_switched_off_and_on(page: Page, sim: Simulator, twilio: TwilioClient) -> None:
    add(page, ANN)
    page.locator(".card summary[aria-label=Switches]").click()
    page.get_by_label("Switched off").check()
    expect(page.locator(".flag")).to_have_text("Switched off")
    twilio.messages.create(to=ANN, from_=OURS, body="are you there")
    expect(page.locator(".bubble.waiting")).to_contain_text("are you there")
    page.get_by_label("Switched off").uncheck()
    expect(page.locator(".bubble .good")).to_have_count(1)
    assert sim.phone(ANN).inbox == ["are you there"]


def test_a_mail_is_read_and_answered(page: Page, sim: Simulator, sendgrid: SendGridAPIClient) -> None:
    sendgrid.send(Mail(OURS_MAIL, MAILBOX, "[1042] Is it <b>fixed</b>?", "Reply YES or NO."))
    page.locator(".mail summary").click()
    expect(page.locator(".mail .body")).to_have_text("Reply YES or NO.")
    page.get_by_role("button", name="Reply").click()
    page.get_by_label(f"Write as {MAILBOX}").fill("YES")
    page.locator(".mailbox .send").click()
    expect(page.locator(".mail.out b")).to_have_text("Re: [1042] Is it <b>fixed</b>?")
    assert sim.settle()
    assert sim.mailbox(MAILBOX)[1]["peer"] == OURS_MAIL


def test_a_provider_is_taken_down(page: Page, sim: Simulator) -> None:
    page.locator("[data-provider=twilio] > summary").click()
    page.locator("[data-provider=twilio] select").select_option("hang")
    expect(page.locator("[data-provider=twilio] .state")).to_have_text("hangs")
    assert sim.state()["providers"]["twilio"]["down"] == "hang"


def test_a_phone_rings_is_answered_and_a_key_is_pressed(
    page: Page, app: ReceivingApp, twilio: TwilioClient
) -> None:
    hostile = "Water &lt;img src=x onerror=alert(1)&gt; Press 1."
    ask = (
        f'<Response><Gather input="dtmf" timeout="60" action="/key"><Say>{hostile}</Say></Gather></Response>'
    )
    app.answer = lambda got: "<Response><Say>You have it.</Say></Response>" if got.path == "/key" else ask
    twilio.calls.create(to=ANN, from_=OURS, url=f"{app.url}/answer")
    expect(page.locator(".strip a.rings")).to_have_text("Ann Lee")
    page.set_viewport_size({"width": 1200, "height": 700})
    expect(page.locator("#rings a")).to_have_text("Ann Lee is called")
    page.set_viewport_size({"width": 360, "height": 740})
    page.get_by_role("button", name="Answer").click()
    expect(page.locator(".call .heard")).to_have_text("Water <img src=x onerror=alert(1)> Press 1.")
    page.get_by_role("button", name="Key 1").click()
    expect(page.locator(".talk .words")).to_have_text("You picked up \u00b7 you: 1")
    page.locator(".talk summary").click()
    expect(page.locator(".talk .transcript p").last).to_have_text("You have it.")
    expect(page.locator(".call")).to_have_count(0)


def test_a_phone_calls_us_and_speaks(page: Page, sim: Simulator, app: ReceivingApp) -> None:
    ask = '<Response><Gather input="speech" timeout="60" action="/said"><Say>What is wrong?</Say></Gather></Response>'
    app.answer = lambda got: "<Response><Say>Thank you.</Say></Response>" if got.path == "/said" else ask
    add(page, ANN)
    page.locator(".card summary[aria-label=Switches]").click()
    page.get_by_label("A call").select_option("voicemail")
    expect(page.locator(".flag")).to_have_text("A call meets the voicemail")
    page.get_by_role("button", name="Call us").click()
    page.get_by_label("Say something").fill("water in aisle 7")
    page.get_by_role("button", name="Say", exact=True).click()
    expect(page.locator(".talk.out .words")).to_have_text("You called \u00b7 you: water in aisle 7")
    assert sim.phone(ANN).calls[0]["heard"] == ["What is wrong?", "Thank you."]
