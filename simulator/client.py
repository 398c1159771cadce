"""A small client for the JSON interface: a test picks up anybody's phone with it. Standard library only."""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit


class NothingCameError(TimeoutError):
    """What was waited for did not come in time; the message says what came instead."""


@dataclass(frozen=True, slots=True)
class PhoneView:
    """A phone as it was at one moment."""

    data: dict[str, Any]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Return all texts, in order, to the phone and from it."""
        return list(self.data["messages"])

    @property
    def inbox(self) -> list[str]:
        """Return the words of the texts that arrived, in the order of their sending."""
        return [
            m["body"] for m in self.messages if m["direction"] == "to_phone" and m["status"] == "delivered"
        ]

    @property
    def calls(self) -> list[dict[str, Any]]:
        """Return all calls, in order: `heard`, `said`, `status`, `asks`."""
        return list(self.data["talks"])

    @property
    def sent(self) -> list[dict[str, Any]]:
        """Return the texts written on the phone; `answer` is what the application said to the webhook."""
        return [m for m in self.messages if m["direction"] == "from_phone"]


class Client:
    """Speaks with a running simulator at `url`. Methods raise ValueError for what the simulator refuses."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.url = url.rstrip("/")
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._local = threading.local()

    def _ask(self, method: str, path: str, given: dict[str, Any] | None = None) -> dict[str, Any]:
        body = None if given is None else json.dumps(given)
        for attempt in (1, 2):
            connection = getattr(self._local, "connection", None)
            if connection is None:
                connection = http.client.HTTPConnection(self._host, self._port, timeout=70)
                self._local.connection = connection
            try:
                connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
                response = connection.getresponse()
                answer = json.loads(response.read())
                break
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                connection.close()  # a kept connection that the server has closed meanwhile
                self._local.connection = None
                if attempt == 2:  # noqa: PLR2004 - the second and last
                    raise
        if response.status >= 400:  # noqa: PLR2004 - the errors
            raise ValueError(answer.get("error", str(answer)))
        return dict(answer)

    def text(
        self, phone: str, body: str, *, to: str = "", media: Iterable[tuple[str, bytes]] = ()
    ) -> dict[str, Any]:
        """Write a text on a phone; `media` are pairs of content type and bytes. Return the text."""
        pictures = [{"content_type": kind, "b64": base64.b64encode(data).decode()} for kind, data in media]
        return self._ask("POST", "/api/text", {"from": phone, "to": to, "body": body, "media": pictures})

    def ringing(self, number: str, timeout: float = 5.0) -> dict[str, Any]:
        """Return the call that rings on the phone. Waits for it; raises NothingCameError."""
        found = self._ask("GET", f"/api/wait?{urlencode({'ringing': number, 'timeout': timeout})}")["found"]
        if found is None:
            calls = [(call["status"], call["heard"]) for call in self.phone(number).calls]
            raise NothingCameError(f"nothing rings on {number}; its calls are {calls}")
        return dict(found)

    def on_call(self, call: dict[str, Any], deed: str, words: str = "") -> dict[str, Any]:
        """Do something on a call; return it when it waits again or is over.

        `deed`: answer, decline, ignore (let it ring out), press (keys in `words`), say, silence, hang_up.
        """
        self._ask("POST", f"/api/calls/{call['id']}/{deed}", {"words": words})
        return self.waits(call)

    def waits(self, call: dict[str, Any], timeout: float = 60.0) -> dict[str, Any]:
        """Return the call when nothing moves on it any more: it waits for somebody, or it is over."""
        self.settle(timeout)
        return dict(self._ask("GET", f"/api/calls/{call['id']}"))

    def call(self, number: str, to: str = "") -> dict[str, Any]:
        """Let the phone call us, and return the call when it waits for words or keys, or is over."""
        return self.waits(self._ask("POST", "/api/call", {"from": number, "to": to}))

    def mail(
        self, sender: str, text: str = "", *, subject: str = "", to: str = "", **more: object
    ) -> dict[str, Any]:
        """Write a mail and return it; `more` are the other keys of POST /api/mail, `raw` for MIME bytes."""
        raw = more.pop("raw", None)
        if isinstance(raw, bytes):
            more["raw_b64"] = base64.b64encode(raw).decode()
        return self._ask(
            "POST", "/api/mail", {"from": sender, "to": to, "subject": subject, "text": text, **more}
        )

    def reply(self, mail: dict[str, Any], sender: str, text: str, **more: object) -> dict[str, Any]:
        """Answer a mail that came into the mailbox of `sender`; `more` as for `mail`."""
        return self.mail(sender, text, subject="", to="", reply_to_message=mail["id"], **more)

    def phone(self, number: str) -> PhoneView:
        """Return the phone as it is now."""
        return PhoneView(self._ask("GET", f"/api/phones/{quote(number)}"))

    def mailbox(self, address: str) -> list[dict[str, Any]]:
        """Return the mails of a mailbox, in order."""
        return list(self._ask("GET", f"/api/mailboxes/{quote(address)}")["messages"])

    def wait_for(
        self, number: str, containing: str = "", timeout: float = 5.0, *, skip: int = 0
    ) -> dict[str, Any]:
        """Return the first text on the phone with these words, after the first `skip` ones. Waits for it.

        Raises NothingCameError after `timeout` seconds, naming what did come.
        """
        query = urlencode({"phone": number, "containing": containing, "timeout": timeout, "skip": skip})
        found = self._ask("GET", f"/api/wait?{query}")["found"]
        if found is None:
            raise NothingCameError(
                f"no text with {containing!r} on {number}; there are {self.phone(number).inbox}"
            )
        return dict(found)

    def wait_for_mail(
        self, address: str, containing: str = "", timeout: float = 5.0, *, skip: int = 0
    ) -> dict[str, Any]:
        """Return the first mail in the mailbox with these words in subject or text; as `wait_for`."""
        query = urlencode({"mailbox": address, "containing": containing, "timeout": timeout, "skip": skip})
        found = self._ask("GET", f"/api/wait?{query}")["found"]
        if found is None:
            subjects = [mail["subject"] for mail in self.mailbox(address)]
            raise NothingCameError(f"no mail with {containing!r} in {address}; there are {subjects}")
        return dict(found)

    def set_phone(self, number: str, **switches: object) -> None:
        """Set `off`, `undeliverable`, `refuse` (a code or None), `name`, `blocked`, `calls`.

        `calls` is what a call meets: ring, busy, no_answer, voicemail.
        """
        self._ask("POST", f"/api/phones/{quote(number)}", switches)

    def set_mailbox(self, address: str, **switches: object) -> None:
        """Set `off`, `undeliverable`, `refuse` (an HTTP status or None), `name`."""
        self._ask("POST", f"/api/mailboxes/{quote(address)}", switches)

    def set_provider(self, name: str, **switches: object) -> None:
        """Set `down` (empty or of trouble.DOWN), `slow`, `receipts`, `duplicate`, `reorder`, `parse_mode`.

        Twilio also has `mute` (it posts nothing that comes in) and `ahead` (its clock, seconds).
        """
        self._ask("POST", f"/api/providers/{name}", switches)

    def deliver_receipts(self) -> int:
        """Post the receipts that were held back; return their number when they are answered."""
        return int(self._ask("POST", "/api/receipts/deliver", {})["delivered"])

    def settle(self, timeout: float = 60.0) -> bool:
        """Wait until nothing moves any more; return whether that came in time."""
        return bool(self._ask("GET", f"/api/settle?timeout={timeout}")["settled"])

    def log(self, after: int = 0) -> dict[str, list[dict[str, Any]]]:
        """Return `requests` received from the application and `webhooks` posted to it, with the answers."""
        return self._ask("GET", f"/api/log?after={after}")

    def state(self) -> dict[str, Any]:
        """Return all phones, mailboxes and switches."""
        return self._ask("GET", "/api/state")

    def reset(self) -> None:
        """Forget everything but the signing key."""
        self._ask("POST", "/api/reset", {})

    def close(self) -> None:
        """Close this thread's connection."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
