"""Puts everything together: the only file that sees all parts, the real clock and the real chance.

What must not live here: decisions of any kind.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import secrets
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import structlog
from sqlalchemy import Engine

from app import __version__
from app.documents import DocumentError
from app.domain.errors import CloseloopError
from app.rulebook.revision import Rulebook, load
from app.settings import Settings
from app.store import engine as engines
from app.store import schema
from app.store.embedded import EmbeddedPostgres
from app.usecases.accept import InboxWriter
from app.usecases.health import Health
from app.usecases.house import House, Identity
from app.usecases.pulse import Pulse
from app.usecases.rule_changes import in_force
from app.usecases.rule_folder import RuleFolder
from app.usecases.rule_names import unfilled
from app.worker.process import ending_at, is_gone, node_name

if TYPE_CHECKING:
    from fastapi import FastAPI

    from app.providers.sendgrid import SendGridConfig
    from app.providers.twilio import TwilioConfig
    from app.usecases.gateways import Gateways

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_EPOCH_MS = 1_577_836_800_000  # 2020-01-01
_NODE_BITS, _SEQUENCE_BITS = 12, 10


class SystemClock:
    """The real clock."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return datetime.now(UTC)


class SystemIds:
    """Time-ordered ids: 41 bits of milliseconds, 12 of the process, 10 of a counter. Thread-safe."""

    def __init__(self) -> None:
        """Choose the process's own part."""
        self._lock = threading.Lock()
        self._node = secrets.randbits(_NODE_BITS)
        self._last = 0
        self._sequence = 0

    def next(self) -> int:
        """Return the next id; when a millisecond is used up, the next one is borrowed."""
        with self._lock:
            now = int(time.time() * 1000) - _EPOCH_MS
            if now > self._last:
                self._last, self._sequence = now, 0
            else:
                self._sequence += 1
                if self._sequence >> _SEQUENCE_BITS:
                    self._last, self._sequence = self._last + 1, 0
            return (((self._last << _NODE_BITS) | self._node) << _SEQUENCE_BITS) | self._sequence

    def chance(self) -> float:
        """Return a number in [0, 1)."""
        return random.random()  # noqa: S311 - spreads retries, guards nothing

    def token(self, length: int = 22) -> str:
        """Return an unguessable base62 string."""
        return "".join(secrets.choice(_BASE62) for _ in range(length))


@dataclass(frozen=True, slots=True)
class Instance:
    """One running Closeloop: its house, and its web application, which runs the worker while it is served."""

    settings: Settings
    house: House
    app: FastAPI


def configure_logging(level: str) -> None:
    """Log as JSON lines to standard error; the providers' HTTP libraries never below INFO (they log keys)."""
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(level=max(number, logging.INFO), stream=sys.stderr, format="%(message)s")
    for noisy in ("python_http_client", "twilio", "urllib3", "apscheduler", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )


@contextmanager
def database(settings: Settings) -> Iterator[Engine]:
    """Yield a probed engine: the database of the settings, or the embedded one, started when needed."""
    with contextlib.ExitStack() as stack:
        url = settings.database_url
        if not url:
            url = stack.enter_context(EmbeddedPostgres.start(settings.home)).url
        engine = engines.connect(url, pool_size=16)
        stack.callback(engine.dispose)
        engines.probe(engine)
        yield engine


def read_rulebook(settings: Settings) -> Rulebook:
    """Return the rulebook of the settings' folders. Raises DocumentError with file, line and reason."""
    return load(*settings.rules)


def rulebook_in_force(settings: Settings, engine: Engine) -> Rulebook:
    """Return the rulebook that was applied last, else the one of the settings' folders.

    Raises DocumentError; a broken folder does not matter once a revision was applied. An applied revision
    that this version cannot read does not keep the server from starting: the folder's rules decide then.
    """
    try:
        _, applied = in_force(engine)
    except DocumentError as error:
        structlog.get_logger().error("rulebook_unreadable", error=str(error)[:500])
        applied = None
    return applied or read_rulebook(settings)


def instance_secret(settings: Settings) -> bytes:
    """Return the secret of the settings, or the one kept in the home folder, made at the first start."""
    given = settings.secret.get_secret_value()
    if given:
        return given.encode()
    path = settings.home / "secret"
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
    return path.read_bytes()


def build_house(settings: Settings, engine: Engine, rulebook: Rulebook) -> House:
    """Return the house of one process."""
    return House(
        engine=engine,
        clock=SystemClock(),
        ids=SystemIds(),
        rulebook=rulebook,
        identity=Identity(
            public_url=settings.public_url.rstrip("/"),
            mail_domain=settings.mail_domain,
            secret=instance_secret(settings),
            node=node_name(secrets.token_hex(3)),
            number=settings.twilio_from,
            probe_number=settings.probe_from,
        ),
    )


def twilio_config(settings: Settings) -> TwilioConfig:
    """Return how Twilio is spoken to."""
    from app.providers.twilio import TwilioConfig

    return TwilioConfig(
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token.get_secret_value(),
        from_number=settings.twilio_from,
        messaging_service_sid=settings.twilio_messaging_service_sid,
        public_base_url=settings.public_url.rstrip("/"),
        api_base=settings.twilio_api_base,
    )


def sendgrid_config(settings: Settings) -> SendGridConfig:
    """Return how SendGrid is spoken to."""
    from app.providers.sendgrid import SendGridConfig

    return SendGridConfig(
        api_key=settings.sendgrid_api_key.get_secret_value(),
        api_base=settings.sendgrid_api_base,
        from_address=settings.mail_from,
    )


def build_gateways(settings: Settings) -> Gateways:
    """Return the real gateways to the providers."""
    from app.providers.sendgrid import SendGridMail
    from app.providers.twilio import TwilioSms
    from app.providers.twilio_calls import TwilioCalls
    from app.usecases.gateways import Gateways

    account = twilio_config(settings)
    second = replace(account, from_number=settings.probe_from, messaging_service_sid="")
    return Gateways(
        sms=TwilioSms(account),
        calls=TwilioCalls(account),
        mail=SendGridMail(sendgrid_config(settings)),
        probe=TwilioSms(second) if settings.probe_from else None,
        limits=settings.limits,
    )


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
    from fastapi import FastAPI

    from app.inbound import routes
    from app.inbound.config import InboundConfig
    from app.usecases.calls import Calls
    from app.web import pages, probes

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
    from app.providers.feeds import Feeds
    from app.providers.heartbeat import HeartbeatUrl
    from app.providers.twilio_received import TwilioReceived
    from app.usecases import retention
    from app.usecases.leave_calendar import MOST_BYTES
    from app.worker.engine import Worker
    from app.worker.node import Bell, Ear, heart, lookout

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
    import uvicorn

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
