"""Spans of OpenTelemetry: one for a command, one for each video below it, one for each stage below that.

Set up by OpenTelemetry's own variables (OTEL_TRACES_EXPORTER, OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SERVICE_NAME,
OTEL_TRACES_SAMPLER ...), or by the program that keyart is part of. Loaded by `keyart.witness` where one of these
is there; needs the extra `otel`. Nothing is sent anywhere unless a variable names where.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyart.told import Ended, Listener
from keyart.version import __version__

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, Tracer

log = logging.getLogger("keyart.traces")

FILE = "KEYART_TRACES_FILE"
"""Variable: where the exporter `file` writes, one JSON object of the OTLP format a line."""
_USUAL_FILE = "keyart-traces.jsonl"
_PATIENCE_SECONDS = 2.0
"""For a collector to take the last spans of a run; one that does not answer is not waited for a second time."""
_NS = 1_000_000_000


# --- what a run tells -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Spans:
    """A listener: the span of a whole, and one below it for each stage."""

    tracer: Tracer
    whole: Span
    _context: Context
    _facts: dict[str, Any] = field(default_factory=dict)

    def begin(self, _stage: str, _at_ns: int) -> None: ...

    def know(self, facts: Mapping[str, Any]) -> None:
        self.whole.set_attributes({f"keyart.video.{name}": value for name, value in facts.items()})

    def end(self, told: Ended) -> None:
        span = self._span_of(told)
        span.set_attributes({"keyart.status": told.status, "keyart.seconds": told.seconds})
        if told.reason:
            span.set_attribute("keyart.reason", told.reason)
        if told.error:
            _record_error(span, told)
        span.end(told.began_ns + round(told.seconds * _NS))
        if not told.stage:
            flush(only_once_more=True)

    def _span_of(self, told: Ended) -> Span:
        if not told.stage:
            return self.whole
        facts: dict[str, Any] = {"keyart.stage": told.stage, "keyart.resumed": told.resumed}
        facts |= {"keyart.backend": told.backend} if told.backend else {}
        facts |= {"keyart.models": told.models} if told.models else {}
        name = f"stage {told.stage}"
        return self.tracer.start_span(name, context=self._context, attributes=facts, start_time=told.began_ns)


def _record_error(span: Span, told: Ended) -> None:
    """As `Span.record_exception` does, less the stack: it would tell where things lie."""
    from opentelemetry.trace import Status, StatusCode

    facts = {"exception.type": told.error, "exception.message": told.reason}
    span.add_event("exception", facts, told.began_ns + round(told.seconds * _NS))
    span.set_status(Status(StatusCode.ERROR, told.reason))


def spans_of(kind: str, name: str) -> list[Listener]:
    """Who makes the spans of a whole; nobody where OpenTelemetry is not set up, or not installed."""
    tracer = _tracer()
    if tracer is None:
        return []
    from opentelemetry import trace

    title, facts = (name, {}) if kind == "command" else (kind, {f"keyart.{kind}": name})
    whole = tracer.start_span(f"keyart {title}" if kind == "command" else title, _parent(), attributes=facts)
    return [Spans(tracer, whole, trace.set_span_in_context(whole))]


def trace_of(listeners: Sequence[Listener]) -> str:
    """Number of the trace that they add to, as 32 hexadecimal digits; "" where none of them makes spans."""
    found = [one.whole.get_span_context() for one in listeners if isinstance(one, Spans)]
    return f"{found[0].trace_id:032x}" if found else ""


def passed_on(listeners: Sequence[Listener]) -> dict[str, str]:
    """Variables that make what a child process tells part of the same trace: TRACEPARENT, TRACESTATE."""
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    for one in listeners:
        if isinstance(one, Spans):
            TraceContextTextMapPropagator().inject(carrier, one._context)
    return {name.upper(): value for name, value in carrier.items()}


def _parent() -> Context | None:
    """The span that this thread is in, where the program has opened one; else that of whoever started this process."""
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    if trace.get_current_span().get_span_context().is_valid:
        return None
    named = {name: os.environ[name.upper()] for name in ("traceparent", "tracestate") if name.upper() in os.environ}
    return TraceContextTextMapPropagator().extract(named)


# --- where spans go -------------------------------------------------------------------------------------------------


def flush(*, only_once_more: bool = False) -> None:
    """Hand over what is held back, waiting `_PATIENCE_SECONDS` at most; with `only_once_more` not at all where an
    earlier wait was in vain."""
    if "opentelemetry.sdk.trace" not in sys.modules or (only_once_more and _in_vain):
        return
    provider = _own_provider()
    if provider is None:
        return
    # the provider's own limit covers only what it waits for, not what an exporter does meanwhile
    waiter = threading.Thread(target=provider.force_flush, args=(round(_PATIENCE_SECONDS * 1000),), daemon=True)
    waiter.start()
    waiter.join(_PATIENCE_SECONDS)
    if waiter.is_alive():
        _in_vain.append(time.time())


_in_vain: list[float] = []


def _tracer() -> Tracer | None:
    host = _provider_of_host()
    provider = host if host is not None else _own_provider()
    return None if provider is None else provider.get_tracer("keyart", __version__)


def _provider_of_host() -> Any:
    """That of the program that keyart is part of, if it has one."""
    api = sys.modules.get("opentelemetry.trace")
    provider = getattr(api, "_TRACER_PROVIDER", None)  # the public getter would make one up
    return provider if provider is not None and "opentelemetry.sdk.trace" in sys.modules else None


@cache
def _own_provider() -> TracerProvider | None:
    """Set up once a process, by the variables; None, told once, where something that they ask for is not there."""
    names = _exporters_named()
    if not names or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
    except ModuleNotFoundError:
        log.warning("no traces: OTEL_* asks for them, and they need pip install 'keyart[otel]'")
        return None
    facts = {"service.name": os.environ.get("OTEL_SERVICE_NAME") or "keyart", "service.version": __version__}
    provider = TracerProvider(resource=Resource.create(facts), shutdown_on_exit=False)
    for name in names:
        exporter = _exporter(name)
        if exporter is not None:
            is_here = name in EXPORTERS  # written at once: a killed worker has told all up to its last stage
            provider.add_span_processor(SimpleSpanProcessor(exporter) if is_here else BatchSpanProcessor(exporter))
    return provider


def _exporters_named() -> list[str]:
    said = os.environ.get("OTEL_TRACES_EXPORTER", "")
    if not said and any(os.environ.get(f"OTEL_EXPORTER_OTLP_{one}ENDPOINT") for one in ("", "TRACES_")):
        said = "otlp"
    return [name for one in said.split(",") if (name := one.strip().lower()) and name != "none"]


def _exporter(name: str) -> SpanExporter | None:
    """One of ours, or one that a package brings. None, told once, where no package does, or it cannot be set up."""
    if name in EXPORTERS:
        return EXPORTERS[name]()
    protocol = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL")
    wanted = {"otlp": "otlp_proto_grpc" if protocol == "grpc" else "otlp_proto_http"}.get(name, name)
    found = metadata.entry_points(group="opentelemetry_traces_exporter", name=wanted)
    if not found:
        cure = "opentelemetry-exporter-" + wanted.replace("_", "-")
        log.warning("no traces to %s: no package brings it (pip install %s)", name, cure)
        return None
    try:
        made: SpanExporter = next(iter(found)).load()()
    except Exception as err:  # noqa: BLE001  whatever another's package does, the video comes first
        log.warning("no traces to %s: %s: %s", name, type(err).__name__, err)
        return None
    return made


def _to_stderr() -> SpanExporter:
    return _written_with(lambda line: print(line, file=sys.stderr, flush=True))


def _to_file() -> SpanExporter:
    path = Path(os.environ.get(FILE) or _USUAL_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    end = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    return _written_with(lambda line: os.write(end, f"{line}\n".encode()))


def _written_with(write: Callable[[str], object]) -> SpanExporter:
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class Written(SpanExporter):
        """Spans as lines of OTLP's JSON, as a collector's receiver `otlpjsonfile` reads them."""

        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            try:
                write(json.dumps(otlp_json(spans), ensure_ascii=False))
            except (OSError, ValueError):  # the disk is full, the pipe is closed: the video comes first
                return SpanExportResult.FAILURE
            return SpanExportResult.SUCCESS

    return Written()


EXPORTERS: dict[str, Callable[[], SpanExporter]] = {"console": _to_stderr, "file": _to_file}
"""Names in OTEL_TRACES_EXPORTER that need no package; standard output belongs to what a command prints."""


# --- OTLP's JSON ----------------------------------------------------------------------------------------------------


def otlp_json(spans: Sequence[ReadableSpan]) -> dict[str, Any]:
    """Spans of one process as OTLP says them: `resourceSpans`, numbers of 64 bits as text, ids in hexadecimal.

    Source: opentelemetry-proto, "JSON Protobuf Encoding" of the OTLP specification.
    """
    first = spans[0]
    scope = first.instrumentation_scope
    named = {"name": scope.name, "version": scope.version or ""} if scope else {}
    held = {"scope": named, "spans": [_span_json(one) for one in spans]}
    return {"resourceSpans": [{"resource": {"attributes": _pairs(first.resource.attributes)}, "scopeSpans": [held]}]}


def _span_json(span: ReadableSpan) -> dict[str, Any]:
    context = span.get_span_context()
    assert context is not None
    found: dict[str, Any] = {
        "traceId": f"{context.trace_id:032x}",
        "spanId": f"{context.span_id:016x}",
        "parentSpanId": f"{span.parent.span_id:016x}" if span.parent else "",
        "name": span.name,
        "kind": 1,
        "startTimeUnixNano": str(span.start_time),
        "endTimeUnixNano": str(span.end_time),
        "attributes": _pairs(span.attributes or {}),
        "status": {"code": span.status.status_code.value, "message": span.status.description or ""},
    }
    events = [
        {"timeUnixNano": str(one.timestamp), "name": one.name, "attributes": _pairs(one.attributes or {})}
        for one in span.events
    ]
    return found | ({"events": events} if events else {})


def _pairs(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in facts.items()]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list | tuple):
        return {"arrayValue": {"values": [_value(one) for one in value]}}
    return {"stringValue": str(value)}
