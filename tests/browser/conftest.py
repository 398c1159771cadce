"""A real browser in a town: the server over HTTP, with real tickets; every page is watched for complaints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.stories.nights import Night, Nights
from tests.stories.people import DANA, LUCIA, PRIYA, STRANGER, TANYA
from tests.stories.town import Town
from tests.web.visiting import add_user
from tests.web.visiting import enter as entrance

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}
Opener = Callable[..., Page]


def begins_with(night: str) -> pytest.MarkDecorator:
    """Let a test begin with the night that a fixture of this name lives through, and not with the flood."""
    return pytest.mark.parametrize("place", [night], indirect=True)


@pytest.fixture
def place(request: pytest.FixtureRequest, nights: Nights) -> Iterator[Town]:
    with nights.after(request.getfixturevalue(getattr(request, "param", "flood"))) as built:
        yield built


@pytest.fixture(scope="session")
def lively(nights: Nights, flood: Night) -> Iterator[Night]:
    """A night with something of everything."""
    with nights.lived(flood, _liven) as night:
        yield night


def _liven(place: Town) -> None:
    place.text(DANA, "ACK")
    place.text(DANA, "ETA 45")
    place.later(minutes=4)
    place.text(LUCIA, "se inundo la cocina, mucha agua, tienda 303")
    place.later(minutes=8)
    place.text(STRANGER, "there is smoke in the stock room, please help")
    place.text(PRIYA, "NOTE called the fire department")
    place.later(minutes=2, seconds=20)
    place.text(TANYA, "NEW one light in the freezer aisle flickers a little, no hurry, store 114")


@pytest.fixture(scope="module")
def browser(chromium: str | None) -> Iterator[Browser]:
    expect.set_options(timeout=60_000)  # what is waited for comes at once, unless the machine is busy
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser: Browser, place: Town) -> Iterator[Opener]:
    """Open a page in a browser of its own; at the end none of them may have complained or overflow."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    pages: list[Page] = []

    def open_page(path: str, *, size: dict[str, int], forgive: str = "no complaint", **options: Any) -> Page:
        def heard(words: str) -> None:
            if forgive not in words:
                complaints.append(words)

        context = browser.new_context(viewport=size, **options)
        contexts.append(context)
        context.set_default_timeout(60_000)
        page = context.new_page()
        pages.append(page)
        page.on("console", lambda m: heard(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: heard(str(error)))
        page.goto(f"{place.served.url}{path}", wait_until="load")
        return page

    yield open_page
    widths = [page.evaluate("[document.documentElement.scrollWidth, innerWidth]") for page in pages]
    for context in contexts:
        context.close()
    assert complaints == []
    assert all(wide <= window for wide, window in widths), widths


@pytest.fixture
def enter(place: Town) -> str:
    """The path that signs the owner in."""
    add_user(place, person="ruth")
    return entrance()
