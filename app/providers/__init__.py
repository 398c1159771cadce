"""Vendors outward: Twilio and SendGrid behind the ports. Injected by bootstrap and serving."""
