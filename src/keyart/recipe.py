"""Every stage with its settings, and which of them a part of the package needs. Rooms are entered late.

Importing the whole house costs as much as half a minute of video: `keyart frames` must not pay for covers and titles.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyart.errors import BadSetting
from keyart.package import USUAL
from keyart.settings import Given, applied, config_files, read_config, read_environment, settings_of

if TYPE_CHECKING:
    from keyart.channel.memory import Channel
    from keyart.covers import MakeAvatar, MakeCovers
    from keyart.covers.cutout import CutOut
    from keyart.covers.variants import MakeVariants
    from keyart.media.scan import Scan
    from keyart.models.kamodel import Kind
    from keyart.review import Review
    from keyart.shots import DetectShots
    from keyart.speech import Transcribe
    from keyart.stills import PickStills
    from keyart.teasers import MakeTeaser, Storyboard
    from keyart.teasers.summary import MakeSummary
    from keyart.titles import WriteTitles
    from keyart.titles.describe import DescribeVideo


class _AsItComes:
    """Stands on the class for a stage with its defaults; asked for on a recipe, makes the stage and puts it there."""

    def __init__(self, room: str, stage: str) -> None:
        self.room, self.stage, self.name = room, stage, ""

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self.name = name

    def __get__(self, recipe: object | None, owner: type[Any]) -> Any:
        if recipe is None:
            return self
        return recipe.__dict__.setdefault(self.name, getattr(import_module(f"keyart.{self.room}"), self.stage)())


def _late(room: str, stage: str) -> Any:
    return _AsItComes(room, stage)


@dataclass(frozen=True)
class Recipe:
    """Every stage with its settings. A field's name is the `[section]` of a config file and the prefix of a flag."""

    scan: Scan = _late("media.scan", "Scan")
    shots: DetectShots = _late("shots", "DetectShots")
    stills: PickStills = _late("stills", "PickStills")
    storyboard: Storyboard = _late("teasers", "Storyboard")
    speech: Transcribe = _late("speech", "Transcribe")
    titles: WriteTitles = _late("titles", "WriteTitles")
    description: DescribeVideo = _late("titles.describe", "DescribeVideo")
    covers: MakeCovers = _late("covers", "MakeCovers")
    cutouts: CutOut = _late("covers.cutout", "CutOut")
    variants: MakeVariants = _late("covers.variants", "MakeVariants")
    avatar: MakeAvatar = _late("covers", "MakeAvatar")
    teaser: MakeTeaser = _late("teasers", "MakeTeaser")
    summaries: MakeSummary = _late("teasers.summary", "MakeSummary")
    review: Review = _late("review", "Review")

    def __post_init__(self) -> None:
        for field in fields(self):  # what was not given is looked up on the class when it is wanted
            if isinstance(self.__dict__[field.name], _AsItComes):
                del self.__dict__[field.name]


SECTIONS = tuple(field.name for field in fields(Recipe))
_NEEDS = {
    "storyboard": ("shots",),
    "stills": ("shots",),
    "covers": ("shots", "stills", "titles"),
    "cutouts": ("shots", "stills"),
    "variants": ("shots", "stills"),
    "avatar": ("shots", "stills"),
    "teaser": ("shots", "stills"),
    "summaries": ("shots", "titles"),
}
_OF_A_PART = {"titles": ("speech", "titles", "description")}
PUBLISHED = frozenset({"titles", "covers", "cutouts", "variants", "avatar", "teaser", "summaries"})
"""Parts that are shown to the world as they are, and so are reviewed."""


def with_needed(parts: Iterable[str]) -> frozenset[str]:
    """The parts, and those that they are made from."""
    return frozenset(parts).union(*(_NEEDS.get(part, ()) for part in parts))


def sections_for(parts: Iterable[str]) -> tuple[str, ...]:
    """The stages that have a say in these parts, in the house's order."""
    wanted = with_needed(parts)
    taking_part = {"scan"} if wanted != {"titles"} else set[str]()
    if wanted & PUBLISHED:
        taking_part.add("review")
    taking_part.update(*(_OF_A_PART.get(part, (part,)) for part in wanted))
    return tuple(name for name in SECTIONS if name in taking_part)


def stage_types(parts: Iterable[str]) -> dict[str, type[Any]]:
    """The stages that have a say in these parts; the other rooms are not entered."""
    recipe = Recipe()
    return {name: type(getattr(recipe, name)) for name in sections_for(parts)}


RANKED: dict[Kind, tuple[str, ...]] = {"frames": ("stills", "summaries"), "vector": ("stills",), "triple": ("teaser",)}
"""Kind of a learned model -> the stages that take one as their `ranker`."""


def rankers_given(paths: Iterable[Path]) -> list[Given]:
    """Learned models, each as the `ranker` of the stages that its card is for. Raises `MissingFile`, `BadModel`."""
    from keyart.models.kamodel import read_card

    found = []
    for path in paths:
        kind = read_card(path).kind
        if kind not in RANKED:
            raise BadSetting(f"{path}: a model of kind {kind!r}; --ranker takes {', '.join(RANKED)}")
        found += [Given(section, "ranker", path, "--ranker") for section in RANKED[kind]]
    return found


def recipe_for(
    video: Path | None,
    given: Sequence[Given],
    config: Path | None = None,
    seed: int = 0,
    parts: Iterable[str] = USUAL,
    channel: Channel | None = None,
) -> Recipe:
    """The stages of these parts with their values: defaults, the user's config file, the channel, the config file
    beside the video, `config`, environment, then `given`.

    Raises `BadSetting` for a section or field that is not there and a value that is not allowed.
    """
    sections = stage_types(parts)
    own = config_files()
    files = (*config_files(video)[len(own) :], *((config,) if config else ()))
    said = [one for file in own for one in read_config(file)]
    if channel is not None:
        from keyart.channel.memory import given_by

        said += [one for one in given_by(channel) if one.section in sections]
    said += [one for file in files for one in read_config(file)]
    said += [*read_environment(sections), *given]
    if unknown := {one.section for one in said} - {*SECTIONS, "studio"}:
        raise BadSetting(f"no section is called {', '.join(sorted(unknown))}; there are: {', '.join(SECTIONS)}")
    stages = {}
    for section, stage in sections.items():
        made = applied(stage(), section, said)
        has_seed = any(setting.name == "seed" for setting in settings_of(stage))
        stages[section] = replace(made, seed=seed) if has_seed and seed else made
    _check_own_text(stages)
    return Recipe(**stages)


def _check_own_text(stages: Mapping[str, Any]) -> None:
    """A headline of the user's own may not hold what no cover may. Raises `BadSetting`."""
    covers, titles = stages.get("covers"), stages.get("titles")
    if covers is None or titles is None or not (covers.text and titles.avoid):
        return
    from keyart.titles.avoid import avoided

    if word := avoided(covers.text, titles.avoid):
        raise BadSetting(
            f"the covers' text holds {word!r}, which titles.avoid keeps off covers; write it otherwise, or take the"
            " word out of channel.toml"
        )
