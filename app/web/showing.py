"""Templates and answers: every page leaves through here, with its headers, compressed if that is wanted.

What must not live here: what a page says.
"""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

STATIC = Path(__file__).parent / "static"
_TEMPLATES = Path(__file__).parent / "templates"
_WORTH_COMPRESSING = 1000

# Nothing from elsewhere, nothing inline, no frame around us; and what a page's address holds (a link's token)
# is told to nobody.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@cache
def asset(name: str) -> str:
    """Return the address of a static file; it changes with the content, so that it may be kept for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset"] = asset
    return environment


def show(request: Request, template: str, status: int = 200, **values: object) -> Response:
    """Return a page. It is never kept by a cache: it shows one person's tickets as of now."""
    body = _environment().get_template(template).render(**values).encode()
    headers = {**HEADERS, "Cache-Control": "no-store", "Vary": "Accept-Encoding, Cookie"}
    if len(body) > _WORTH_COMPRESSING and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, compresslevel=5, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, status, headers=headers, media_type="text/html; charset=utf-8")


def go_to(address: str) -> RedirectResponse:
    """Return the answer to a form: look there now (303, so that a reload does not repeat the form)."""
    return RedirectResponse(address, status_code=303, headers={**HEADERS, "Cache-Control": "no-store"})
