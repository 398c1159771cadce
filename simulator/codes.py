"""Twilio's error codes that the simulator answers with, and the error that carries one. Data."""

from __future__ import annotations

CODES: dict[int, tuple[int, str]] = {
    20001: (400, "Invalid request"),
    20003: (401, "Authenticate"),
    20004: (405, "Method not allowed"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too many requests"),
    20500: (500, "An internal server error has occurred"),
    20503: (503, "Service unavailable"),
    21201: (400, "A 'To' number is required"),
    21205: (400, "The 'Url' is not valid"),
    21210: (400, "The 'From' number is neither verified nor of this account"),
    21211: (400, "The 'To' number is not a valid phone number"),
    21212: (400, "The 'From' number is not a valid phone number, short code or sender"),
    21213: (400, "A 'From' number is required"),
    21214: (400, "The 'To' number cannot be reached"),
    21215: (400, "No permission to call this region"),
    21216: (400, "The call is blocked"),
    21217: (400, "The 'To' number is not a valid phone number"),
    21220: (400, "The call is not in a state in which this can be done"),
    21266: (400, "'To' and 'From' number cannot be the same"),
    21408: (400, "No permission to send a text to this region"),
    21601: (400, "The 'From' number cannot send texts"),
    21602: (400, "Message body is required"),
    21603: (400, "A 'From' number or a messaging service is required"),
    21604: (400, "A 'To' number is required"),
    21606: (400, "The 'From' number is not a message-capable number of this account"),
    21608: (400, "The number is unverified; trial accounts cannot text it"),
    21609: (400, "The 'StatusCallback' is not a valid URL"),
    21610: (400, "Attempt to send to an unsubscribed recipient"),
    21611: (400, "The 'From' number has exceeded its queue of messages"),
    21612: (400, "This 'To' and 'From' cannot be connected by text"),
    21614: (400, "The 'To' number is not a mobile number"),
    21617: (400, "The message body exceeds the limit of 1600 characters"),
    21620: (400, "Invalid media URL"),
    21623: (400, "More than 10 media files"),
    21624: (400, "Validity period must be an integer from 1 to 36000"),
    21635: (400, "The 'To' number is a landline"),
    21701: (400, "The messaging service does not exist"),
    30001: (400, "Queue overflow"),
    30002: (400, "Account suspended"),
    30003: (400, "Unreachable destination handset"),
    30004: (400, "Message blocked"),
    30005: (400, "Unknown destination handset"),
    30006: (400, "Landline or unreachable carrier"),
    30007: (400, "Message filtered"),
    30008: (400, "Unknown error"),
    30034: (400, "Unregistered sender"),
    30036: (400, "Validity period expired"),
    30450: (400, "Blocked by pumping protection"),
    30500: (500, "Internal error"),
    30610: (400, "Blocked by quiet hours"),
}

# Numbers that behave alike with Twilio's own test credentials, so that one test can run against both.
MAGIC_FROM = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
MAGIC_FROM_GOOD = "+15005550006"
MAGIC_TO = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
MAGIC_CALL_TO = {
    "+15005550001": 21217,
    "+15005550002": 21214,
    "+15005550003": 21215,
    "+15005550004": 21216,
}


class TwilioError(Exception):
    """A request that Twilio would refuse, with the code that it would give."""

    def __init__(self, code: int, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.status, text = CODES.get(code, (400, "Error"))
        self.message = f"{text}: {detail}" if detail else text

    @property
    def body(self) -> dict[str, object]:
        """Return the JSON body of the answer."""
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
