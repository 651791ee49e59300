"""Stills and headlines -> covers in every wanted preset, each as different from the others as the templates allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from keyart.cores import shared_out
from keyart.covers.breaks import shortened
from keyart.covers.brief import FILLS, Brief, Plan, filled_by, framing_score, framings
from keyart.covers.choose import compared, eased, ordered, other_side, painted_until_read, shortcomings, worth
from keyart.covers.compare import Glance, glance
from keyart.covers.crop import CALM_FROM, Framing, Scene, scene_of
from keyart.covers.fonts import Typeface, Weight, drawable
from keyart.covers.job import Job, Version
from keyart.covers.pairing import in_turn, paired
from keyart.covers.palette import palette_of, parse_colour
from keyart.covers.presets import exported, format_for, presets_named
from keyart.covers.readback import have_reader, read_again, reader_name
from keyart.covers.receipts import headline_facts, lettering_facts, picture_facts
from keyart.covers.staging import Staged, check_staging, staged
from keyart.covers.templates import TEMPLATES
from keyart.covers.typefaces import check_font, typeface
from keyart.covers.wishes import Case, Wishes, check_size, headline_of, parse_outline, parse_position
from keyart.errors import BadSetting
from keyart.media.images import EXTENSIONS
from keyart.stills.moments import parse_moments
from keyart.types import RGB, Headline, Outcome, Preset, Product, Receipt, Status, Still, VideoInfo

SHORTER = (90, 60, 40)
"""Characters of a headline, tried from the left until the lettering is read."""
_TRIES = 4

Scenes = Mapping[int, tuple[Scene, Staged]]
"""Rank of a still -> what the covers see of it, and what was done to it before."""


@dataclass(frozen=True, slots=True)
class MakeCovers:
    """Covers of a video: still i carries headline i, each in a template of its own (thesis §6)."""

    presets: tuple[str, ...] = ("youtube", "reels", "feed_4x5", "telegram")
    """Names from presets.toml, kind cover."""
    count: int = 3
    """Covers per preset, 1 ... 12; with fewer stills or headlines they are used again, in another template."""
    template: str = "auto"
    """auto, none (no lettering), or a name from TEMPLATES; several with commas between are chosen from."""
    at: str = ""
    """Frames to take instead of the ranked stills: seconds as 12.345, a clock as 1:02.5, or cover for the picture that
    the author put into the file; several with commas between. Empty takes the ranked stills."""
    picture: Path | None = None
    """A picture file to make the covers of instead of frames of the video: drawn, or taken by a photographer."""
    text: str = ""
    """Headline to set instead of those found in the video; empty takes the found ones."""
    format: Literal["auto", "png", "jpeg"] = "auto"
    """auto takes the first format that each platform names; where one does not take the wanted format, it is said."""
    font: str = ""
    """Name of a font that is at hand (Roboto Black, Roboto Light Italic ...) or path of a font file; empty takes
    Roboto."""
    colour: str = ""
    """Accent as #rrggbb; empty takes it from the picture."""
    dark: str = ""
    """Dark ground as #rrggbb, for panels and shades; empty takes nearly black with a tint of the picture."""
    paper: str = ""
    """Light ground as #rrggbb; empty takes nearly white with a tint of the picture."""
    text_colour: str = ""
    """Colour of the lettering as #rrggbb; empty takes the template's, with key words in the accent."""
    position: str = ""
    """left, right, top, bottom, center, top left ..., or x,y of the headline's middle as 30%,80% or in pixels; empty
    takes the calmest place."""
    size: float = 0.0
    """Type size (em) in percent of the cover's height, 3 ... 40; 0 takes the largest that looks well."""
    case: Case = "auto"
    """auto sets short headlines in capitals where the template likes them."""
    outline: str = ""
    """none, a width in percent of the type size as 6, or width and colour as '6 #102030'; empty leaves it to the
    template."""
    fill: Literal["mirror", "fade", "fade as printed", "blur"] = "mirror"
    """What stands beside a still whose shape does not suit the preset: its reflection, the thesis' extension (§5.7) as
    meant or as printed, or an enlarged blurred copy; the copy instead of a reflection where a head is cut off."""
    look: str = ""
    """A name from LOOKS that the still is restyled in; empty leaves it as it is."""
    background: str = ""
    """A name from BACKGROUNDS that is laid behind the people or the subject; empty keeps the still's own."""
    read_back: Literal["off", "auto", "on"] = "off"
    """Whether an OCR engine must read the headline at feed size: auto where one is installed, on insists. Off by
    default, so that every machine makes the same bytes; contrast is measured always."""
    seed: int = 0
    """Turns the order of accents and templates, 0 ..."""

    def __post_init__(self) -> None:
        for preset in presets_named(self.presets):
            format_for(preset, self.format)
        if not 1 <= self.count <= 12:
            raise BadSetting(f"{self.count} covers were asked for; 1 to 12 can be made")
        for name in self._templates if self.template != "none" else ():
            if name not in TEMPLATES:
                raise BadSetting(f"no template is called {name!r}; there are: auto, none, {', '.join(TEMPLATES)}")
        if self.fill not in FILLS:
            raise BadSetting(f"no fill is called {self.fill!r}; there are: {', '.join(FILLS)}")
        if self.read_back not in ("off", "auto", "on"):
            raise BadSetting(f"read_back is off, auto or on, not {self.read_back!r}")
        if self.case not in ("auto", "upper", "lower", "asis"):
            raise BadSetting(f"case is auto, upper, lower or asis, not {self.case!r}")
        for colour in (self.colour, self.text_colour, self.dark, self.paper):
            if colour:
                parse_colour(colour)
        if self.at:
            parse_moments(self.at)
        if self.at and self.picture:
            raise BadSetting("at names frames of the video, picture a file beside it: give one of the two")
        if self.font:
            check_font(self.font)
        headline_of(self.text)
        parse_position(self.position)
        parse_outline(self.outline)
        check_size(self.size)
        check_staging(self.look, self.background)

    @property
    def _templates(self) -> tuple[str, ...]:
        """Those that may be taken."""
        if self.template == "auto":
            return tuple(TEMPLATES)
        return tuple(dict.fromkeys(name.strip() for name in self.template.split(",")))

    @property
    def is_named(self) -> bool:
        """Whether the user names what the covers are made of."""
        return bool(self.at or self.picture)

    def said(self, headlines: Sequence[Headline]) -> tuple[Headline, ...]:
        """What the covers say: the user's text, or what was found."""
        own = headline_of(self.text)
        return (own,) if own else tuple(headlines)

    def __call__(
        self,
        info: VideoInfo,
        stills: Sequence[Still],
        headlines: Sequence[Headline] = (),
        agreement: Sequence[Sequence[float]] = (),
    ) -> Outcome[tuple[Product, ...]]:
        """`stills` are those of `at` or `picture` where these are set: `keyart.stills.by_hand`. `agreement` are CLIP
        scores, a row a still, a column a headline of `said`, where a model gave any."""
        if not stills:
            return Outcome((), "skipped", "no still to make a cover of", backend="templates")
        if self.read_back == "on":
            reader_name()  # missing is said before anything is made
        pairs = self._pairs(stills, self.said(headlines), agreement)
        unique = list({still.rank: still for still, _ in pairs}.values())
        scenes = dict(zip((still.rank for still in unique), shared_out(self.scene, unique), strict=True))
        return self.laid_out(info, pairs, scenes)

    def _pairs(
        self, stills: Sequence[Still], headlines: Sequence[Headline], agreement: Sequence[Sequence[float]]
    ) -> list[tuple[Still, Headline | None]]:
        varied = bool(headlines) and len(self._templates) > 1  # else a still used twice would be the same cover twice
        count = self.count if varied else min(self.count, len(stills))
        if self.is_named:  # whoever names frames has put them in order
            return in_turn(stills, headlines, count)
        return paired(stills, headlines, count, agreement)

    def laid_out(
        self, info: VideoInfo, pairs: Sequence[tuple[Still, Headline | None]], scenes: Scenes
    ) -> Outcome[tuple[Product, ...]]:
        """The covers of these pairs, whose scenes are at hand."""

        def covers(preset: Preset) -> list[tuple[Product, tuple[str, ...]]]:
            jobs = [
                Job(preset, rank, still, scenes[still.rank][0], text, scenes[still.rank][1])
                for rank, (still, text) in enumerate(pairs, 1)
            ]
            return list(self._set(info, jobs))

        made = [each for one in shared_out(covers, presets_named(self.presets)) for each in one]
        products = [product for product, _ in made]
        reasons = [] if any(text for _, text in pairs) else ["no headline, so the covers carry no text"]
        reasons += [f"{product.path}: {note}" for product, notes in made for note in notes]
        models = tuple(dict.fromkeys(name for _, done in scenes.values() for name in done.models))
        status: Status = "degraded" if reasons else "ok"
        return Outcome(tuple(products), status, "; ".join(reasons), backend="templates", models=models)

    def scene(self, still: Still) -> tuple[Scene, Staged]:
        """What the covers see of a still, in its look and on its background."""
        done = staged(still, self.look, self.background, self.seed) if self.look or self.background else Staged(still)
        shown = done.still
        return scene_of(shown.frame.image, [face.box for face in shown.faces], shown.avoid), done

    # --- one preset: covers that differ ---------------------------------------------------------------------------

    def _set(self, info: VideoInfo, jobs: Sequence[Job]) -> Iterator[tuple[Product, tuple[str, ...]]]:
        """The covers of one preset, each told how far it is from the others."""
        versions: list[Version] = []
        glances: list[Glance] = []
        for job in jobs:
            version = self.version(job, versions, glances)
            versions.append(version)
            glances.append(glance(version.image))
        for place, (job, version) in enumerate(zip(jobs, versions, strict=True)):
            facts = self._facts(info, job, version)
            if len(jobs) > 1:
                facts["compare"] = compared(jobs, glances, place)
            yield _product(job, version.image, facts, self.format), version.notes

    def version(self, job: Job, others: Sequence[Version] = (), seen: Sequence[Glance] = ()) -> Version:
        """One cover, unlike the `others` of its set, which at a glance look like `seen`."""
        if job.headline is None or self.template == "none":
            return self._bare(job, ())
        best: Version | None = None
        for characters in SHORTER:
            brief, notes = self.brief(job, characters)
            if best is not None and best.brief is not None and brief.headline == best.brief.headline:
                continue
            for template, plan, relaxed, why in self._plans(brief, others, seen):
                made = self._painted(relaxed, template, plan, job.headline, (*notes, *why))
                if best is None or worth(made) > worth(best):
                    best = made
                if best.is_read:
                    return best
        if best is None:
            return self._bare(job, ("the headline fits nowhere without covering a face or old lettering",))
        return replace(best, notes=(*best.notes, *shortcomings(best)))

    def brief(self, job: Job, max_characters: int = SHORTER[0]) -> tuple[Brief, tuple[str, ...]]:
        """What the templates are given, and what had to be done to the headline."""
        assert job.headline is not None
        preset = job.preset
        text = _as_title(job.headline.text)
        faces: dict[Weight, Typeface] = {
            weight: typeface(text, weight, self.font) for weight in ("black", "bold", "medium")
        }
        text = drawable(text, faces["black"])
        cut = shortened(text, max_characters)
        notes = faces["black"].notes + ((f"headline cut to {len(cut)} characters",) if cut != text else ())
        outline_em, outline = parse_outline(self.outline)
        position = parse_position(self.position)
        wishes = Wishes(
            ink=parse_colour(self.text_colour) if self.text_colour else None,
            point=position.on(preset.width_px, preset.height_px),
            size=self.size / 100,
            case=self.case,
            outline_em=outline_em,
            outline=outline,
        )
        near = position.near(preset.width_px, preset.height_px)
        palette = palette_of(
            job.scene.image, self.colour, turn=job.rank - 1 + self.seed, dark=self.dark, paper=self.paper
        )
        brief = Brief(
            job.scene, preset, cut, palette, faces, near.columns, near.rows, wishes, fill=self.fill, seed=self.seed
        )
        return brief, (*job.notes, *notes)

    def _plans(
        self, brief: Brief, others: Sequence[Version], seen: Sequence[Glance]
    ) -> Iterator[tuple[str, Plan, Brief, tuple[str, ...]]]:
        """Ways to lay the cover out, the one to take first: as wished, then with a wish given up that has no room."""
        if not brief.headline:
            return
        taken = [other.template for other in others]
        wanted = self._templates
        for names in (wanted, tuple(TEMPLATES)):  # where the wanted one finds no room, any will do
            other = () if names is wanted else (f"template {self.template} finds no room here",)
            for relaxed, why in eased(brief):
                asked = [(name, other_side(relaxed, name, others)) for name in names]
                plans = [(name, plan) for name, turned in asked if (plan := TEMPLATES[name].plan(turned)) is not None]
                for name, plan in ordered(relaxed, plans, taken, seen)[:_TRIES]:
                    yield name, plan, relaxed, (*why, *other)
                if plans:  # a wish gives way to room, not to contrast
                    return

    def _painted(self, brief: Brief, template: str, plan: Plan, headline: Headline, notes: tuple[str, ...]) -> Version:
        painted, legibility, strength = painted_until_read(brief, template, plan)
        read = None
        if self.read_back == "on" or (self.read_back == "auto" and have_reader()):
            read = read_again(painted.image, " ".join(plan.spot.block.lines), headline.language)
        return Version(template, painted.image, plan.framing, notes, brief, plan, legibility, strength, read)

    def _bare(self, job: Job, notes: tuple[str, ...]) -> Version:
        """The picture alone."""
        scene, preset = job.scene, job.preset
        framing = _plain_framing(scene, preset)
        faces: dict[Weight, Typeface] = {}
        brief = Brief(scene, preset, "", palette_of(scene.image), faces, fill=self.fill, seed=self.seed)
        return Version("none", brief.picture(framing), framing, (*job.notes, *notes))

    def _facts(self, info: VideoInfo, job: Job, version: Version) -> dict[str, Any]:
        facts = picture_facts(info, job.preset, job.still, job.scene, version.framing, version.template)
        if job.still.origin in ("by hand", "picture"):
            facts["origin"] = job.still.origin
        facts["fill"] = filled_by(self.fill, version.framing)
        if version.framing.scale >= CALM_FROM:
            facts["treatment"] = "enlarged by Lanczos, codec blocks calmed before, edges crisped after"
        for name, value in (("look", self.look), ("background", self.background)):
            if value:
                facts[name] = value
        if job.staging and job.staging.matte:
            facts["matte"] = {"backend": job.staging.matte, "models": list(job.staging.models)}
        if version.plan is None or version.brief is None or version.legibility is None or job.headline is None:
            return facts | {"why": version.notes[-1] if version.notes else "no lettering: the picture alone"}
        facts |= lettering_facts(version.brief, version.plan, version.legibility, version.strength)
        facts["read_back"] = version.read.facts() if version.read else self.read_back
        facts["headline"] = headline_facts(job.headline, version.brief.headline)
        facts["why"] = f"template {version.template}: {version.plan.picks}"
        if version.notes:
            facts["notes"] = list(version.notes)
        return facts


def _as_title(text: str) -> str:
    """As set on a cover: one line of text, no full stop at its end."""
    text = " ".join(text.split())
    return text[:-1] if text.endswith(".") and not text.endswith("..") else text


def _plain_framing(scene: Scene, preset: Preset) -> Framing:
    return max(
        framings(scene, preset.width_px, preset.height_px),
        key=lambda framing: framing_score(scene, framing, preset.height_px) + 0.3 * (framing.inner.x > 0),
    )


def _product(job: Job, image: RGB, facts: dict[str, Any], format: str) -> Product:
    written = format_for(job.preset, format)
    receipt = Receipt(f"{job.path}.{EXTENSIONS[written]}", facts)
    return Product(receipt.product, exported(image, job.preset, receipt, written), "cover", receipt)
