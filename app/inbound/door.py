"""What all webhooks share: read the body with a cap, turn strangers away, hand over to the inbox.

The answers: 2xx only after the inbox has committed, also for a duplicate; 403 for a stranger; 413 for too
much; 503 when nothing could be stored, so that the provider tries again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.domain.charsets import storable
from app.domain.errors import CloseloopError
from app.domain.message import Inbound
from app.ports import Acceptor

_LONGEST_DETAIL = 200
_LONGEST_KEY = 200
_RETRY_SECONDS = "5"

_log = structlog.get_logger(__name__)


Handler = Callable[[Request], Awaitable[Response]]
Doors = dict[str, Handler]


class TooLargeError(CloseloopError):
    """The request's body is over the limit."""


def add(doors: Doors, path: str, handler: Handler) -> None:
    """Put `handler` at `path`, with and without a slash behind: a provider does not follow redirects."""

    async def guarded(request: Request) -> Response:
        try:
            return await handler(request)
        except TooLargeError:
            # The rest of the body was not read, so the connection cannot go on.
            return Response("Too large", 413, headers={"Connection": "close"}, media_type="text/plain")
        except ClientDisconnect:
            _log.info("webhook.client_gone", path=path)
            return Response(status_code=400)

    doors[path] = doors[f"{path}/"] = guarded


async def read_body(request: Request, limit: int) -> bytes:
    """Return the request's body. Raises TooLargeError beyond `limit` bytes, without reading on."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > limit:
        raise TooLargeError
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise TooLargeError
        chunks.append(chunk)
    return b"".join(chunks)


async def turn_away(acceptor: Acceptor, request: Request, reason: str, **detail: str) -> Response:
    """Record a stranger's request and return 403; the answer does not say what was wrong."""
    remote = request.client.host if request.client else ""
    told = {"user_agent": request.headers.get("user-agent", ""), **detail}
    await acceptor.refuse(
        reason=reason,
        path=bounded(request.url.path),
        remote=bounded(remote),
        detail={key: bounded(value) for key, value in told.items() if value},
    )
    return Response("Forbidden", status_code=403, media_type="text/plain")


async def hand_over(acceptor: Acceptor, items: Sequence[Inbound], answer: Response) -> Response:
    """Store `items`, each key once, and return `answer`; 503 when they could not be stored."""
    unique = {(item.kind, item.key): item for item in items}
    if not unique:
        return answer
    try:
        await acceptor.accept(list(unique.values()))
    except CloseloopError as error:
        _log.warning("webhook.not_stored", error=str(error), items=len(unique))
        return Response(
            "Try again", status_code=503, media_type="text/plain", headers={"Retry-After": _RETRY_SECONDS}
        )
    return answer


def bounded(value: str, limit: int = _LONGEST_DETAIL) -> str:
    """Return `value` fit for the database, at most `limit` characters."""
    return storable(value[:limit])


def key_of(*parts: str) -> str:
    """Return an idempotency key that names `parts`, short enough for an index."""
    key = storable(":".join(parts))
    return key if len(key) <= _LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()


def storable_json(value: object) -> object:
    """Return `value` (parsed JSON, a tree) with each text in it fit for the database."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(str(key)): storable_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [storable_json(inner) for inner in value]
    return value
