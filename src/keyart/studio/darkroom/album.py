"""What there is to choose from: a package's stills, frames added by hand, headlines and phrases, pictures made here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from keyart import plain
from keyart.covers.backgrounds.diffusion import NEGATIVE, PROMPTS, object_of, prompt_of
from keyart.errors import MissingExtra, MissingFile, MissingModel
from keyart.package import MANIFEST, read_manifest, write_whole
from keyart.stills.export import still_products
from keyart.studio.catalogue import Catalogue, FrameMark, Picture, Video
from keyart.studio.options import Studio
from keyart.types import Headline, Still

OWN_COVER = "cover"
_OWN_COVER_MARK = -1
"""Stands for the author's cover picture among the marks, which are kept by time."""
_TERMS_SAID = 3
MOST_CHUNKS = 16
_RU_PRONOUNS = ("я", "ты", "он", "она", "оно", "мы", "вы", "они", "это", "кто", "что")
_PRONOUNS = {*_RU_PRONOUNS, "i", "you", "he", "she", "it", "we", "they", "this", "that", "who", "what"}
"""Subjects that say nothing on a cover."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A finished package."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def sha256(self) -> str:
        """Of the video."""
        return str(self.manifest["source"]["sha256"])

    def still_files(self) -> dict[int, Path]:
        """Rank -> the still's JPEG."""
        found = {}
        for one in self.manifest["products"]:
            path = (self.folder / one["path"]).resolve()
            if one["kind"] == "still" and path.is_relative_to(self.folder.resolve()):
                found[int(one["receipt"]["rank"])] = path
        return found


@dataclass(frozen=True, slots=True)
class Album:
    """Reads packages and marks of the catalogue; writes marks and the pictures of frames added by hand."""

    options: Studio
    catalogue: Catalogue

    def package(self, video: Video) -> Bound:
        """The package of a finished video. Raises `MissingFile`."""
        folder = self.options.video_folder(video.id) / "package"
        try:
            written_at = (folder / MANIFEST).stat().st_mtime_ns
        except FileNotFoundError as err:
            raise MissingFile("the package is not there yet, or is gone") from err
        return _bound(folder, written_at)

    def made(self, video: Video, id: str) -> Picture | None:
        """A picture that was made in the studio."""
        return next((one for one in self.catalogue.pictures(video.id) if one.id == id), None)

    # --- frames ---------------------------------------------------------------------------------------------------

    def frames(self, video: Video) -> list[dict[str, Any]]:
        """Ranked stills, then those by hand in the order of time; `score` is null where nothing compares them."""
        marks = {one.milliseconds: one for one in self.catalogue.marks(video.id)}
        ranked = {frame_id(one): one for one in self.package(video).manifest["stills"]}
        liked = {frame_name(number) for number, one in marks.items() if one.favourite}
        by_hand = {frame_name(one.milliseconds): dict(one.facts) for one in marks.values() if one.by_hand}
        told = [_told(video.id, id, facts, id in liked, by_hand=False) for id, facts in ranked.items()]
        return told + [
            _told(video.id, id, facts, id in liked, by_hand=True) for id, facts in by_hand.items() if id not in ranked
        ]

    def frame(self, video: Video, id: str) -> dict[str, Any]:
        """One of `frames`. Raises `MissingFile`."""
        found = next((one for one in self.frames(video) if one["id"] == id), None)
        if found is None:
            raise MissingFile("there is no such frame among those of this video; add it first")
        return found

    def add(self, video: Video, still: Still) -> dict[str, Any]:
        """A frame by hand, liked from the start; one that is ranked already is only liked."""
        facts = plain.still(still)
        id = frame_id(facts)
        if id in {frame_id(one) for one in self.package(video).manifest["stills"]}:
            self.like(video, id, True)
            return self.frame(video, id)
        (product,) = still_products([still])
        path = self._by_hand_file(video, id)
        path.parent.mkdir(exist_ok=True)
        write_whole(path, product.data)
        self.catalogue.mark(FrameMark(video.id, int(id), True, True, facts))
        return self.frame(video, id)

    def like(self, video: Video, id: str, favourite: bool) -> None:
        """Raises `MissingFile` for a frame that is not there."""
        now = self.frame(video, id)
        number = _mark_number(id)
        kept = next((one.facts for one in self.catalogue.marks(video.id) if one.milliseconds == number), {})
        self.catalogue.mark(FrameMark(video.id, number, now["by_hand"], favourite, kept))

    def remove(self, video: Video, id: str) -> bool:
        """Take a frame by hand away; whether it was one."""
        if not self.frame(video, id)["by_hand"]:
            return False
        self.catalogue.unmark(video.id, _mark_number(id))
        self._by_hand_file(video, id).unlink(missing_ok=True)
        return True

    def file(self, video: Video, id: str) -> Path:
        """The JPEG of a frame. Raises `MissingFile`."""
        package = self.package(video)
        rank = next((int(one["rank"]) for one in package.manifest["stills"] if frame_id(one) == id), None)
        path = package.still_files().get(rank) if rank is not None else self._by_hand_file(video, id)
        if path is None or not path.is_file():
            raise MissingFile("there is no such frame among those of this video")
        return path

    def _by_hand_file(self, video: Video, id: str) -> Path:
        return self.options.video_folder(video.id) / "made" / f"frame_{id}.jpg"

    # --- words ----------------------------------------------------------------------------------------------------

    def texts(self, video: Video) -> dict[str, Any]:
        """`{"headlines": [{text, supported, start, end}], "chunks": [...], "prompt": {look, thing, text, negative,
        notes}}`."""
        package = self.package(video)
        written_at = (package.folder / MANIFEST).stat().st_mtime_ns
        return _texts(package.folder, written_at)


@lru_cache(maxsize=64)
def _bound(folder: Path, _written_at: int) -> Bound:
    return Bound(folder, read_manifest(folder))


def frame_id(facts: Mapping[str, Any]) -> str:
    """Milliseconds of a still, as the manifest tells it; the author's own cover has no time."""
    return OWN_COVER if facts["origin"] == "embedded cover" else str(round(1000 * facts["seconds"]))


def frame_name(milliseconds: int) -> str:
    return OWN_COVER if milliseconds == _OWN_COVER_MARK else str(milliseconds)


def _mark_number(id: str) -> int:
    return _OWN_COVER_MARK if id == OWN_COVER else int(id)


def _told(video: str, id: str, facts: Mapping[str, Any], favourite: bool, *, by_hand: bool) -> dict[str, Any]:
    url = f"/api/videos/{video}/frames/{id}.jpg"
    return {
        "id": id,
        "seconds": facts["seconds"],
        "rank": None if by_hand else facts["rank"],
        "score": None if by_hand else facts["score"],  # by hand it is not compared with the others
        "by_hand": by_hand,
        "favourite": favourite,
        "width": facts["width"],
        "height": facts["height"],
        "terms": facts["terms"],
        "why": _why(facts["terms"]),
        "picture": url,
        "small": f"{url}?width=480",
    }


def _why(terms: Iterable[Mapping[str, Any]]) -> str:
    """What speaks for it most: the terms that add most to the score, in their own words."""
    weighty = sorted((one for one in terms if one["weight"]), key=lambda one: -one["value"] * one["weight"])
    return "; ".join(f"{one['name']}: {one['note']}" for one in weighty[:_TERMS_SAID] if one["note"])


@lru_cache(maxsize=64)
def _texts(folder: Path, written_at: int) -> dict[str, Any]:
    manifest = _bound(folder, written_at).manifest
    titles, tags = manifest["titles"], _tags(folder)
    shown = ("text", "supported", "start", "end", "language")
    headlines = [{name: one[name] for name in shown} for one in titles]
    return {"headlines": headlines, "chunks": _chunks(titles, tags), "prompt": _prompt(titles, tags)}


def _tags(folder: Path) -> list[str]:
    """Noun phrases of the transcript by weight, as `titles.json` lists them."""
    import json

    path = folder / "titles.json"
    return [str(one) for one in json.loads(path.read_text("utf-8")).get("tags", ())] if path.is_file() else []


def _chunks(titles: Iterable[Mapping[str, Any]], tags: Iterable[str]) -> list[str]:
    """Phrases for chips: the subjects of the headlines, then the tags; each once."""
    from keyart.titles.subject import subject_and_verb

    found = []
    for one in titles:
        try:
            pair = subject_and_verb(one["text"], one["language"])
        except MissingModel:  # the grammar is not here; the tags are
            break
        found += [pair.subject] if pair and pair.subject.casefold() not in _PRONOUNS else []
    by_word = {one.casefold(): one for one in (*found, *tags)}
    return list(by_word.values())[:MOST_CHUNKS]


def _prompt(titles: list[Mapping[str, Any]], tags: list[str]) -> dict[str, Any]:
    """The thesis' first prompt about what the best headline says (§5.6)."""
    look, thing, notes = next(iter(PROMPTS)), tags[0] if tags else "figure", []
    if titles:
        best = titles[0]
        headline = Headline(best["text"], best["language"], best["start"], best["end"], "", True, 1.0, "transcript")
        try:
            prompt = object_of(headline)
            thing, notes = prompt.text, list(prompt.notes)
        except (MissingModel, MissingExtra) as err:
            notes = [str(err)]
    return {"look": look, "thing": thing, "text": prompt_of(look, thing), "negative": NEGATIVE, "notes": notes}
