"""Somebody at the pages, over HTTP: with or without a session, or by the link of a text."""

from __future__ import annotations

import html
import http.client
import re
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode, urlsplit

from argon2 import PasswordHasher
from sqlalchemy import Connection

from app.store import records
from app.store.records import User
from app.usecases import sessions
from tests.serving import Answer
from tests.stories.town import NIGHT, Town

PASSWORD = "a long enough password"
SECRET = b"s" * 32  # the town's
# A real hash, made so cheaply as nobody's should be: half of what a page's test took was hashing.
_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
MAIL = "olga@tidewell.example"
_CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')


@dataclass
class Visit:
    """One visitor. `base` begins the addresses of a link's pages."""

    place: Town
    cookies: dict[str, str] = field(default_factory=dict)
    base: str = ""

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, b"")

    def text(self, path: str) -> str:
        """The words of a page, as a reader sees them."""
        answer = self.get(path)
        assert answer.status == 200, (path, answer.status)
        return words(answer.body.decode())

    def post(self, path: str, csrf: str = "", **fields: str) -> Answer:
        return self._ask("POST", path, urlencode({"csrf": csrf, **fields}).encode())

    def csrf(self, path: str = "") -> str:
        """The form key of a page."""
        found = _CSRF.search(self.get(path or f"{self.base}/tickets/1042").body.decode())
        assert found, f"{path} has no form"
        return found.group(1)

    def do(self, action: str, number: int = 1042, **fields: str) -> Answer:
        """Press a button of a ticket's page."""
        page = self.base or f"/tickets/{number}"
        return self.post(f"{page}/{action}", self.csrf(page), **fields)

    def notice(self, answer: Answer) -> str:
        """What the page says after a form was sent."""
        assert answer.status == 303
        found = re.search(r'id="notice"[^>]*>([^<]*)<', self.get(answer.headers["location"]).body.decode())
        return html.unescape(found.group(1)) if found else ""

    def stream_status(self, path: str) -> int:
        """The status of an answer that does not end."""
        connection = http.client.HTTPConnection("127.0.0.1", self.place.served.port, timeout=60)
        try:
            connection.request("GET", path, headers=self._headers())
            return connection.getresponse().status
        finally:
            connection.close()

    def _ask(self, method: str, path: str, body: bytes) -> Answer:
        headers = self._headers()
        if method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = self.place.served.request(method, path, body, headers)
        cookie = answer.headers.get("set-cookie", "").split(";")[0]
        if cookie:
            name, _, value = cookie.partition("=")
            self.cookies[name] = value.strip('"')
        return answer

    def _headers(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())} if self.cookies else {}


def words(page: str) -> str:
    """A page's words without its marks."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def put_user(
    connection: Connection,
    now: datetime,
    *,
    role: str = "owner",
    person: str = "",
    email: str = MAIL,
    password: str = PASSWORD,
) -> None:
    """Let somebody sign in; test_page_sign_in.py has users who are made as the command makes them."""
    hashed = _CHEAP.hash(password)
    user = User(email=email, name="Olga Owner", role=role, person=person, password_hash=hashed, active=True)
    records.put_user(connection, user, now)


def add_user(
    place: Town, *, role: str = "owner", person: str = "", email: str = MAIL, password: str = PASSWORD
) -> None:
    with place.house.begin() as connection:
        put_user(connection, place.clock.now(), role=role, person=person, email=email, password=password)


def enter(email: str = MAIL) -> str:
    """The path that signs somebody in."""
    return f"/enter?k={sessions.magic_key(SECRET, email, NIGHT.replace(year=2999))}"


def signed_in(place: Town, *, role: str = "owner", person: str = "", email: str = MAIL) -> Visit:
    add_user(place, role=role, person=person, email=email)
    visit = Visit(place)
    assert visit.get(enter(email)).status == 303
    return visit


def link_in(text: str) -> str:
    """The path of the page link in a text."""
    found = re.search(r"http\S+", text)
    assert found, f"no link in {text!r}"
    return urlsplit(found.group()).path


def by_link(place: Town, phone: str, containing: str = "1042") -> Visit:
    """Whoever opens the link of the newest such page on a phone."""
    text = next(t for t in reversed(place.inbox(phone)) if containing in t and "/t/" in t)
    return Visit(place, base=link_in(text))


def event_count(place: Town) -> int:
    with place.house.begin() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM events").scalar() or 0)
