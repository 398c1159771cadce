"""SendGrid's REST interface: POST /v3/mail/send, with its authentication, refusals and log."""

from __future__ import annotations

import gzip
import hmac
import json
import secrets
import zlib

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.postmaster import Postmaster
from simulator.sendgrid_check import Letter, MailRefusedError, check
from simulator.world import World, now

LARGEST = 30 * 2**20
REFUSALS = {400: "Bad Request", 401: "authorization required", 403: "access forbidden", 404: "not found",
            429: "too many requests", 500: "internal server error", 503: "service unavailable"}  # fmt: skip
TOO_LARGE = 413


class SendGridApi:
    """The routes under /v3."""

    def __init__(self, world: World, postmaster: Postmaster) -> None:
        self._world = world
        self._postmaster = postmaster
        self._key = f"Bearer {world.config.sendgrid_key}"

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/v3/mail/send", self._send, methods=["POST"]),
            Route("/v3/scopes", self._scopes, methods=["GET"]),
            Route("/v3/{rest:path}", self._nothing, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
        ]

    async def _nothing(self, request: Request) -> Response:
        return self._answered(request, refusal(MailRefusedError("not found", None, 404)), "not found")

    async def _scopes(self, request: Request) -> Response:
        try:
            self._authenticate(request)
        except MailRefusedError as error:
            return self._answered(request, refusal(error), error.message, error.field)
        return self._answered(request, Response('{"scopes": ["mail.send"]}', media_type="application/json"))

    async def _send(self, request: Request) -> Response:
        try:
            self._authenticate(request)
            order, letters = check(await _body(request), now(), self._world.config.sender_domains)
            self._check_recipients(letters)
        except MailRefusedError as error:
            return self._answered(request, refusal(error), error.message, error.field)
        if order.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
            return self._answered(request, Response(status_code=200), "sandbox")
        request_id = secrets.token_urlsafe(16)
        for letter in letters:
            self._postmaster.accept(order, letter, request_id)
        return self._answered(request, Response(status_code=202, headers={"X-Message-Id": request_id}))

    def _authenticate(self, request: Request) -> None:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), self._key.encode()):
            raise MailRefusedError(
                "The provided authorization grant is invalid, expired, or revoked", None, 401
            )
        if request.method == "POST":
            self._check_type(request)

    def _check_type(self, request: Request) -> None:
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise MailRefusedError("Content-Type should be application/json.", None, 415)

    def _check_recipients(self, letters: list[Letter]) -> None:
        for letter in letters:
            for address in letter.recipients:
                refuse = self._world.mailbox(address).refuse
                if refuse is not None:
                    raise MailRefusedError(REFUSALS.get(refuse, "error"), None, refuse)

    def _answered(
        self, request: Request, response: Response, message: str = "", field: str | None = None
    ) -> Response:
        self._world.note(
            "request",
            provider="sendgrid",
            method=request.method,
            path=request.url.path,
            status=response.status_code,
            message=message,
            field=field,
        )
        return response


def refusal(error: MailRefusedError) -> Response:
    """Return the answer to a refused request; an oversized one is refused in HTML, by the server in front."""
    if error.status == TOO_LARGE:
        page = "<html><head><title>413 Request Entity Too Large</title></head></html>"
        return Response(page, TOO_LARGE, media_type="text/html")
    response = Response(json.dumps(error.body), error.status, media_type="application/json")
    if error.status == 429:  # noqa: PLR2004 - too many requests
        response.headers.update(rate_headers())
    return response


def rate_headers() -> dict[str, str]:
    """Return the headers of a used-up rate limit."""
    return {
        "X-RateLimit-Limit": "600",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(int(now()) + 1),
    }


async def _body(request: Request) -> bytes:
    raw = await request.body()
    if len(raw) > LARGEST:
        raise MailRefusedError("content too large", None, TOO_LARGE)
    encoding = request.headers.get("content-encoding", "")
    if encoding == "gzip":
        try:
            return gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise MailRefusedError("Bad Request") from error
    if encoding:
        raise MailRefusedError("Unsupported content encoding", None, 415)
    return raw
