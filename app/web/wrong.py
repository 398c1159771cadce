"""Static files, and the pages for when something is wrong: short, with what to do, without any detail.

What must not live here: pages that show something.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import structlog
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.domain.errors import CloseloopError
from app.usecases.actions import NoSuchTicketError
from app.usecases.sessions import BusyError, LinkOverError
from app.web.access import ForbiddenError, FormTooOldError, NoSuchPageError, SignInNeededError
from app.web.showing import HEADERS, STATIC, go_to, show

log = structlog.get_logger()

_YEAR = 31_536_000


class FormTooLargeError(CloseloopError):
    """This form is too large."""


class _Files(StaticFiles):
    """Static files with our headers; an address with a version may be kept for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(HEADERS)
        versioned = scope.get("query_string", b"").startswith(b"v=")
        kept = f"public, max-age={_YEAR}, immutable" if versioned else "no-cache"
        response.headers["Cache-Control"] = kept
        return response


def mount_static(app: FastAPI) -> None:
    """Serve the style sheet, the script and the icon."""
    app.mount("/static", _Files(directory=STATIC), name="static")


_Page = tuple[int, str, str]
"""Status, title, and what to do."""

_MISSING: _Page = (404, "There is no such page", "It may have moved, or the address was cut off.")
_PAGES: dict[type[Exception], _Page] = {
    NoSuchPageError: _MISSING,
    NoSuchTicketError: (404, "There is no such ticket", "Look for it on the board."),
    LinkOverError: (
        410,
        "This link is no longer good",
        "Its ticket is over. If something is still wrong, answer the text, or sign in.",
    ),
    FormTooOldError: (
        403,
        "Nothing was changed",
        "This form is no longer good. Go back, load the page again, and repeat.",
    ),
    ForbiddenError: (
        403,
        "Nothing was changed",
        "This is not yours to do here. Sign in, or ask your manager.",
    ),
    FormTooLargeError: (413, "Nothing was changed", "That is more text than fits. Shorten it and repeat."),
    BusyError: (503, "Too many are signing in", "Wait a moment, then try again."),
    OperationalError: (
        503,
        "The database does not answer",
        "Try again in a moment. Nothing that was saved is lost.",
    ),
    Exception: (
        500,
        "Something went wrong here",
        "It was written to the log. Try again, or answer the text on your phone.",
    ),
}


def install_errors(app: FastAPI) -> None:
    """Answer errors with a page."""
    for kind, page in _PAGES.items():
        app.add_exception_handler(kind, _shows(page))
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(SignInNeededError, _sign_in)


def _shows(page: _Page) -> Callable[[Request, Exception], Response]:
    def handler(request: Request, error: Exception) -> Response:
        if page[0] >= 500:  # noqa: PLR2004 - what is wrong with us, not with the request
            log.error("page_failed", path=request.url.path.split("/t/")[0], error=repr(error)[:500])
        return _error_page(request, *page)

    return handler


def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 404:  # noqa: PLR2004 - not found
        return _error_page(request, *_MISSING)
    headers = error.headers if isinstance(error, HTTPException) else None
    answer = _error_page(request, status, "This does not work", "Go back and try again.")
    answer.headers.update(headers or {})
    return answer


def _error_page(request: Request, status: int, title: str, advice: str) -> Response:
    return show(request, "wrong.html", status, title=title, advice=advice)


def _sign_in(request: Request, _error: Exception) -> Response:
    path = request.url.path
    if path == "/events" or path.startswith("/fragments/"):
        return _error_page(request, 401, "Please sign in", "Your session is over.")
    if request.method != "GET" or path == "/":
        return go_to("/sign-in")
    return go_to(f"/sign-in?next={quote(path)}")
