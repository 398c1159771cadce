"""Which texts there are, which facts each may print, and how long a fact may get in an SMS.

Data only; the wording stands in rules/texts/*.yaml, the rendering in texts.py. Ids that end in `_c` go to the
customer, all others to our own people.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class TextId(StrEnum):
    """One text, in each language."""

    PAGE = "page"
    PAGE_UNKNOWN = "page_unknown"
    PAGE_BUNDLE = "page_bundle"
    PAGE_NEXT = "page_next"
    STILL_OPEN = "still_open"
    REOPENED_PAGE = "reopened_page"
    WORSE_PAGE = "worse_page"
    LOOK_AGAIN_PAGE = "look_again_page"
    ACKED = "acked"
    ACKED_MANY = "acked_many"
    DETAILS = "details"
    TAKEN = "taken"
    JOINED = "joined"
    FOR_INFORMATION = "for_information"
    NOT_YOURS = "not_yours"
    ETA_SAVED = "eta_saved"
    ETA_LATE = "eta_late"
    ETA_NEEDS_TIME = "eta_needs_time"
    ONSITE_SAVED = "onsite_saved"
    HOLD_SAVED = "hold_saved"
    MERGED = "merged"
    NOT_MERGED = "not_merged"
    HOLD_ENDED = "hold_ended"
    RELEASED = "released"
    DONE_SAVED = "done_saved"
    DONE_NEEDS_TEXT = "done_needs_text"
    REOPENED = "reopened"
    PASSED = "passed"
    ESCALATED = "escalated"
    CANCELLED = "cancelled"
    NOTE_SAVED = "note_saved"
    UPDATE_SENT = "update_sent"
    CUSTOMER_SAYS = "customer_says"
    CUSTOMER_CONFIRMED = "customer_confirmed"
    CUSTOMER_SILENT = "customer_silent"
    WHICH = "which"
    NOT_UNDERSTOOD = "not_understood"
    NO_SUCH_TICKET = "no_such_ticket"
    NOTHING_OPEN = "nothing_open"
    CLOSED_ALREADY = "closed_already"
    LIST = "list"
    WHO = "who"
    HELP = "help"
    HANDOFF_PAGE = "handoff_page"
    HANDOFF_OFFERED = "handoff_offered"
    HANDOFF_CANNOT = "handoff_cannot"
    HANDOFF_REFUSED = "handoff_refused"
    HANDOFF_BACK = "handoff_back"
    HOLDER_PAGE = "holder_page"
    HOLDER_SILENT = "holder_silent"
    SHIFT_STARTS = "shift_starts"
    WARNING = "warning"
    BREACH = "breach"
    LATE_BUNDLE = "late_bundle"
    EXHAUSTED = "exhausted"
    DELIVERY_FAILED = "delivery_failed"
    PERSON_OPTED_OUT = "person_opted_out"
    INTAKE_FAILED = "intake_failed"
    VERIFY_CODE = "verify_code"
    VERIFIED = "verified"
    CODE_WRONG = "code_wrong"
    CODE_OVER = "code_over"
    GAP_FOUND = "gap_found"
    GAP_OPENED = "gap_opened"
    SWAP_OFFER = "swap_offer"
    SWAP_OFFERED = "swap_offered"
    SWAP_TAKEN = "swap_taken"
    SWAP_YOURS = "swap_yours"
    SWAP_REFUSED = "swap_refused"
    SWAP_OVER = "swap_over"
    SWAP_CANNOT = "swap_cannot"
    SHIFT_OVER = "shift_over"
    LEAVE_FEED_FAILED = "leave_feed_failed"
    UNVERIFIED_SOON = "unverified_soon"
    UNVERIFIED_PERSON = "unverified_person"

    RECEIPT_C = "receipt_c"
    RECEIPT_LIFE_SAFETY_C = "receipt_life_safety_c"
    RECEIPT_UNKNOWN_SITE_C = "receipt_unknown_site_c"
    RECEIPT_UNKNOWN_SENDER_C = "receipt_unknown_sender_c"
    NEED_SITE_C = "need_site_c"
    SITE_SAVED_C = "site_saved_c"
    APPENDED_C = "appended_c"
    ACKED_C = "acked_c"
    ETA_C = "eta_c"
    ETA_CHANGED_C = "eta_changed_c"
    ONSITE_C = "onsite_c"
    HOLD_C = "hold_c"
    MERGED_C = "merged_c"
    UPDATE_C = "update_c"
    STATUS_C = "status_c"
    CLOSING_QUESTION_C = "closing_question_c"
    CLOSING_REMINDER_C = "closing_reminder_c"
    CLOSED_CONFIRMED_C = "closed_confirmed_c"
    CLOSED_UNCONFIRMED_C = "closed_unconfirmed_c"
    KEPT_OPEN_C = "kept_open_c"
    REOPENED_C = "reopened_c"
    NOT_FIXED_YET_C = "not_fixed_yet_c"
    CLOSED_ALREADY_C = "closed_already_c"
    CANCELLED_C = "cancelled_c"
    NOTHING_OPEN_C = "nothing_open_c"
    HELP_C = "help_c"
    OPTED_OUT_C = "opted_out_c"
    OPTED_IN_C = "opted_in_c"


QUOTE: Final = "quote"
"""The fact that gives way: what a person wrote. Only this one is cut to make a text fit."""

EXACT: Final[Mapping[str, int]] = MappingProxyType(
    {
        "number": 10,  # the ticket's number, without "#"
        "link": 64,
        "marker": 10,  # unique in each page: finds it again when the provider's answer was lost
        "priority": 4,
        "phone": 16,
        "same": 10,  # the number of an open ticket that may be about the same
        "into": 18,  # the number of the ticket that goes on
        "count": 6,
        "rounds": 4,
        "minutes": 6,
        "late": 6,  # so many targets
        "soon": 6,
        # Times come ready to print: 2:21a, Mon 2:21a ET.
        "ack_by": 14,
        "eta": 14,
        "was": 14,
        "due": 14,  # the limit that an SLA sets
        "eta_by": 14,
        "close_by": 14,
        "time": 14,
        "until": 14,
    },
)
"""Never cut; the most septets that it may have in an SMS. One that is longer is left out whole."""

SHORTENED: Final[Mapping[str, int]] = MappingProxyType(
    {
        "site": 34,  # account, code and city: QuickBite #412 Boston
        "trade": 20,
        "company": 20,
        "name": 24,  # the person who deals with it
        "by": 24,
        "to": 24,
        "missed": 24,  # who did not answer
        "sender": 32,
        "metric": 20,  # what was promised: arrive, resolve
        "reason": 40,
        "clocks": 40,  # those that a hold stops
        "channel": 12,
        "schedule": 24,
        "code": 16,
        "example": 12,  # the reply word that was ambiguous: DONE
    },
)
"""Shortened with "..." at this many septets."""

LISTS: Final[Mapping[str, int]] = MappingProxyType({"items": 130, "choices": 130})
"""One thing a line; whole lines are left out beyond this many septets, and counted."""

_TICKET: Final = frozenset({"number", "site", "priority", "trade", "link", QUOTE})
_PAGE: Final = _TICKET | {"ack_by", "marker", "sender"}
_ALARM: Final = _TICKET | {"marker", "name"}
_CUSTOMER: Final = frozenset({"company", "phone", "number", "site", "trade", "priority", "name", QUOTE})

FACTS: Final[Mapping[TextId, frozenset[str]]] = MappingProxyType(
    {
        TextId.PAGE: _PAGE | {"same"},
        TextId.PAGE_UNKNOWN: _PAGE | {"same"},
        TextId.PAGE_BUNDLE: frozenset({"count", "items", "ack_by", "link", "marker"}),
        TextId.PAGE_NEXT: _PAGE | {"missed", "same"},
        TextId.STILL_OPEN: _PAGE | {"to"},
        TextId.REOPENED_PAGE: _PAGE,
        TextId.WORSE_PAGE: _PAGE,
        TextId.LOOK_AGAIN_PAGE: _PAGE,
        TextId.ACKED: _TICKET | {"eta_by", "items"},
        TextId.DETAILS: _TICKET,
        TextId.ACKED_MANY: frozenset({"count", "items", "link"}),
        TextId.TAKEN: _TICKET | {"by", "time"},
        TextId.JOINED: _TICKET | {"by", "time"},
        TextId.FOR_INFORMATION: _TICKET | {"name"},
        TextId.NOT_YOURS: _TICKET | {"by", "time"},
        TextId.ETA_SAVED: _TICKET | {"eta", "due"},
        TextId.ETA_LATE: _TICKET | {"eta", "due", "minutes"},
        TextId.ETA_NEEDS_TIME: _TICKET,
        TextId.ONSITE_SAVED: _TICKET | {"time"},
        TextId.HOLD_SAVED: _TICKET | {"reason", "until", "clocks"},
        TextId.MERGED: _TICKET | {"into"},
        TextId.NOT_MERGED: _TICKET | {"into", "reason"},
        TextId.HOLD_ENDED: _TICKET | {"reason", "until", "marker"},
        TextId.RELEASED: _TICKET,
        TextId.DONE_SAVED: _TICKET | {"time", "close_by"},
        TextId.DONE_NEEDS_TEXT: _TICKET | {"time"},
        TextId.REOPENED: _TICKET,
        TextId.PASSED: _TICKET | {"to", "time"},
        TextId.ESCALATED: _TICKET | {"to", "ack_by"},
        TextId.CANCELLED: _TICKET | {"by", "time", "reason"},
        TextId.NOTE_SAVED: _TICKET,
        TextId.UPDATE_SENT: _TICKET,
        TextId.CUSTOMER_SAYS: _TICKET | {"sender", "marker"},
        TextId.CUSTOMER_CONFIRMED: _TICKET | {"sender", "time"},
        TextId.CUSTOMER_SILENT: _TICKET | {"time"},
        TextId.WHICH: frozenset({"choices", "example", "number"}),
        TextId.NOT_UNDERSTOOD: _TICKET,
        TextId.NO_SUCH_TICKET: frozenset({"number", "link"}),
        TextId.NOTHING_OPEN: frozenset({"number", "link"}),
        TextId.CLOSED_ALREADY: _TICKET | {"time"},
        TextId.LIST: frozenset({"count", "items", "link"}),
        TextId.WHO: frozenset({"items", "until"}),
        TextId.HELP: frozenset({"phone", "link"}),
        TextId.HANDOFF_PAGE: _PAGE | {"by"},
        TextId.HANDOFF_OFFERED: _TICKET | {"to", "ack_by"},
        TextId.HANDOFF_CANNOT: _TICKET | {"to", "until"},
        TextId.HANDOFF_REFUSED: _TICKET | {"by"},
        TextId.HANDOFF_BACK: _TICKET | {"to", "marker"},
        TextId.HOLDER_PAGE: _PAGE,
        TextId.HOLDER_SILENT: _TICKET | {"marker"},
        TextId.SHIFT_STARTS: frozenset({"schedule", "time", "until", "count", "items", "to", "link"}),
        TextId.WARNING: _ALARM | {"metric", "due", "eta", "minutes"},
        TextId.BREACH: _ALARM | {"metric", "due", "eta", "minutes"},
        TextId.LATE_BUNDLE: frozenset({"late", "soon", "items", "link", "marker"}),
        TextId.EXHAUSTED: _ALARM | {"rounds", "missed", "ack_by"},
        TextId.DELIVERY_FAILED: _ALARM | {"to", "channel", "reason"},
        TextId.PERSON_OPTED_OUT: frozenset({"name", "phone", "time", "marker"}),
        TextId.VERIFY_CODE: frozenset({"company", "code", "minutes"}),
        TextId.VERIFIED: frozenset({"company", "to"}),
        TextId.CODE_WRONG: frozenset({"count"}),
        TextId.CODE_OVER: frozenset({"link"}),
        TextId.GAP_OPENED: frozenset({"schedule", "time", "until", "name", "count", "link"}),
        TextId.SWAP_OFFER: frozenset({"by", "schedule", "time", "until", "ack_by"}),
        TextId.SWAP_OFFERED: frozenset({"to", "schedule", "time", "until", "ack_by"}),
        TextId.SWAP_TAKEN: frozenset({"to", "schedule", "time", "until"}),
        TextId.SWAP_YOURS: frozenset({"by", "schedule", "time", "until"}),
        TextId.SWAP_REFUSED: frozenset({"to", "schedule", "time", "until"}),
        TextId.SWAP_OVER: frozenset({"to", "by", "schedule", "time", "until"}),
        TextId.SWAP_CANNOT: frozenset({"reason"}),
        TextId.SHIFT_OVER: frozenset({"schedule", "to", "count", "items"}),
        TextId.LEAVE_FEED_FAILED: frozenset({"name", "reason", "time"}),
        TextId.GAP_FOUND: frozenset({"time", "until", "site", "reason", "count", "link"}),
        TextId.UNVERIFIED_SOON: frozenset({"time", "link"}),
        TextId.UNVERIFIED_PERSON: frozenset({"name", "time", "link"}),
        TextId.INTAKE_FAILED: frozenset({"sender", "reason", "link", "marker", QUOTE}),
        TextId.RECEIPT_C: _CUSTOMER | {"eta_by"},
        TextId.RECEIPT_LIFE_SAFETY_C: _CUSTOMER | {"eta_by"},
        TextId.RECEIPT_UNKNOWN_SITE_C: _CUSTOMER | {"choices"},
        TextId.RECEIPT_UNKNOWN_SENDER_C: _CUSTOMER,
        TextId.NEED_SITE_C: _CUSTOMER | {"code", "choices"},
        TextId.SITE_SAVED_C: _CUSTOMER,
        TextId.APPENDED_C: _CUSTOMER | {"eta"},
        TextId.ACKED_C: _CUSTOMER | {"eta_by"},
        TextId.ETA_C: _CUSTOMER | {"eta"},
        TextId.ETA_CHANGED_C: _CUSTOMER | {"eta", "was"},
        TextId.ONSITE_C: _CUSTOMER | {"time"},
        TextId.HOLD_C: _CUSTOMER | {"reason", "until"},
        TextId.MERGED_C: _CUSTOMER | {"into"},
        TextId.UPDATE_C: _CUSTOMER,
        TextId.STATUS_C: _CUSTOMER | {"eta", "eta_by"},
        TextId.CLOSING_QUESTION_C: _CUSTOMER | {"time", "close_by"},
        TextId.CLOSING_REMINDER_C: _CUSTOMER | {"time", "close_by"},
        TextId.CLOSED_CONFIRMED_C: _CUSTOMER | {"time"},
        TextId.CLOSED_UNCONFIRMED_C: _CUSTOMER | {"time"},
        TextId.KEPT_OPEN_C: _CUSTOMER,
        TextId.REOPENED_C: _CUSTOMER,
        TextId.NOT_FIXED_YET_C: _CUSTOMER,
        TextId.CLOSED_ALREADY_C: _CUSTOMER | {"time"},
        TextId.CANCELLED_C: _CUSTOMER,
        TextId.NOTHING_OPEN_C: frozenset({"company", "phone"}),
        TextId.HELP_C: frozenset({"company", "phone"}),
        TextId.OPTED_OUT_C: frozenset({"company", "phone"}),
        TextId.OPTED_IN_C: frozenset({"company", "phone"}),
    },
)
"""The facts that each text may print. A fact that has no value at the time is empty."""
