"""One served node: its web application, and what runs beside it as long as it is served.

What must not live here: the clock, the database and the providers that it is given (bootstrap.py), decisions.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog
import uvicorn
from fastapi import FastAPI
from sqlalchemy import Engine

from app import __version__
from app.bootstrap import build_gateways, build_house, instance_secret, rulebook_in_force, twilio_config
from app.domain.errors import CloseloopError
from app.inbound import routes
from app.inbound.config import InboundConfig
from app.providers.feeds import Feeds
from app.providers.heartbeat import HeartbeatUrl
from app.providers.twilio_received import TwilioReceived
from app.settings import Settings
from app.store import schema
from app.usecases import retention
from app.usecases.accept import InboxWriter
from app.usecases.calls import Calls
from app.usecases.health import Health
from app.usecases.house import House
from app.usecases.leave_calendar import MOST_BYTES
from app.usecases.pulse import Pulse
from app.usecases.rule_folder import RuleFolder
from app.usecases.rule_names import unfilled
from app.web import pages, probes
from app.worker.engine import Worker
from app.worker.node import Bell, Ear, heart, lookout
from app.worker.process import ending_at, is_gone


@dataclass(frozen=True, slots=True)
class Instance:
    """One running Closeloop: its house, and its web application, which runs the worker while it is served."""

    settings: Settings
    house: House
    app: FastAPI


def build(settings: Settings, engine: Engine) -> Instance:
    """Return an instance that serves pages and webhooks and, unless switched off, does the work.

    Raises SchemaTooOldError, SchemaTooNewError, DocumentError, ClockSkewError.
    """
    schema.ensure_current(engine)
    house = build_house(settings, engine, rulebook_in_force(settings, engine))
    if settings.crash_at:
        house.reach = ending_at(settings.crash_at)
    _warn_of_names(house)
    pulse = Pulse(house, role=settings.role, version=__version__, steady=time.monotonic)
    pulse.beat()
    pulse.check_clock()
    return Instance(settings, house, build_app(settings, house, pulse))


def _warn_of_names(house: House) -> None:
    """Log each role, person and schedule that the rulebook names and nobody is; they may yet come."""
    for wrong in unfilled(house, house.rulebook):
        structlog.get_logger().warning("rules_name_nobody", problem=str(wrong))


def build_app(settings: Settings, house: House, pulse: Pulse) -> FastAPI:
    """Return the web application; the inbox writer and the worker live as long as it is served."""
    writer = InboxWriter(house)
    health = Health(house, pulse)
    parts = (*_tracing(settings, house), *_parts(settings, house, pulse, health))

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        writer.start()
        for part in parts:
            part.start()
        yield
        # Not on the event loop: a send in progress may take its provider's timeout.
        await asyncio.to_thread(writer.stop)
        for part in reversed(parts):
            await asyncio.to_thread(part.stop)

    app = FastAPI(title="Closeloop", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(probes.router(health, settings.metrics_token.get_secret_value()))
    if settings.role.serves:
        app.add_middleware(
            routes.InboundDoors,
            doors=routes.doors(
                InboundConfig(
                    public_base_url=settings.public_url.rstrip("/"),
                    twilio_account_sid=settings.twilio_account_sid,
                    twilio_auth_tokens=tuple(
                        token
                        for secret in (settings.twilio_auth_token, settings.twilio_auth_token_secondary)
                        if (token := secret.get_secret_value())
                    ),
                    twilio_numbers=(settings.twilio_from,) if settings.twilio_from else (),
                    sendgrid_event_public_keys=_one(settings.sendgrid_event_key),
                    sendgrid_parse_public_keys=_one(settings.sendgrid_parse_key),
                    sendgrid_parse_basic=_parse_credentials(settings),
                    inbound_domain=settings.mail_domain,
                ),
                writer,
                house.clock,
                Calls(house),
            ),
        )
        secret = instance_secret(settings)
        secure = settings.public_url.startswith("https:")
        config = pages.WebConfig(
            secret=secret,
            secure_cookies=secure,
            demo_phones_url=settings.demo_phones_url,
            rules=settings.rules,
        )
        app.include_router(pages.router(house, config))
        pages.mount_static(app)
        pages.install_errors(app)
    return app


def _parts(settings: Settings, house: House, pulse: Pulse, health: Health) -> tuple[Part, ...]:
    """Return what runs beside the web application; `house.wake` then wakes who does the work."""
    role = settings.role
    bell = Bell(house)
    # Of the nodes that look at the folder, those that make tickets tell the duty manager.
    folder = RuleFolder(house, settings.rules, tells=role.handles)
    if not (role.handles or role.sends):
        house.wake = bell.wake
        return heart(pulse, None), bell, lookout(folder.look)
    beacon = HeartbeatUrl(settings.heartbeat_url) if settings.heartbeat_url else None
    worker = Worker(
        house,
        build_gateways(settings),
        pulse,
        folder.look,
        lambda: health.tell(beacon) if beacon is not None else None,
        role=role,
        feeds=Feeds(MOST_BYTES),
        received=TwilioReceived(twilio_config(settings)) if settings.twilio_account_sid else None,
        nightly=lambda: retention.empty_old(house, timedelta(days=settings.keep_messages_days)),
    )
    house.wake = lambda what: worker.wake(what) if worker.does(what) else bell.wake(what)
    return heart(pulse, is_gone), bell, worker, Ear(house, worker.wake)


def _tracing(settings: Settings, house: House) -> tuple[Part, ...]:
    """Let the house have a tracer if there is an address for spans. Raises TracingError."""
    endpoint = settings.otlp_endpoint or settings.otlp_standard.rstrip("/")
    if not endpoint:
        return ()
    try:
        from app.providers.otlp import Otlp
    except ModuleNotFoundError as error:
        if settings.otlp_endpoint:
            raise TracingError from error
        # The standard variable may be there for others: pages go out without spans, too.
        structlog.get_logger().error("no_spans", error=TracingError.__doc__, missing=error.name)
        return ()
    tracer = Otlp(endpoint, node=house.identity.node, version=__version__)
    house.tracer = tracer
    return (tracer,)


class TracingError(CloseloopError):
    """An address for spans is set, but their packages are missing; run: pip install 'closeloop[otel]'."""


class Part(Protocol):
    """Something that runs as long as the application is served."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End what is in progress, and come to rest."""


def _one(key: str) -> tuple[str, ...]:
    return (key,) if key else ()


def _parse_credentials(settings: Settings) -> tuple[str, str] | None:
    password = settings.sendgrid_parse_password.get_secret_value()
    return (settings.sendgrid_parse_user, password) if settings.sendgrid_parse_user and password else None


def serve(instance: Instance, *, port: int | None = None) -> None:
    """Serve until SIGINT or SIGTERM."""
    settings = instance.settings
    config = uvicorn.Config(
        instance.app,
        host=settings.host,
        port=port or settings.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=3,
        server_header=False,
    )
    uvicorn.Server(config).run()
