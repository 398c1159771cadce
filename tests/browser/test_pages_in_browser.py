"""The pages as people use them: a desk that stays live by itself, a phone in the dark, no JavaScript at all."""

from __future__ import annotations

import os
import re
import time
from itertools import product
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Opener, begins_with
from tests.stories.people import DANA, LUCIA, TANYA, WATER
from tests.stories.town import ROOT, Town
from tests.web.visiting import link_in

# A stone in the water: a page that is loaded anew has lost it.
MARK = "window.notLoadedAnew = true"
STILL = "window.notLoadedAnew === true"
SCREENS = 4  # as much the page of the rules has on a phone


def seconds(text: str) -> int:
    minutes, rest = text.removeprefix("-").split(":")
    return int(minutes) * 60 + int(rest)


def live(page: Page) -> None:
    expect(page.locator("#live")).to_have_attribute("data-state", "live")


@begins_with("calm")
def test_the_board_follows_by_itself(place: Town, opened: Opener, enter: str) -> None:
    page = opened(enter, size=DESKTOP)
    expect(page.get_by_text("Nothing open.")).to_be_visible()
    live(page)
    page.evaluate(MARK)
    place.text(TANYA, WATER)
    row = page.locator(".row", has_text="#114")
    expect(row).to_contain_text("Asking Dana R. until 2:18a ET")
    expect(page.locator("#notice")).to_contain_text("New: 1042 P1")
    place.text(LUCIA, "se inundo la cocina, mucha agua, tienda 303")
    expect(page.locator(".row")).to_have_count(2)

    first, ends = seconds(row.locator(".timer").inner_text()), time.monotonic() + 60
    while seconds(row.locator(".timer").inner_text()) >= first:  # it counts down by itself
        assert time.monotonic() < ends
        page.wait_for_timeout(50)

    row.get_by_role("button", name="Acknowledge 1042").click()
    expect(row).to_contain_text("Ruth O. has it")
    expect(row.locator("button")).to_have_count(0)
    expect(page.locator("#notice")).to_have_text("You have it.")
    place.text(DANA, "TAKE 1042")
    expect(row).to_contain_text("Dana R. has it")
    assert page.evaluate(STILL)
    assert place.ticket().ticket.assignee == "dana"


def test_the_board_by_keys(place: Town, opened: Opener, enter: str) -> None:
    place.text(LUCIA, "se inundo la cocina, mucha agua, tienda 303")
    page = opened(enter, size=DESKTOP)
    live(page)
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator(".row").nth(1).locator("h3 a")).to_be_focused()
    page.keyboard.press("k")
    number = page.locator(".row").nth(0).get_attribute("data-key")
    page.keyboard.press("a")
    expect(page.locator(f"#r{number}")).to_contain_text("Ruth O. has it")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/tickets/\d+"))


def test_words_being_typed_survive_news(place: Town, opened: Opener, enter: str) -> None:
    opened(enter, size=DESKTOP)
    page = opened(enter, size=DESKTOP)
    page.goto(f"{place.served.url}/tickets/1042", wait_until="load")
    live(page)
    page.locator("#d-note summary").click()
    note = page.get_by_label("Internal text")
    note.fill("The key is with the")
    place.text(DANA, "ETA 45")
    expect(page.locator(".timeline")).to_contain_text("Expected on site at 2:56a")
    expect(note).to_have_value("The key is with the")
    expect(note).to_be_focused()
    note.press_sequentially(" guard")
    page.locator("#d-note button").click()
    expect(page.locator(".timeline")).to_contain_text("The key is with the guard")
    expect(page.locator(".head")).to_contain_text("Dana R. has it")
    # Behind the written form the buttons are of now.
    expect(page.locator("[data-key=primary]")).to_contain_text("On site")


def test_a_page_link_on_a_phone(place: Town, opened: Opener) -> None:
    page = opened(link_in(place.last(DANA)), size=PHONE, has_touch=True, is_mobile=True, color_scheme="dark")
    expect(page.get_by_role("heading", level=1)).to_contain_text("#114 Pantry Row Markets")
    assert place.ticket().ticket.assignee == ""
    button = page.get_by_role("button", name="Acknowledge")
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 64
    assert box["y"] + box["height"] <= PHONE["height"]
    button.tap()
    page.get_by_role("button", name="45").tap()
    expect(page.locator(".head")).to_contain_text("Expected on site: 2:56a")
    page.locator("[data-key=primary]").get_by_role("button", name="On site").tap()
    page.get_by_label("What was done?").fill("replaced valve")
    page.get_by_role("button", name="Done").tap()
    expect(page.locator(".head")).to_contain_text("What was done: replaced valve")
    expect(page.get_by_text("Resolved", exact=True).first).to_be_visible()
    assert place.ticket().ticket.state == "resolved"
    small = page.locator("button:visible, summary:visible, a.button:visible")
    heights = [(each.bounding_box() or {"height": 0})["height"] for each in small.all()]
    assert min(heights) >= 44


def test_without_a_connection_the_page_says_that_nothing_was_sent(place: Town, opened: Opener) -> None:
    page = opened(link_in(place.last(DANA)), size=PHONE, forgive="ERR_FAILED", has_touch=True)
    live(page)
    page.route("**/ack", lambda route: route.abort())
    page.get_by_role("button", name="Acknowledge").tap()
    expect(page.locator("#notice")).to_contain_text("NOT sent")
    assert place.ticket().ticket.assignee == ""
    page.unroute("**/ack")
    page.get_by_role("button", name="Acknowledge").tap()
    expect(page.locator(".head")).to_contain_text("Dana R. has it")


def test_everything_works_without_javascript(opened: Opener, enter: str) -> None:
    page = opened(enter, size=PHONE, java_script_enabled=False)
    page.get_by_role("button", name="Acknowledge 1042").click()
    expect(page.locator("#notice")).to_have_text("You have it.")
    expect(page.locator(".row")).to_contain_text("Ruth O. has it")
    page.get_by_label("Priority").select_option("P4")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("Nothing open fits these filters.")).to_be_visible()
    page.get_by_role("link", name="Show all").click()
    page.locator(".row h3 a").click()
    page.get_by_label("or at, such as").fill("3:15")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".head")).to_contain_text("Expected on site: 3:15a")
    page.locator("#d-note summary").click()
    page.get_by_label("Internal text").fill("side door")
    page.locator("#d-note button").click()
    expect(page.locator(".timeline")).to_contain_text("side door")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_nothing_overflows_a_small_screen(place: Town, opened: Opener, enter: str) -> None:
    place.text(TANYA, "NEW " + "W" * 160 + " aisle 7 store 114 " + "https://example.com/" + "x" * 120)
    page = opened(enter, size=PHONE)
    expect(page.locator(".row")).to_have_count(2)
    for path in ("/", "/tickets/1043"):
        page.goto(f"{place.served.url}{path}", wait_until="load")
        for width in (320, 412):
            page.set_viewport_size({"width": width, "height": 700})
            widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
            assert widths == [width, width], (path, widths)


def contrast(page: Page) -> list[str]:
    """What is written in too weak a colour: below 4.5 to 1 against what is behind it."""
    found: list[str] = page.evaluate(
        """() => {
          const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
          const rgba = (colour) => {
            canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
            return canvas.getImageData(0, 0, 1, 1).data;
          };
          const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
            .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
            .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
          const behind = (e) => {
            for (; e; e = e.parentElement) {
              const back = rgba(getComputedStyle(e).backgroundColor);
              if (back[3] === 255) return back;
            }
            return [255, 255, 255];
          };
          const weak = [];
          for (const e of document.querySelectorAll("body *")) {
            const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
            if (!own || !e.checkVisibility()) continue;
            const [a, b] = [light(rgba(getComputedStyle(e).color)), light(behind(e))];
            const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (ratio < 4.5) weak.push(`${e.tagName}.${e.className} ${ratio.toFixed(2)}`);
          }
          return weak;
        }"""
    )
    return found


@begins_with("lively")
def test_words_can_be_read_and_reached(place: Town, opened: Opener, enter: str) -> None:
    page = opened(enter, size=DESKTOP)
    for path in ("/", "/tickets/1042"):
        page.goto(f"{place.served.url}{path}", wait_until="load")
        live(page)
        for scheme, size in product(("dark", "light"), (DESKTOP, PHONE)):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size(size)
            assert contrast(page) == [], (path, scheme, size)
        unnamed = page.evaluate(
            """() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea")]
              .filter((field) => !field.labels.length).map((field) => field.outerHTML)"""
        )
        assert unnamed == []
        assert page.locator("h1").count() == 1


@begins_with("lively")
def test_pictures_for_the_readme(place: Town, opened: Opener, enter: str, tmp_path: Path) -> None:
    # They are kept only when somebody asks for them: each run draws them a little differently.
    folder = ROOT / "docs" if os.environ.get("CLOSELOOP_SCREENSHOTS") else tmp_path
    page = opened(enter, size={"width": 1280, "height": 720}, color_scheme="light")
    live(page)
    page.screenshot(path=folder / "screenshot.png")
    page.goto(f"{place.served.url}/tickets/1042", wait_until="load")
    live(page)
    page.screenshot(path=folder / "screenshot-ticket.png")
    assert all(
        (folder / name).stat().st_size > 10_000 for name in ("screenshot.png", "screenshot-ticket.png")
    )


def test_the_rules_are_short_on_a_phone_and_unfold(place: Town, opened: Opener, enter: str) -> None:
    page = opened(enter, size=PHONE, color_scheme="dark")
    page.goto(f"{place.served.url}/rules", wait_until="load")
    assert page.evaluate("document.documentElement.scrollHeight") < SCREENS * PHONE["height"]
    page.get_by_role("navigation", name="On this page").get_by_role("link", name="Trade", exact=True).click()
    page.wait_for_url("**/rules?stage=trade#stage-trade")
    assert page.locator("details.stage[open]").count() == 1
    page.get_by_role("searchbox", name="Find a rule").fill("gas carbon")
    page.get_by_role("button", name="Find").click()
    page.wait_for_url("**/rules?q=gas+carbon")
    shown = page.locator("details.stage[open] th[scope=row]").all_inner_texts()
    assert shown == ["gas or carbon monoxide"]
    page.set_viewport_size(DESKTOP)
    page.goto(f"{place.served.url}/rules?q=nothingsuch", wait_until="load")
    assert page.locator("details.stage[open]").count() == 0
    assert "0 rules have nothingsuch" in page.locator("main").inner_text()
