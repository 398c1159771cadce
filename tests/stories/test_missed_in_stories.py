"""What no webhook told us of: found in the provider's list, taken in once, with the time at which it was sent."""

from __future__ import annotations

from datetime import timedelta

from app.domain.reading import MISSED_CALL
from app.providers.twilio import TwilioConfig
from app.providers.twilio_received import TwilioReceived
from app.usecases.missed import take_in_missed
from tests.stories.people import CALVIN, DANA, NOOR, PRIYA, RUTH, STRANGER, TANYA, WATER
from tests.stories.town import NIGHT, NUMBER, Town


def count(place: Town, query: str) -> int:
    with place.house.begin() as connection:
        return int(connection.exec_driver_sql(query).scalar_one())


def test_what_came_in_while_nobody_listened_is_taken_in(place: Town) -> None:
    config = place.sim.config
    received = TwilioReceived(
        TwilioConfig(
            account_sid=config.account_sid,
            auth_token=config.auth_token,
            from_number=NUMBER,
            public_base_url="https://unused.example",
            api_base=place.sim.url,
        )
    )

    def compare() -> None:
        take_in_missed(place.house, received)
        place.settle()

    place.tell_the_time()
    place.text(PRIYA, "LIST")
    compare()
    # For three hours Twilio cannot reach us.
    place.sim.set_provider("twilio", mute=True)
    place.sim.text(TANYA, WATER)
    place.sim.text(TANYA, "it is getting worse", media=[("image/jpeg", b"\xff\xd8\xff")])
    assert place.sim.call(STRANGER)["status"] == "failed"
    place.settle()
    place.clock.at = NIGHT + timedelta(hours=3)
    place.sim.set_provider("twilio", mute=False)
    compare()
    ticket = place.ticket().ticket
    assert (ticket.text, ticket.site) == (WATER, "pantryrow.114")
    assert NIGHT <= ticket.opened_at < NIGHT + timedelta(hours=1), "the clocks run from when it was sent"
    assert place.kinds().count("customer_wrote") == 1, "in its order"
    assert "1042" in place.last(DANA)
    assert place.ticket(1043).ticket.text == MISSED_CALL
    assert place.ticket(1043).ticket.requester.address == STRANGER
    assert any(
        "3 messages and calls reached Twilio and not us" in t
        for p in (RUTH, CALVIN, NOOR)
        for t in place.inbox(p)
    )
    stored = count(place, "SELECT count(*) FROM inbox WHERE kind = 'message'")
    assert count(place, "SELECT count(*) FROM inbox WHERE payload->>'MediaUrl0' LIKE '%%/Media/ME%%'") == 1
    # What comes by its webhook is not taken in again, nor is what was found before.
    place.tell_the_time()
    place.text(TANYA, "hello?")
    place.on_call(place.sim.call(TANYA), "hang_up")
    for _ in range(3):
        place.clock.at += timedelta(minutes=3)
        compare()
    assert count(place, "SELECT count(*) FROM inbox WHERE kind = 'message'") == stored + 1
    assert count(place, "SELECT count(*) FROM audit WHERE kind = 'inbound_missed'") == 1
    received.close()
