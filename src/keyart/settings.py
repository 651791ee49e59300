"""Where a stage's fields get their values: defaults stand on the fields, then config files, environment, flags.

A stage is a frozen dataclass, so everything here is read off its fields: a new field is a new flag, a new config key
and a new variable at once. `[stills] count = 12` in keyart.toml, `KEYART_STILLS_COUNT=12` and `--stills-count 12`
are the same.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import os
import textwrap
import tomllib
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from platformdirs import user_config_path

from keyart.errors import BadSetting

S = TypeVar("S")

CONFIG_NAME = "keyart.toml"


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of a stage as a user meets it."""

    name: str
    kind: Any
    """The field's type, without `None`."""
    default: Any
    help: str

    @property
    def choices(self) -> tuple[str, ...]:
        return tuple(map(str, get_args(self.kind))) if get_origin(self.kind) is Literal else ()

    @property
    def is_switch(self) -> bool:
        return self.kind is bool

    @property
    def is_list(self) -> bool:
        return get_origin(self.kind) is tuple


def settings_of(stage: type[Any], *, with_help: bool = False) -> tuple[Setting, ...]:
    """The fields of a stage that a user can set: those of plain types."""
    key = stage, with_help
    if key not in _read:
        _read[key] = _settings_of(stage, with_help)
    return _read[key]


_read: dict[tuple[type[Any], bool], tuple[Setting, ...]] = {}


def _settings_of(stage: type[Any], with_help: bool) -> tuple[Setting, ...]:
    hints = typing.get_type_hints(stage)
    words = _field_docs(stage) if with_help else {}
    return tuple(
        Setting(field.name, kind, _default(field), words.get(field.name, ""))
        for field in dataclasses.fields(stage)
        if field.init and (kind := _without_none(hints[field.name])) is not None
    )


def _default(field: dataclasses.Field[Any]) -> Any:
    """`MISSING` where a value must be given."""
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def _without_none(kind: Any) -> Any:
    """The one plain type of an optional field, or None where a user cannot write the type down."""
    if get_origin(kind) in (Union, types.UnionType):
        rest = [one for one in get_args(kind) if one is not type(None)]
        return _without_none(rest[0]) if len(rest) == 1 else None
    plain = kind in (bool, int, float, str, Path) or get_origin(kind) is Literal
    return kind if plain or (get_origin(kind) is tuple and get_args(kind)[0] in (str, int, float)) else None


def _field_docs(stage: type[Any]) -> dict[str, str]:
    """The string under each field in the source: what editors show is what `--help` says."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(stage))).body[0]
    assert isinstance(tree, ast.ClassDef)
    pairs = zip(tree.body, tree.body[1:], strict=False)
    return {
        node.target.id: " ".join(after.value.value.split())
        for node, after in pairs
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
        and isinstance(after.value.value, str)
    }


def check_ranges(stage: Any, **ranges: tuple[float, float]) -> None:
    """Raises `BadSetting` for a field of a stage outside its range, with what came and what is allowed."""
    for name, (low, high) in ranges.items():
        if not low <= getattr(stage, name) <= high:
            raise BadSetting(f"{name} is {getattr(stage, name)}; it lies between {low:g} and {high:g}")


def parsed(setting: Setting, value: Any, where: str) -> Any:
    """A config value or a piece of text as the field's type. Raises `BadSetting` with what came and what is allowed."""
    try:
        return _converted(setting.kind, value)
    except (ValueError, TypeError) as err:
        allowed = ", ".join(setting.choices) or getattr(setting.kind, "__name__", str(setting.kind))
        raise BadSetting(f"{where}: {setting.name} cannot be {value!r}; allowed: {allowed}") from err


def _converted(kind: Any, value: Any) -> Any:
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise ValueError(value)
        return value
    if get_origin(kind) is tuple:
        items = [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value
        return tuple(_converted(get_args(kind)[0], item) for item in items)
    if kind is bool:
        return _truth(value)
    if isinstance(value, bool) or (kind is int and isinstance(value, float)):
        raise ValueError(value)
    return kind(value)


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if str(value).lower() not in words:
        raise ValueError(value)
    return words[str(value).lower()]


@dataclass(frozen=True, slots=True)
class Given:
    """A value for `stage.field`, and where it was said."""

    section: str
    name: str
    value: Any
    where: str


def config_files(video: Path | None = None) -> tuple[Path, ...]:
    """The config files that exist, weakest first: the user's own, then the one beside the video."""
    candidates = [user_config_path("keyart") / CONFIG_NAME]
    if video is not None:
        candidates.append(video.absolute().parent / CONFIG_NAME)
    return tuple(path for path in candidates if path.is_file())


def read_config(path: Path) -> Iterator[Given]:
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as err:
        raise BadSetting(f"{path}: not a readable config file: {err}") from err
    for section, table in tables.items():
        if not isinstance(table, dict):
            raise BadSetting(f"{path}: {section!r} stands outside a [section]")
        yield from (Given(section, name.replace("-", "_"), value, str(path)) for name, value in table.items())


def read_environment(sections: Mapping[str, type[Any]], environment: Mapping[str, str] = os.environ) -> Iterator[Given]:
    for section, stage in sections.items():
        for setting in settings_of(stage):
            variable = f"KEYART_{section}_{setting.name}".upper()
            if variable in environment:
                yield Given(section, setting.name, environment[variable], variable)


def applied(stage: S, section: str, given: list[Given]) -> S:
    """The stage with every value given for its section; later ones win. Raises `BadSetting` for an unknown name."""
    known = {setting.name: setting for setting in settings_of(type(stage))}
    values: dict[str, Any] = {}
    for one in given:
        if one.section != section:
            continue
        if one.name not in known:
            raise BadSetting(f"{one.where}: [{section}] has no setting {one.name!r}; it has: {', '.join(known)}")
        values[one.name] = parsed(known[one.name], one.value, one.where)
    return dataclasses.replace(stage, **values)  # type: ignore[type-var]  # a stage is a dataclass
