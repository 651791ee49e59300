"""Past covers -> channel.toml: what they have in common, each with how sure that is; nothing is guessed.

Covers of keyart's own carry a receipt, so what is read of them is exact. Of others the lettering is found, its ink and
its place are measured, and its letters are held against those of the fonts at hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from keyart.channel.lettering import Seen, seen_in
from keyart.channel.memory import Channel, Colours, Font, Layout
from keyart.covers.templates import TEMPLATES
from keyart.covers.typefaces import named_fonts
from keyart.errors import BadSetting, MissingFile
from keyart.media.images import UnreadableImage, read_image, read_receipt
from keyart.package import MANIFEST

AGREE = 0.6
"""Share of the covers that must say the same before it is taken for the channel's."""
_SAME_GROUND = 0.004
"""OKLab distance: grounds that are tinted by the picture are nearly the same on all covers of anybody."""
AT_LEAST = 0.1
"""Share of the covers that a template must have to be one of the channel's."""
MOST = 500
PICTURES = (".jpg", ".jpeg", ".png", ".webp")
_SIDES = {"left": "left", "right": "right", "top": "top", "middle": "", "bottom": "bottom", "center": ""}

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Learnt:
    """One thing that the covers have in common."""

    key: str
    """In channel.toml: palette.accent."""
    value: str
    """"" where it is not known."""
    confidence: float
    """0 ... 1."""
    why: str


@dataclass(frozen=True, slots=True)
class Look:
    """What one cover says of the channel's look; whatever is empty is not known."""

    path: Path
    own: bool
    """It is keyart's: read off its receipt."""
    font: str = ""
    accent: str = ""
    ink: str = ""
    dark: str = ""
    paper: str = ""
    template: str = ""
    column: str = ""
    row: str = ""
    case: str = ""
    outline: str = ""
    sureness: float = 1.0
    """Of the font."""
    is_wide: bool = True


def learn(covers: Sequence[Path], path: Path) -> tuple[Channel, tuple[Learnt, ...]]:
    """The channel of these covers (pictures, folders of them, packages), to be written to `path`.

    Raises `MissingFile`, and `BadSetting` where there is not one cover to learn from.
    """
    files = list(found_covers(covers))[:MOST]
    looks = [look for file in files if (look := look_of(file)) is not None]
    if not looks:
        raise BadSetting("there is no cover to learn from; name pictures, folders of pictures or packages of keyart's")
    learnt = _in_common(looks)
    said = {one.key: one.value for one in learnt}
    cover = Layout(
        templates=tuple(filter(None, said["cover.templates"].split(","))),
        position=said["cover.position"],
        case=said["cover.case"],
        outline=said["cover.outline"],
    )
    colours = Colours(
        accent=said["palette.accent"],
        text=said["palette.text"],
        dark=said["palette.dark"],
        paper=said["palette.paper"],
    )
    return Channel(path, font=Font(said["font.name"]), palette=colours, cover=cover), learnt


def found_covers(places: Iterable[Path]) -> Iterable[Path]:
    """Picture files: those named, those in a folder, the covers of a package and of packages in a folder."""
    for place in places:
        if place.is_file():
            yield place
        elif not place.is_dir():
            raise MissingFile(f"{place}: no such file or folder")
        elif (place / MANIFEST).is_file():
            yield from _pictures_in(place / "covers")
        else:
            yield from _pictures_in(place)
            for package in sorted(one.parent for one in place.glob(f"*/{MANIFEST}")):
                yield from _pictures_in(package / "covers")


def _pictures_in(folder: Path) -> list[Path]:
    files = folder.iterdir() if folder.is_dir() else ()
    return sorted(one for one in files if one.suffix.lower() in PICTURES and one.is_file())


def look_of(file: Path) -> Look | None:
    """None for what is no picture, and for a cover without lettering of keyart's own."""
    try:
        receipt = read_receipt(file)
        if receipt.get("kind") == "cover":
            return _own(file, receipt) if "font" in receipt else None
        image = read_image(file)
        return replace(_others(file, seen_in(image)), is_wide=image.shape[1] > image.shape[0])
    except UnreadableImage:
        return None


def _own(file: Path, receipt: dict[str, Any]) -> Look:
    wishes = receipt.get("wishes", {})
    x, y, width, height = receipt["text_box"]
    across, down = receipt["size"]
    letters = [letter for letter in "".join(receipt["lines"]) if letter.lower() != letter.upper()]
    is_upper = bool(letters) and all(letter == letter.upper() for letter in letters)
    font = str(receipt["font"]["name"])
    dark, paper = receipt.get("grounds", ("", ""))
    outline = f"{wishes['outline_percent']:g}" if "outline_percent" in wishes else ""
    if outline and "outline_colour" in wishes:
        outline += f" {wishes['outline_colour']}"
    return Look(
        file,
        own=True,
        font=font if font in named_fonts() else "",
        accent=str(receipt["accent"]),
        ink=str(wishes.get("text_colour", "")),
        dark=str(dark),
        paper=str(paper),
        template=str(receipt["template"]) if receipt["template"] in TEMPLATES else "",
        column=_third((x + width / 2) / across, ("left", "center", "right")),
        row=_third((y + height / 2) / down, ("top", "middle", "bottom")),
        case="upper" if is_upper else "asis",
        outline=outline,
        is_wide=across > down,
    )


def _others(file: Path, seen: Seen | None) -> Look:
    if seen is None:
        return Look(file, own=False)
    return Look(
        file,
        own=False,
        font=seen.font,
        accent=seen.accent,
        ink=seen.ink,
        column=_third(seen.center[0], ("left", "center", "right")),
        row=_third(seen.center[1], ("top", "middle", "bottom")),
        case=seen.case,
        sureness=seen.font_sureness,
    )


def _third(share: float, names: tuple[str, str, str]) -> str:
    return names[0] if share < 0.42 else names[2] if share > 0.58 else names[1]


# --- what they have in common -----------------------------------------------------------------------------------


def _in_common(looks: Sequence[Look]) -> tuple[Learnt, ...]:
    lettered = [one for one in looks if one.own or one.column]
    own = [one for one in looks if one.own]
    return (
        _shared("font.name", lettered, lambda look: look.font, AGREE, sure=lambda look: look.sureness),
        _colour("palette.accent", lettered, lambda look: look.accent),
        _colour("palette.text", lettered, lambda look: look.ink),
        _colour("palette.dark", own, lambda look: look.dark, _SAME_GROUND),
        _colour("palette.paper", own, lambda look: look.paper, _SAME_GROUND),
        _templates(own),
        _position([look for look in lettered if look.is_wide] or lettered),
        _shared("cover.case", lettered, lambda look: look.case, 0.8),
        _shared("cover.outline", own, lambda look: look.outline, 0.8),
    )


def _shared(
    key: str,
    looks: Sequence[Look],
    value: Callable[[Look], str],
    least: float,
    sure: Callable[[Look], float] = lambda _: 1.0,
) -> Learnt:
    said = [look for look in looks if value(look)]
    if not said:
        return Learnt(key, "", 0.0, "no cover says it")
    name, count = Counter(value(look) for look in said).most_common(1)[0]
    share = count / len(looks)
    confidence = share * min(sure(look) for look in said if value(look) == name) if share else 0.0
    why = f"{count} of {len(looks)} covers: {name}"
    return Learnt(key, name if share >= least else "", round(confidence, 2), why)


def _colour(key: str, looks: Sequence[Look], value: Callable[[Look], str], within: float = 0.06) -> Learnt:
    """The colour that most of them have, or one that lies `within` that distance of it in OKLab."""
    import numpy as np

    from keyart.covers.palette import oklab_of, parse_colour

    said = [value(look) for look in looks if value(look)]
    if not said:
        return Learnt(key, "", 0.0, "no cover says it")
    points = oklab_of(np.array([parse_colour(one) for one in said], np.float64))
    near = np.linalg.norm(points[:, None] - points[None], axis=2) < within
    middle = int(np.argmax(near.sum(axis=1)))
    inside = [one for one, ok in zip(said, near[middle], strict=True) if ok]
    name, share = Counter(inside).most_common(1)[0][0], len(inside) / len(looks)
    why = f"{len(inside)} of {len(looks)} covers: about {name}"
    return Learnt(key, name if share >= AGREE else "", round(share, 2), why)


def _templates(own: Sequence[Look]) -> Learnt:
    counts = Counter(look.template for look in own if look.template)
    if not counts:
        return Learnt("cover.templates", "", 0.0, "not known of covers that keyart did not make")
    kept = [name for name, count in counts.most_common() if count >= max(1, AT_LEAST * len(own))]
    if len(kept) > max(3, len(TEMPLATES) // 2):
        return Learnt("cover.templates", "", 0.0, f"{len(kept)} different ones: the channel has no layout of its own")
    told = ", ".join(f"{name} {count}" for name, count in counts.most_common())
    return Learnt("cover.templates", ",".join(kept), round(sum(counts[name] for name in kept) / len(own), 2), told)


def _position(looks: Sequence[Look]) -> Learnt:
    """Row and column where most covers agree on them; one of the two where they agree on one."""
    column, row = _most(looks, lambda look: look.column), _most(looks, lambda look: look.row)
    sides = [side for side, share in (row, column) if share >= 0.75]
    words = [_SIDES[side] for side in sides if _SIDES[side]]
    name = " ".join(words) if words else "center" if len(sides) == 2 else ""
    told = f"row {row[0] or '?'} {row[1]:.0%}, column {column[0] or '?'} {column[1]:.0%}"
    shares = [share for _, share in (row, column) if share >= 0.75]
    return Learnt("cover.position", name, round(min(shares), 2) if name else 0.0, told)


def _most(looks: Sequence[Look], value: Callable[[Look], str]) -> tuple[str, float]:
    counts = Counter(value(look) for look in looks if value(look))
    if not counts:
        return "", 0.0
    name, count = counts.most_common(1)[0]
    return name, count / len(looks)


# --- the file ---------------------------------------------------------------------------------------------------


def written(channel: Channel, learnt: Sequence[Learnt]) -> str:
    """channel.toml with what was learnt; what is not known stands there as a comment."""
    lines = ["# learnt from past covers by `keyart channel learn`; change what is wrong, uncomment what you know", ""]
    lines += ['# language = "en"', '# avoid = ["clickbait", "shock*"]', _line("index", channel.index, "channel.near")]
    by_table: dict[str, list[Learnt]] = {}
    for one in learnt:
        by_table.setdefault(one.key.partition(".")[0], []).append(one)
    for table, entries in by_table.items():
        lines += ["", f"[{table}]"]
        for one in entries:
            name = one.key.partition(".")[2]
            if one.value:
                lines.append(f"{name} = {_toml(name, one.value)}  # confidence {one.confidence:.2f}: {one.why}")
            else:
                lines.append(f"# {name}: unknown ({one.why})")
    lines += ["", "[avatar]", '# looks = ["medallion"]', '# picture = "portrait.jpg"', ""]
    return "\n".join(lines)


def _line(name: str, value: str, example: str) -> str:
    return f"{name} = {_quoted(value)}" if value else f"# {name} = {_quoted(example)}"


def _toml(name: str, value: str) -> str:
    if name == "templates":
        return "[" + ", ".join(_quoted(part) for part in value.split(",")) + "]"
    return _quoted(value)


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)
