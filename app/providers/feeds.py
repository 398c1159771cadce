"""Reads calendar feeds: an https address, or a file of this machine. Bounded in time and size.

What must not live here: what stands in a feed (usecases/leave_calendar.py).
"""

from __future__ import annotations

from http.client import HTTPException
from pathlib import Path
from typing import Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from app.ports import FeedError

_TIMEOUT: Final = 10.0
_SCHEMES: Final = ("http://", "https://", "webcal://")


class Feeds:
    """Reads at most `limit` bytes and one, so that the reader sees that there are more."""

    def __init__(self, limit: int) -> None:
        """Read no more than this many bytes and one."""
        self._limit = limit

    def read(self, address: str) -> bytes:
        """Return what stands at an address or in a file. Raises FeedError, which never shows the address."""
        if not address.lower().startswith(_SCHEMES):
            try:
                with Path(address).open("rb") as file:
                    return file.read(self._limit + 1)
            except OSError as error:
                raise FeedError(f"the file cannot be read: {error.strerror}") from None
        scheme, _, rest = address.partition("://")
        url = f"{'https' if scheme.lower() == 'webcal' else scheme.lower()}://{rest}"
        request = Request(url, headers={"User-Agent": "closeloop"})  # noqa: S310 - http(s), seen to above
        try:
            with urlopen(request, timeout=_TIMEOUT) as response:  # noqa: S310 - as above
                body: bytes = response.read(self._limit + 1)
                return body
        except HTTPError as error:
            raise FeedError(f"the server answers {error.code}") from None
        except (OSError, HTTPException, ValueError):
            raise FeedError("the server does not answer") from None
