"""What the studio knows: videos, uploads on their way, frames, pictures made, drafts. In SQLite, or PostgreSQL by URL.

Files lie in folders named by ids that are made here; a name that a user gave is only ever shown.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

State = Literal["queued", "running", "done", "failed", "cancelled"]
STATES: tuple[State, ...] = ("queued", "running", "done", "failed", "cancelled")
FINAL: tuple[State, ...] = ("done", "failed", "cancelled")
_METADATA = sa.MetaData()

_VIDEOS = sa.Table(
    "videos",
    _METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("error", sa.Text, nullable=False, default=""),
    sa.Column("settings", sa.JSON, nullable=False),
    sa.Column("probe", sa.JSON, nullable=False),
    sa.Column("progress", sa.JSON, nullable=False),
    sa.Column("webhook", sa.Text, nullable=False, default=""),
    sa.Column("draft", sa.JSON, nullable=False),
    sa.Column("words", sa.Text, nullable=False, default=""),
    sa.Column("created_at", sa.Float, nullable=False, index=True),
    sa.Column("revision", sa.BigInteger, nullable=False, default=1),
)
_UPLOADS = sa.Table(
    "uploads",
    _METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("touched_at", sa.Float, nullable=False),
)
_FRAMES = sa.Table(
    "frames",
    _METADATA,
    sa.Column("video", sa.String(32), primary_key=True),
    sa.Column("milliseconds", sa.BigInteger, primary_key=True),
    sa.Column("by_hand", sa.Boolean, nullable=False),
    sa.Column("favourite", sa.Boolean, nullable=False),
    sa.Column("facts", sa.JSON, nullable=False),
)
_PICTURES = sa.Table(
    "pictures",
    _METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("video", sa.String(32), nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("facts", sa.JSON, nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Video:
    """One video and how far its package is. `revision` grows with every change."""

    id: str
    name: str
    """As its owner calls it; never a path."""
    file: str
    """Of the source inside the video's folder: source.mp4."""
    bytes: int
    state: State
    error: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """`{section: {field: value}}`, checked when it came."""
    probe: Mapping[str, Any] = field(default_factory=dict)
    progress: Mapping[str, Any] = field(default_factory=dict)
    """`{"stages": [{"name", "status", "fraction", "reason", "seconds"}], "fraction", "seconds_left"}`."""
    webhook: str = ""
    draft: Mapping[str, Any] = field(default_factory=dict)
    """The cover that is being worked on, as the browser left it."""
    words: str = ""
    """What the library's search looks through beside the name: titles and tags."""
    created_at: float = 0.0
    revision: int = 1

    @property
    def is_final(self) -> bool:
        return self.state in FINAL


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way; what has come lies in the uploads folder under the id."""

    id: str
    name: str
    bytes: int
    """Of the whole file."""
    touched_at: float


@dataclass(frozen=True, slots=True)
class FrameMark:
    """What a user has done to a frame: liked it, or asked for it by hand."""

    video: str
    milliseconds: int
    by_hand: bool
    favourite: bool
    facts: Mapping[str, Any]
    """As `plain.still` tells them; empty for a still of the package."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A cover, a variant or a generated picture that was asked for in the studio; the file lies in `made/`."""

    id: str
    video: str
    kind: str
    """cover, variant or image."""
    file: str
    facts: Mapping[str, Any]
    created_at: float


def new_id() -> str:
    """128 random bits, safe in addresses and as the name of a folder."""
    return secrets.token_hex(16)


class Catalogue:
    """All reads and writes. One instance a process; its methods may be called from any thread."""

    def __init__(self, url: str) -> None:
        is_sqlite = url.startswith("sqlite")
        settings: dict[str, Any] = {"connect_args": {"timeout": 30}} if is_sqlite else {"pool_pre_ping": True}
        self._engine = sa.create_engine(url, **settings)
        if is_sqlite:
            sa.event.listen(self._engine, "connect", _many_readers)
        _METADATA.create_all(self._engine)

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _write(self) -> Iterator[sa.Connection]:
        with self._engine.begin() as connection:
            yield connection

    # --- videos ---------------------------------------------------------------------------------------------------

    def add_video(self, video: Video) -> bool:
        """Whether it was new: an id that is there already is left as it is, so that a step may be done again."""
        row = {column.name: getattr(video, column.name) for column in _VIDEOS.columns}
        try:
            with self._write() as connection:
                connection.execute(_VIDEOS.insert().values(row | {"created_at": video.created_at or time.time()}))
        except IntegrityError:
            return False
        return True

    def video(self, id: str) -> Video | None:
        with self._engine.connect() as connection:
            row = connection.execute(_VIDEOS.select().where(_VIDEOS.c.id == id)).mappings().first()
        return Video(**row) if row else None

    def videos(self, query: str = "", *, limit: int = 50, offset: int = 0) -> tuple[tuple[Video, ...], int]:
        """Newest first, those whose name or titles hold every word of the query; and how many there are in all."""
        chosen = _VIDEOS.select()
        for word in query.casefold().split():
            chosen = chosen.where(_VIDEOS.c.words.contains(word, autoescape=True))
        counted = sa.select(sa.func.count()).select_from(chosen.subquery())
        page = chosen.order_by(_VIDEOS.c.created_at.desc(), _VIDEOS.c.id).limit(limit).offset(offset)
        with self._engine.connect() as connection:
            rows = connection.execute(page).mappings().all()
            total = connection.execute(counted).scalar_one()
        return tuple(Video(**row) for row in rows), total

    def unfinished(self) -> tuple[Video, ...]:
        """Those queued or running, oldest first."""
        chosen = _VIDEOS.select().where(_VIDEOS.c.state.not_in(FINAL)).order_by(_VIDEOS.c.created_at)
        with self._engine.connect() as connection:
            return tuple(Video(**row) for row in connection.execute(chosen).mappings())

    def states(self) -> dict[str, tuple[int, float]]:
        """State -> how many videos are in it, and when the oldest of them came."""
        counted = sa.select(_VIDEOS.c.state, sa.func.count(), sa.func.min(_VIDEOS.c.created_at))
        with self._engine.connect() as connection:
            rows = connection.execute(counted.group_by(_VIDEOS.c.state)).all()
        return {state: (number, oldest) for state, number, oldest in rows}

    def revision(self, id: str) -> int | None:
        """Cheap to ask again and again; None where the video is gone."""
        with self._engine.connect() as connection:
            return connection.execute(sa.select(_VIDEOS.c.revision).where(_VIDEOS.c.id == id)).scalar_one_or_none()

    def change(self, id: str, **values: Any) -> bool:
        """Set columns of a video: state, error, progress, probe, draft, words ... Whether it was there."""
        changed = _VIDEOS.update().where(_VIDEOS.c.id == id).values(**values, revision=_VIDEOS.c.revision + 1)
        with self._write() as connection:
            return connection.execute(changed).rowcount > 0

    def move(self, id: str, state: State, *, from_: tuple[State, ...], **values: Any) -> bool:
        """Set the state, but only where it is one of `from_`: two who race for it cannot both win."""
        changed = (
            _VIDEOS.update()
            .where(_VIDEOS.c.id == id, _VIDEOS.c.state.in_(from_))
            .values(state=state, **values, revision=_VIDEOS.c.revision + 1)
        )
        with self._write() as connection:
            return connection.execute(changed).rowcount > 0

    def remove_video(self, id: str) -> bool:
        """The video and all that hangs on it; files are the caller's."""
        with self._write() as connection:
            connection.execute(_FRAMES.delete().where(_FRAMES.c.video == id))
            connection.execute(_PICTURES.delete().where(_PICTURES.c.video == id))
            return connection.execute(_VIDEOS.delete().where(_VIDEOS.c.id == id)).rowcount > 0

    # --- uploads --------------------------------------------------------------------------------------------------

    def add_upload(self, upload: Upload) -> None:
        with self._write() as connection:
            connection.execute(
                _UPLOADS.insert().values(
                    id=upload.id, name=upload.name, bytes=upload.bytes, touched_at=upload.touched_at
                )
            )

    def upload(self, id: str) -> Upload | None:
        with self._engine.connect() as connection:
            row = connection.execute(_UPLOADS.select().where(_UPLOADS.c.id == id)).mappings().first()
        return Upload(**row) if row else None

    def uploads(self) -> tuple[Upload, ...]:
        with self._engine.connect() as connection:
            return tuple(Upload(**row) for row in connection.execute(_UPLOADS.select()).mappings())

    def touch_upload(self, id: str, at: float) -> None:
        with self._write() as connection:
            connection.execute(_UPLOADS.update().where(_UPLOADS.c.id == id).values(touched_at=at))

    def remove_upload(self, id: str) -> bool:
        with self._write() as connection:
            return connection.execute(_UPLOADS.delete().where(_UPLOADS.c.id == id)).rowcount > 0

    # --- frames and pictures --------------------------------------------------------------------------------------

    def mark(self, mark: FrameMark) -> None:
        """Set, or replace, what is known of a frame."""
        where = sa.and_(_FRAMES.c.video == mark.video, _FRAMES.c.milliseconds == mark.milliseconds)
        with self._write() as connection:
            connection.execute(_FRAMES.delete().where(where))
            connection.execute(
                _FRAMES.insert().values(
                    video=mark.video,
                    milliseconds=mark.milliseconds,
                    by_hand=mark.by_hand,
                    favourite=mark.favourite,
                    facts=dict(mark.facts),
                )
            )

    def marks(self, video: str) -> tuple[FrameMark, ...]:
        chosen = _FRAMES.select().where(_FRAMES.c.video == video).order_by(_FRAMES.c.milliseconds)
        with self._engine.connect() as connection:
            return tuple(FrameMark(**row) for row in connection.execute(chosen).mappings())

    def unmark(self, video: str, milliseconds: int) -> bool:
        where = sa.and_(_FRAMES.c.video == video, _FRAMES.c.milliseconds == milliseconds)
        with self._write() as connection:
            return connection.execute(_FRAMES.delete().where(where)).rowcount > 0

    def add_picture(self, picture: Picture) -> None:
        row = {column.name: getattr(picture, column.name) for column in _PICTURES.columns}
        with self._write() as connection:
            connection.execute(_PICTURES.insert().values(row))

    def pictures(self, video: str, kind: str = "") -> tuple[Picture, ...]:
        """Oldest first."""
        chosen = _PICTURES.select().where(_PICTURES.c.video == video)
        chosen = chosen.where(_PICTURES.c.kind == kind) if kind else chosen
        with self._engine.connect() as connection:
            rows = connection.execute(chosen.order_by(_PICTURES.c.created_at, _PICTURES.c.id)).mappings()
            return tuple(Picture(**row) for row in rows)

    def remove_picture(self, video: str, id: str) -> bool:
        where = sa.and_(_PICTURES.c.video == video, _PICTURES.c.id == id)
        with self._write() as connection:
            return connection.execute(_PICTURES.delete().where(where)).rowcount > 0


def _many_readers(connection: Any, _record: object) -> None:
    """Readers never wait for the writer, and what is committed survives a killed process."""
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")
