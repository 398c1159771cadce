"""What is counted in this process for Prometheus. What the database knows is asked there (health.py)."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

DELIVERIES = Counter(
    "closeloop_deliveries", "Calls to a provider, by channel and how they ended.", ["channel", "result"]
)
MISSED = Counter(
    "closeloop_inbound_missed", "Messages and calls that no webhook told us of, found in the provider's list."
)
BROKEN = Counter("closeloop_promises_broken", "Broken promises that the reconciler found, by kind.", ["kind"])
PROBE = Gauge("closeloop_probe_seconds", "How long the last test text to ourselves took to be handled.")
