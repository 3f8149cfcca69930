"""Layers: what is drawn on the stage this tick, back to front, packed for the GPU."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, get_args

from engine.components import (
    Camera,
    Cue,
    Fill,
    Group,
    Keyframes,
    Layer,
    Lighting,
    Mask,
    Particles,
    Place,
    Shader,
)
from engine.components.layer import Blend
from engine.errors import ShaderError
from engine.geometry import Quad, Vector, lay, stored_box
from engine.gpu.blur import MOST_SIGMA_PX, Blur
from engine.gpu.bokeh import Bokeh
from engine.gpu.device import Usage
from engine.gpu.grading import UNGRADED, Grading
from engine.gpu.look import Look
from engine.gpu.passes import Mix, Passes
from engine.gpu.planes import LAYOUTS, Planes
from engine.gpu.quads import UNPLACED, lay_picture, write_quad
from engine.gpu.stage import Canvas, GroupImage, StageImage
from engine.gpu.tiles import EDGE, GUIDED, KEY, NONE, SOLID, TEXTURE, OwnAlpha, Tiles
from engine.gpu.uniforms import Block
from engine.looks import LookError
from engine.notices import Notices
from engine.tick import Tick
from engine.world import World
from systems.capture import Captured
from systems.cues import Cues
from systems.grading import Graded
from systems.inference import Shown
from systems.lighting import Lit, masked_entity
from systems.masks import Matte
from systems.particles import SHAPE, Cloud
from systems.viewpoint import viewpoint_shift

BLENDS: dict[Blend, int] = {blend: number for number, blend in enumerate(get_args(Blend))}
"""The constants of shaders/common/blend.wgsl."""

FIXED: dict[Blend, Mix] = {
    "normal": "normal", "add": "add", "multiply": "multiply", "screen": "screen", "exclusion": "exclusion",
}  # fmt: skip
"""What the blend unit can do in linear light."""


CLIP_SIDES = {"inside": 1.0, "outside": 2.0}
"""The constants of shaders/common/blend.wgsl."""

CLIP_FORMAT = "r8unorm"


@dataclass(frozen=True, slots=True, eq=False)
class Stroke:
    """One way to draw a layer: what the blend unit does, and what the shader gives it. `small`: not at stage size."""

    mix: Mix
    constants: Mapping[str, float]
    small: bool = False


COVERAGE = Stroke("replace", {"COVERAGE": 1.0})


def small_stroke(layer: Layer) -> Stroke:
    """Return the stroke for a small target, whose pixels are not the stage's: nothing is read from behind."""
    by_unit = layer.space == "linear" and layer.blend in FIXED
    blend: Blend = layer.blend if by_unit else "normal"
    return Stroke(FIXED[blend], {"BLEND": BLENDS[blend]}, small=True)


class Drawing(ABC):
    """One layer's draw. `prepare` packs it once a tick; `draw` may record it into several targets."""

    overlapping = False  # many shapes that lie over each other
    _block: Block

    def __init__(self, passes: Passes, canvas: Canvas, entity: int, layer: Layer, clip: Clip | None) -> None:
        self._passes = passes
        self._canvas = canvas
        self.entity = entity
        self.layer = layer
        self.visible = False
        self.changed = True  # whether it draws something else than in the last tick
        self._packed = b""
        self.hides = False  # all that is behind it, where it has no matte
        self.lit: Lit | None = None
        self.is_keyed = False  # whether place or looks change with time
        self._clip = clip
        self._small = small_stroke(layer)
        self._pipelines: dict[Any, Any] = {}

        blend, encoded = layer.blend, layer.space == "srgb"
        through, knockout = canvas.beneath is not None, canvas.knockout
        if knockout and not through:
            blend, encoded = "normal", False  # nothing is behind it
        by_unit = not encoded and blend in FIXED and not (canvas.is_group and blend == "multiply")
        if through:
            by_unit = blend == "normal" and not encoded
        if self.overlapping and blend == "normal":
            by_unit = True  # many shapes cannot read what the others have drawn
        self.needs_backdrop = not by_unit and not knockout
        self._reads_beneath = not by_unit and through
        constants = {
            "BLEND": BLENDS[blend], "ENCODED": float(encoded), "OVERLAPPING": float(self.overlapping),
            "GROUPED": float(canvas.is_group), "BENEATH": float(through), "KNOCKOUT": float(knockout),
            "CLIP": CLIP_SIDES[layer.clip_side] if clip is not None else 0.0,
        }  # fmt: skip
        whole: Mix = "replace" if encoded and not self.overlapping else "normal"
        self._strokes: tuple[Stroke, ...] = (Stroke(FIXED[blend] if by_unit else whole, constants),)
        if knockout and not self.overlapping:
            self._strokes = (Stroke("erase", {**constants, "COVERAGE": 1.0}), Stroke("sum", constants))

    @abstractmethod
    def prepare(self, tick: Tick, shift: Vector) -> None:
        """Pack this tick's values; `shift` is how far depth 1 has moved with the viewpoint, in fractions."""

    def _note(self, block: Block, otherwise: bool = False) -> None:
        """Find out whether this tick's values differ from the last one's; `otherwise`: something else does."""
        packed = block.data.tobytes()
        self.changed = otherwise or packed != self._packed or (self._clip is not None and self._clip.changed)
        self._packed = packed

    @property
    def quad(self) -> Any:
        """Where it lies on its canvas, as a shader's `Quad`; None of what has no edge."""
        return self._block.data["quad"]

    def touch(self) -> None:
        """Count as changed in the next tick."""
        self._packed = b""

    def draw(self, render: Any, target_format: str, *, small: bool = False) -> None:
        """Record the draw; `small` for a target that is not the canvas."""
        for stroke in (self._small,) if small else self._strokes:
            self._stroke(render, target_format, stroke)

    def draw_shape(self, render: Any) -> None:
        """Record the draw of how much of each pixel it takes, into a target of `CLIP_FORMAT`."""
        self._stroke(render, CLIP_FORMAT, COVERAGE)

    @abstractmethod
    def _stroke(self, render: Any, target_format: str, stroke: Stroke) -> None:
        """Record the draw in one way."""

    @abstractmethod
    def free(self) -> None:
        """Give back what was taken from shared pools."""

    def _pipeline(
        self,
        shader: str,
        target_format: str,
        stroke: Stroke,
        constants: Mapping[str, float] = MappingProxyType({}),
        vertex: str = "vs_main",
        opaque: bool = False,
    ) -> Any:
        """Return the pipeline for a target.

        What hides all behind it (`opaque`) is written without reading the target: a fifth cheaper on lavapipe.
        """
        opaque = opaque and stroke.mix == "normal" and self._clip is None
        key = (target_format, stroke, vertex, opaque, *constants.values())
        if key not in self._pipelines:
            self._pipelines[key] = self._passes.pipeline(
                shader,
                target_format,
                mix="replace" if opaque else stroke.mix,
                constants={**stroke.constants, **constants},
                vertex=vertex,
                storage=shader == "particles.wgsl",
            )
        return self._pipelines[key]

    def _bound(self, *views: Any) -> Any:
        """Return the textures of a draw: its own, bindings 0 to 4, 6, 8 and 9, and the canvas's among them."""
        own = (*views, *(None,) * (8 - len(views)))
        backdrop = self._canvas.backdrop_view if self.needs_backdrop else None
        clip = self._clip.view if self._clip is not None else None
        under = self._canvas.beneath if self._reads_beneath else None
        beneath = under.view if under is not None else None
        return self._passes.textures(*own[:5], backdrop, own[5], clip, own[6], own[7], None, beneath)


class PictureDrawing(Drawing):
    """A camera's picture, or the person in it."""

    def __init__(
        self,
        passes: Passes,
        canvas: Canvas,
        entity: int,
        layer: Layer,
        clip: Clip | None,
        world: World,
        camera: int,
        mask: int | None,
    ) -> None:
        super().__init__(passes, canvas, entity, layer, clip)
        self._world = world
        self._camera = camera
        self._mask = mask
        self._place = world.get(entity, Place) or UNPLACED
        self._lighting = world.get(entity, Lighting) if mask is not None else None
        self.lit = world.get(entity, Lit) if self._lighting is not None else None
        self._block = passes.uniforms.block(passes.shaders.struct("layer.wgsl", "Layer"))
        self._bound_to: Any = None
        self._grading: Grading | None = None
        self._laid: Any = None
        self._textures = passes.no_textures
        self._exact = False
        self._layout = "rgba"
        self._matte_kind = NONE
        self._moved = False  # whether the matte's edge is
        self._tiled = False
        self._tiles: Tiles | None = None  # of the picture's own alpha
        self._blur: PictureBlur | Bokeh | None = None

    def prepare(self, tick: Tick, shift: Vector) -> None:
        """Pack picture, matte and light; blur where the picture is new."""
        shown = self._world.get(self._camera, Shown)
        captured = self._world.get(self._camera, Captured)
        planes = shown.planes if shown is not None else None
        matte = self._world.get(self._mask, Matte) if self._mask is not None else None
        missing_matte = self._mask is not None and (
            matte is None or (matte.view is None and matte.kind in (TEXTURE, GUIDED, KEY))
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
        if self._grading is not None:
            self._grading.write(data["grade"])
        moved = shown.changed or bound or self.is_lit or (matte is not None and matte.changed)
        self._note(self._block, otherwise=moved)

    def _stroke(self, render: Any, target_format: str, stroke: Stroke) -> None:
        """Draw the picture's quad."""
        constants: dict[str, float] = {
            "LAYOUT": LAYOUTS[self._layout],
            "MATTE": self._matte_kind,
            "EXACT": float(self._exact and not stroke.small),
            "LIT": float(self.is_lit),
            **(self._grading.constants if self._grading is not None else UNGRADED),
            "GRAINY": float(self._lighting is not None and self.is_lit and self._lighting.grain > 0.0),
            "SPILL": float(self._matte_kind == KEY),
            "MOVED": float(self._moved),
        }
        if not self._tiled:
            opaque = self.hides and self._matte_kind == NONE
            pipeline = self._pipeline("layer.wgsl", target_format, stroke, constants, opaque=opaque)
            self._passes.draw(render, pipeline, self._block, self._textures)
            return
        for tile in (SOLID, EDGE):
            values = {**constants, "MATTE": NONE if tile == SOLID else self._matte_kind, "TILE": tile}
            opaque = self.hides and tile == SOLID
            pipeline = self._pipeline("layer.wgsl", target_format, stroke, values, "vs_tile", opaque)
            self._passes.draw(render, pipeline, self._block, self._textures, Tiles.COUNT)

    def free(self) -> None:
        """Give back the block, and those of blur and tiles."""
        self._block.free()
        if self._tiles is not None:
            self._tiles.free()
        if self._blur is not None:
            self._blur.free()

    def _prepare_blur(self, tick: Tick, planes: Planes, changed: bool) -> None:
        layer, blur = self.layer, self._blur
        if layer.blur_shape == "disc":
            person = self._world.get(layer.blur_without, Matte) if layer.blur_without else None
            silhouette = person.silhouette.view if person is not None and person.silhouette is not None else None
            if not isinstance(blur, Bokeh) or not blur.fits(planes, layer.blur_px, silhouette):
                if blur is not None:
                    blur.free()
                self._blur = blur = Bokeh(self._passes, planes, layer.blur_px, silhouette)
                changed = True
            if changed or (person is not None and person.changed):
                blur.run(tick.encoder, planes)
            return
        if not isinstance(blur, PictureBlur) or not blur.fits(planes, layer.blur_px):
            if blur is not None:
                blur.free()
            self._blur = blur = PictureBlur(self._passes, planes, layer.blur_px)
            changed = True
        if changed:
            blur.run(tick.encoder, planes, layer.blur_px)

    def _bind(self, planes: Planes, matte: Matte | None) -> bool:
        """Bind what there is to bind; return whether it was something else before."""
        lit = self.lit
        tiles = matte.tiles if matte is not None else self._tiles
        matted = (matte.version, matte.moved_px) if matte is not None else None
        graded = self._world.get(self._camera, Graded)
        key = (
            planes.version, matted, id(tiles), lit.version if lit else 0, id(self._blur),
            graded.version if graded is not None else -1,
        )  # fmt: skip
        if key == self._bound_to:
            return False
        self._bound_to = key
        self._grading = graded.grading if graded is not None else None
        self._layout = "light" if self._blur is not None else planes.layout
        self._matte_kind = matte.kind if matte is not None else NONE
        self._moved = matte is not None and matte.moved_px > 0.0
        views = (self._blur.view,) if self._blur is not None else planes.views
        self._textures = self._bound(
            *(*views, None)[:2],
            matte.view if matte is not None else None,
            tiles.view if tiles is not None else None,
            lit.shade.gain if lit is not None and lit.shade is not None else None,
            lit.shade.glow if lit is not None and lit.shade is not None else None,
            self._grading.view if self._grading is not None else None,
            matte.sides.view if matte is not None and matte.sides is not None else None,
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
        quad = lay_picture(self._canvas.size, planes, place, shift)
        # Exact loads need upright whole pixels; a still with mips is sampled, or it would flicker when it moves.
        self._exact = self._blur is None and quad.is_exact(self._canvas.size, planes.size)
        texels = quad.texels_a_pixel(self._canvas.size, planes.size)
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

    def __init__(
        self, passes: Passes, canvas: Canvas, entity: int, layer: Layer, clip: Clip | None, fill: Fill, place: Place
    ) -> None:
        super().__init__(passes, canvas, entity, layer, clip)
        self._place = place
        self._fill = fill
        self._block = passes.uniforms.block(passes.shaders.struct("fill.wgsl", "Fill"))
        self._pack()
        self._textures = self._bound()

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
        write_quad(data["quad"], lay_over(self._canvas.size, place, shift))
        self._note(self._block)

    def _stroke(self, render: Any, target_format: str, stroke: Stroke) -> None:
        """Draw the fill's quad."""
        pipeline = self._pipeline("fill.wgsl", target_format, stroke, opaque=self.hides)
        self._passes.draw(render, pipeline, self._block, self._textures)

    def free(self) -> None:
        """Give back the block."""
        self._block.free()


class LookDrawing(Drawing):
    """What an author's own shader draws."""

    def __init__(
        self,
        passes: Passes,
        canvas: Canvas,
        entity: int,
        layer: Layer,
        clip: Clip | None,
        name: str,
        shader: Shader,
        place: Place,
    ) -> None:
        super().__init__(passes, canvas, entity, layer, clip)
        self._place = place
        self._shader = shader
        self._look = Look(passes, name, shader, canvas.size)
        self._block = passes.uniforms.block(passes.shaders.struct("stretched.wgsl", "Stretched"))
        self._textures = self._bound(self._look.view)

    def prepare(self, tick: Tick, shift: Vector) -> None:
        """Draw the look of this tick's time; pack opacity and place."""
        self.visible = True
        self._look.draw(tick.encoder, tick.now_ns / 1e9 * self._shader.speed)
        data = self._block.data
        data["opacity"] = self.layer.opacity
        self.hides = self.layer.opacity == 1.0 and self.layer.blend == "normal"
        write_quad(data["quad"], lay_over(self._canvas.size, self._place, shift))
        self._note(self._block, otherwise=True)

    def _stroke(self, render: Any, target_format: str, stroke: Stroke) -> None:
        """Draw the look's quad."""
        pipeline = self._pipeline("stretched.wgsl", target_format, stroke, opaque=self.hides)
        self._passes.draw(render, pipeline, self._block, self._textures)

    def free(self) -> None:
        """Give back the blocks."""
        self._block.free()
        self._look.free()


class CloudDrawing(Drawing):
    """A cloud of particles, moved by the system of that name."""

    overlapping = True

    def __init__(
        self, passes: Passes, canvas: Canvas, entity: int, layer: Layer, clip: Clip | None, world: World, place: Place
    ) -> None:
        super().__init__(passes, canvas, entity, layer, clip)
        self._world = world
        self._place = place
        self._textures = self._bound()
        self._cloud: Cloud | None = None

    def prepare(self, tick: Tick, shift: Vector) -> None:  # noqa: ARG002 - the cloud was moved already
        """Pack opacity and parallax beside what moves the cloud."""
        self._cloud = self._world.get(self.entity, Cloud)
        self.visible = self._cloud is not None and self._cloud.block is not None
        if self._cloud is not None and self._cloud.block is not None:
            self._cloud.block.data["opacity"] = self.layer.opacity
            self._cloud.block.data["shift"] = (shift[0] * self._place.depth, shift[1] * self._place.depth)

    def _stroke(self, render: Any, target_format: str, stroke: Stroke) -> None:
        """Draw every particle's quad."""
        assert self._cloud is not None
        assert self._cloud.block is not None
        render.set_bind_group(3, self._cloud.vertices)
        shape = SHAPE[self._cloud.component.shape] if self._cloud.component is not None else 0
        pipeline = self._pipeline("particles.wgsl", target_format, stroke, {"SHAPE": shape})
        self._passes.draw(render, pipeline, self._cloud.block, self._textures, self._cloud.quads)

    @property
    def quad(self) -> None:
        """Return None: it is wherever its particles are."""

    def free(self) -> None:
        """Do nothing: the block belongs to the cloud."""


class GroupDrawing(Drawing):
    """A group: the layers in it, what they are composed on, and the draw of that as one layer."""

    def __init__(
        self,
        passes: Passes,
        canvas: Canvas,
        entity: int,
        layer: Layer,
        clip: Clip | None,
        image: GroupImage,
        members: Sequence[Drawing],
        place: Place,
        cues: Cues,
    ) -> None:
        super().__init__(passes, canvas, entity, layer, clip)
        self.image = image
        self.members = members
        self._place = place
        self._cues = cues
        self._block = passes.uniforms.block(passes.shaders.struct("layer.wgsl", "Layer"))
        self._textures = self._bound(image.view)
        self._exact = False
        self._seen: list[Drawing] = []
        self.stale = True  # whether its layers have to be composed anew; Composite says when they are

    @property
    def isolated(self) -> bool:
        """Whether its layers depend on nothing but each other."""
        return self.image.beneath is None

    def prepare(self, tick: Tick, shift: Vector) -> None:
        """Pack its layers, then opacity and place."""
        prepare_seen(self.members, self._cues.hidden, tick, shift)
        seen = [member for member in self.members if member.visible]
        dissolving = not self._cues.differing.isdisjoint(member.entity for member in seen)
        moved = dissolving or seen != self._seen or any(member.changed for member in seen)
        self.stale = self.stale or moved
        self._seen = seen
        self.visible = bool(seen)
        data, size = self._block.data, self._canvas.size
        quad = lay_over(size, self._place, shift)
        self._exact = quad.is_exact(size, size)
        write_quad(data["quad"], quad)
        data["crop_to"] = (1.0, 1.0)
        data["reading"]["pixel"] = (1.0 / size[0], 1.0 / size[1])
        data["opacity"] = self.layer.opacity
        self._note(self._block, otherwise=moved)

    def touch(self) -> None:
        """Count as changed in the next tick, with all its layers."""
        super().touch()
        for member in self.members:
            member.touch()

    def _stroke(self, render: Any, target_format: str, stroke: Stroke) -> None:
        """Draw what was composed."""
        constants = {"LAYOUT": LAYOUTS["light"], "EXACT": float(self._exact and not stroke.small)}
        pipeline = self._pipeline("layer.wgsl", target_format, stroke, constants)
        self._passes.draw(render, pipeline, self._block, self._textures)

    def free(self) -> None:
        """Give back the block, and what the layers have."""
        self._block.free()
        for member in self.members:
            member.free()


class Clip:
    """A person's outline at the size of the stage, for layers that are drawn only inside it, or outside."""

    def __init__(self, passes: Passes, stage: StageImage, drawing: Drawing) -> None:
        self._passes = passes
        self._drawing = drawing
        usage = Usage.RENDER_ATTACHMENT | Usage.TEXTURE_BINDING
        self.view: Any = passes.gpu.texture("clip", *stage.size, CLIP_FORMAT, usage).create_view()
        self._seen: bool | None = None
        self.changed = True

    def prepare(self, tick: Tick, shift: Vector) -> None:
        """Follow the person, and draw the outline where it has changed."""
        drawing = self._drawing
        drawing.prepare(tick, shift)
        self.changed = drawing.visible != self._seen or (drawing.visible and drawing.changed)
        self._seen = drawing.visible
        if not self.changed:
            return
        render = self._passes.begin(tick.encoder, self.view, clear=(0.0, 0.0, 0.0, 0.0))
        if drawing.visible:
            drawing.draw_shape(render)
        render.end()

    def free(self) -> None:
        """Give back what the drawing has."""
        self._drawing.free()


class Layers:
    """Decides what each layer draws, and packs it.

    Reads: Layer, Group, Cue, Place, Camera, Mask, Fill, Particles, Shader, Viewpoint, Shown, Matte, Lit, Cloud.
    Writes: `drawings`.
    """

    def __init__(self, world: World, passes: Passes, stage: StageImage, cues: Cues, notices: Notices) -> None:
        self._world = world
        self._passes = passes
        self._stage = stage
        self._cues = cues
        self._notices = notices
        self._revision = -1
        self._good: dict[int, Shader] = {}  # looks that could be drawn, by entity
        self.drawings: list[Drawing] = []
        self._clips: dict[int, Clip] = {}
        self._images: dict[Any, GroupImage] = {}

    def open(self) -> None:
        """Make what there is to draw: before the show is on air, so that a look that is none stops it."""
        self._reconcile()

    def process(self, tick: Tick) -> None:
        """Pack every visible layer."""
        if self._revision != self._world.revision:
            self._revision = self._world.revision
            self._reconcile()
        shift = viewpoint_shift(self._world, tick.now_ns)
        for clip in self._clips.values():
            clip.prepare(tick, shift)
        prepare_seen(self.drawings, self._cues.hidden, tick, shift)

    @property
    def complete(self) -> bool:
        """Whether every layer has something to draw."""
        return all(drawing.visible for drawing in every(self.drawings))

    def _reconcile(self) -> None:
        for drawing in self.drawings:
            drawing.free()
        for clip in self._clips.values():
            clip.free()
        self._clips = {}
        images, self._images = self._images, {}
        shown_by_cues = {name for _, (cue,) in self._world.each(Cue) for name in cue.show}
        place_in_file = {name: position for position, name in enumerate(self._world.names())}
        found = [
            (layer.order, place_in_file[self._world.name(entity)], entity, layer)
            for entity, (layer,) in self._world.each(Layer)
            if layer.visible or self._world.name(entity) in shown_by_cues
        ]
        found.sort(key=lambda item: item[:2])
        layers = [(entity, layer) for *_, entity, layer in found]
        self.drawings = self._make_all("", self._stage, layers, images)
        for drawing in every(self.drawings):
            drawing.is_keyed = self._world.get(drawing.entity, Keyframes) is not None

    def _make_all(
        self, group: str, canvas: Canvas, layers: Sequence[tuple[int, Layer]], images: Mapping[Any, GroupImage]
    ) -> list[Drawing]:
        """Return the drawings of the layers in a group, or in none, and of those in groups in it."""
        drawings: list[Drawing] = []
        for entity, layer in layers:
            if layer.group != group:
                continue
            inner = self._world.get(entity, Group)
            clip = self._clip(layer.clip)
            made: Drawing | None
            if inner is None:
                made = self._make(canvas, entity, layer, clip)
            else:
                image = self._image(entity, inner, canvas, images)
                members = self._make_all(self._world.name(entity), image, layers, images)
                place = self._world.get(entity, Place) or UNPLACED
                made = GroupDrawing(self._passes, canvas, entity, layer, clip, image, members, place, self._cues)
            if made is not None:
                drawings.append(made)
        return drawings

    def _image(self, entity: int, group: Group, canvas: Canvas, images: Mapping[Any, GroupImage]) -> GroupImage:
        """Return what a group is composed on: the same as before, where the group is."""
        beneath = None if group.isolated else canvas
        key = (entity, group.isolated, group.knockout, canvas)
        name = self._world.name(entity)
        image = images.get(key) or GroupImage(self._passes.gpu, name, self._stage.size, group, beneath)
        self._images[key] = image
        return image

    def _clip(self, name: str) -> Clip | None:
        """Return the outline of the person of this name."""
        entity = self._world.entity(name) if name else None
        if entity is None:
            return None
        if entity not in self._clips:
            drawing = self._make(self._stage, entity, Layer(mask=name), None)
            if drawing is None:
                return None
            drawing.is_keyed = self._world.get(entity, Keyframes) is not None
            self._clips[entity] = Clip(self._passes, self._stage, drawing)
        return self._clips[entity]

    def _make(self, canvas: Canvas, entity: int, layer: Layer, clip: Clip | None) -> Drawing | None:
        world, shared = self._world, (self._passes, canvas, entity, layer, clip)
        place = world.get(entity, Place) or UNPLACED
        masked = None if layer.camera else masked_entity(world, entity, layer)
        if masked is not None and (mask := world.get(masked, Mask)) is not None:
            camera = world.entity(mask.camera) if mask.camera else masked
            return PictureDrawing(*shared, world, camera, masked) if camera is not None else None
        camera = world.entity(layer.camera) if layer.camera else entity
        if camera is not None and world.get(camera, Camera) is not None:
            return PictureDrawing(*shared, world, camera, None)
        if world.get(entity, Particles) is not None:
            return CloudDrawing(*shared, world, place)
        if (shader := world.get(entity, Shader)) is not None and shader.file:
            return self._look(shared, shader, place)
        fill = world.get(entity, Fill)
        return FillDrawing(*shared, fill, place) if fill is not None else None

    def _look(
        self, shared: tuple[Passes, Canvas, int, Layer, Clip | None], shader: Shader, place: Place
    ) -> Drawing | None:
        """Make the drawing of a look, or of the last good one of that layer where this one cannot be drawn."""
        entity = shared[2]
        name = self._world.name(entity)
        try:
            drawing = LookDrawing(*shared, name, shader, place)
        except (ShaderError, LookError) as error:
            if self._revision < 0:  # not on air yet
                raise
            self._notices.say("visible", "shaders", f"{error} (what is on air stays)")
            good = self._good.get(entity)
            return LookDrawing(*shared, name, good, place) if good is not None else None
        self._good[entity] = shader
        return drawing


def every(drawings: Sequence[Drawing]) -> Iterator[Drawing]:
    """Every drawing, those in groups after their group."""
    for drawing in drawings:
        yield drawing
        if isinstance(drawing, GroupDrawing):
            yield from every(drawing.members)


def prepare_seen(drawings: Sequence[Drawing], hidden: frozenset[int], tick: Tick, shift: Vector) -> None:
    """Pack the layers that some look shows: a hidden one costs nothing."""
    for drawing in drawings:
        if drawing.entity in hidden:
            drawing.visible = False
        else:
            drawing.prepare(tick, shift)


def lay_over(size: tuple[int, int], place: Place, shift: Vector) -> Quad:
    """Lay what has the shape of the stage itself."""
    return lay(
        size,
        size,
        fit="stretch",
        centre=(place.x + shift[0] * place.depth, place.y + shift[1] * place.depth),
        scale=place.scale,
        rotate_degrees=place.rotate,
        crop=place.crop,
        mirrored=place.mirror,
    )
