"""What lands on disk: the package folder, its manifest, its receipts; whole or not at all.

Products are made in memory and written in one burst under a lock, each by temporary name, fsync and rename;
`package.json` comes last, so a folder with a manifest is a finished package. A run that fails takes away what it wrote.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import fcntl
import hashlib
import json
import mimetypes
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyart import plain
from keyart.errors import BadSetting, MissingFile, OutputProblem
from keyart.models import CARDS, bill_of_models
from keyart.types import Headline, Product, Shot, Status, Still, Transcript, VideoInfo

if TYPE_CHECKING:
    from keyart.review import Verdict

SCHEMA = 1
USUAL = ("shots", "stills", "storyboard", "titles", "covers", "cutouts", "variants", "avatar", "teaser")
"""What a package is; one that has all of them gets a page that shows it."""
PARTS = (*USUAL, "summaries")
"""What can be made. Short versions take longer than all the rest, so they are made where they are asked for."""
MANIFEST = "package.json"
RUN = "run.json"
LOCK = ".keyart.lock"
_WRITERS = 8


@dataclass(frozen=True, slots=True)
class StageReport:
    """How one stage went; `seconds` and `resumed` belong to the run, the rest to the package."""

    name: str
    status: Status
    reason: str = ""
    backend: str = ""
    models: tuple[str, ...] = ()
    seconds: float = 0.0
    resumed: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Package:
    """Everything a viewer sees before pressing play, as typed values. `folder` is None until it is saved."""

    info: VideoInfo
    sha256: str
    """Of the video file."""
    parts: tuple[str, ...]
    """What was asked for, of `PARTS`."""
    shots: tuple[Shot, ...]
    stills: tuple[Still, ...]
    transcript: Transcript | None
    titles: tuple[Headline, ...]
    products: tuple[Product, ...]
    stages: tuple[StageReport, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    verdicts: tuple[Verdict, ...] = ()
    """What the review said of each headline and picture; what it blocked is not among the titles and products."""
    folder: Path | None = None

    def of_kind(self, kind: str) -> tuple[Product, ...]:
        """The products of one kind: still, cover, cutout, variant, avatar, teaser, storyboard, transcript, titles."""
        return tuple(product for product in self.products if product.kind == kind)

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(sorted({name for stage in self.stages for name in stage.models}))


def manifest(package: Package) -> dict[str, Any]:
    """`package.json`: no clock, no host, so the same input, settings and seed give the same bytes."""
    from keyart.version import __version__

    return {
        "schema": SCHEMA,
        "keyart": __version__,
        "source": {
            "name": package.info.name,
            "sha256": package.sha256,
            "bytes": package.info.size_bytes,
            "video": plain.video(package.info),
        },
        "parts": list(package.parts),
        "settings": dict(package.settings),
        "stages": [
            {"name": s.name, "status": s.status, "reason": s.reason, "backend": s.backend, "models": list(s.models)}
            for s in package.stages
        ],
        "models": bill_of_models(package.models),
        "verdicts": _told(package.verdicts),
        "shots": [plain.shot(one) for one in package.shots],
        "stills": [plain.still(one) for one in package.stills],
        "titles": [plain.headline(one) for one in package.titles],
        "products": [plain.product(one, hashlib.sha256(one.data).hexdigest()) for one in package.products],
    }


def _told(verdicts: tuple[Verdict, ...]) -> list[dict[str, Any]]:
    """Those that are more than a pass; how many were looked at is not worth a line each."""
    if not verdicts:
        return []
    from keyart.review import VIDEO, verdict_fact

    return [verdict_fact(one) for one in verdicts if one.verdict != "pass" or one.product == VIDEO]


# --- the folder -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class PackageFolder:
    """An output folder, locked for one run. Make it with `claim`."""

    path: Path
    written: list[Path] = field(default_factory=list)

    def save(self, package: Package, run: Mapping[str, Any]) -> Package:
        """Write the products, then the page and `run.json`, `package.json` last; on failure take away what was added.

        Raises `OutputProblem` where the folder holds a package of more parts: its other products would be lost.
        """
        earlier = _earlier(self.path)
        if more := set(earlier.get("parts", ())) - set(package.parts):
            raise OutputProblem(
                f"{self.path}: holds a package with {', '.join(sorted(more))} too; choose another folder"
            )
        documents = {"index.html": page(package)} if set(package.parts) >= set(USUAL) else {}
        documents |= {RUN: plain.dumps(run), MANIFEST: plain.dumps(manifest(package))}
        try:
            (self.path / MANIFEST).unlink(missing_ok=True)
            self._write_all(package.products)
            for name, text in documents.items():
                self._write(name, text.encode())
        except OSError as err:
            self.take_back()
            raise _output_problem(self.path, err) from err
        except BaseException:
            self.take_back()
            raise
        self._drop(set(_product_paths(self.path, earlier)) - {product.path for product in package.products})
        return replace(package, folder=self.path)

    def _drop(self, stale: set[str]) -> None:
        for name in stale:
            (self.path / name).unlink(missing_ok=True)

    def take_back(self) -> None:
        """Remove every file that this run wrote, and folders left empty."""
        for path in self.written:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
                for folder in path.relative_to(self.path).parents[:-1]:
                    (self.path / folder).rmdir()
        self.written.clear()

    def _write_all(self, products: Iterable[Product]) -> None:
        """Side by side: a disk that is asked to keep one file at a time is waited for most of the time."""
        with ThreadPoolExecutor(_WRITERS) as writers:
            done = [writers.submit(self._write, one.path, one.data) for one in products]
            try:
                for one in done:
                    one.result()
            except BaseException:
                writers.shutdown(cancel_futures=True)  # nothing may be written after what was is taken back
                raise

    def _write(self, name: str, data: bytes) -> None:
        path = self.path / name
        self.written.append(path)  # its folders are made even where the file then cannot be
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)


def save(package: Package, folder: str | Path, run: Mapping[str, Any] | None = None) -> Package:
    """Put a package on disk; the same package with its `folder`. Raises `OutputProblem`."""
    with claim(Path(folder)) as claimed:
        return claimed.save(package, run or {})


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is seen whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def claim(path: Path) -> Iterator[PackageFolder]:
    """The folder for one run, made if need be and gone again if the run leaves it empty.

    Raises `OutputProblem` where it cannot be written, where another run is at work, and where it holds files that are
    no package of keyart's.
    """
    created = not path.exists()
    try:
        path.mkdir(parents=True, exist_ok=True)
        _refuse_foreign(path)
        lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OutputProblem:
        raise
    except OSError as err:
        raise _output_problem(path, err) from err
    try:
        _lock_or_refuse(lock, path)
        try:
            yield PackageFolder(path)
        finally:
            (path / LOCK).unlink(missing_ok=True)
            if created and not any(path.iterdir()):
                path.rmdir()
    finally:
        os.close(lock)


def _lock_or_refuse(lock: int, path: Path) -> None:
    busy = f"{path}: another run is writing here; wait for it or choose another folder with -o"
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as err:
        raise OutputProblem(busy) from err
    # the run before us may have removed the very file that we just locked
    if not (path / LOCK).exists() or os.fstat(lock).st_ino != (path / LOCK).stat().st_ino:
        raise OutputProblem(busy)
    for leftover in path.rglob(".*.partial"):
        leftover.unlink(missing_ok=True)


def _refuse_foreign(path: Path) -> None:
    names = {one.name for one in path.iterdir()}
    if names and not names & {MANIFEST, LOCK}:
        raise OutputProblem(f"{path}: holds other files and no keyart package; choose an empty or new folder with -o")


def _output_problem(path: Path, err: OSError) -> OutputProblem:
    reasons = {
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "the disk quota is used up",
        errno.EFBIG: "a file grew larger than the system allows",
        errno.EROFS: "the file system is read-only",
        errno.EACCES: "no permission to write there",
        errno.EPERM: "no permission to write there",
        errno.ENOTDIR: "part of the path is a file, not a folder",
        errno.EEXIST: "it is a file, not a folder",
    }
    return OutputProblem(f"{path}: cannot be written: {reasons.get(err.errno or 0, err.strerror or str(err))}")


def _earlier(folder: Path) -> dict[str, Any]:
    """The manifest of an earlier package in the folder, or nothing."""
    try:
        return read_manifest(folder)
    except (MissingFile, BadSetting):
        return {}


def _product_paths(folder: Path, earlier: Mapping[str, Any]) -> list[str]:
    """Product paths of an earlier package; only those that stay inside the folder."""
    names = [str(product.get("path", "")) for product in earlier.get("products", ())]
    return [name for name in names if name and (folder / name).resolve().is_relative_to(folder.resolve())]


def read_manifest(folder: Path) -> dict[str, Any]:
    """`package.json` of a saved package. Raises `MissingFile`, `BadSetting`."""
    path = folder / MANIFEST
    if not path.is_file():
        raise MissingFile(f"{folder}: holds no keyart package ({MANIFEST} is not there)")
    try:
        found = json.loads(path.read_text("utf-8"))
    except ValueError as err:
        raise BadSetting(f"{path}: not readable as JSON") from err
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise BadSetting(f"{path}: not a package of schema {SCHEMA}")
    return found


def read_run(folder: Path) -> dict[str, Any]:
    """`run.json` of a package; nothing where it cannot be read."""
    try:
        found = json.loads((folder / RUN).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def add_to_run(folder: Path, facts: Mapping[str, Any]) -> None:
    """Say more in a package's `run.json`, in the place of what it says under the same names. Raises `OSError`."""
    write_whole(folder / RUN, plain.dumps({**read_run(folder), **facts}).encode())


def explain(path: Path) -> dict[str, Any]:
    """The receipt of a product file: from the manifest of the package it lies in, else from the file's own metadata."""
    if not path.is_file():
        raise MissingFile(f"{path}: no such file")
    for folder in path.absolute().parents[:3]:
        if (folder / MANIFEST).is_file():
            name = path.absolute().relative_to(folder).as_posix()
            for product in read_manifest(folder)["products"]:
                if product["path"] == name:
                    return dict(product)
    from keyart.media.images import read_receipt

    return read_receipt(path)


# --- the page ---------------------------------------------------------------------------------------------------


def page(package: Package) -> str:
    """`index.html`: one self-contained page that shows all of the package; no script, no outside address."""
    from jinja2 import Environment

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(clock=_clock, data_url=_data_url, thumbnail=_thumbnail)
    template = environment.from_string(files("keyart").joinpath("page.html").read_text("utf-8"))
    kinds: dict[str, list[Product]] = {}
    for product in package.products:
        kinds.setdefault(product.kind, []).append(product)
    return template.render(
        package=package,
        source=plain.video(package.info),
        end=package.shots[-1].end if package.shots else package.info.duration_seconds,
        by_kind=kinds,
        at={product.path: product for product in package.products},
        verdicts=_told(package.verdicts),
        models=[CARDS[name] for name in package.models if name in CARDS],
    )


def _clock(value: float) -> str:
    hours, rest = divmod(max(0.0, value), 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{int(hours)}:{int(minutes):02}:{seconds:04.1f}" if hours else f"{int(minutes)}:{seconds:04.1f}"


def _thumbnail(product: Product, width_px: int) -> str:
    """The picture at most `width_px` wide, as a data address; the page stays small whatever the video's size."""
    import cv2
    import numpy as np

    image = cv2.imdecode(np.frombuffer(product.data, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None or image.shape[1] <= width_px:
        return _data_url(product)
    small = cv2.resize(
        image, (width_px, max(1, image.shape[0] * width_px // image.shape[1])), interpolation=cv2.INTER_AREA
    )
    if small.ndim == 3 and small.shape[2] == 4:
        return _address("image/png", cv2.imencode(".png", small)[1].tobytes())
    return _address("image/jpeg", cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 82])[1].tobytes())


def _data_url(product: Product) -> str:
    return _address(mimetypes.guess_type(product.path)[0] or "application/octet-stream", product.data)


def _address(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
