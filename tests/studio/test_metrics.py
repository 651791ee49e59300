"""What the studio tells Prometheus, who may read it, and that nobody's words become labels."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from keyart.errors import BadSetting, UnreadableVideo
from keyart.leash import BroughtDown, OverLimit, Stopped
from keyart.studio.app import application
from keyart.studio.catalogue import STATES, Video
from keyart.studio.metrics import counts_of, reason_of
from keyart.studio.options import Studio
from keyart.studio.rooms import Rooms
from keyart.studio.works.overheard import KEY, Overheard, Voice, facts_of
from keyart.told import Ended
from keyart.witness import Witness

HERE = "http://127.0.0.1:8400"
TOKEN, METRICS_TOKEN = "a-token-of-the-studio", "a-token-of-the-metrics"
Numbers = dict[str, float]


def near(app: object, host: str = "127.0.0.1") -> TestClient:
    return TestClient(app, base_url=HERE, client=(host, 50000))  # type: ignore[arg-type]


@pytest.fixture
def local(rooms: Rooms, client: TestClient) -> TestClient:
    """Somebody on this machine."""
    return near(client.app)


def numbers(client: TestClient) -> Numbers:
    """Every sample by its name and labels, `keyart_jobs{state=done}`."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    found = {}
    for family in parse(answer.text):
        assert family.type != "unknown" and family.documentation, family.name
        for one in family.samples:
            labels = ",".join(f"{key}={value}" for key, value in sorted(one.labels.items()))
            key = f"{one.name}{{{labels}}}"
            assert key not in found, key
            found[key] = one.value
    return found


def test_the_format_is_prometheus_own(local: TestClient) -> None:
    answer = local.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = numbers(local)
    assert {f"keyart_jobs{{state={state}}}" for state in STATES} <= found.keys()
    assert found["process_open_fds{}"] > 3 and found["process_resident_memory_bytes{}"] > 1e7


def test_openmetrics_is_spoken_where_it_is_asked_for(local: TestClient) -> None:
    answer = local.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    families = parse_openmetrics(answer.text)  # type: ignore[no-untyped-call]
    assert "keyart_jobs" in {one.name for one in families}


# --- who may read it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["192.168.1.7", "8.8.8.8", "::ffff:10.0.0.1", "testclient", ""])
def test_nobody_else_reads_them(client: TestClient, host: str) -> None:
    answer = near(client.app, host).get("/metrics")
    assert answer.status_code == 403 and "keyart_jobs" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1"])
def test_this_machine_reads_them(client: TestClient, host: str) -> None:
    assert near(client.app, host).get("/metrics").status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"host": "evil.example:8400"}, 421),
        ({"x-forwarded-for": "127.0.0.1"}, 403),
        ({"forwarded": "for=127.0.0.1"}, 403),
        ({"via": "1.1 proxy"}, 403),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script"}, 403),
    ],
)
def test_no_way_round(local: TestClient, headers: dict[str, str], status: int) -> None:
    assert local.get("/metrics", headers=headers).status_code == status


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_they_are_only_read(local: TestClient, method: str) -> None:
    assert local.request(method, "/metrics", headers={"origin": HERE}).status_code == 405


@pytest.fixture
def guarded(tmp_path: Path) -> TestClient:
    options = Studio(data=tmp_path / "studio", token=TOKEN, metrics_token=METRICS_TOKEN, hosts=("studio.example",))
    return near(application(options), "10.0.0.9")


@pytest.mark.parametrize(
    ("given", "status"),
    [(TOKEN, 200), (METRICS_TOKEN, 200), ("", 401), ("a-token-of-nobody-at-all", 401), (METRICS_TOKEN[:-1], 401)],
)
def test_with_a_token_the_token_decides(guarded: TestClient, given: str, status: int) -> None:
    headers = {"authorization": f"Bearer {given}"} if given else {}
    assert guarded.get("/metrics", headers=headers).status_code == status


def test_the_token_of_the_metrics_opens_nothing_else(guarded: TestClient) -> None:
    headers = {"authorization": f"Bearer {METRICS_TOKEN}"}
    for path in ("/api/videos", "/library", "/metrics/", "/metrics/../api/videos", "/docs"):
        assert guarded.get(path, headers=headers, follow_redirects=False).status_code in (400, 401), path
    assert guarded.post("/api/videos", headers=headers).status_code == 401


def test_tokens_that_guard_nothing_are_refused(tmp_path: Path) -> None:
    for token, metrics in (("", METRICS_TOKEN), (TOKEN, "short"), (TOKEN, TOKEN)):
        with pytest.raises(BadSetting, match="metrics"):
            Studio(data=tmp_path, token=token, metrics_token=metrics)


# --- requests -------------------------------------------------------------------------------------------------------


def test_requests_are_counted_by_route_never_by_address(local: TestClient, finished: Video) -> None:
    for path in (f"/api/videos/{finished.id}", "/api/videos/" + "f" * 32, "/nowhere/secret-42", "/x" * 300, "/library"):
        local.get(path)
    local.get("/api/videos", headers={"host": "evil.example"})
    local.request("BREW", "/library")
    found = numbers(local)
    assert found["keyart_requests_total{method=GET,route=/api/videos/{id},status=200}"] == 1
    assert found["keyart_requests_total{method=GET,route=/api/videos/{id},status=404}"] == 1
    assert found["keyart_requests_total{method=GET,route=other,status=404}"] == 2
    assert found["keyart_requests_total{method=GET,route=other,status=421}"] == 1
    assert sum(value for key, value in found.items() if key.startswith("keyart_requests_total{method=other")) == 1
    assert found["keyart_request_seconds_count{method=GET,route=/library}"] == 1
    text = local.get("/metrics").text
    assert "secret-42" not in text and finished.id not in text and "evil" not in text and "BREW" not in text


def test_labels_stay_few_whatever_is_asked_for(local: TestClient) -> None:
    local.get("/metrics")
    before = len(numbers(local))
    for number in range(50):
        local.get(f"/api/videos/{number:032x}")
        local.get(f"/{number}")
        local.get(f"/static/{number}/x.css")
    assert len(numbers(local)) - before < 80


def test_bytes_of_uploads_are_counted(local: TestClient) -> None:
    tus = {"Tus-Resumable": "1.0.0"}
    place = local.post("/api/uploads", headers={**tus, "Upload-Length": "5000"}).headers["location"]
    sent = {**tus, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert local.patch(place, content=b"x" * 4000, headers=sent).status_code == 204
    found = numbers(local)
    assert found["keyart_upload_bytes_total{route=/api/uploads/{id}}"] == 4000
    assert found["keyart_stored_bytes{what=uploads}"] == 4000


def test_two_studios_of_one_process_do_not_mix(tmp_path: Path) -> None:
    one, two = (near(application(Studio(data=tmp_path / name))) for name in "ab")
    one.get("/library")
    assert "keyart_requests_total{method=GET,route=/library,status=200}" in numbers(one)
    assert "keyart_requests_total{method=GET,route=/library,status=200}" not in numbers(two)


def test_the_darkroom_says_what_it_had_at_hand(local: TestClient, finished: Video) -> None:
    path = next(iter(local.get(f"/api/videos/{finished.id}/frames").json()["frames"]), None)
    assert path is not None
    for _ in range(2):
        assert local.get(f"/api/videos/{finished.id}/frames/{path['id']}.jpg?width=160").status_code == 200
    found = numbers(local)
    looked = {key: value for key, value in found.items() if key.startswith("keyart_darkroom_lookups_total{found=yes")}
    assert sum(looked.values()) >= 1


# --- work -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("one_of_each")
def test_a_real_job_is_counted(
    local: TestClient, rooms: Rooms, source: Path, at_work: None, wait_for: Callable[[Callable[[], bool]], None]
) -> None:
    with source.open("rb") as file:
        made = local.post("/api/videos", files={"file": ("секретное имя.mp4", file)}).json()
    with source.open("rb") as file:
        local.post("/api/videos", files={"file": ("b.mp4", b"\0\0\0\x18ftypisom" + bytes(400))})
    wait_for(lambda: local.get(f"/api/videos/{made['id']}").json()["state"] == "done")
    wait_for(lambda: numbers(local)["keyart_job_seconds_count{state=done}"] == 1)
    found = numbers(local)
    assert found["keyart_jobs{state=done}"] == 1 and found["keyart_queue_length{}"] == 0
    assert found["keyart_video_seconds_total{}"] == pytest.approx(6.0, abs=0.1)
    assert found["keyart_child_ends_total{reason=done,verb=make}"] == 1
    assert found["keyart_child_ends_total{reason=refused,verb=probe}"] == 1
    stages = {key.split("stage=")[1].split(",")[0] for key in found if key.startswith("keyart_stage_seconds_count{")}
    told = {one["name"] for one in local.get(f"/api/videos/{made['id']}").json()["progress"]["stages"]}
    assert stages >= told - {"summaries"} and "scan" in stages
    inside = sum(value for key, value in found.items() if key.startswith("keyart_stage_seconds_sum{"))
    assert 0 < inside < 2 * found["keyart_job_seconds_sum{state=done}"]
    assert "секретное" not in local.get("/metrics").text


@pytest.mark.parametrize(
    ("err", "reason"),
    [
        (None, "done"),
        (Stopped("it was stopped"), "stopped"),
        (OverLimit("it took more than 8 GB of memory, and was stopped"), "memory"),
        (OverLimit("it took more than 4 minutes of processor time, and was stopped"), "processor"),
        (OverLimit("it took more than 4 minutes, and was stopped"), "time"),
        (BroughtDown("the process that read the video broke down (SIGSEGV); nothing else was harmed"), "SIGSEGV"),
        (BroughtDown("whatever a child says (SIGEVIL) {label=1}"), "fault"),
        (UnreadableVideo("a.mp4: no video"), "refused"),
        (OSError("no more processes"), "fault"),
    ],
)
def test_what_ended_a_child_is_one_of_a_few_words(err: BaseException | None, reason: str) -> None:
    assert reason_of(err) == reason


# --- a child's word -------------------------------------------------------------------------------------------------


class Kept:
    """Remembers what it hears."""

    def __init__(self) -> None:
        self.said: list[object] = []

    def begin(self, stage: str, at_ns: int) -> None:
        self.said.append(("begin", stage))

    def know(self, facts: object) -> None:
        self.said.append(facts)

    def end(self, told: Ended) -> None:
        self.said.append(told)


def test_what_a_child_says_arrives_as_it_was_said() -> None:
    kept = Kept()
    counted: list[Ended] = []
    heard = Overheard(Witness((kept,)), counted.append)
    voice = Voice(lambda line: heard.hear(json.loads(json.dumps(line))))
    told = Ended("scan", heard._begun_ns + 5, 1.5, "ok", "", "h264, full", ("a", "b"), True)
    voice.begin("scan", 1)
    voice.know({"codec": "h264", "width_px": 10, "evil": "x", "duration_seconds": 2})
    voice.end(told)
    assert kept.said == [("begin", "scan"), {"codec": "h264", "width_px": 10, "duration_seconds": 2}, told]
    assert counted == [told]


@pytest.mark.parametrize(
    "line",
    [
        {KEY: "end"},
        {KEY: "end", "stage": "scan", "status": "ok"},
        {KEY: "end", "stage": "secret", "status": "ok", "seconds": 1},
        {KEY: "end", "stage": "scan", "status": 'x"} 1\n', "seconds": 1},
        {KEY: "end", "stage": "scan", "status": "ok", "seconds": float("nan")},
        {KEY: "end", "stage": "scan", "status": "ok", "seconds": -1},
        {KEY: "end", "stage": "scan", "status": "ok", "seconds": 1e300},
        {KEY: "end", "stage": ["scan"], "status": "ok", "seconds": 1},
        {KEY: "end", "stage": "", "status": "ok", "seconds": 1},
        {KEY: "begin", "stage": "nowhere", "at_ns": 1},
        {KEY: {"a": 1}},
    ],
)
def test_a_child_that_was_taken_over_says_nothing_odd(line: dict[str, object]) -> None:
    kept = Kept()
    counted: list[Ended] = []
    Overheard(Witness((kept,)), counted.append).hear(line)
    assert not kept.said and not counted


def test_it_neither_says_much_nor_long_nor_of_another_time() -> None:
    kept = Kept()
    counted: list[Ended] = []
    heard = Overheard(Witness((kept,)), counted.append)
    line = {KEY: "end", "stage": "scan", "status": "ok", "seconds": 1, "reason": "x" * 9999, "models": ["m" * 999] * 99}
    for _ in range(500):
        heard.hear({**line, "began_ns": 10**30})
    assert len(counted) == 200 and len(counted[0].reason) == 500 and len(counted[0].models) == 16
    assert counted[0].began_ns < 2e18
    assert facts_of([1]) == {} and facts_of({"codec": 5, "width_px": True}) == {"codec": "5"}


def test_stages_that_nobody_knows_are_not_counted(options: Studio) -> None:
    counts = counts_of(options)
    counts.stage_ended(Ended("evil", 0, 1.0, "ok"))
    counts.stage_ended(Ended("scan", 0, 1.0, "evil"))
    counts.stage_ended(Ended("scan", 0, 1.0, "ok", resumed=True))
    counts.job_ended("evil", 1.0, 5.0)
    names = [str(one.labels) for family in counts.registry.collect() for one in family.samples]
    assert not any("evil" in one for one in names)
    assert counts.registry.get_sample_value("keyart_stages_resumed_total", {"stage": "scan"}) == 1
