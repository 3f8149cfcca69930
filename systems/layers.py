"""Layers: what is drawn on the stage this tick, back to front, packed for the GPU."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, get_args

from engine.components import Camera, Fill, Keyframes, Layer, Lighting, Mask, Particles, Place, Viewpoint
from engine.components.layer import Blend
from engine.geometry import Vector, lay, stored_box
from engine.gpu.blur import MOST_SIGMA_PX, Blur
from engine.gpu.passes import Mix, Passes
from engine.gpu.planes import LAYOUTS, Planes
from engine.gpu.quads import UNPLACED, lay_picture, write_quad
from engine.gpu.stage import StageImage
from engine.gpu.tiles import EDGE, GUIDED, NONE, SOLID, TEXTURE, OwnAlpha, Tiles
from engine.gpu.uniforms import Block
from engine.tick import Tick
from engine.world import World
from systems.capture import Captured
from systems.inference import Shown
from systems.lighting import Lit, masked_entity
from systems.masks import Matte
from systems.particles import SHAPE, Cloud

BLENDS: dict[Blend, int] = {blend: number for number, blend in enumerate(get_args(Blend))}
"""The constants of shaders/common/blend.wgsl."""

FIXED: dict[Blend, Mix] = {
    "normal": "normal", "add": "add", "multiply": "multiply", "screen": "screen", "exclusion": "exclusion",
}  # fmt: skip
"""What the blend unit can do in linear light."""


class Drawing(ABC):
    """One layer's draw. `prepare` packs it once a tick; `draw` may record it into several targets."""

    def __init__(self, passes: Passes, stage: StageImage, entity: int, layer: Layer) -> None:
        self._passes = passes
        self._stage = stage
        self.entity = entity
        self.layer = layer
        self.visible = False
        self.changed = True  # whether it draws something else than in the last tick
        self._packed = b""
        self.hides = False  # all that is behind it, where it has no matte
        encoded = layer.space == "srgb"
        self.needs_backdrop = layer.blend not in FIXED or encoded
        self.lit: Lit | None = None
        self.is_keyed = False  # whether place or looks change with time
        self._constants = {"BLEND": BLENDS[layer.blend], "ENCODED": float(encoded)}
        self._pipelines: dict[Any, Any] = {}

    @abstractmethod
    def prepare(self, tick: Tick, shift: Vector) -> None:
        """Pack this tick's values; `shift` is how far depth 1 has moved with the viewpoint, in fractions."""

    def _note(self, block: Block, otherwise: bool = False) -> None:
        """Find out whether this tick's values differ from the last one's; `otherwise`: something else does."""
        packed = block.data.tobytes()
        self.changed = otherwise or packed != self._packed
        self._packed = packed

    def touch(self) -> None:
        """Count as changed in the next tick."""
        self._packed = b""

    @abstractmethod
    def draw(self, render: Any, target_format: str, *, small: bool = False) -> None:
        """Record the draw; `small` for a target that is not the stage."""

    @abstractmethod
    def free(self) -> None:
        """Give back what was taken from shared pools."""

    def _pipeline(
        self,
        shader: str,
        target_format: str,
        small: bool,
        constants: Mapping[str, float] = MappingProxyType({}),
        vertex: str = "vs_main",
        opaque: bool = False,
    ) -> Any:
        """Return the pipeline for a target: where that is not the stage itself, its backdrop cannot be read.

        What hides all behind it (`opaque`) is written without reading the target: a fifth cheaper on lavapipe.
        """
        key = (target_format, small, vertex, opaque, *constants.values())
        if key not in self._pipelines:
            values = {**self._constants, **constants}
            if small and self.needs_backdrop:
                values |= {"BLEND": BLENDS["normal"], "ENCODED": 0.0}
            self._pipelines[key] = self._passes.pipeline(
                shader,
                target_format,
                mix="replace" if opaque else "normal" if self.needs_backdrop else FIXED[self.layer.blend],
                constants=values,
                vertex=vertex,
                storage=shader == "particles.wgsl",
            )
        return self._pipelines[key]

    @property
    def _backdrop(self) -> Any:
        return self._stage.backdrop_view if self.needs_backdrop else None


class PictureDrawing(Drawing):
    """A camera's picture, or the person in it."""

    def __init__(
        self, passes: Passes, stage: StageImage, entity: int, layer: Layer, world: World, camera: int, mask: int | None
    ) -> None:
        super().__init__(passes, stage, entity, layer)
        self._world = world
        self._camera = camera
        self._mask = mask
        self._place = world.get(entity, Place) or UNPLACED
        self._lighting = world.get(entity, Lighting) if mask is not None else None
        self.lit = world.get(entity, Lit) if self._lighting is not None else None
        self._block = passes.uniforms.block(passes.shaders.struct("layer.wgsl", "Layer"))
        self._bound: Any = None
        self._laid: Any = None
        self._textures = passes.no_textures
        self._exact = False
        self._layout = "rgba"
        self._matte_kind = NONE
        self._tiled = False
        self._tiles: Tiles | None = None  # of the picture's own alpha
        self._blur: PictureBlur | None = None

    def prepare(self, tick: Tick, shift: Vector) -> None:
        """Pack picture, matte and light; blur where the picture is new."""
        shown = self._world.get(self._camera, Shown)
        captured = self._world.get(self._camera, Captured)
        planes = shown.planes if shown is not None else None
        matte = self._world.get(self._mask, Matte) if self._mask is not None else None
        missing_matte = self._mask is not None and (
            matte is None or (matte.view is None and matte.kind in (TEXTURE, GUIDED))
        )
        self.visible = planes is not None and not missing_matte
        if planes is None or shown is None or not self.visible:
            return
        if self.layer.blur_px > 0.0 and matte is None:
            self._prepare_blur(tick, planes, shown.changed)
        elif matte is None and planes.still and not planes.opaque and (shown.changed or self._tiles is None):
            # A still with alpha: what is empty stays empty, and is not drawn.
            self._tiles = self._tiles or Tiles(self._passes, "still")
            self._tiles.sort(tick.encoder, planes, OwnAlpha())
        bound = self._bind(planes, matte)
        self._lay(planes, matte, shift)
        data = self._block.data
        opacity = self.layer.opacity * (captured.presence if captured is not None else 1.0)
        data["opacity"] = opacity
        self.hides = planes.opaque and opacity == 1.0 and self.layer.blend == "normal"
        if matte is not None:
            matte.write(data["cutout"])
        moved = shown.changed or bound or self.is_lit or (matte is not None and matte.changed)
        self._note(self._block, otherwise=moved)

    def draw(self, render: Any, target_format: str, *, small: bool = False) -> None:
        """Draw the picture's quad."""
        constants: dict[str, float] = {
            "LAYOUT": LAYOUTS[self._layout],
            "MATTE": self._matte_kind,
            "EXACT": float(self._exact and not small),
            "LIT": float(self.is_lit),
            "GRAINY": float(self._lighting is not None and self.is_lit and self._lighting.grain > 0.0),
        }
        if not self._tiled:
            opaque = self.hides and self._matte_kind == NONE
            pipeline = self._pipeline("layer.wgsl", target_format, small, constants, opaque=opaque)
            self._passes.draw(render, pipeline, self._block, self._textures)
            return
        for tile in (SOLID, EDGE):
            values = {**constants, "MATTE": NONE if tile == SOLID else self._matte_kind, "TILE": tile}
            opaque = self.hides and tile == SOLID
            pipeline = self._pipeline("layer.wgsl", target_format, small, values, "vs_tile", opaque)
            self._passes.draw(render, pipeline, self._block, self._textures, Tiles.COUNT)

    def free(self) -> None:
        """Give back the block, and those of blur and tiles."""
        self._block.free()
        if self._tiles is not None:
            self._tiles.free()
        if self._blur is not None:
            self._blur.free()

    def _prepare_blur(self, tick: Tick, planes: Planes, changed: bool) -> None:
        if self._blur is None or not self._blur.fits(planes, self.layer.blur_px):
            if self._blur is not None:
                self._blur.free()
            self._blur = PictureBlur(self._passes, planes, self.layer.blur_px)
            changed = True
        if changed:
            self._blur.run(tick.encoder, planes, self.layer.blur_px)

    def _bind(self, planes: Planes, matte: Matte | None) -> bool:
        """Bind what there is to bind; return whether it was something else before."""
        lit = self.lit
        tiles = matte.tiles if matte is not None else self._tiles
        key = (planes.version, matte.version if matte else 0, id(tiles), lit.version if lit else 0, id(self._blur))
        if key == self._bound:
            return False
        self._bound = key
        self._layout = "light" if self._blur is not None else planes.layout
        self._matte_kind = matte.kind if matte is not None else NONE
        views = (self._blur.view,) if self._blur is not None else planes.views
        self._textures = self._passes.textures(
            *(*views, None)[:2],
            matte.view if matte is not None else None,
            tiles.view if tiles is not None else None,
            lit.shade.gain if lit is not None and lit.shade is not None else None,
            self._backdrop,
            lit.shade.glow if lit is not None and lit.shade is not None else None,
        )
        self._tiled = tiles is not None
        self._laid = None
        return True

    def _lay(self, planes: Planes, matte: Matte | None, shift: Vector) -> None:
        place = self._place
        garbage = matte.mask.garbage if matte is not None else None
        key = (
            planes.version, planes.size, planes.quarter_turns, planes.mirrored, shift if place.depth else None, garbage,
            (place.x, place.y, place.scale, place.rotate, place.depth) if self.is_keyed else None,
        )  # fmt: skip
        if key == self._laid:
            return
        self._laid = key
        quad = lay_picture(self._stage.size, planes, place, shift)
        # Exact loads need upright whole pixels; a still with mips is sampled, or it would flicker when it moves.
        self._exact = self._blur is None and quad.is_exact(self._stage.size, planes.size)
        texels = quad.texels_a_pixel(self._stage.size, planes.size)
        planes.write_reading(self._block.data["reading"], lod=max(0.0, math.log2(max(texels, 1e-6))))
        write_quad(self._block.data["quad"], quad)
        mirrored = planes.mirrored != place.mirror
        crop_from, crop_to = stored_box(place.crop, planes.quarter_turns, mirrored)
        if matte is not None:
            kept_from, kept_to = stored_box(matte.mask.garbage, planes.quarter_turns, planes.mirrored)
            crop_from = (max(crop_from[0], kept_from[0]), max(crop_from[1], kept_from[1]))
            crop_to = (min(crop_to[0], kept_to[0]), min(crop_to[1], kept_to[1]))
        self._block.data["crop_from"] = crop_from
        self._block.data["crop_to"] = crop_to

    @property
    def quad(self) -> Any:
        """Where it lies, as a shader's `Quad`."""
        return self._block.data["quad"]

    @property
    def is_lit(self) -> bool:
        """Whether light falls on this person."""
        return self.lit is not None and self.lit.active and self.lit.shade is not None

    def cast_shadow(self, render: Any, target_format: str) -> None:
        """Record the draw of the person's shadow, if they cast one."""
        if self._lighting is not None and self._lighting.shadow > 0.0 and self.is_lit:
            assert self.lit is not None
            assert self.lit.shade is not None
            self.lit.shade.cast(render, target_format, self._lighting.shadow * self._lighting.strength)


class PictureBlur:
    """A camera's picture, blurred at a size at which the blur is a few pixels wide."""

    def __init__(self, passes: Passes, planes: Planes, sigma_px: float) -> None:
        self._made_for = (planes.version, sigma_px)
        self._factor = max(1.0, sigma_px / MOST_SIGMA_PX)
        width, height = (max(8, round(side / self._factor)) for side in planes.size)
        self._blur = Blur(passes, "layer", width, height, "rgba16float", planes.layout)
        self._source = passes.textures(*planes.views)
        self.view = self._blur.view

    def fits(self, planes: Planes, sigma_px: float) -> bool:
        """Whether it was made for these planes and this blur."""
        return self._made_for == (planes.version, sigma_px)

    def run(self, encoder: Any, planes: Planes, sigma_px: float) -> None:
        """Blur the picture that the planes hold now."""
        self._blur.read_planes(planes, lod=max(0.0, math.log2(self._factor)))
        self._blur.run(encoder, self._source, sigma_px / self._factor)

    def free(self) -> None:
        """Give the blocks back."""
        self._blur.free()


class FillDrawing(Drawing):
    """A colour or a gradient."""

    def __init__(self, passes: Passes, stage: StageImage, entity: int, layer: Layer, fill: Fill, place: Place) -> None:
        super().__init__(passes, stage, entity, layer)
        self._place = place
        self._fill = fill
        self._block = passes.uniforms.block(passes.shaders.struct("fill.wgsl", "Fill"))
        self._pack()
        self._textures = passes.textures(*(None,) * 5, self._backdrop)

    def _pack(self) -> None:
        fill, data = self._fill, self._block.data
        angle = math.radians(fill.angle)
        data["from_colour"] = (*fill.colour, 1.0)
        data["to_colour"] = (*(fill.colour if fill.shape == "plain" else fill.to), 1.0)
        data["direction"] = (math.cos(angle), math.sin(angle))
        data["radial"] = fill.shape == "radial"

    def prepare(self, tick: Tick, shift: Vector) -> None:  # noqa: ARG002 - a fill stands still in time
        """Pack colours, opacity and place."""
        self.visible = True
        data = self._block.data
        if self.is_keyed:
            self._pack()
        data["opacity"] = self.layer.opacity
        self.hides = self.layer.opacity == 1.0 and self.layer.blend == "normal"
        place = self._place
        quad = lay(
            self._stage.size,
            self._stage.size,
            fit="stretch",
            centre=(place.x + shift[0] * place.depth, place.y + shift[1] * place.depth),
            scale=place.scale,
            rotate_degrees=place.rotate,
            crop=place.crop,
        )
        write_quad(data["quad"], quad)
        self._note(self._block)

    def draw(self, render: Any, target_format: str, *, small: bool = False) -> None:
        """Draw the fill's quad."""
        pipeline = self._pipeline("fill.wgsl", target_format, small, opaque=self.hides)
        self._passes.draw(render, pipeline, self._block, self._textures)

    def free(self) -> None:
        """Give back the block."""
        self._block.free()


class CloudDrawing(Drawing):
    """A cloud of particles, moved by the system of that name."""

    def __init__(
        self, passes: Passes, stage: StageImage, entity: int, layer: Layer, world: World, place: Place
    ) -> None:
        super().__init__(passes, stage, entity, layer)
        self._world = world
        self._place = place
        self._textures = passes.textures(*(None,) * 5, self._backdrop)
        self._cloud: Cloud | None = None
        self._constants["OVERLAPPING"] = 1.0
        self.needs_backdrop = self.needs_backdrop and layer.blend != "normal"

    def prepare(self, tick: Tick, shift: Vector) -> None:  # noqa: ARG002 - the cloud was moved already
        """Pack opacity and parallax beside what moves the cloud."""
        self._cloud = self._world.get(self.entity, Cloud)
        self.visible = self._cloud is not None and self._cloud.block is not None
        if self._cloud is not None and self._cloud.block is not None:
            self._cloud.block.data["opacity"] = self.layer.opacity
            self._cloud.block.data["shift"] = (shift[0] * self._place.depth, shift[1] * self._place.depth)

    def draw(self, render: Any, target_format: str, *, small: bool = False) -> None:
        """Draw every particle's quad."""
        assert self._cloud is not None
        assert self._cloud.block is not None
        render.set_bind_group(3, self._cloud.vertices)
        shape = SHAPE[self._cloud.component.shape] if self._cloud.component is not None else 0
        pipeline = self._pipeline("particles.wgsl", target_format, small, {"SHAPE": shape})
        self._passes.draw(render, pipeline, self._cloud.block, self._textures, self._cloud.quads)

    def free(self) -> None:
        """Do nothing: the block belongs to the cloud."""


class Layers:
    """Decides what each layer draws, and packs it.

    Reads: Layer, Place, Camera, Mask, Fill, Particles, Viewpoint, Shown, Matte, Lit, Cloud. Writes: `drawings`.
    """

    def __init__(self, world: World, passes: Passes, stage: StageImage) -> None:
        self._world = world
        self._passes = passes
        self._stage = stage
        self._revision = -1
        self.drawings: list[Drawing] = []

    def process(self, tick: Tick) -> None:
        """Pack every visible layer."""
        if self._revision != self._world.revision:
            self._revision = self._world.revision
            self._reconcile()
        shift = viewpoint_shift(self._world, tick.now_ns)
        for drawing in self.drawings:
            drawing.prepare(tick, shift)

    @property
    def complete(self) -> bool:
        """Whether every layer has something to draw."""
        return all(drawing.visible for drawing in self.drawings)

    def _reconcile(self) -> None:
        for drawing in self.drawings:
            drawing.free()
        place_in_file = {name: position for position, name in enumerate(self._world.names())}
        found = [
            (layer.order, place_in_file[self._world.name(entity)], entity, layer)
            for entity, (layer,) in self._world.each(Layer)
            if layer.visible
        ]
        found.sort(key=lambda item: item[:2])
        made = (self._make(entity, layer) for *_, entity, layer in found)
        self.drawings = [drawing for drawing in made if drawing is not None]
        for drawing in self.drawings:
            drawing.is_keyed = self._world.get(drawing.entity, Keyframes) is not None

    def _make(self, entity: int, layer: Layer) -> Drawing | None:
        world, shared = self._world, (self._passes, self._stage, entity, layer)
        place = world.get(entity, Place) or UNPLACED
        masked = None if layer.camera else masked_entity(world, entity)
        if masked is not None and (mask := world.get(masked, Mask)) is not None:
            camera = world.entity(mask.camera) if mask.camera else masked
            return PictureDrawing(*shared, world, camera, masked) if camera is not None else None
        camera = world.entity(layer.camera) if layer.camera else entity
        if camera is not None and world.get(camera, Camera) is not None:
            return PictureDrawing(*shared, world, camera, None)
        if world.get(entity, Particles) is not None:
            return CloudDrawing(*shared, world, place)
        fill = world.get(entity, Fill)
        return FillDrawing(*shared, fill, place) if fill is not None else None


def viewpoint_shift(world: World, now_ns: int) -> Vector:
    """Return how far a layer at depth 1 has moved against the sway, in fractions of the stage."""
    for _, (viewpoint,) in world.each(Viewpoint):
        phase = 2.0 * math.pi * (now_ns / 1e9) / viewpoint.period_s
        return (-viewpoint.sway_x * math.sin(phase), -viewpoint.sway_y * math.sin(phase * 0.5))
    return (0.0, 0.0)
