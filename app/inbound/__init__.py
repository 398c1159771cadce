"""Webhooks inward: verify, normalise, store raw, answer. Nothing else happens here."""
