"""What every command is given: the real clock and the real chance, the database, the rules, the providers.

What must not live here: decisions of any kind, what a served node runs (serving.py).
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import secrets
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Engine

from app.documents import DocumentError
from app.rulebook.revision import Rulebook, load
from app.settings import Settings
from app.store import engine as engines
from app.store.embedded import EmbeddedPostgres
from app.usecases.house import House, Identity
from app.usecases.rule_changes import in_force
from app.worker.process import node_name

if TYPE_CHECKING:
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
