"""The queue of videos. Durable: DBOS keeps in its database which step of which video is done, and goes on from there.

A video's workflow bears the video's id (and a number from the second attempt on), so that none is done twice. Its one
long step is a process of its own; what that finishes is in the stage cache, so a step done again is soon done.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from keyart.errors import KeyartError, OutputProblem
from keyart.package import MANIFEST, read_manifest
from keyart.studio.catalogue import Catalogue, Video
from keyart.studio.metrics import counts_of
from keyart.studio.options import Studio
from keyart.studio.works import sweep
from keyart.studio.works.forecast import Forecast, Teller, expected_seconds, past_of
from keyart.studio.works.overheard import KEY, Overheard
from keyart.studio.works.running import Leash, Stopped, run_child
from keyart.studio.works.webhooks import DELAYS_SECONDS, Webhooks
from keyart.witness import witnessed

if TYPE_CHECKING:
    from dbos import DBOSConfig, WorkflowStatus

log = logging.getLogger("keyart.studio")
Note = dict[str, str]
"""`url` and `body` of a webhook, and `of`, the workflow whose end it tells."""

VERSION = "1"
"""Of the workflows, not of keyart: an upgrade goes on with what was queued before. Raised when their steps change."""
QUEUE = "videos"
NOTES = "notes"
_NOTES_AT_ONCE = 4
_LOOK_EVERY_SECONDS = 0.25
_WAITING = ("ENQUEUED", "DELAYED", "PENDING")
_MOST_TRIES = 100
"""Times that a video is taken up again after the studio died with it."""
_PATIENCE_SECONDS = 5.0
"""For a killed process to be gone."""


class ClosingTime(BaseException):
    """The studio is going down. No `Exception`: to the queue the step has simply not ended, and is done again."""


@dataclass(slots=True)
class Jobs:
    """Starts, stops and counts the work on videos. One at a time may be launched in a process."""

    options: Studio
    catalogue: Catalogue
    _work: Callable[[str], None] | None = None
    _note: Callable[[Note, int], None] | None = None
    _leashes: dict[str, Leash] = field(default_factory=dict)
    _past: set[str] = field(default_factory=set)
    """Workflows whose long step has ended in this process, a moment before the queue's books say so."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_closing: bool = False
    _door: int = -1
    _line: tuple[float, tuple[str, ...]] = (0.0, ())

    # --- from morning to night ------------------------------------------------------------------------------------

    def launch(self) -> None:
        """Tidy up after the last time, then go on with everything that is not finished.

        Raises `OutputProblem` where another studio is at work in the data folder.
        """
        self._lock_door()
        self._is_closing = False
        try:
            sweep.tidy(self.options, self.catalogue)
            self._open()
            self._forget_strangers()
            for video in self.catalogue.unfinished():
                self.start(video.id)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop working; whatever was under way goes on at the next launch."""
        from dbos import DBOS

        self._is_closing, self._work = True, None
        held = dict(self._leashes)
        for leash in held.values():
            leash.stop()
        for video, leash in held.items():  # so that no step ends when there is nothing left to write it down in
            self._until_gone(video, leash)
        if self._door >= 0:
            DBOS.destroy(destroy_registry=True)
            os.close(self._door)
            self._door = -1

    def last_call(self) -> None:
        """Nothing new is begun and whoever watches is sent home, so that closing need not wait. Safe in a signal."""
        self._is_closing = True

    @property
    def is_closing(self) -> bool:
        return self._is_closing

    def _open(self) -> None:
        from dbos import DBOS

        def work(video: str) -> None:
            """A video's way: made, then published. Each line is done once, however often the studio dies."""
            ended = DBOS.run_step({"name": "make"}, self.make, video)
            told = DBOS.run_step({"name": "finish"}, self.finish, video, ended)
            if told:
                self._stay_open()
                self._send(told, str(DBOS.workflow_id))

        def note(note: Note, attempt: int) -> None:
            """A webhook's next attempt waits in the queue, not in a thread."""
            fate = DBOS.run_step({"name": "send"}, Webhooks(self.options).send, note["url"], note["body"])
            if fate == "unheard" and attempt < len(DELAYS_SECONDS):
                self._stay_open()
                self._send(note, note["of"], attempt + 1)

        DBOS(config=_config(self.options))
        self._work = DBOS.workflow(name=QUEUE, max_recovery_attempts=_MOST_TRIES)(work)
        self._note = DBOS.workflow(name=NOTES, max_recovery_attempts=_MOST_TRIES)(note)
        DBOS.launch()
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=self.options.jobs,
            polling_interval_sec=_LOOK_EVERY_SECONDS,
            on_conflict="always_update",
        )
        DBOS.register_queue(NOTES, worker_concurrency=_NOTES_AT_ONCE, on_conflict="always_update")

    def _stay_open(self) -> None:
        """Raises `ClosingTime` at that time: what follows is for the next launch."""
        if self._is_closing:
            raise ClosingTime

    def _forget_strangers(self) -> None:
        """What the queue remembers of videos that are gone."""
        from dbos import DBOS

        rows = DBOS.list_workflows(name=QUEUE, load_input=False, load_output=False)
        gone = [one.workflow_id for one in rows if self.catalogue.revision(_video_of(one.workflow_id)) is None]
        sent = DBOS.list_workflows(name=NOTES, status=["SUCCESS", "ERROR"], load_input=False, load_output=False)
        if gone or sent:
            DBOS.delete_workflows([*gone, *(one.workflow_id for one in sent)])

    def _lock_door(self) -> None:
        self.options.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        door = os.open(self.options.data / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            os.close(door)
            raise OutputProblem(
                f"{self.options.data}: another studio is at work there; give this one --data DIR"
            ) from err
        self._door = door

    # --- what the routes ask for ----------------------------------------------------------------------------------

    def start(self, video: str) -> None:
        """Queue a video that the catalogue has as queued, for the first time or again; one that waits stays.

        Before the launch there is nothing to do: that starts whatever is queued by then.
        """
        from dbos import DBOS, SetEnqueueOptions, SetWorkflowID

        with self._lock:
            if self._work is None:
                return
            earlier = self._attempts(video)
            if earlier is None:
                return
            queue = DBOS.retrieve_queue(QUEUE)
            assert queue is not None
            # times are kept to the second: within one it is the number that says who came first
            last = max((one.priority or 0 for one in self._waiting()), default=0)
            with SetWorkflowID(f"{video}-{len(earlier)}" if earlier else video), SetEnqueueOptions(priority=last + 1):
                queue.enqueue(self._work, video)
            self._line = (0.0, ())

    def _attempts(self, video: str) -> list[WorkflowStatus] | None:
        """Those at a video so far; None where one of them is still to take it up."""
        from dbos import DBOS

        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            is_held = video in self._leashes
            rows = DBOS.list_workflows(workflow_id_prefix=video, name=QUEUE, load_input=False, load_output=False)
            if not any(one.status in _WAITING and not self._is_made(one) for one in rows):
                return rows
            found = self.catalogue.video(video)
            if not is_held or found is None or found.state != "queued" or time.monotonic() > until:
                return None
            time.sleep(0.02)  # it is just being let go, or about to be taken up: soon we know which

    def _is_made(self, workflow: WorkflowStatus) -> bool:
        """Whether its long step is over: it only has to say so, and takes up nothing that is queued now."""
        from dbos import DBOS

        if workflow.status != "PENDING" or workflow.workflow_id in self._past:
            return workflow.status == "PENDING"
        return any(step["function_name"] == "make" for step in DBOS.list_workflow_steps(workflow.workflow_id))

    def _waiting(self, prefix: str | None = None) -> list[WorkflowStatus]:
        """What is in the queue and not at its end, the running ones first, then in the order of their turn."""
        from dbos import DBOS

        if self._work is None:
            return []
        rows = DBOS.list_workflows(
            workflow_id_prefix=prefix, name=QUEUE, status=list(_WAITING), load_input=False, load_output=False
        )
        return sorted(rows, key=lambda one: (one.status != "PENDING", one.priority or 0, one.created_at or 0))

    def cancel(self, video: str) -> bool:
        """Stop the work on a video, waiting or running, at once; whether there was anything to stop."""
        from dbos import DBOS

        rows = self._waiting(video)
        if not self.catalogue.move(video, "cancelled", from_=("queued", "running"), error=""):
            return False
        leash = self._leashes.get(video)
        if leash is not None:
            leash.stop()
        # what runs comes to its end by itself, and the queue has nothing to complain of
        if idle := [one.workflow_id for one in rows if one.status != "PENDING"]:
            DBOS.cancel_workflows(idle)
        self._line = (0.0, ())
        if leash is not None:
            self._until_gone(video, leash)
        if note := self._note_of(video):
            self._send(note, rows[0].workflow_id if rows else video)
        return True

    def _until_gone(self, video: str, leash: Leash | None = None) -> None:
        """Wait for the process that works on the video to be gone, and what it left behind with it."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while (held := self._leashes.get(video)) and held is (leash or held) and time.monotonic() < until:
            time.sleep(0.02)

    def position(self, video: str) -> int | None:
        """How many videos come before it, the one that is worked on among them; None where it does not wait."""
        line = self._queue_line()
        return line.index(video) if video in line else None

    def _queue_line(self) -> tuple[str, ...]:
        """Ids in the order of their turn, as of half a second ago: every page of the library asks for it."""
        read_at, line = self._line
        if time.monotonic() - read_at > 0.5:
            line = tuple(_video_of(one.workflow_id) for one in self._waiting())
            self._line = (time.monotonic(), line)
        return line

    # --- the steps ------------------------------------------------------------------------------------------------

    def make(self, id: str) -> dict[str, Any]:
        """The long step: the package, by a process of its own; how it ended, and by what words it is found."""
        from dbos import DBOS

        self._until_gone(id)
        self._stay_open()
        leash, begun = Leash(), time.monotonic()
        self._leashes[id] = leash
        try:
            ended = self._ended(id, leash)
            video = self.catalogue.video(id)
            counts_of(self.options).job_ended(
                ended["state"], time.monotonic() - begun, _seconds(video) if video is not None else 0.0
            )
            return ended
        finally:
            if not self._is_closing:
                sweep.drop_unfinished(self.options, id)
            self._past.add(str(DBOS.workflow_id))
            del self._leashes[id]

    def _ended(self, id: str, leash: Leash) -> dict[str, Any]:
        try:
            return self._made(id, leash)
        except Stopped:
            if self._is_closing:
                raise ClosingTime from None
            return {"state": "cancelled"}
        except KeyartError as err:
            return {"state": "failed", "error": str(err)}

    def _made(self, id: str, leash: Leash) -> dict[str, Any]:
        video = self.catalogue.video(id)
        if video is None or not self.catalogue.move(id, "running", from_=("queued",), error=""):
            raise Stopped("it was stopped before it began")
        folder = self.options.video_folder(id)
        package = folder / "package"
        if not (package / MANIFEST).is_file():  # else the studio died between the last file and the end of the step
            sweep.drop_unfinished(self.options, id)
            request = {
                "path": str(folder / video.file),
                "name": video.name,
                "settings": dict(video.settings),
                "folder": str(package),
                "cache": str(self.options.cache_folder),
            }
            teller = Teller(Forecast(self._expected(video)), partial(self.catalogue.change, video.id))
            with witnessed(video.name) as witness:
                heard = Overheard(witness, counts_of(self.options).stage_ended)
                run_child(
                    "make",
                    request,
                    options=self.options,
                    leash=leash,
                    on_line=lambda line: heard.hear(line) if KEY in line else teller.hear(line),
                    on_silence=teller.catch_up,
                )
        return {"state": "done", "words": _words(video.name, read_manifest(package))}

    def finish(self, id: str, ended: dict[str, Any]) -> Note | None:
        """The short step: what everyone sees of it, and the note that is to be sent."""
        told = dict((video.progress if (video := self.catalogue.video(id)) else None) or {})
        if ended["state"] == "done":
            told |= {"fraction": 1.0, "seconds_left": 0.0}
            self.catalogue.move(id, "done", from_=("running",), words=ended["words"], progress=told)
        if ended["state"] == "failed":
            told |= {"seconds_left": None}
            self.catalogue.move(id, "failed", from_=("running",), error=ended["error"], progress=told)
        return self._note_of(id) if ended["state"] in ("done", "failed") else None

    def _note_of(self, id: str) -> Note | None:
        """What a webhook is told of a video as it is now; None where nobody wants to know."""
        from keyart.studio.videos import told

        video = self.catalogue.video(id)
        if video is None or not video.webhook:
            return None
        return {"url": video.webhook, "body": told(video).model_dump_json()}

    def _send(self, note: Note, of: str, attempt: int = 0) -> None:
        """Queue an attempt at a note on a workflow's end; the same one is never queued twice."""
        from dbos import DBOS, SetEnqueueOptions, SetWorkflowID

        if self._work is None or self._note is None:
            return
        queue = DBOS.retrieve_queue(NOTES)
        assert queue is not None
        delay = DELAYS_SECONDS[attempt - 1] if attempt else None
        with SetWorkflowID(f"{of}-note-{attempt}"), SetEnqueueOptions(delay_seconds=delay):
            queue.enqueue(self._note, {**note, "of": of}, attempt)

    def _expected(self, video: Video) -> dict[str, float]:
        past, _ = self.catalogue.videos(limit=20)
        runs = [(_seconds(one), past_of(one.progress)) for one in past if one.state == "done"]
        expected = expected_seconds(_seconds(video), runs)
        return {name: seconds for name, seconds in expected.items() if name != "summaries" or name in video.settings}


def _seconds(video: Video) -> float:
    return float(video.probe.get("duration", 0.0))


def _video_of(workflow: str) -> str:
    """A workflow's id is its video's, and a number from the second attempt on."""
    return workflow.partition("-")[0]


def _words(name: str, manifest: Mapping[str, Any]) -> str:
    """What the library's search looks through: the name, the titles."""
    return " ".join([name, *(title["text"] for title in manifest["titles"])]).casefold()


def _config(options: Studio) -> DBOSConfig:
    from dbos import Serializer

    class Json(Serializer):
        """In place of pickles: a database of jobs is no program. An error comes back as its text."""

        def serialize(self, data: Any) -> str:
            return json.dumps(data, default=str)

        def deserialize(self, serialized_data: str) -> Any:
            found = json.loads(serialized_data)
            return RuntimeError(found) if isinstance(found, str) else found

        def name(self) -> str:
            return "json"

    return {
        "serializer": Json(),
        "name": "keyart-studio",
        "system_database_url": options.jobs_url,
        "application_version": VERSION,
        "executor_id": "studio",
        "enable_otlp": False,
        "log_level": "ERROR",
        "notification_listener_polling_interval_sec": 1.0,  # of which closing takes up to one
        "scheduler_polling_interval_sec": 3600.0,
    }
