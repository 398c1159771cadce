"""The page of the rules in a browser: folded, with an index that unfolds, and a search; narrow and wide."""

from __future__ import annotations

from tests.browser.conftest import DESKTOP, PHONE, Opener

SCREENS = 4


def test_the_rules_are_short_on_a_phone_and_unfold(opened: Opener, enter: str) -> None:
    page = opened(enter, size=PHONE, color_scheme="dark")
    address = page.url.split("/", 3)
    page.goto(f"{address[0]}//{address[2]}/rules", wait_until="load")
    assert page.evaluate("document.documentElement.scrollHeight") < SCREENS * PHONE["height"]
    page.get_by_role("navigation", name="On this page").get_by_role("link", name="Trade", exact=True).click()
    page.wait_for_url("**/rules?stage=trade#stage-trade")
    assert page.locator("details.stage[open]").count() == 1
    page.get_by_role("searchbox", name="Find a rule").fill("gas carbon")
    page.get_by_role("button", name="Find").click()
    page.wait_for_url("**/rules?q=gas+carbon")
    shown = page.locator("details.stage[open] th[scope=row]").all_inner_texts()
    assert shown == ["gas or carbon monoxide"]


def test_the_rules_fit_a_desk(opened: Opener, enter: str) -> None:
    page = opened(enter, size=DESKTOP)
    address = page.url.split("/", 3)
    page.goto(f"{address[0]}//{address[2]}/rules?q=nothingsuch", wait_until="load")
    assert page.locator("details.stage[open]").count() == 0
    assert "0 rules have nothingsuch" in page.locator("main").inner_text()
