"""What machines ask: does the process run (/livez), do the promises hold (/readyz), in figures (/metrics).

What must not live here: what counts as well (usecases/health.py).
"""

from __future__ import annotations

import hmac
import ipaddress

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from app.usecases.health import Figures, Health

_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


def router(health: Health, metrics_token: str) -> APIRouter:
    """Return the three routes. Figures go to whoever has the token; without one, to this machine only."""
    routes = APIRouter()
    ours = CollectorRegistry(auto_describe=False)
    ours.register(Figures(health))

    def livez(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    def readyz(_request: Request) -> Response:
        problems = health.look().problems
        if not problems:
            return PlainTextResponse("ready\n")
        lines = "".join(f"{problem.what}: {problem.remedy}\n" for problem in problems)
        return PlainTextResponse(f"not ready\n{lines}", status_code=503)

    def metrics(request: Request) -> Response:
        if not _may_see(request, metrics_token):
            return PlainTextResponse("Forbidden: see CLOSELOOP_METRICS_TOKEN\n", status_code=403)
        body = generate_latest(ours) + generate_latest(REGISTRY)
        return Response(body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    for path, handler in (("/livez", livez), ("/readyz", readyz), ("/metrics", metrics)):
        routes.add_route(path, handler, methods=["GET"], include_in_schema=False)
    return routes


def _may_see(request: Request, token: str) -> bool:
    if token:
        given = request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    if any(name in request.headers for name in _FORWARDED):  # it came through a proxy on this machine
        return False
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
