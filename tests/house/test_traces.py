"""Spans: what they say, where they go, and that nothing is loaded or waited for where nobody asks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from keyart import make, traces, witness
from keyart.cache import StageCache
from keyart.errors import UnreadableVideo
from tests.conftest import ClipFactory, Take

sdk = pytest.importorskip("opentelemetry.sdk.trace")

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(autouse=True)
def a_provider_of_its_own(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in (*witness.SPAN_VARIABLES, *witness.LINE_VARIABLES, "TRACEPARENT", "TRACESTATE", "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)
    traces._own_provider.cache_clear()
    traces._in_vain.clear()
    yield
    traces._own_provider.cache_clear()


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "file")
    monkeypatch.setenv("KEYART_TRACES_FILE", str(tmp_path / "traces" / "t.jsonl"))
    return tmp_path / "traces" / "t.jsonl"


def spans(path: Path) -> list[dict[str, Any]]:
    """As a collector would read them, attributes as plain values."""
    found = []
    for line in path.read_text("utf-8").splitlines():
        for resource in json.loads(line)["resourceSpans"]:
            named = {one["key"]: one["value"]["stringValue"] for one in resource["resource"]["attributes"]}
            assert named["service.name"] == "keyart"
            for scope in resource["scopeSpans"]:
                found += [{**one, "facts": _facts(one["attributes"])} for one in scope["spans"]]
    return found


def _facts(pairs: list[dict[str, Any]]) -> dict[str, Any]:
    return {one["key"]: next(iter(one["value"].values())) for one in pairs}


def test_a_video_and_its_stages_are_one_trace(file: Path, clip: ClipFactory, tmp_path: Path) -> None:
    video = clip(takes=(Take("scene-1", 0.6), Take("scene-2", 0.6)), size_px=(160, 90))
    for _ in range(2):
        with witness.command("make"):
            make(video, parts=("stills",), cache=StageCache(tmp_path / "cache"))
    found = spans(file)
    first, second = (
        [one for one in found if one["traceId"] == trace] for trace in dict.fromkeys(one["traceId"] for one in found)
    )
    (root,) = [one for one in first if not one["parentSpanId"]]
    (whole,) = [one for one in first if one["parentSpanId"] == root["spanId"]]
    stages = {one["facts"]["keyart.stage"]: one for one in first if one["parentSpanId"] == whole["spanId"]}
    assert root["name"] == "keyart make" and whole["name"] == "video" and len(stages) == len(first) - 2
    assert whole["facts"]["keyart.video"] == video.name and whole["facts"]["keyart.video.width_px"] == "160"
    assert stages["scan"]["facts"]["keyart.status"] == "ok" and stages["scan"]["facts"]["keyart.backend"]
    assert stages["storyboard"]["facts"]["keyart.reason"]
    for one in stages.values():
        took = (int(one["endTimeUnixNano"]) - int(one["startTimeUnixNano"])) / 1e9
        assert took == pytest.approx(one["facts"]["keyart.seconds"], abs=1e-6)
        assert int(one["startTimeUnixNano"]) >= int(whole["startTimeUnixNano"])
    assert all(one["facts"]["keyart.resumed"] for one in second if "keyart.stage" in one["facts"])
    assert str(tmp_path) not in file.read_text()


def test_an_error_is_recorded(file: Path, tmp_path: Path) -> None:
    (tmp_path / "no.mp4").write_text("no video")
    with pytest.raises(UnreadableVideo):
        make(tmp_path / "no.mp4")
    (found,) = spans(file)
    assert found["status"]["code"] == 2 and found["events"][0]["name"] == "exception"
    assert _facts(found["events"][0]["attributes"])["exception.type"] == "UnreadableVideo"


def test_whoever_starts_a_run_has_it_in_its_trace(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACEPARENT", PARENT)
    monkeypatch.setenv("TRACESTATE", "a=1")
    with witness.command("library"):
        inherited = dict(os.environ)
        with witness.witnessed("a.mp4"):
            pass
    video, command = spans(file)
    assert command["traceId"] == PARENT.split("-")[1] and command["parentSpanId"] == PARENT.split("-")[2]
    assert inherited["TRACEPARENT"] == f"00-{command['traceId']}-{command['spanId']}-01"
    assert inherited["TRACESTATE"] == "a=1" and os.environ["TRACEPARENT"] == PARENT
    assert video["parentSpanId"] == command["spanId"]


@pytest.mark.parametrize(
    "parent", ["", "00-0-0-0", "x" * 5000, PARENT.replace("0af7651916cd43dd8448eb211c80319c", "0" * 32)]
)
def test_a_parent_that_is_none_is_left_alone(parent: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACEPARENT", parent)
    with witness.witnessed("a.mp4"):
        pass
    assert spans(file)[0]["parentSpanId"] == ""


def test_worker_processes_add_to_the_trace(file: Path) -> None:
    code = "from keyart.witness import witnessed\nwith witnessed('b.mp4') as w: w.begin('scan'); w.end('scan', 'ok')"
    with witness.command("library"):
        for _ in range(2):
            subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    found = spans(file)
    assert len({one["traceId"] for one in found}) == 1
    assert sorted(one["name"] for one in found) == ["keyart library", "stage scan", "stage scan", "video", "video"]


def test_the_program_that_keyart_is_part_of_has_the_say(monkeypatch: pytest.MonkeyPatch) -> None:
    from opentelemetry import trace
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    kept, provider = InMemorySpanExporter(), sdk.TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    with provider.get_tracer("theirs").start_as_current_span("request") as theirs, witness.witnessed("a.mp4"):
        pass
    ours = kept.get_finished_spans()[0]
    assert ours.name == "video" and ours.parent is not None
    assert ours.parent.span_id == theirs.get_span_context().span_id


def test_console_writes_to_standard_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "console")
    with witness.witnessed("a.mp4"):
        pass
    said = capsys.readouterr()
    assert not said.out and json.loads(said.err)["resourceSpans"]


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"OTEL_TRACES_EXPORTER": "otlp"}, "pip install opentelemetry-exporter-otlp-proto-http"),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"},
            "pip install opentelemetry-exporter-otlp-proto-http",
        ),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "otlp-proto-grpc"),
        ({"OTEL_TRACES_EXPORTER": "nonsense"}, "no traces to nonsense"),
        ({"OTEL_TRACES_EXPORTER": "none"}, ""),
        ({"OTEL_TRACES_EXPORTER": "file", "OTEL_SDK_DISABLED": "true"}, ""),
    ],
)
def test_what_is_not_there_is_said_once(
    variables: dict[str, str], told: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for _ in range(2):
        with witness.witnessed("a.mp4"):
            pass
    assert len(caplog.records) == bool(told) and told in caplog.text


def test_a_collector_that_hangs_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

    class Hangs(SpanExporter):
        def export(self, spans: object) -> SpanExportResult:
            time.sleep(3)
            return SpanExportResult.FAILURE

    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "file")
    monkeypatch.setattr(traces, "_PATIENCE_SECONDS", 0.2)
    monkeypatch.setitem(traces.EXPORTERS, "file", Hangs)
    provider = traces._own_provider()
    assert provider is not None
    provider._active_span_processor._span_processors = (BatchSpanProcessor(Hangs()),)
    begun = time.monotonic()
    for _ in range(20):
        with witness.witnessed("a.mp4"):
            pass
    assert time.monotonic() - begun < 2.0


def test_a_full_disk_ends_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "file")
    monkeypatch.setenv("KEYART_TRACES_FILE", "/dev/full")
    with witness.witnessed("a.mp4"):
        pass


def test_nothing_is_loaded_where_nobody_asks() -> None:
    code = (
        "import sys\nfrom keyart import witness\nimport keyart.pipeline\n"
        "with witness.command('make'), witness.witnessed('a.mp4') as w: w.begin('scan'); w.end('scan', 'ok')\n"
        "print([name for name in sys.modules if 'opentelemetry' in name or name in "
        "('keyart.logs', 'keyart.traces', 'keyart.told')])"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "KEYART_LOG"))}
    done = subprocess.run(
        [sys.executable, "-c", code], env=clean, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_stage_costs_less_than_a_millisecond(file: Path) -> None:
    def cost_of(watched: witness.Witness) -> float:
        times = []
        for _ in range(60):
            begun = time.perf_counter()
            watched.begin("scan")
            watched.end("scan", "ok", 0.1, backend="h264", models=("a", "b"), resumed=False)
            times.append(time.perf_counter() - begun)
        return sorted(times)[30]

    with witness.witnessed("a.mp4") as seen:
        assert seen.listeners and cost_of(seen) < 1e-3
    assert cost_of(witness.NOBODY) < 2e-5
