"""The one family of errors that Closeloop raises on purpose. Nothing about HTTP lives here."""

from __future__ import annotations


class CloseloopError(Exception):
    """Something went wrong.

    A subclass's docstring is the message when none is given; `permanent` is the one bit that a retry needs:
    true means that trying again cannot help.
    """

    permanent: bool = True

    def __init__(self, message: str | None = None) -> None:
        """Carry `message`, or the first line of the class's docstring."""
        super().__init__(message or (type(self).__doc__ or "").strip().splitlines()[0])


class NaiveInstantError(CloseloopError):
    """An instant needs its offset from UTC, such as 2026-03-08T07:30:00Z."""


class ConflictError(CloseloopError):
    """Somebody else changed this ticket a moment ago; look again and repeat."""

    permanent = False
