"""From TOML to checked components: everything that is wrong with a scene is said at once, each with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydantic
from pydantic_core import ErrorDetails

from engine.component import FileKind, about, components, fields_of
from engine.components import Keyframes
from engine.components.keyframes import FIXED, KEYED
from engine.errors import ModelError, SceneError
from engine.scene.rules import Complaint, complaints
from engine.scene.schema import field_schemas
from engine.scene.source import Source
from engine.scene.where import KeyPath
from engine.scene.words import expected, near, near_file, number, shown, suggestion

CAMERA_WORDS = ("auto", "synthetic", "test-card", "device:0")
LONG_CHOICE = 8
"""Words beyond which a mistaken one is answered by the nearest, not by all there are."""

_WORD = re.compile(r"\w+")
_NO_CAMERA_FILE = re.compile(r"auto|synthetic|test-card|device:\d+|[a-zA-Z][a-zA-Z0-9+.-]*://.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a scene says: components by entity and TOML name, in file order, and every file that was read for it."""

    path: Path
    entities: dict[str, dict[str, object]]
    files: frozenset[Path]


def load_scene(path: Path, overrides: Sequence[str] = (), text: bytes | None = None) -> Scene:
    """Read a scene, or what its file would be with `text` in it. Raises SceneError with all its mistakes.

    `overrides` are `entity.component.field=value`.
    """
    source = Source(path, overrides, text)
    entities = {
        entity: _components(source, entity, tables)
        for entity, tables in source.tables.items()
        if isinstance(tables, dict)
    }
    for entity in source.tables.keys() - entities.keys():
        source.blame((entity,), f"{entity!r} must be a table of components, not {shown(source.tables[entity])}")
    if source.complete:  # else what seems to be missing may be in the file that could not be read
        _check_between(source, entities)
    if mistakes := source.mistakes():
        raise SceneError(mistakes)
    return Scene(path, entities, frozenset(source.files.values()))


def _check_between(source: Source, entities: Mapping[str, Mapping[str, object]]) -> None:
    if not source.tables and not source.mistakes():
        source.blame((), "has no entities; write one as a table of components, such as [sky.layer] and [sky.fill]")
    for complaint in [each for each in complaints(entities) if not _follows(source, each)]:
        source.blame((complaint.entity, complaint.component, *complaint.fields[:1]), complaint.message)


def _follows(source: Source, complaint: Complaint) -> bool:
    """Whether it only follows from a mistake that is said already: a field with one counts as unsaid."""
    path = (complaint.entity, complaint.component)
    return source.is_blamed(path) or any(source.is_blamed((*path, field)) for field in complaint.fields)


def _components(source: Source, entity: str, tables: Mapping[str, Any]) -> dict[str, object]:
    """Make an entity's components. A mistaken field counts as unsaid, so that the rest can be checked all the same."""
    made: dict[str, object] = {}
    for name, fields in tables.items():
        path = (entity, name)
        component_type = components().get(name)
        if component_type is None:
            source.blame(path, f"no component {name!r}{suggestion(name, components())}")
        elif not isinstance(fields, dict):
            source.blame(path, f"{name!r} must be a table of fields, not {shown(fields)}")
            made[name] = component_type()
        else:
            made[name] = _component(source, path, component_type, fields)
    return made


def _component(source: Source, path: KeyPath, component_type: type, fields: Mapping[str, Any]) -> object:
    infos = fields_of(component_type)
    good = {}
    for name, value in fields.items():
        if name not in infos:
            unkeyed = component_type is Keyframes and name in components()
            said = f"nothing of {name} can be keyed; of {', '.join(KEYED)} numbers, points and colours can"
            source.blame((*path, name), said if unkeyed else f"no field {name!r}{suggestion(name, infos)}")
        elif (kind := about(infos[name]).file) and isinstance(value, str):
            good[name] = _found(source, (*path, name), value, kind)
        else:
            good[name] = value
    try:
        return component_type(**good)
    except pydantic.ValidationError as error:
        for detail in error.errors(include_url=False):
            field, *inside = (str(part) for part in detail["loc"] if isinstance(part, str))
            source.blame((*path, field, *inside), _in_plain_words(detail, component_type, fields[field]))
            good.pop(field, None)
        return component_type(**good)


def _in_plain_words(detail: ErrorDetails, component_type: type, value: object) -> str:
    """Say what a field must be instead of what pydantic says of it."""
    field, *inside = detail["loc"]
    schema = field_schemas(component_type)[str(field)]
    limits = detail.get("ctx", {})
    if detail["type"] == "extra_forbidden":
        if inside[-1] in FIXED and inside[-1] in fields_of(KEYED[str(field)]):
            return f"{field}.{inside[-1]} cannot be keyed, since what it stands for is made once; leave it out here"
        remedy = suggestion(inside[-1], schema["properties"])
        return f"{field} has no number, point or colour {inside[-1]!r} to key{remedy}"
    for part in inside if detail["type"] != "missing" else ():
        if isinstance(part, str):
            field, schema = f"{field}.{part}", schema.get("properties", {}).get(part) or schema["additionalProperties"]
        else:
            field, schema = f"{field}[{part}]", schema["items"]
        value = detail["input"]
    match detail["type"]:
        case "too_short":
            wanted = f"{expected(schema)}, one at least"
        case "greater_than_equal":
            wanted = f"at least {number(limits['ge'])}"
        case "less_than_equal":
            wanted = f"at most {number(limits['le'])}"
        case "finite_number":
            wanted = "a finite number"
        case _:
            wanted = expected(schema)
    choices = schema.get("enum", ()) if isinstance(value, str) else ()
    if len(choices) > LONG_CHOICE:
        return f"{field}: there is no {shown(value)}{suggestion(value, choices)}"
    return f"{field} must be {wanted}, not {shown(value)}{near(value, choices) if choices else ''}"


def _model_named(source: Source, path: KeyPath, name: str) -> str:
    """Return the file of a model that `scrim models list` knows by this name, or nothing where it knows none."""
    from engine.models.store import is_known, locate  # 0.1 s, for scenes that name one

    if not is_known(name):
        return ""
    try:
        return str(locate(name))
    except ModelError as error:
        source.blame(path, f"{path[-1]}: {error}")
        return name


def _found(source: Source, path: KeyPath, value: str, kind: FileKind) -> str:
    """Return the absolute path of a file that a field names, or what else it may hold."""
    if not value or (kind == "camera" and _NO_CAMERA_FILE.fullmatch(value)):
        return value
    file = source.place(path).folder / value
    try:
        if file.exists() if kind == "camera" else file.is_file():  # a device is no ordinary file
            return str(file.absolute())
        if file.is_dir():
            source.blame(path, f"{path[-1]}: {shown(value)} is a folder; name a file in it")
            return value
        nearby = [other.name for other in file.parent.iterdir()]
    except (OSError, ValueError):  # no such folder, or a name that no file can have
        nearby = []
    if kind == "model" and _WORD.fullmatch(value) and (named := _model_named(source, path, value)):
        return named
    folder = "" if Path(value).is_absolute() else f" in {str(source.place(path).folder)!r}"
    hint = near_file(file.name, nearby) or (suggestion(value, CAMERA_WORDS) if kind == "camera" else "")
    source.blame(path, f"{path[-1]}: there is no file {shown(value)}{folder}{hint}")
    return value
