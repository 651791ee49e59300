"""What the studio counts, for Prometheus: GET /metrics, in its text format or in OpenMetrics.

Each studio has a registry of its own. A label's values are a few words that are known beforehand: states, stages,
routes as they are written here; never what a user or a video says.
"""

from __future__ import annotations

import ipaddress
import logging
import re
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, HTTPException, Request, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from keyart.run import ORDER
from keyart.studio.catalogue import STATES
from keyart.studio.doors.space import bytes_below
from keyart.studio.options import GIGABYTE, Studio
from keyart.version import __version__

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from keyart.studio.rooms import Rooms
    from keyart.told import Ended

log = logging.getLogger("keyart.requests")

PATH = "/metrics"
_STATUSES = ("ok", "degraded", "skipped", "failed")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_OTHER = "other"
_UPLOADS = ("/api/uploads/{id}", "/api/videos")
"""Routes whose bodies are files."""
_STAGE_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
_JOB_SECONDS = (1, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600, 7200, 14400)
_REQUEST_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_SIGNALLED = re.compile(r"\((SIG[A-Z0-9]+)\)")
_SHELVES = {"stills": "_stills", "scenes": "_sets", "pictures": "_pictures", "thumbnails": "_thumbnails"}
_MEASURED_FOR_SECONDS = 60.0


class Counts:
    """What has happened since the studio was opened."""

    def __init__(self, options: Studio) -> None:
        self.options = options
        self.registry = CollectorRegistry(auto_describe=True)
        held: dict[str, Any] = {"registry": self.registry}
        ProcessCollector(registry=self.registry)
        self.stage_seconds = Histogram(
            "keyart_stage_seconds", "Time of a stage that was worked on", ("stage", "status"),
            buckets=_STAGE_SECONDS, **held,
        )  # fmt: skip
        self.resumed = Counter(
            "keyart_stages_resumed", "Stages whose outcome was kept from an earlier run", ("stage",), **held
        )
        self.job_seconds = Histogram(
            "keyart_job_seconds",
            "Time of the work on a video, by how it ended",
            ("state",),
            buckets=_JOB_SECONDS,
            **held,
        )
        self.video_seconds = Counter("keyart_video_seconds", "Length of the videos that packages were made of", **held)
        self.children = Counter(
            "keyart_child_ends", "Processes that worked on a video, by verb and by what ended them", ("verb", "reason"),
            **held,
        )  # fmt: skip
        self.requests = Counter(
            "keyart_requests", "Requests by route and status of the answer", ("method", "route", "status"), **held
        )
        self.request_seconds = Histogram(
            "keyart_request_seconds", "Time to the first byte of an answer", ("method", "route"),
            buckets=_REQUEST_SECONDS, **held,
        )  # fmt: skip
        self.in_flight = Gauge("keyart_requests_now", "Requests that are under way, streams of events too", **held)
        self.upload_bytes = Counter("keyart_upload_bytes", "Bytes of files that came in, by route", ("route",), **held)
        for state in ("done", "failed", "cancelled"):
            self.job_seconds.labels(state)
        for route in _UPLOADS:
            self.upload_bytes.labels(route)

    def stage_ended(self, told: Ended) -> None:
        if told.stage not in ORDER or told.status not in _STATUSES:
            return
        if told.resumed:
            self.resumed.labels(told.stage).inc()
        else:
            self.stage_seconds.labels(told.stage, told.status).observe(told.seconds)

    def job_ended(self, state: str, seconds: float, video_seconds: float) -> None:
        self.job_seconds.labels(state if state in STATES else _OTHER).observe(seconds)
        if state == "done":
            self.video_seconds.inc(max(0.0, video_seconds))

    def child_ended(self, verb: str, err: BaseException | None) -> None:
        """`verb` is one of the studio's own."""
        self.children.labels(verb, reason_of(err)).inc()

    def answered(self, method: str, route: str, status: int, seconds: float | None) -> None:
        method = method if method in _METHODS else _OTHER
        self.requests.labels(method, route, str(status)).inc()
        if seconds is not None:
            self.request_seconds.labels(method, route).observe(seconds)


@cache
def counts_of(options: Studio) -> Counts:
    """The one `Counts` of a studio."""
    return Counts(options)


def reason_of(err: BaseException | None) -> str:
    """What ended a child process, in one of a few words."""
    if err is None:
        return "done"
    kind, text = type(err).__name__, str(err)
    if kind == "Stopped":
        return "stopped"
    if kind == "OverLimit":
        return next((word for word in ("memory", "processor", "words") if word in text), "time")
    if kind == "BroughtDown":
        found = _SIGNALLED.search(text)
        return found[1] if found and found[1] in signal.Signals.__members__ else "fault"
    from keyart.errors import KeyartError

    return "refused" if isinstance(err, KeyartError) else "fault"


# --- what stands now ------------------------------------------------------------------------------------------------


class Standing(Collector):
    """What is looked up when somebody asks: the queue, the disk, the darkroom's shelves."""

    def __init__(self, rooms: Rooms) -> None:
        self.rooms = rooms
        self._measured = (-_MEASURED_FOR_SECONDS, {"videos": 0, "uploads": 0, "stages": 0})

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        yield _gauge("keyart_build_info", "1, of this version", "version", {__version__: 1})
        yield from self._queue()
        yield from self._disk()
        yield from self._shelves()

    def _queue(self) -> Iterator[Metric]:
        found = self.rooms.catalogue.states()
        numbers: dict[str, float] = {state: found[state][0] if state in found else 0 for state in STATES}
        yield _gauge("keyart_jobs", "Videos by state", "state", numbers)
        yield _gauge("keyart_queue_length", "Videos that wait for their turn", "", {"": numbers["queued"]})
        waits = time.time() - found["queued"][1] if "queued" in found else 0.0
        yield _gauge("keyart_queue_oldest_seconds", "How long ago the oldest of them came", "", {"": max(0.0, waits)})
        yield _gauge("keyart_jobs_limit", "Videos that are worked on at a time", "", {"": self.rooms.options.jobs})

    def _disk(self) -> Iterator[Metric]:
        options = self.rooms.options
        yield _gauge("keyart_stored_bytes", "Bytes in the data folder, up to a minute ago", "what", self._stored())
        yield _gauge("keyart_quota_bytes", "What videos and uploads may take", "", {"": options.quota_gb * GIGABYTE})
        free = shutil.disk_usage(options.data).free
        yield _gauge("keyart_disk_free_bytes", "Free on the disk of the data folder", "", {"": free})

    def _stored(self) -> dict[str, float]:
        if time.monotonic() - self._measured[0] >= _MEASURED_FOR_SECONDS:
            options = self.rooms.options
            places = options.data / "videos", options.uploads_folder, options.cache_folder
            names = "videos", "uploads", "stages"
            self._measured = time.monotonic(), dict(zip(names, map(bytes_below, places), strict=True))
        return dict(self._measured[1])

    def _shelves(self) -> Iterator[Metric]:
        asked = CounterMetricFamily(
            "keyart_darkroom_lookups", "What the darkroom looked for among what it has made", labels=("shelf", "found")
        )
        held = GaugeMetricFamily("keyart_darkroom_held_bytes", "What the darkroom keeps in memory", labels=("shelf",))
        for name, attribute in _SHELVES.items():
            shelf = getattr(self.rooms.darkroom, attribute)
            asked.add_metric((name, "yes"), shelf.hits)
            asked.add_metric((name, "no"), shelf.misses)
            held.add_metric((name,), shelf.held_bytes)
        yield from (asked, held)


def _gauge(name: str, what: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, what, labels=(label,) if label else ())
    for value, number in values.items():
        family.add_metric((value,) if label else (), number)
    return family


# --- who may read it ------------------------------------------------------------------------------------------------


def router(rooms: Rooms) -> APIRouter:
    """GET /metrics."""
    routes = APIRouter(include_in_schema=False)
    registry = counts_of(rooms.options).registry
    standing = Standing(rooms)

    @routes.get(PATH)
    def metrics(request: Request) -> Response:
        if not rooms.options.token:
            check_nearby(request)
        encode, kind = choose_encoder(request.headers.get("accept", ""))
        found = CollectorRegistry()
        found.register(_Both(registry, standing))
        return Response(encode(found), headers={"content-type": kind})

    return routes


class _Both(Collector):
    """Two that collect, as one; what stands is not in the registry of a studio: that outlives its rooms."""

    def __init__(self, first: Any, second: Any) -> None:
        self.first, self.second = first, second

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        yield from self.first.collect()
        yield from self.second.collect()


def check_nearby(request: Request) -> None:
    """Raises 403 for whoever is not on this machine, or speaks through a proxy that hides who asks."""
    if any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-real-ip", "via")):
        raise HTTPException(403, "through a proxy metrics are read with a token: KEYART_STUDIO_METRICS_TOKEN")
    try:
        is_near = ipaddress.ip_address(request.client.host if request.client else "").is_loopback
    except ValueError:
        is_near = False
    if not is_near:
        raise HTTPException(403, "metrics are for this machine alone, or for who has KEYART_STUDIO_METRICS_TOKEN")


# --- requests -------------------------------------------------------------------------------------------------------


def count_requests(app: FastAPI, options: Studio) -> None:
    """Every request that reaches the studio is counted, those too that the door refuses: to be called last."""
    inner, counts = app.build_middleware_stack, counts_of(options)
    app.build_middleware_stack = lambda: Turnstile(inner(), counts)  # type: ignore[method-assign]


class Turnstile:
    """Outside of the door."""

    def __init__(self, app: ASGIApp, counts: Counts) -> None:
        self.app, self.counts = app, counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status, seconds, come = time.perf_counter(), 0, None, 0

        async def counted_receive() -> Message:
            nonlocal come
            message = await receive()
            come += len(message.get("body", b""))
            return message

        async def counted_send(message: Message) -> None:
            nonlocal status, seconds
            if message["type"] == "http.response.start":
                status, seconds = message["status"], time.perf_counter() - begun
            await send(message)

        with self.counts.in_flight.track_inprogress():
            try:
                await self.app(scope, counted_receive, counted_send)
            finally:
                self._count(scope, status or 499, seconds, come)  # 499: who asked has left before the answer

    def _count(self, scope: Scope, status: int, seconds: float | None, come: int) -> None:
        route = route_of(scope)
        self.counts.answered(scope["method"], route, status, seconds)
        if route in _UPLOADS and come:
            self.counts.upload_bytes.labels(route).inc(come)
        if route not in (PATH, "/static"):
            facts = {
                "method": scope["method"][:10],
                "route": route,
                "status": status,
                "seconds": round(seconds or 0, 4),
            }
            log.info("request", extra={"facts": facts})


def route_of(scope: Scope) -> str:
    """The route as it is written here, `/api/videos/{id}`; "other" for what leads nowhere, whatever it is."""
    path = str(getattr(scope.get("route"), "path", "")) or (
        scope["path"] if scope.get("endpoint") and scope["path"] in ("/login", "/logout") else ""
    )
    return "/static" if path.startswith("/static/") else path or _OTHER
