"""`closeloop demo`: the whole thing on this machine, with a made-up company and simulated phones.

Everything is real but the carriers: PostgreSQL, migrations, webhooks, SDKs. What must not live here: anything
that a real installation needs.
"""

from __future__ import annotations

import contextlib
import socket
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from app import bootstrap, serving
from app.domain.errors import CloseloopError
from app.settings import Settings
from app.store import schema
from app.store.carried import carried
from simulator.config import Config
from simulator.running import Simulator

if TYPE_CHECKING:
    from sqlalchemy import Engine

OWNER = "owner@tidewell.example"
_ACCOUNT = "AC" + "0" * 32
_TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 - the simulator's made-up account
_NUMBER = "+15005550006"
_SENDGRID_KEY = "SG.simulated.key"
_PARSE_USER, _PARSE_PASSWORD = "sendgrid", "only-on-loopback"
_MAIL_DOMAIN = "help.tidewell.example"
_SIGNED_IN = timedelta(hours=12)


def run(home: Path, port: int, phones_port: int, *, open_browser: bool) -> None:
    """Run the demo until Ctrl-C. Keeps everything in `home`, so that the next start goes on where it was."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    port = free_port(port)
    phones_port = free_port(max(phones_port, port + 1))
    company = carried("demo") / "company.yaml"
    bootstrap.configure_logging("error")
    # The simulator ends last, so that the last messages still find their phones.
    with _simulator(home, port, phones_port, company) as phones:
        settings = _settings(home, port, phones)
        with bootstrap.database(settings) as engine:
            _prepare(engine, company)
            instance = serving.build(settings, engine)
            _say_where(instance.house.identity.secret, settings, open_browser=open_browser)
            serving.serve(instance)
    sys.stdout.write("\nStopped. Start it again, and it goes on where it was.\n")


def _simulator(home: Path, port: int, phones_port: int, company: Path) -> Simulator:
    config = Config(
        app_url=f"http://127.0.0.1:{port}",
        account_sid=_ACCOUNT,
        auth_token=_TOKEN,
        numbers=(_NUMBER,),
        sendgrid_key=_SENDGRID_KEY,
        mail_to=f"help@{_MAIL_DOMAIN}",
        parse_user=_PARSE_USER,
        parse_password=_PARSE_PASSWORD,
        state=home / "phones.state",
        directory=company,
        sent_after=0.1,
        delivered_after=0.3,
        machine_seconds=3.0,
    )
    return Simulator(config, phones_port)


def _settings(home: Path, port: int, phones: Simulator) -> Settings:
    return Settings(
        home=home,
        host="127.0.0.1",
        port=port,
        public_url=f"http://127.0.0.1:{port}",
        rules=(carried("rules"), carried("demo") / "rules"),
        twilio_account_sid=_ACCOUNT,
        twilio_auth_token=SecretStr(_TOKEN),
        twilio_from=_NUMBER,
        twilio_api_base=phones.url,
        sendgrid_api_key=SecretStr(_SENDGRID_KEY),
        sendgrid_api_base=phones.url,
        sendgrid_event_key=phones.public_key,
        sendgrid_parse_user=_PARSE_USER,
        sendgrid_parse_password=SecretStr(_PARSE_PASSWORD),
        mail_from=f"help@{_MAIL_DOMAIN}",
        mail_domain=_MAIL_DOMAIN,
        demo_phones_url=phones.url,
    )


def _prepare(engine: Engine, company: Path) -> None:
    """Migrate, load the company once more (which changes nothing when it is there), make the owner."""
    from app.store import records
    from app.usecases import clock_projection, sessions
    from app.usecases.directory import load_directory
    from app.usecases.directory_file import parse_directory

    schema.upgrade(engine)
    clock = bootstrap.SystemClock()
    clock_projection.fill(engine, clock)
    content = parse_directory(company.read_text("utf-8"), company.name)
    changes = load_directory(engine, content, now=clock.now())
    if changes:
        sys.stdout.write(f"Loaded {company.name}: {len(changes.lines)} changes.\n")
    with engine.begin() as connection:
        password = bootstrap.SystemIds().token()
        if records.user(connection, OWNER) is None:
            sessions.add_user(
                connection,
                email=OWNER,
                name="Demo Owner",
                role="owner",
                person="",
                password=password,
                now=clock.now(),
            )


def _say_where(secret: bytes, settings: Settings, *, open_browser: bool) -> None:
    from app.usecases import sessions

    now = bootstrap.SystemClock().now()
    key = sessions.magic_key(secret, OWNER, now + _SIGNED_IN)
    board = f"{settings.public_url}/enter?k={key}"
    phones = f"{settings.demo_phones_url}/"
    sys.stdout.write(
        "\nCloseloop is running, with a made-up company and simulated phones.\n\n"
        f"  the board   {board}\n"
        f"  the phones  {phones}\n\n"
        "On the phones page, text as Tanya Brooks (store 114):\n"
        "  water coming through ceiling aisle 7, store 114\n"
        "and watch Dana's phone. If she does not answer for a minute, Priya's phone rings.\n"
        "Ctrl-C stops everything.\n",
    )
    sys.stdout.flush()
    if open_browser:
        import webbrowser

        webbrowser.open(phones)


class PortTakenError(CloseloopError):
    """Something else listens on that port."""


def free_port(wanted: int, *, tries: int = 20) -> int:
    """Return `wanted` or the next port above it on which nothing listens. Raises PortTakenError."""
    for port in range(wanted, wanted + tries):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise PortTakenError(f"all ports from {wanted} to {wanted + tries - 1} are taken; choose another one")
