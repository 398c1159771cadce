"""The command line: `python -m simulator --port 8001 --app-url http://127.0.0.1:8000 --state FILE`."""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path

from simulator.config import Config
from simulator.serving import server


def _parser() -> argparse.ArgumentParser:
    default = Config()
    parser = argparse.ArgumentParser(
        prog="python -m simulator",
        description="Twilio and SendGrid on this machine only, with everybody's phones on one page.",
    )
    add = parser.add_argument
    add("--port", type=int, default=8001, help="where to listen on 127.0.0.1 (default %(default)s)")
    add("--app-url", default=default.app_url, help="the application under test (default %(default)s)")
    add("--public-url", default="", help="what the application believes its address to be, if not --app-url")
    add("--state", type=Path, help="file that keeps everything over a restart")
    add("--directory", type=Path, help="company directory (YAML) with the names of phones and mailboxes")
    add("--cast", default="", help="phone numbers and addresses to show first, with commas")
    add("--account-sid", default=default.account_sid)
    add("--auth-token", default=default.auth_token)
    add("--numbers", default=",".join(default.numbers), help="our numbers, with commas (default %(default)s)")
    add("--messaging-services", default=",".join(default.messaging_services))
    add("--sms-path", default=default.sms_path, help="webhook for texts (default %(default)s)")
    add("--sendgrid-key", default=default.sendgrid_key)
    add("--sender-domains", default="", help="domains that may send mail, with commas (default: any)")
    add("--mail-to", default=default.mail_to, help="our mail address (default %(default)s)")
    add("--parse-path", default=default.parse_path, help="webhook for mails (default %(default)s)")
    add("--parse-mode", choices=("raw", "parsed"), default=default.parse_mode)
    add("--parse-user", default="", help="Basic user name for the mail webhook")
    add("--parse-password", default="")
    add("--parse-signed", action="store_true", help="sign the mail webhook too")
    add("--events-path", default=default.events_path, help="webhook for mail events (default %(default)s)")
    add(
        "--signing-key",
        type=Path,
        help="PEM file with SendGrid's private key (default: made, kept in --state)",
    )
    add("--sent-after", type=float, default=0.1, help="seconds from accepted to sent (default %(default)s)")
    add(
        "--delivered-after",
        type=float,
        default=0.3,
        help="seconds from sent to delivered (default %(default)s)",
    )
    add("--print-public-key", action="store_true", help="print SendGrid's public key and end")
    return parser


def _words(given: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in given.split(",") if word.strip())


def main(arguments: list[str] | None = None) -> int:
    """Run the simulator until it is interrupted. Return the exit status."""
    given = _parser().parse_args(arguments)
    try:
        config = Config(
            app_url=given.app_url,
            public_url=given.public_url,
            account_sid=given.account_sid,
            auth_token=given.auth_token,
            numbers=_words(given.numbers),
            messaging_services=_words(given.messaging_services),
            sms_path=given.sms_path,
            sendgrid_key=given.sendgrid_key,
            sender_domains=_words(given.sender_domains),
            mail_to=given.mail_to,
            parse_path=given.parse_path,
            parse_mode=given.parse_mode,
            parse_user=given.parse_user,
            parse_password=given.parse_password,
            parse_signed=given.parse_signed,
            events_path=given.events_path,
            signing_key_pem=given.signing_key.read_text() if given.signing_key else "",
            state=given.state,
            directory=given.directory,
            cast=_words(given.cast),
            sent_after=given.sent_after,
            delivered_after=given.delivered_after,
        )
        running = server(config, given.port)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"simulator: {error}\n")
        return 1
    if given.print_public_key:
        sys.stdout.write(running.app.state.sendgrid_public_key + "\n")
        return 0
    sys.stdout.write(f"the phones: http://127.0.0.1:{given.port}/\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        running.run()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
