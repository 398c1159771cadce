"""The dead-man's switch: an address outside that expects a call each minute and alarms when none comes."""

from __future__ import annotations

from urllib.error import URLError
from urllib.request import Request, urlopen

import structlog

log = structlog.get_logger()

_TIMEOUT = 10.0


class HeartbeatUrl:
    """Calls the address. Failing to is only logged: the silence is the alarm."""

    def __init__(self, url: str) -> None:
        """Call this http(s) address; settings have checked it."""
        self._request = Request(url, headers={"User-Agent": "closeloop"})  # noqa: S310 - http(s) by settings

    def call(self) -> None:
        """Say that all is well."""
        try:
            with urlopen(self._request, timeout=_TIMEOUT):  # noqa: S310 - as above
                log.debug("heartbeat_called")
        except (URLError, OSError) as error:
            log.warning("heartbeat_not_called", error=repr(error)[:300])
