"""What must hold between the components of a scene, beyond the type and range of each field."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TypeVar

from engine.component import about, fields_of, snake_case
from engine.components import (
    Camera,
    Cue,
    Display,
    Environment,
    Fill,
    Group,
    Keyframes,
    Layer,
    Logo,
    Mask,
    Particles,
    Shader,
    Stage,
    Stream,
    Warp,
)
from engine.components.keyframes import KEYED
from engine.errors import ModelError, OutputError
from engine.geometry import is_convex
from engine.looks import LookError, read_look
from engine.media.address import parse_address
from engine.models.address import check_run, parse_server
from engine.scene.words import shown, suggestion

Parts = Mapping[str, object]
"""The components of one entity by their TOML names."""

T = TypeVar("T")


class Complaint(NamedTuple):
    """What is wrong with a component, and its fields that could put it right; the first is where it is said."""

    entity: str
    component: str
    fields: tuple[str, ...]
    message: str


def complaints(entities: Mapping[str, Parts]) -> Iterator[Complaint]:
    """Everything that is wrong between these components."""
    yield from _dangling(entities)
    yield from _circles(entities)
    for kind in (Stage, Environment):
        name = snake_case(kind.__name__)
        first, *others = [entity for entity, parts in entities.items() if name in parts] or [""]
        for entity in others:
            yield Complaint(entity, name, (), f"a scene has one {name}, and {first!r} has it already; remove this one")
    for entity, parts in entities.items():
        for component, fields, message in _incomplete(parts):
            yield Complaint(entity, component, fields, message)
        if mask := _of(parts, Mask):
            seen = _of(entities.get(mask.camera or entity, {}), Camera)
            for fields, message in _mask(mask, seen):
                yield Complaint(entity, "mask", fields, message)


def _dangling(entities: Mapping[str, Parts]) -> Iterator[Complaint]:
    """Complain of every name that no entity has, or whose entity lacks the component it is named for."""
    for entity, parts in entities.items():
        for component, part in parts.items():
            for field, info in fields_of(type(part)).items():
                wanted = about(info).refers
                named = getattr(part, field) if wanted else ""
                for name in (named,) if isinstance(named, str) else named:
                    if not name or wanted in entities.get(name, {}):
                        continue
                    trouble = f"has no {wanted}" if name in entities else "is no entity"
                    able = [other for other, others in entities.items() if wanted in others]
                    remedy = suggestion(name, able) or f"; give an entity a {wanted} table"
                    yield Complaint(entity, component, (field,), f"{field}: {name!r} {trouble}{remedy}")


def _circles(entities: Mapping[str, Parts]) -> Iterator[Complaint]:
    """Complain of every group that is drawn into itself, through others or not."""
    outer = {entity: layer.group for entity, parts in entities.items() if (layer := _of(parts, Layer)) and layer.group}
    for entity in outer:
        way = [entity]
        while way[-1] in outer and outer[way[-1]] not in way:
            way.append(outer[way[-1]])
        if outer.get(way[-1]) == entity:
            message = f"group: {' in '.join(map(repr, [*way, entity]))} is a circle; leave one of these groups out"
            yield Complaint(entity, "layer", ("group",), message)


def _incomplete(parts: Parts) -> Iterator[tuple[str, tuple[str, ...], str]]:
    layer, particles, logo = _of(parts, Layer), _of(parts, Particles), _of(parts, Logo)
    drawn = any(_of(parts, kind) for kind in (Group, Camera, Mask, Particles, Fill, Shader))
    if layer and not (layer.camera or layer.mask or drawn):
        message = (
            "layer has nothing to draw; add a camera, mask, particles, fill, shader or group table to this entity, "
            "or name another entity with camera or mask"
        )
        yield "layer", ("camera", "mask"), message
    if warp := _of(parts, Warp):
        yield from _warp(warp)
    if "grade" in parts and not (_of(parts, Camera) or _of(parts, Display)):
        yield "grade", (), "grade has nothing to correct; move it to the entity with that camera or display table"
    if cue := _of(parts, Cue):
        if cue.at_s < 0.0 and not cue.key:
            yield "cue", ("at_s", "key"), "cue never happens; give it a time, such as at_s = 10.0, or a key"
        if not (cue.show or cue.hide):
            yield "cue", ("show", "hide"), 'cue changes nothing; name layers in show = ["ENTITY"] or hide = ["ENTITY"]'
    if _of(parts, Group) and not layer:
        yield "group", (), "group is drawn by its own layer; add a layer table to this entity"
    if particles and particles.emit == "edge" and not particles.mask:
        yield "particles", ("emit", "mask"), 'emit = "edge" needs a mask to whose edge it belongs; give mask = "ENTITY"'
    for name in ("logo", "overlay", "stream", "warp", "edges"):
        if name in parts and not _of(parts, Display):
            yield name, (), f"{name} belongs to one display; move it to the entity with that display table"
    if (camera := _of(parts, Camera)) and 0.0 < camera.to_s <= camera.from_s:
        yield "camera", ("to_s", "from_s"), f"to_s must come after from_s = {camera.from_s:g}; 0 is the file's end"
    if shader := _of(parts, Shader):
        yield from _shader(shader)
    if keyframes := _of(parts, Keyframes):
        yield from _keyframes(parts, keyframes)
    if logo and not logo.file:
        yield "logo", ("file",), 'logo has no picture; give file = "FILE.png"'
    if stream := _of(parts, Stream):
        for fields, message in _stream(stream):
            yield "stream", fields, message


def _stream(stream: Stream) -> Iterator[tuple[tuple[str, ...], str]]:
    try:
        address = parse_address(stream.url) if stream.url else None
    except OutputError as error:
        yield ("url",), str(error)
        return
    deep, encoder = stream.depth_bits > 8, stream.encoder
    if deep and address is not None and not address.takes_deep:
        message = f"{address.shown} takes 8 bits a colour; set depth_bits = 8, or send to a file, rtsp:// or udp://"
        yield ("depth_bits", "url"), message
    if encoder.startswith("h264") if deep else encoder.startswith(("hevc", "libx265")):
        bits = "8 bits" if deep else "10 bits"
        yield ("encoder", "depth_bits"), f'{encoder} is for {bits} a colour; set encoder = "auto", or other depth_bits'


def _shader(shader: Shader) -> Iterator[tuple[str, tuple[str, ...], str]]:
    file = Path(shader.file)
    if not shader.file:
        yield "shader", ("file",), 'shader has no look; give file = "FILE.wgsl"'
    elif file.is_file():  # where it is not there, that is said already
        try:
            read_look(file)
        except LookError as error:
            yield "shader", ("file",), f"{file.name}{f':{error.line}' if error.line else ''}: {error}"
            return
        for message in _parameters(shader, shader.parameters.items()):
            yield "shader", ("parameters",), message


def _parameters(shader: Shader, said: Iterable[tuple[str, object]]) -> Iterator[str]:
    """Complain of values that a look cannot take; of a look that cannot be read it is complained elsewhere."""
    try:
        known = read_look(Path(shader.file))
    except LookError:
        return
    for name, value in said:
        if name not in known:
            yield f"{Path(shader.file).name} has no parameter {name!r}{suggestion(name, known)}"
            continue
        try:
            known[name].read(value)
        except ValueError as error:
            yield f"{error}, not {shown(value)}"


def _keyframes(parts: Parts, keyframes: Keyframes) -> Iterator[tuple[str, tuple[str, ...], str]]:
    times = keyframes.times_s
    if any(later <= earlier for earlier, later in itertools.pairwise(times)):
        yield "keyframes", ("times_s",), "times_s must rise from each to the next"
    for name in KEYED:
        tracks = getattr(keyframes, name)
        if tracks and name not in parts:
            message = f"{name}: this entity has no {name} whose fields could change; add its table"
            yield "keyframes", (name,), message
        for field, values in tracks.items():
            if len(values) != len(times):
                message = f"{name}.{field} has {len(values)} values for {len(times)} times; give one for each"
                yield "keyframes", (name,), message
    if warp := _of(parts, Warp):
        for index, time_s in enumerate(times):
            keyed = {field: values[index] for field, values in keyframes.warp.items() if index < len(values)}
            if keyed and not is_convex(replace(warp, **keyed).corners):
                message = f"warp: at {time_s:g} s the corners fold the picture over; keep each on its own side"
                yield "keyframes", ("warp",), message
                break
    if (shader := _of(parts, Shader)) and keyframes.shader:
        said = [(name, value) for name, values in keyframes.shader.items() for value in values]
        for message in dict.fromkeys(_parameters(shader, said)):
            yield "keyframes", ("shader",), message


def _warp(warp: Warp) -> Iterator[tuple[str, tuple[str, ...], str]]:
    wanted = 2 * warp.columns * warp.rows
    if warp.points and len(warp.points) != wanted:
        message = f"points: a mesh of {warp.columns} × {warp.rows} has {wanted} numbers, not {len(warp.points)}"
        yield "warp", ("points", "columns", "rows"), message
    if not is_convex(warp.corners):
        message = "the corners fold the picture over; move them so that each stays on its own side of the others"
        yield "warp", ("top_left", "top_right", "bottom_right", "bottom_left"), message


def _mask(mask: Mask, seen: Camera | None) -> Iterator[tuple[tuple[str, ...], str]]:
    """`seen` is the camera that the mask cuts out; a name without one is complained of elsewhere."""
    if seen is None and not mask.camera:
        yield ("camera",), 'mask has no camera to cut out; add a camera table here, or give camera = "ENTITY"'
    if seen is not None and seen.source.lower().endswith(".hdr"):
        yield ("camera",), "nobody can be cut out of a picture of light (.hdr); save it as PNG, or remove the mask"
    if mask.source == "truth" and seen is not None and seen.source != "synthetic":
        yield ("source",), 'source = "truth" needs a synthetic camera; give that camera source = "synthetic"'
    try:
        check_run(mask.run)
    except ModelError as error:
        yield ("run",), f"run: {error}"
    try:
        if mask.corrected_by:
            parse_server(mask.corrected_by)
    except ModelError as error:
        yield ("corrected_by",), f"corrected_by: {error}"


def _of(parts: Parts, kind: type[T]) -> T | None:
    part = parts.get(snake_case(kind.__name__))
    return part if isinstance(part, kind) else None
