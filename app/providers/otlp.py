"""Steps of messages' ways as spans, sent to an OpenTelemetry receiver over OTLP/HTTP.

Imported only when an address is set: it needs the packages of the extra `closeloop[otel]`. The ids of a span
follow from what it is about, so that each node links its own to those of others without asking anybody. What
must not live here: what is a step (usecases/tracing.py).
"""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags

from app.ports import Step

_SECONDS = 10.0
_KINDS = {"webhook": SpanKind.SERVER, "send": SpanKind.CLIENT}


class Otlp:
    """Implements ports.Tracer. Spans go out by a thread of their own; without a receiver they are lost."""

    def __init__(self, endpoint: str, *, node: str, version: str) -> None:
        """Send to `endpoint`, without its `/v1/traces`."""
        self._scope = InstrumentationScope("closeloop", version)
        self._resource = Resource.create(
            {"service.name": "closeloop", "service.version": version, "service.instance.id": node}
        )
        exporter = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces", timeout=_SECONDS)
        self._out = BatchSpanProcessor(exporter)

    def step(self, step: Step) -> None:
        """Send a span for this step, soon. Never blocks."""
        name = step.own.partition(":")[0]
        self._out.on_end(
            ReadableSpan(
                name=name,
                context=_context(step.way, step.own),
                parent=_context(step.way, step.after) if step.after else None,
                resource=self._resource,
                attributes={f"closeloop.{key}": value for key, value in step.ids.items() if value != ""},
                kind=_KINDS.get(name, SpanKind.INTERNAL),
                instrumentation_scope=self._scope,
                start_time=_nanoseconds(step.began),
                end_time=_nanoseconds(step.ended),
            )
        )

    def start(self) -> None:
        """Begin: the thread runs already."""

    def stop(self) -> None:
        """Send what is waiting, and end."""
        self._out.shutdown()  # type: ignore[no-untyped-call]


def _context(way: int, own: str) -> SpanContext:
    return SpanContext(
        trace_id=int.from_bytes(blake2b(str(way).encode(), digest_size=16).digest(), "big"),
        span_id=int.from_bytes(blake2b(own.encode(), digest_size=8).digest(), "big"),
        is_remote=False,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )


def _nanoseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1_000_000) * 1000
