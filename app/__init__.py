"""Closeloop: service emergencies become tickets that somebody always has, and that the customer closes."""

__version__ = "0.1.0"
