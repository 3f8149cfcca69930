"""Lighting: the scene's lamps, and the shapes and textures by which persons take their light."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from engine import components
from engine.component import state
from engine.components import Layer, Light, Mask
from engine.gpu.blur import Blur
from engine.gpu.device import Usage
from engine.gpu.passes import Passes
from engine.gpu.stage import StageImage
from engine.notices import Notices
from engine.tick import Tick
from engine.world import World
from systems.masks import Matte

MOST_LAMPS = 16
"""The length of the array in shaders/common/frame.wgsl."""

AMBIENCE_FORMAT = "rgba16float"
AMBIENCE_SIZE = (64, 36)
"""How much of the background's light a person can tell apart: colours come from directions, not from pixels."""


@state(components.Lighting)
class Lit:
    """What lights one person. Written by Lighting, but for what Composite draws into `ambience`.

    `version` counts how often its views changed.
    """

    version: int = 0
    mask: int | None = None
    relief: Blur | None = None  # the person's alpha, blurred as wide as the wrap
    ambience: Ambience | None = None
    shade: Shade | None = None


class Ambience:
    """What lies behind a person, as light: drawn small, then blurred; in mip level 1 until only a mean is left.

    Thread: main. Blocks: never. Owns: its textures. Fails: never.
    """

    def __init__(self, passes: Passes, name: str) -> None:
        width, height = AMBIENCE_SIZE
        gpu = passes.gpu
        behind = gpu.texture(
            f"{name} behind", width, height, AMBIENCE_FORMAT, Usage.RENDER_ATTACHMENT | Usage.TEXTURE_BINDING
        )
        self.behind_view: Any = behind.create_view()
        self._texture = gpu.texture(
            f"{name} ambience", width, height, AMBIENCE_FORMAT, Usage.TEXTURE_BINDING | Usage.COPY_DST, mips=2
        )
        self.view: Any = self._texture.create_view()
        self._near = Blur(passes, f"{name} near", width, height, AMBIENCE_FORMAT)
        self._far = Blur(passes, f"{name} far", width // 2, height // 2, AMBIENCE_FORMAT)
        self._near_source = passes.textures(self.behind_view)
        self._far_source = passes.textures(self._near.view)

    def spread(self, encoder: Any) -> None:
        """Blur what was drawn into `behind_view`."""
        self._near.run(encoder, self._near_source, 2.5)
        self._far.run(encoder, self._far_source, 6.0)
        for mip, blur in enumerate((self._near, self._far)):
            encoder.copy_texture_to_texture(
                {"texture": blur.texture}, {"texture": self._texture, "mip_level": mip}, (*blur.size, 1)
            )


class Shade:
    """The light on a person: what multiplies their colour, and what is added to it.

    Thread: main. Blocks: never. Owns: its textures. Fails: never.
    """

    FORMATS = ("rgba16float", "rgba16float")

    def __init__(self, passes: Passes, name: str, relief: Blur, ambience: Ambience) -> None:
        self._passes = passes
        usage = Usage.RENDER_ATTACHMENT | Usage.TEXTURE_BINDING
        self.gain, self.glow = (
            passes.gpu.texture(f"{name} {part}", *relief.size, pixel_format, usage).create_view()
            for part, pixel_format in zip(("gain", "glow"), self.FORMATS, strict=True)
        )
        self._pipeline = passes.pipeline("shade.wgsl", self.FORMATS)
        self._block = passes.uniforms.block(passes.shaders.struct("shade.wgsl", "Shade"))
        self._source = passes.textures(relief.view, ambience.view)

    def draw(self, encoder: Any, quad: NDArray[Any], lighting: components.Lighting) -> None:
        """Work out the light on a person who lies at `quad`."""
        data = self._block.data
        data["quad"] = quad
        data["exposure"] = 2.0**lighting.exposure
        data["lights"] = lighting.lights
        data["tint"] = lighting.ambience
        data["wrap"] = lighting.wrap
        self._passes.fill(encoder, self._pipeline, self._block, self._source, self.gain, self.glow)


class Lighting:
    """Packs the lamps, and keeps a blurred silhouette of every lit person.

    Reads: Light, Lighting, Layer, Mask, Matte. Writes: Lit, the lamps of the frame. Sends: nothing.
    """

    def __init__(self, world: World, passes: Passes, stage: StageImage, frame: NDArray[Any], notices: Notices) -> None:
        self._world = world
        self._passes = passes
        self._stage = stage
        self._frame = frame
        self._notices = notices
        self._revision = -1

    def process(self, tick: Tick) -> None:
        """Bring lamps and silhouettes up to date."""
        if self._revision != self._world.revision:
            self._revision = self._world.revision
            self._reconcile()
        for entity, (lighting, lit) in self._world.each(components.Lighting, Lit):
            matte = self._world.get(lit.mask, Matte) if lit.mask is not None else None
            if matte is None or matte.silhouette is None:
                continue
            width, height = matte.silhouette.size
            if lit.relief is None or lit.relief.size != (width, height):
                name = self._world.name(entity)
                lit.relief = Blur(self._passes, name, width, height, "r8unorm")
                lit.ambience = Ambience(self._passes, name)
                lit.shade = Shade(self._passes, name, lit.relief, lit.ambience)
                lit.version += 1
            if matte.changed:
                sigma_px = lighting.wrap_px * width / self._stage.size[0]
                lit.relief.run(tick.encoder, matte.silhouette.textures, sigma_px)

    def _reconcile(self) -> None:
        height = self._stage.size[1]
        aspect = self._stage.size[0] / height
        lights = [light for _, (light,) in self._world.each(Light) if light.strength > 0.0]
        if len(lights) > MOST_LAMPS:
            self._notices.say("visible", "lighting", f"only the first {MOST_LAMPS} of {len(lights)} lights shine")
        self._frame["lamp_count"] = min(len(lights), MOST_LAMPS)
        lamps = self._frame["lamps"][0]
        for lamp, light in zip(lamps, lights, strict=False):
            lamp["colour"] = [light.strength * part for part in light.colour]
            lamp["reach"] = light.reach if light.kind == "point" else 0.0
            lamp["position"] = (light.x * aspect, light.y, light.z)
        for entity, (_, lit) in self._world.each(components.Lighting, Lit):
            lit.mask = masked_entity(self._world, entity)


def masked_entity(world: World, entity: int) -> int | None:
    """Return the entity whose mask this entity's layer draws, or None."""
    layer = world.get(entity, Layer)
    if layer is not None and layer.mask:
        return world.entity(layer.mask)
    return entity if world.get(entity, Mask) is not None else None
