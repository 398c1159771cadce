"""All webhooks as one router, for bootstrap to include."""

from __future__ import annotations

from fastapi import APIRouter

from app.inbound import sendgrid, twilio
from app.inbound.config import InboundConfig
from app.ports import Acceptor, Clock


def router(config: InboundConfig, acceptor: Acceptor, clock: Clock) -> APIRouter:
    """Return the routes below /inbound/. Raises PublicKeyError when a configured key is none."""
    routes = APIRouter()
    routes.include_router(twilio.router(config, acceptor, clock))
    routes.include_router(sendgrid.router(config, acceptor, clock))
    return routes
