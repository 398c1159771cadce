"""Signing in and out: passwords, magic links, sessions that end, and those who guess."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.usecases import sessions
from app.web.sign_in import Brake
from tests.stories.town import NIGHT, Town
from tests.web.visiting import MAIL, PASSWORD, SECRET, Visit, add_user, signed_in


def sign_in(visit: Visit, password: str = PASSWORD, email: str = MAIL, **more: str) -> int:
    return visit.post("/sign-in", visit.csrf("/sign-in"), email=email, password=password, **more).status


def command(place: Town, password: str) -> bool:
    """Make the user as `closeloop user add` does."""
    with place.house.begin() as connection:
        return sessions.add_user(
            connection,
            email=MAIL,
            name="Olga Owner",
            role="owner",
            person="",
            password=password,
            now=place.clock.now(),
        )


def test_the_right_password_opens_the_board_and_a_new_one_ends_its_sessions(place: Town) -> None:
    assert command(place, PASSWORD)
    visit = Visit(place)
    form = visit.csrf("/sign-in")
    answer = visit.post("/sign-in", form, email=f" {MAIL.upper()} ", password=PASSWORD)
    assert (answer.status, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert visit.get("/").status == 200
    assert not command(place, "another long password")
    assert visit.get("/").status == 303


def test_a_wrong_one_says_nothing_about_which_was_wrong(place: Town) -> None:
    add_user(place)
    wrong = [(MAIL, "wrong"), ("nobody@x.example", PASSWORD), ("", ""), ("a\0b@x", "x"), (MAIL, "x" * 5000)]
    for email, password in wrong:
        visit = Visit(place)
        answer = visit.post("/sign-in", visit.csrf("/sign-in"), email=email, password=password)
        assert answer.status == 401
        assert b"do not belong together" in answer.body
        assert visit.get("/").status == 303


def test_who_left_cannot_sign_in_and_an_open_session_ends(place: Town) -> None:
    visit = signed_in(place)
    with place.house.begin() as connection:
        connection.exec_driver_sql("UPDATE users SET active = false")
    assert visit.get("/").status == 303
    assert sign_in(Visit(place)) == 401


def test_a_session_ends_by_itself_and_by_signing_out(place: Town) -> None:
    visit = signed_in(place)
    assert visit.post("/sign-out", "wrong").status == 403
    answer = visit.post("/sign-out", visit.csrf("/"))
    assert answer.headers["location"] == "/sign-in"
    assert 'closeloop_session=""' in answer.headers["set-cookie"]
    sign_in(visit)
    place.clock.at += timedelta(days=8)
    assert visit.get("/").status == 303


def test_a_forged_session_is_none(place: Town) -> None:
    visit = signed_in(place)
    good = visit.cookies["closeloop_session"]
    magic = sessions.magic_key(SECRET, MAIL, NIGHT + timedelta(hours=1))
    # The first letter of the signature: bits of the last one may mean nothing.
    signed, dot, signature = good.rpartition(".")
    other = f"{signed}{dot}{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    for key in (other, good[1:], magic, "x", "", "..", "é"):
        assert Visit(place, {"closeloop_session": key}).get("/").status == 303


def test_a_magic_link_signs_in_until_its_time_is_over(place: Town) -> None:
    add_user(place)
    key = sessions.magic_key(SECRET, MAIL, NIGHT + timedelta(hours=1))
    visit = Visit(place)
    answer = visit.get(f"/enter?k={key}")
    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert visit.get("/").status == 200
    place.clock.at += timedelta(hours=1)
    assert Visit(place).get(f"/enter?k={key}").status == 410
    other = sessions.magic_key(b"another secret", MAIL, place.clock.at + timedelta(hours=1))
    assert Visit(place).get(f"/enter?k={other}").status == 410
    assert Visit(place).get("/enter").status == 410


def test_after_signing_in_one_stays_with_us(place: Town) -> None:
    add_user(place)
    for wanted in ("/tickets/1042", "//evil.example", "https://evil.example", "/\\evil.example", "/a\nb"):
        visit = Visit(place)
        form = visit.csrf("/sign-in")
        answer = visit.post("/sign-in", form, email=MAIL, password=PASSWORD, next=wanted)
        assert answer.headers["location"] == (wanted if wanted == "/tickets/1042" else "/")


def test_another_site_cannot_send_the_sign_in_form(place: Town) -> None:
    add_user(place)
    theirs = Visit(place).csrf("/sign-in")
    assert Visit(place).post("/sign-in", theirs, email=MAIL, password=PASSWORD).status == 403
    assert Visit(place).post("/sign-in", "", email=MAIL, password=PASSWORD).status == 403


def test_who_guesses_is_slowed_down(place: Town) -> None:
    add_user(place)
    visit = Visit(place)
    assert [sign_in(visit, "wrong") for _ in range(6)] == [401, 401, 401, 401, 401, 429]
    assert sign_in(visit) == 429
    assert sign_in(visit, email="somebody@else.example") == 401
    place.clock.at += timedelta(seconds=1)
    assert sign_in(visit) == 303
    assert sign_in(visit, "wrong") == 401


def test_the_brake_waits_longer_each_time_and_forgets_the_oldest() -> None:
    brake, now = Brake(), datetime.fromisoformat("2026-06-09T06:11:00+00:00")
    waits = []
    for _ in range(16):
        waits.append(brake.wait(("1", "a"), now).total_seconds())
        brake.failed(("1", "a"), now)
    assert waits == [0] * 5 + [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert brake.wait(("2", "a"), now) == timedelta(0)
    for number in range(10_000):
        brake.failed((str(number), "b"), now)
    assert brake.wait(("1", "a"), now) == timedelta(0)
    assert len(brake._failures) == 10_000
