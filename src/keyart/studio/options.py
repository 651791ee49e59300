"""How a studio is set up. Its fields are flags of `keyart studio`, keys of `[studio]` and `KEYART_STUDIO_*`."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

from platformdirs import user_data_path

from keyart.errors import BadSetting

GIGABYTE = 1_000_000_000
_FEWEST = 16
"""Characters of a token."""


def usual_data_folder() -> Path:
    return user_data_path("keyart") / "studio"


@dataclass(frozen=True, slots=True)
class Studio:
    """A studio's place on the network and on the disk, and what it lets its users do."""

    host: str = "127.0.0.1"
    """Address to bind to. Anything but the machine itself asks for a token."""
    port: int = 8400
    """Port to bind to; 0 takes a free one."""
    data: Path = field(default_factory=usual_data_folder)
    """Folder for videos, packages and the database."""
    database: str = ""
    """Address of a PostgreSQL database, postgresql://...; empty keeps a SQLite file in the data folder."""
    token: str = ""
    """Whoever shows it may use the studio; at least 16 characters. Better given as KEYART_STUDIO_TOKEN."""
    metrics_token: str = ""
    """Whoever shows it may read /metrics and nothing else. Better given as KEYART_STUDIO_METRICS_TOKEN."""
    hosts: tuple[str, ...] = ()
    """Names under which a reverse proxy or the network knows the studio, studio.example.org; others are refused."""
    allow_paths: tuple[str, ...] = ()
    """Folders of this machine whose videos may be named by path instead of uploaded."""
    allow_urls: bool = False
    """Whether users may name a video by its address on the public network."""
    max_upload_gb: float = 8.0
    """Size of one upload at most, in 10^9 bytes."""
    quota_gb: float = 100.0
    """Uploads and packages together at most, in 10^9 bytes."""
    spare_gb: float = 2.0
    """Free disk space that is never used, in 10^9 bytes."""
    max_hours: float = 6.0
    """Length of one video at most."""
    jobs: int = 1
    """Videos worked on at a time, 1 ... 16."""
    job_minutes: float = 240.0
    """Time one video may take at most."""
    job_memory_gb: float = 8.0
    """Memory one video may take at most, in 10^9 bytes."""
    webhook_secret: str = ""
    """Key of the signature on webhooks; empty takes the one that the studio makes for itself in its data folder."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", self.data.expanduser().absolute())  # its children work in another folder
        if not 0 <= self.port <= 65535:
            raise BadSetting(f"a port is 0 to 65535, not {self.port}")
        if not 1 <= self.jobs <= 16:
            raise BadSetting(f"1 to 16 videos can be worked on at a time, not {self.jobs}")
        if self.token and len(self.token) < _FEWEST:
            raise BadSetting(f"a token has at least {_FEWEST} characters; this one has {len(self.token)}")
        if self.metrics_token and not self.token:
            raise BadSetting(
                "a token for the metrics is for a studio with a token; without one, this machine reads them"
            )
        if self.metrics_token and (len(self.metrics_token) < _FEWEST or self.metrics_token == self.token):
            raise BadSetting(f"the token of the metrics has at least {_FEWEST} characters and is not the studio's")
        if not self.token and not self.is_local:
            raise BadSetting(
                f"{self.host} can be reached by others: set a token first, KEYART_STUDIO_TOKEN=... keyart studio "
                f"--host {self.host}"
            )
        if self.hosts and not self.token:
            raise BadSetting("a studio that others reach by name, --hosts, needs a token: KEYART_STUDIO_TOKEN=...")
        for name in ("max_upload_gb", "quota_gb", "max_hours", "job_minutes", "job_memory_gb"):
            if getattr(self, name) <= 0:
                raise BadSetting(f"{name} must be more than 0, not {getattr(self, name)}")

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    # --- places ---------------------------------------------------------------------------------------------------

    @property
    def uploads_folder(self) -> Path:
        """`<upload id>`: what has come so far."""
        return self.data / "uploads"

    def video_folder(self, video: str) -> Path:
        """`source.mp4`, `source.srt` ..., `package/`, `made/` of one video; the id is one of the catalogue's."""
        return self.data / "videos" / video

    @property
    def cache_folder(self) -> Path:
        """Finished stages, so that a killed job goes on where it was."""
        return self.data / "stages"

    @property
    def catalogue_url(self) -> str:
        return self.database or f"sqlite:///{self.data / 'studio.sqlite'}"

    @property
    def jobs_url(self) -> str:
        return self.database or f"sqlite:///{self.data / 'jobs.sqlite'}"
