"""Closeloop: service emergencies become tickets that somebody always has, and that the customer closes."""

__version__ = "0.1.0"

DEMO_HOME = ".closeloop/demo"
"""Where `closeloop demo` keeps its data unless it is told otherwise: in the folder where it was started."""
