"""`keyart studio`: read the settings, bind, serve until interrupted."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from keyart import logs
from keyart.errors import BadSetting, MissingExtra, OutputProblem
from keyart.settings import Given, applied, config_files, read_config, read_environment
from keyart.studio.options import Studio
from keyart.told import RUN


def options_of(given: list[Given], config: Path | None = None) -> Studio:
    """Defaults, config files, environment, then `given`; what other sections say is not looked at."""
    files = (*config_files(), *((config,) if config else ()))
    said = [one for file in files for one in read_config(file)]
    said += [*read_environment({"studio": Studio}), *given]
    return applied(Studio(), "studio", said)


def serve(options: Studio, *, quiet: bool = False) -> int:
    """Serve until interrupted. Raises `MissingExtra`, `BadSetting` and `OutputProblem` before anything is served."""
    try:
        import uvicorn
        from uvicorn.config import LOGGING_CONFIG

        from keyart.studio.app import application
        from keyart.studio.doors.patience import Patient
    except ModuleNotFoundError as err:
        raise MissingExtra(err.name or "fastapi", extra="studio") from err
    _writable(options)
    listener = _bound(options)
    address = f"http://{_shown(options.host)}:{listener.getsockname()[1]}"
    has_lines = _log_lines(options)
    logging.basicConfig(format="keyart: %(message)s", level=logging.ERROR if quiet else logging.WARNING)
    app = application(options)
    settings = uvicorn.Config(
        app,
        log_level="error" if quiet else "warning",
        log_config=None if has_lines else LOGGING_CONFIG,  # its lines are to look like all others
        server_header=False,
        date_header=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=64_000,
        limit_concurrency=1000,
        http=Patient,
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1",  # a proxy on this machine may say whom it speaks for; nobody else may
    )
    if not quiet:
        print(f"keyart studio: {address}  (Ctrl-C ends it; what is not finished goes on next time)", flush=True)
    server = uvicorn.Server(settings)
    _say_last_call_first(server, app.state.rooms.jobs.last_call)
    server.run(sockets=[listener])
    return 0


def _log_lines(options: Studio) -> bool:
    """Whether a log is written as KEYART_LOG says. It names neither secrets nor where things lie."""
    if not logs.asked_for():
        return False
    for secret in (options.token, options.metrics_token, options.webhook_secret):
        logs.hide(secret)
    for place in dict.fromkeys((str(options.data.absolute()), str(options.data))):
        logs.hide(place, "(data)")
    if "@" in options.database:
        logs.hide(options.database, "(database)")
    os.environ.setdefault(RUN, os.urandom(6).hex())
    logs.set_up()
    return True


def _say_last_call_first(server: Any, last_call: Callable[[], None]) -> None:
    """Streams of events end at the word; else they would keep the door open for seconds after Ctrl-C."""
    as_usual = server.handle_exit

    def handle_exit(number: int, frame: object) -> None:
        last_call()
        as_usual(number, frame)

    server.handle_exit = handle_exit


def _bound(options: Studio) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((options.host, options.port))
        listener.listen(2048)  # whoever reads the address can ask at once
    except (OSError, OverflowError) as err:
        listener.close()
        reason = getattr(err, "strerror", None) or str(err)
        raise BadSetting(f"{options.host}:{options.port} cannot be used ({reason}); try another --port") from err
    listener.set_inheritable(False)
    return listener


def _writable(options: Studio) -> None:
    try:
        options.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = options.data / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as err:
        raise OutputProblem(f"{options.data}: cannot be written ({err.strerror}); choose another --data") from err


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
