"""Signed notes on the end of a video, and how often they are tried."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from keyart.studio.catalogue import Catalogue, Video, new_id
from keyart.studio.options import Studio
from keyart.studio.works import jobs as jobs_module
from keyart.studio.works import running, webhooks
from keyart.studio.works.jobs import Jobs
from keyart.studio.works.webhooks import KEY_FILE, Webhooks, signature
from tests.studio.test_child import SEARCHED

Wait = Callable[..., None]


@dataclass
class Receiver:
    """Somebody's server: answers with each of `answers` in turn, the last one for ever."""

    answers: list[int] = field(default_factory=lambda: [200])
    notes: list[tuple[dict[str, str], bytes, float]] = field(default_factory=list)
    url: str = ""

    def took(self, headers: dict[str, str], body: bytes) -> int:
        self.notes.append((headers, body, time.monotonic()))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = found.took({name.lower(): value for name, value in self.headers.items()}, body)
            self.send_response(status)
            if status in (301, 302, 307):
                self.send_header("location", f"{found.url}/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def sender(options: Studio) -> Webhooks:
    options.data.mkdir(parents=True)
    return Webhooks(options)


def test_a_note_can_be_checked_by_whoever_has_the_key(sender: Webhooks, receiver: Receiver) -> None:
    body = json.dumps({"name": "Кот"}, ensure_ascii=False)
    assert sender.send(receiver.url, body) == "delivered"
    headers, came, _ = receiver.notes[0]
    assert came == body.encode()
    stamp = headers["x-keyart-timestamp"]
    assert abs(int(stamp) - time.time()) < 5
    expected = hmac.new(sender.key(), f"{stamp}.".encode() + came, hashlib.sha256).hexdigest()
    assert headers["x-keyart-signature"] == f"sha256={expected}"
    assert headers["content-type"] == "application/json"
    assert headers["host"] == receiver.url.removeprefix("http://")
    assert signature(b"another key", stamp, came) != headers["x-keyart-signature"]


def test_the_studio_makes_its_key_once_and_for_itself(sender: Webhooks, options: Studio) -> None:
    key = sender.key()
    assert len(key) == 64 and Webhooks(options).key() == key
    assert (options.data / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert [one.name for one in options.data.iterdir()] == [KEY_FILE]


def test_a_key_that_was_set_is_used(tmp_path: Path) -> None:
    assert Webhooks(Studio(data=tmp_path, webhook_secret="as agreed")).key() == b"as agreed"
    assert not (tmp_path / KEY_FILE).exists()


@pytest.mark.parametrize(
    ("status", "fate"),
    [(200, "delivered"), (204, "delivered"), (302, "refused"), (404, "refused"), (410, "refused"), (429, "unheard"),
     (500, "unheard"), (503, "unheard")],
)  # fmt: skip
def test_what_an_answer_means(sender: Webhooks, receiver: Receiver, status: int, fate: str) -> None:
    receiver.answers = [status]
    assert sender.send(receiver.url, "{}") == fate
    assert len(receiver.notes) == 1  # nobody is led elsewhere


def test_nobody_there_is_worth_another_attempt(sender: Webhooks) -> None:
    assert sender.send("http://127.0.0.1:1", "{}") == "unheard"


def test_a_studio_that_others_use_calls_no_private_address(
    tmp_path: Path, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    public = Studio(data=tmp_path, host="0.0.0.0", token="sixteen-letters!")
    assert Webhooks(public).send(receiver.url, "{}") == "unheard"
    assert receiver.notes == []
    assert "private network" in caplog.text


# --- as part of the queue -----------------------------------------------------------------------------------------


@pytest.fixture
def jobs(options: Studio, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    monkeypatch.setattr(running, "CHILD", "tests.studio.rough")
    monkeypatch.setenv("PYTHONPATH", SEARCHED)
    monkeypatch.setattr(jobs_module, "DELAYS_SECONDS", (1.0, 1.0))
    options.data.mkdir(parents=True)
    catalogue = Catalogue(options.catalogue_url)
    found = Jobs(options, catalogue)
    found.launch()
    yield found
    found.close()
    catalogue.close()


def add(jobs: Jobs, name: str, webhook: str) -> str:
    video = Video(new_id(), name, "source.mp4", 1, "queued", webhook=webhook, created_at=time.time())
    folder = jobs.options.video_folder(video.id)
    folder.mkdir(parents=True)
    (folder / "source.mp4").touch()
    jobs.catalogue.add_video(video)
    jobs.start(video.id)
    return video.id


def test_the_end_is_told_whatever_it_is(jobs: Jobs, receiver: Receiver, wait_for: Wait) -> None:
    ids = [add(jobs, name, f"{receiver.url}/hook") for name in ("quick.mp4", "crash.mp4", "hang.mp4")]
    wait_for(lambda: (jobs.catalogue.video(ids[2]) or pytest.fail()).state == "running")
    jobs.cancel(ids[2])
    wait_for(lambda: len(receiver.notes) == 3, 20)
    told = {note["id"]: note for note in (json.loads(body) for _, body, _ in receiver.notes)}
    assert [told[id]["state"] for id in ids] == ["done", "failed", "cancelled"]
    assert "SIGSEGV" in told[ids[1]]["error"]
    assert told[ids[0]]["links"]["products"] == f"/api/videos/{ids[0]}/products"
    time.sleep(1.5)
    assert len(receiver.notes) == 3  # each once


def test_a_note_that_is_not_heard_is_sent_again_the_same(jobs: Jobs, receiver: Receiver, wait_for: Wait) -> None:
    receiver.answers = [503, 500, 200]
    add(jobs, "quick.mp4", receiver.url)
    wait_for(lambda: len(receiver.notes) == 3, 30)
    times = [at for _, _, at in receiver.notes]
    assert times[1] - times[0] > 0.9 and times[2] - times[1] > 0.9
    assert len({body for _, body, _ in receiver.notes}) == 1


def test_after_the_last_attempt_it_is_given_up(jobs: Jobs, receiver: Receiver, wait_for: Wait) -> None:
    receiver.answers = [503]
    add(jobs, "quick.mp4", receiver.url)
    wait_for(lambda: len(receiver.notes) == 3, 30)
    time.sleep(3.0)
    assert len(receiver.notes) == 3


def test_a_note_survives_the_night(jobs: Jobs, receiver: Receiver, wait_for: Wait) -> None:
    receiver.answers = [503, 200]
    add(jobs, "quick.mp4", receiver.url)
    wait_for(lambda: len(receiver.notes) == 1, 30)
    time.sleep(0.3)
    jobs.close()
    jobs.launch()
    wait_for(lambda: len(receiver.notes) == 2, 30)


def test_delays_grow() -> None:
    assert list(webhooks.DELAYS_SECONDS) == sorted(webhooks.DELAYS_SECONDS) and webhooks.DELAYS_SECONDS[0] >= 5
