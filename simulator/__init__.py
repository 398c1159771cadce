"""A stand-in for Twilio and SendGrid on loopback, with everybody's phones and mailboxes on one page.

It imports nothing of the application that it tests: the two meet over HTTP only, as the real ones do.
"""
