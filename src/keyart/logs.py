"""What happens, as lines that a machine reads: JSON, or plain text, on standard error or in a file.

KEYART_LOG=json or text asks for them, KEYART_LOG_FILE (and `--log FILE`) says where they go. Processes that a run
starts inherit both and write into the same file, each line whole. Nothing here is loaded where nobody asks.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import logging
import os
import re
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keyart.errors import BadSetting, OutputProblem
from keyart.told import LOG, LOG_FILE, RUN, Ended

_FIELDS = ("video", "stage", "run", "trace")
_FACTS = "facts"
_LONGEST = 4000
"""Characters of a message: a line of the log stays one that can be read and written in one go."""
_SECRET_NAME = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|API_?KEY|ACCESS_KEY|PRIVATE_KEY|OTLP\w*_HEADERS")
_FEWEST = 6
"""Characters of a value that is taken out wherever it stands; a shorter one would take out words."""
_LOGIN = re.compile(r"(?<=://)[^\s/@]*@")
_QUERY = re.compile(r"(://[^\s?#'\"]+)[?#][^\s'\"]*")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")

log = logging.getLogger("keyart.stages")
_hidden: dict[str, str] = {}
_installed: list[logging.Handler] = []


# --- what must not be said ------------------------------------------------------------------------------------------


def hide(value: str, shown: str = "***") -> None:
    """From now on no line says `value`: a token, or a place that is no business of whoever reads the log."""
    if len(value) >= _FEWEST:
        _hidden[value] = shown


def without_secrets(text: str) -> str:
    """The text less logins and queries of addresses (that is where keys of a store stand), tokens, what `hide` was told
    and the values of variables whose name says that they are secret."""
    for value, shown in (*_hidden.items(), *((one, "***") for one in _secrets())):
        text = text.replace(value, shown)
    text = _QUERY.sub(r"\1?***", _LOGIN.sub("***@", text))
    return _BEARER.sub(r"\1 ***", text)


def _secrets() -> list[str]:
    return [value for name, value in os.environ.items() if _SECRET_NAME.search(name.upper()) and len(value) >= _FEWEST]


# --- lines ----------------------------------------------------------------------------------------------------------


class JsonLines(logging.Formatter):
    """A record as one line of JSON: time, level, logger, message, and what is known of video, stage, run and trace."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _said(record),
        }
        line |= {name: value for name in _FIELDS if (value := getattr(record, name, ""))}
        line.setdefault("run", os.environ.get(RUN, ""))
        line |= getattr(record, _FACTS, {})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps({key: _clean(value) for key, value in line.items()}, ensure_ascii=False, default=str)


class TextLines(logging.Formatter):
    """The same for people: one line, the facts at its end."""

    def format(self, record: logging.LogRecord) -> str:
        named = [str(value) for name in ("video", "stage") if (value := getattr(record, name, ""))]
        facts = [f"{key}={value}" for key, value in getattr(record, _FACTS, {}).items() if value not in ("", [], False)]
        trace = [f"trace={value}"] if (value := getattr(record, "trace", "")) else []
        words = [_time(record), record.levelname, record.name, *named, _said(record), *facts, *trace]
        line = _CONTROL.sub(" ", without_secrets(" ".join(words)))
        return line + (f"\n{without_secrets(self.formatException(record.exc_info))}" if record.exc_info else "")


def _time(record: logging.LogRecord) -> str:
    moment = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _said(record: logging.LogRecord) -> str:
    return record.getMessage()[:_LONGEST]


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return without_secrets(value).encode(errors="replace").decode()  # half a character is no UTF-8
    return [_clean(one) for one in value] if isinstance(value, list | tuple) else value


FORMS: Mapping[str, type[logging.Formatter]] = {"json": JsonLines, "text": TextLines}
"""Value of KEYART_LOG -> how lines look."""


class _Appended(logging.Handler):
    """Lines at the end of a file, one write each: several processes may share it. A full disk never stops a run."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._end = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as err:
            raise OutputProblem(f"{path}: the log cannot be written ({err.strerror}); choose another --log") from err

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError):  # there is nowhere left to say it
            os.write(self._end, f"{self.format(record)}\n".encode(errors="replace"))

    def close(self) -> None:
        if self._end >= 0:
            os.close(self._end)
            self._end = -1
        super().close()


# --- setting up -----------------------------------------------------------------------------------------------------


def asked_for() -> bool:
    """Whether somebody wants lines."""
    return bool(os.environ.get(LOG) or os.environ.get(LOG_FILE))


def on_stderr() -> bool:
    """Whether lines go where else progress and errors are shown."""
    return any(isinstance(one, logging.StreamHandler) for one in _installed)


def set_up() -> None:
    """Lines from now on, where the environment says. Raises `BadSetting`, `OutputProblem`."""
    with _SETTING_UP:
        if _installed or not asked_for():
            return
        kind = os.environ.get(LOG) or "json"
        if kind not in FORMS:
            raise BadSetting(f"{LOG} cannot be {kind!r}; allowed: {', '.join(FORMS)}")
        file = os.environ.get(LOG_FILE)
        handler: logging.Handler = _Appended(Path(file)) if file else logging.StreamHandler(sys.stderr)
        handler.setFormatter(FORMS[kind]())
        logging.getLogger().addHandler(handler)
        logging.getLogger("keyart").setLevel(logging.INFO)
        _installed.append(handler)


def take_down() -> None:
    """No lines any more; for tests, and for whoever embeds keyart."""
    with _SETTING_UP:
        for handler in _installed:
            logging.getLogger().removeHandler(handler)
            handler.close()
        _installed.clear()
        logging.getLogger("keyart").setLevel(logging.NOTSET)


_SETTING_UP = threading.Lock()


# --- what a run tells -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Lines:
    """A listener: a line when a stage or the whole begins, and one when it ends."""

    kind: str
    """What the whole is: video, library ..."""
    name: str
    trace: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    def begin(self, stage: str, _at_ns: int) -> None:
        self._say(logging.INFO, stage, f"{stage or self._title} begins", {})

    def know(self, facts: Mapping[str, Any]) -> None:
        self.facts |= facts

    def end(self, told: Ended) -> None:
        level = {"failed": logging.ERROR, "degraded": logging.WARNING}.get(told.status, logging.INFO)
        facts = {"seconds": round(told.seconds, 3), "status": told.status, "reason": told.reason}
        if told.stage:
            facts |= {"resumed": told.resumed, "backend": told.backend, "models": list(told.models)}
        facts |= {"error": told.error} if told.error else {}
        facts |= {} if told.stage else self.facts
        self._say(level, told.stage, f"{told.stage or self._title} ends: {told.status}", facts)

    @property
    def _title(self) -> str:
        return f"keyart {self.name}" if self.kind == "command" else self.kind

    def _say(self, level: int, stage: str, message: str, facts: Mapping[str, Any]) -> None:
        video = self.name if self.kind == "video" else ""
        facts = facts if video else {self.kind: self.name, **facts}
        log.log(level, message, extra={"video": video, "stage": stage, "trace": self.trace, _FACTS: facts})
