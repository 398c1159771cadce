"""`closeloop demo`: the whole thing on this machine, with a made-up company and simulated phones.

Everything is real but the carriers: PostgreSQL, migrations, webhooks, SDKs. What must not live here: anything
that a real installation needs.
"""

from __future__ import annotations

import base64
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from app import bootstrap
from app.domain.errors import CloseloopError
from app.settings import Settings
from app.store import schema

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
_STARTS_WITHIN = 15.0


class SimulatorError(CloseloopError):
    """The simulator did not start; the lines above say why."""


def run(home: Path, port: int, phones_port: int, *, open_browser: bool) -> None:
    """Run the demo until Ctrl-C. Keeps everything in `home`, so that the next start goes on where it was."""
    home.mkdir(parents=True, exist_ok=True)
    port = bootstrap.free_port(port)
    phones_port = bootstrap.free_port(max(phones_port, port + 1))
    company = bootstrap.carried("demo") / "company.yaml"
    key = _signing_key(home)
    settings = _settings(home, port, phones_port, key)
    bootstrap.configure_logging(settings.log_level)
    with bootstrap.database(settings) as engine:
        _prepare(engine, company)
        instance = bootstrap.build(settings, engine)
        simulator = _start_simulator(home, settings, phones_port, company)
        try:
            _say_where(instance.house.identity.secret, settings, phones_port, open_browser=open_browser)
            bootstrap.serve(instance)
        finally:
            simulator.terminate()
            try:
                simulator.wait(timeout=5)
            except subprocess.TimeoutExpired:
                simulator.kill()
    sys.stdout.write("\nStopped. `closeloop demo` goes on where it was.\n")


def _settings(home: Path, port: int, phones_port: int, key: Path) -> Settings:
    url, phones = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{phones_port}"
    return Settings(
        home=home,
        host="127.0.0.1",
        port=port,
        public_url=url,
        rules=(bootstrap.carried("rules"), bootstrap.carried("demo") / "rules"),
        twilio_account_sid=_ACCOUNT,
        twilio_auth_token=SecretStr(_TOKEN),
        twilio_from=_NUMBER,
        twilio_api_base=phones,
        demo_phones_url=phones,
        sendgrid_api_key=SecretStr(_SENDGRID_KEY),
        sendgrid_api_base=phones,
        sendgrid_event_key=_public_key(key),
        sendgrid_parse_user=_PARSE_USER,
        sendgrid_parse_password=SecretStr(_PARSE_PASSWORD),
        mail_from=f"help@{_MAIL_DOMAIN}",
        mail_domain=_MAIL_DOMAIN,
        log_level="error",
    )


def _prepare(engine: Engine, company: Path) -> None:
    """Migrate, load the company once more (which changes nothing when it is there), make the owner."""
    from app.usecases import sessions
    from app.usecases.directory import load_directory
    from app.usecases.directory_file import parse_directory

    schema.upgrade(engine)
    clock = bootstrap.SystemClock()
    content = parse_directory(company.read_text("utf-8"), company.name)
    changes = load_directory(engine, content, now=clock.now())
    if changes:
        sys.stdout.write(f"Loaded {company.name}: {len(changes.lines)} changes.\n")
    with engine.begin() as connection:
        password = bootstrap.SystemIds().token()
        sessions.ensure_user(
            connection,
            email=OWNER,
            name="Demo Owner",
            role="owner",
            password=password,
            now=clock.now(),
        )


def _start_simulator(
    home: Path,
    settings: Settings,
    port: int,
    company: Path,
) -> subprocess.Popen[bytes]:
    command = [
        *(sys.executable, "-m", "simulator"),
        *("--port", str(port)),
        *("--app-url", settings.public_url),
        *("--state", str(home / "phones.state")),
        *("--directory", str(company)),
        *("--account-sid", _ACCOUNT),
        *("--auth-token", _TOKEN),
        *("--numbers", _NUMBER),
        *("--sendgrid-key", _SENDGRID_KEY),
        *("--mail-to", f"help@{_MAIL_DOMAIN}"),
        *("--parse-user", _PARSE_USER),
        *("--parse-password", _PARSE_PASSWORD),
        *("--signing-key", str(home / "sendgrid-key.pem")),
    ]
    # In a session of its own: Ctrl-C reaches us, and we stop it after the last message has gone.
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)  # noqa: S603
    until = time.monotonic() + _STARTS_WITHIN
    while not _answers(f"http://127.0.0.1:{port}/healthz"):
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            raise SimulatorError
        time.sleep(0.05)
    return process


def _answers(url: str) -> bool:
    from urllib.error import URLError
    from urllib.request import urlopen

    try:
        with urlopen(url, timeout=1) as answer:  # noqa: S310 - our own loopback address
            return bool(answer.status == 200)  # noqa: PLR2004
    except (URLError, OSError):
        return False


def _signing_key(home: Path) -> Path:
    """Return the file with the simulated SendGrid's signing key, made at the first start."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    path = home / "sendgrid-key.pem"
    if not path.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        path.touch(mode=0o600)
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )
    return path


def _public_key(path: Path) -> str:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    public = key.public_key().public_bytes(
        serialization.Encoding.DER,
        serialization.PublicFormat.SubjectPublicKeyInfo,
    )
    return base64.b64encode(public).decode()


def _say_where(secret: bytes, settings: Settings, phones_port: int, *, open_browser: bool) -> None:
    from app.usecases import sessions

    now = bootstrap.SystemClock().now()
    key = sessions.magic_key(secret, OWNER, now + _SIGNED_IN)
    board = f"{settings.public_url}/enter?k={key}"
    phones = f"http://127.0.0.1:{phones_port}/"
    sys.stdout.write(
        "\nCloseloop is running, with a made-up company and simulated phones.\n\n"
        f"  the board   {board}\n"
        f"  the phones  {phones}\n\n"
        "On the phones page, text as Tanya Brooks (store 114):\n"
        "  water coming through ceiling aisle 7, store 114\n"
        "and watch Dana's phone. Ctrl-C stops everything.\n",
    )
    sys.stdout.flush()
    if open_browser:
        import webbrowser

        webbrowser.open(phones)
