"""Lighting: the scene's lamps and the light around, and the shapes by which persons take them."""

from __future__ import annotations

import math
import threading
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import components
from engine.component import state
from engine.components import Environment, Keyframes, Layer, Light, Mask
from engine.errors import ShowError
from engine.gpu.light import Around, Body, Shade, shrunk_by
from engine.gpu.passes import Passes
from engine.gpu.planes import Planes
from engine.gpu.stage import StageImage
from engine.media.panorama import harmonics, read_panorama
from engine.notices import Notices
from engine.temperature import light_of
from engine.tick import Tick
from engine.timing.keyframes import Timeline
from engine.world import World
from systems.inference import Shown
from systems.keyframes import Keyed
from systems.masks import Matte

MOST_LAMPS = 16
"""The length of the array in shaders/shade.wgsl."""

NO_CONE = (-2.0, -3.0)
"""Cosines of a cone that is all around."""


@state(components.Lighting)
class Lit:
    """What lights one person. Written by Lighting, but for what Composite draws behind the person, and from that.

    `version` counts how often its views changed.
    """

    version: int = 0
    mask: int | None = None
    active: bool = False  # whether there is any light to take
    changed: bool = False  # whether the person has another shape or picture than last tick
    time_ns: int = 0  # when the picture was taken
    planes: Planes | None = None
    silhouette: Any = None  # a view
    body: Body | None = None
    around: Around | None = None
    shade: Shade | None = None
    behind: list[Any] | None = None  # the drawings that were behind last tick
    settled_ns: int = 0  # from when on the light around is what it was


class Lighting:
    """Packs the lamps for every lit person, and keeps their shapes up to date.

    Reads: Light, Lighting, Environment, Keyed, Keyframes, Layer, Mask, Matte, Shown. Writes: Lit. Sends: nothing.
    """

    def __init__(self, world: World, passes: Passes, stage: StageImage, notices: Notices) -> None:
        self._world = world
        self._passes = passes
        self._stage = stage
        self._notices = notices
        self._revision = -1
        self._shade_type = passes.shaders.struct("shade.wgsl", "Shade")
        self._lamps = np.zeros((MOST_LAMPS,), self._shade_type["lamps"].base)
        self._lights: list[tuple[Light, Timeline | None]] = []
        self._panoramas: dict[str, NDArray[np.float32] | None] = {}  # None: being read, or refused
        self.environment = Environment()
        self.panorama: NDArray[np.float32] | None = None  # harmonics (9, 3) of the light that is known

    def open(self) -> None:
        """Read the panorama: before the show is on air, so that a bad one stops it."""
        for _, (environment,) in self._world.each(Environment):
            if environment.file:
                self._panoramas[environment.file] = self._read(environment.file)

    def process(self, tick: Tick) -> None:
        """Bring lamps and shapes up to date."""
        if self._revision != self._world.revision:
            self._revision = self._world.revision
            self._reconcile()
        for entity, (lighting, lit) in self._world.each(components.Lighting, Lit):
            matte = self._world.get(lit.mask, Matte) if lit.mask is not None else None
            lit.active = matte is not None and matte.silhouette is not None and self._does_anything(entity, lighting)
            if matte is None or matte.silhouette is None or not lit.active:
                continue
            self._look(entity, lighting, lit, matte)
            assert lit.body is not None
            assert lit.shade is not None
            if matte.changed or lit.changed:
                sigma_px = lighting.wrap_px * lit.body.size[0] / self._stage.size[0]
                lit.body.form(tick.encoder, matte.silhouette.textures, sigma_px)
            self._pack(lit, lighting, self._world.get(entity, Keyed))

    def _look(self, entity: int, lighting: components.Lighting, lit: Lit, matte: Matte) -> None:
        """Take note of the picture that the person is in, and make what they need where there is nothing yet."""
        assert matte.silhouette is not None
        shown = self._world.get(matte.camera, Shown) if matte.camera is not None else None
        lit.changed = matte.changed
        if shown is not None and shown.picture is not None:
            lit.time_ns, lit.planes = shown.picture.captured_ns, shown.planes
        lit.silhouette = matte.silhouette.view
        size = matte.silhouette.size
        keyframes = self._world.get(entity, Keyframes)
        wraps_px = keyframes.lighting.get("wrap_px", ()) if keyframes is not None else ()
        shrunk = shrunk_by(min(wraps_px or (lighting.wrap_px,)) * size[0] / self._stage.size[0])
        if lit.body is None or (lit.body.size, lit.body.shrunk) != (size, shrunk):
            name = self._world.name(entity)
            lit.body = Body(self._passes, name, size, shrunk)
            lit.around = lit.around or Around(self._passes, name)
            lit.shade = Shade(self._passes, name, lit.body, lit.around)
            lit.changed = True
            lit.version += 1

    def _does_anything(self, entity: int, lighting: components.Lighting) -> bool:
        """Whether there is any light to take. Where that is keyed there may be: pipelines do not change on air."""
        keyed = self._world.get(entity, Keyed)
        if keyed is not None and "lighting" in keyed.following:
            return True
        own = lighting.ambience or lighting.rim or lighting.matching or lighting.wrap or lighting.grain
        lamps = lighting.lights and self._lights
        return bool(lighting.strength and (own or lamps or lighting.exposure or lighting.shadow))

    def _pack(self, lit: Lit, lighting: components.Lighting, keyed: Keyed | None) -> None:
        """Pack what lights a person, as it was when their picture was taken."""
        assert lit.shade is not None
        if keyed is not None and keyed.timeline is not None:
            keyed.timeline.apply("lighting", lighting, lit.time_ns)
        for lamp, (light, timeline) in zip(self._lamps, self._lights, strict=False):
            if timeline is not None:
                timeline.apply("light", light, lit.time_ns)
                write_lamp(lamp, light, self._stage.size[0] / self._stage.size[1])
        data = lit.shade.data
        data["exposure"] = 2.0**lighting.exposure
        for name in ("lights", "ambience", "rim", "matching", "grain", "wrap", "strength"):
            data[name] = getattr(lighting, name)
        data["lamp_count"] = len(self._lights)
        data["lamps"] = self._lamps

    def _reconcile(self) -> None:
        lights = []
        for entity, (light,) in self._world.each(Light):
            keyed = self._world.get(entity, Keyed)
            timeline = keyed.timeline if keyed is not None and "light" in keyed.following else None
            if light.strength > 0.0 or timeline is not None:
                lights.append((light, timeline))
        if len(lights) > MOST_LAMPS:
            self._notices.say("visible", "lighting", f"only the first {MOST_LAMPS} of {len(lights)} lights shine")
        self._lights = lights[:MOST_LAMPS]
        for lamp, (light, _) in zip(self._lamps, self._lights, strict=False):
            write_lamp(lamp, light, self._stage.size[0] / self._stage.size[1])
        for entity, (_, lit) in self._world.each(components.Lighting, Lit):
            lit.mask = masked_entity(self._world, entity)
        self._surround()

    def _surround(self) -> None:
        """Take over what the scene says of the light around."""
        self.environment = next((each for _, (each,) in self._world.each(Environment)), Environment())
        file = self.environment.file
        if not file:
            self.panorama = None
        elif file not in self._panoramas:
            self._panoramas[file] = None
            threading.Thread(target=self._read_on_air, args=(file,), name=f"reading {file}", daemon=True).start()
        elif (panorama := self._panoramas[file]) is not None:
            self.panorama = harmonics(panorama, self.environment.rotate)
        for _, (lit,) in self._world.each(Lit):
            lit.behind = None

    def _read(self, file: str) -> NDArray[np.float32]:
        return read_panorama(Path(file), partial(self._notices.say, "visible", "lighting"))

    def _read_on_air(self, file: str) -> None:
        """Read a panorama beside the running show; the light that is on air stays until it is there."""
        try:
            self._panoramas[file] = self._read(file)
        except ShowError as error:
            self._notices.say("visible", "lighting", f"{error}; the last light stays")
        finally:
            self._revision = -1


def write_lamp(lamp: Any, light: Light, aspect: float) -> None:
    """Write a shader's `Lamp`; `aspect` is the stage's width over its height."""
    warmth = light_of(light.temperature_k)
    lamp["colour"] = [light.strength * part * tint for part, tint in zip(light.colour, warmth, strict=True)]
    lamp["reach"] = 0.0 if light.kind == "ambient" else light.reach
    lamp["position"] = (light.x * aspect, light.y, light.z)
    lamp["inner"], lamp["outer"] = NO_CONE
    if light.kind == "spot":
        aim = np.array([(light.aim_x - light.x) * aspect, light.aim_y - light.y, -light.z])
        lamp["aim"] = aim / max(float(np.linalg.norm(aim)), 1e-6)
        half = math.radians(light.angle / 2)
        lamp["outer"] = math.cos(half)
        lamp["inner"] = math.cos(half * (1.0 - light.soft)) + 1e-4


def masked_entity(world: World, entity: int, layer: Layer | None = None) -> int | None:
    """Return the entity whose mask this entity's layer (its own, unless given) draws, or None."""
    layer = layer or world.get(entity, Layer)
    if layer is not None and layer.mask:
        return world.entity(layer.mask)
    return entity if world.get(entity, Mask) is not None else None
