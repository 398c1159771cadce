"""Twilio's SDK with the simulator for a host."""

from __future__ import annotations

from typing import Any

from twilio.http.http_client import TwilioHttpClient


class ToSimulator(TwilioHttpClient):
    """The SDK's own HTTP client, with another host."""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=60)
        self._base = base

    def request(self, method: str, url: str, *arguments: Any, **named: Any) -> Any:
        return super().request(method, url.replace("https://api.twilio.com", self._base), *arguments, **named)

    def close(self) -> None:
        if self.session is not None:
            self.session.close()
