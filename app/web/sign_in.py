"""Signing in and out: a password, or a magic link; the cookie; slowing down those who guess.

What must not live here: how a password is kept, what a session holds (usecases/sessions.py).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock

from starlette.requests import Request
from starlette.responses import Response

from app.store.records import User
from app.usecases import sessions
from app.usecases.house import House
from app.web.access import SESSION, FormTooOldError, Guard, WebConfig
from app.web.showing import go_to, show

_SIGNED_IN = timedelta(days=7)
_FORM = "closeloop_form"
_FREE_TRIES = 5
_LONGEST_WAIT = timedelta(minutes=5)
_MOST_KNOWN = 10_000


class Brake:
    """Slows down who guesses: after five failures each further try waits twice as long. Bounded."""

    def __init__(self) -> None:
        """Know nobody yet."""
        self._lock = Lock()
        self._failures: OrderedDict[tuple[str, str], tuple[int, datetime]] = OrderedDict()

    def wait(self, who: tuple[str, str], now: datetime) -> timedelta:
        """Return how long `who` (network address, mail address tried) has to wait before the next try."""
        with self._lock:
            count, last = self._failures.get(who, (0, now))
        if count < _FREE_TRIES:
            return timedelta(0)
        pause = min(timedelta(seconds=2.0 ** min(count - _FREE_TRIES, 20)), _LONGEST_WAIT)
        return max(last + pause - now, timedelta(0))

    def failed(self, who: tuple[str, str], now: datetime) -> None:
        """Remember a failure."""
        with self._lock:
            count, _ = self._failures.pop(who, (0, now))
            self._failures[who] = (count + 1, now)
            if len(self._failures) > _MOST_KNOWN:
                self._failures.popitem(last=False)

    def forget(self, who: tuple[str, str]) -> None:
        """Forget the failures of somebody who signed in."""
        with self._lock:
            self._failures.pop(who, None)


class SignIn:
    """The pages around the session."""

    def __init__(self, house: House, guard: Guard, config: WebConfig) -> None:
        """Sign in the users of this house."""
        self._house = house
        self._guard = guard
        self._config = config
        self._brake = Brake()

    def page(self, request: Request) -> Response:
        """Show the form."""
        return self._form(request, "", 200, request.query_params.get("next", ""))

    def sign_in(self, request: Request, form: Mapping[str, str]) -> Response:
        """Check mail address and password."""
        bound = request.cookies.get(_FORM, "")
        if not bound:
            raise FormTooOldError
        self._guard.check_form(form, self._guard.form_key(bound))
        where = form.get("next", "")
        email = form.get("email", "").strip().lower().replace("\0", "")[:200]
        who = (request.client.host if request.client else "", email)
        now = self._house.clock.now()
        wait = self._brake.wait(who, now)
        if wait:
            seconds = int(wait.total_seconds()) + 1
            return self._form(request, f"Too many tries. Wait {seconds} s, then try again.", 429, where)
        user = sessions.check_password(self._house, email, form.get("password", ""))
        if user is None:
            self._brake.failed(who, now)
            problem = "This mail address and password do not belong together."
            return self._form(request, problem, 401, where)
        self._brake.forget(who)
        return self._begin(user, _local(where))

    def enter(self, request: Request) -> Response:
        """Sign in by a magic link."""
        user = self._guard.enters(request.query_params.get("k", ""))
        if user is None:
            return self._form(request, "This link is no longer good. Sign in with your password.", 410, "")
        return self._begin(user, "/")

    def sign_out(self, request: Request, form: Mapping[str, str]) -> Response:
        """End the session."""
        visitor = self._guard.user(request)
        self._guard.check_form(form, visitor.csrf)
        answer = go_to("/sign-in")
        answer.delete_cookie(SESSION, path="/", secure=self._config.secure_cookies, httponly=True)
        return answer

    def _begin(self, user: User, where: str) -> Response:
        key = sessions.session_key(self._config.secret, user, self._house.clock.now() + _SIGNED_IN)
        answer = go_to(where)
        self._set(answer, SESSION, key, _SIGNED_IN)
        return answer

    def _form(self, request: Request, problem: str, status: int, where: str) -> Response:
        bound = request.cookies.get(_FORM, "") or self._house.ids.token()
        values = {"problem": problem, "csrf": self._guard.form_key(bound)}
        answer = show(request, "sign_in.html", status, next=_local(where), **values)
        self._set(answer, _FORM, bound, timedelta(hours=1))
        return answer

    def _set(self, answer: Response, name: str, value: str, lives: timedelta) -> None:
        answer.set_cookie(
            name,
            value,
            max_age=int(lives.total_seconds()),
            path="/",
            secure=self._config.secure_cookies,
            httponly=True,
            samesite="lax",
        )


def _local(address: str) -> str:
    """Return an address of ours to go on to; anything else means the board."""
    ours = address.startswith("/") and not address.startswith("//") and "\\" not in address
    return address if ours and address.isprintable() else "/"
