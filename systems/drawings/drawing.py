"""What every drawing of a layer can do: how it mixes with what is behind it, and what clips it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, get_args

from engine.components import Layer, Place
from engine.components.layer import Blend
from engine.geometry import Quad, Vector, lay
from engine.gpu.device import Usage
from engine.gpu.passes import Mix, Passes
from engine.gpu.stage import Canvas, StageImage
from engine.gpu.tiles import Tiles
from engine.gpu.uniforms import Block
from engine.tick import Tick
from systems.lighting import Lit

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
ERASURE = Stroke("replace", {})


class Footprint(NamedTuple):
    """Where something was drawn: in which tiles, as they were sorted for the `turn`th time, and how laid."""

    tiles: Tiles
    turn: int
    laid: bytes


def small_stroke(layer: Layer) -> Stroke:
    """Return the stroke for a small target, whose pixels are not the stage's: nothing is read from behind."""
    by_unit = layer.space == "linear" and layer.blend in FIXED
    blend: Blend = layer.blend if by_unit else "normal"
    return Stroke(FIXED[blend], {"BLEND": BLENDS[blend]}, small=True)


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """Where a layer is drawn: onto which canvas, where on it, and inside or outside of what."""

    passes: Passes
    canvas: Canvas
    entity: int
    layer: Layer
    place: Place
    clip: Clip | None


class Drawing(ABC):
    """One layer's draw. `prepare` packs it once a tick; `draw` may record it into several targets."""

    overlapping = False  # many shapes that lie over each other
    _block: Block

    def __init__(self, site: Site) -> None:
        canvas, layer, clip = site.canvas, site.layer, site.clip
        self._passes = site.passes
        self._canvas = canvas
        self._place = site.place
        self.entity = site.entity
        self.layer = layer
        self.visible = False
        self.changed = True  # whether it draws something else than in the last tick
        self._packed = b""
        self.hides = False  # all that is behind it, where it has no matte
        self.lit: Lit | None = None
        self.is_keyed = False  # whether what the author says of it changes with time
        self._clip = clip
        self.behind: Any = None  # while it is drawn: the view of all that is behind it, where that is known
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

    @property
    def footprint(self) -> Footprint | None:
        """Where it will be drawn this tick; None where that cannot be erased."""
        return None

    def erase(self, render: Any, target_format: str, base: Any, drawn: Footprint) -> None:
        """Record the draw of a canvas's kept base over where this was drawn in the last tick."""
        raise NotImplementedError

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
        fragment: str = "fs_main",
    ) -> Any:
        """Return the pipeline for a target.

        What hides all behind it (`opaque`) is written without reading the target: a fifth cheaper on lavapipe.
        """
        opaque = opaque and stroke.mix == "normal" and self._clip is None
        key = (target_format, stroke, vertex, fragment, opaque, *constants.values())
        if key not in self._pipelines:
            self._pipelines[key] = self._passes.pipeline(
                shader,
                target_format,
                mix="replace" if opaque else stroke.mix,
                constants={**stroke.constants, **constants},
                vertex=vertex,
                fragment=fragment,
                storage=shader == "particles.wgsl" or vertex == "vs_tile",
            )
        return self._pipelines[key]

    def _bound(self, *views: Any, behind: Any = None) -> Any:
        """Return the textures of a draw: its own, bindings 0 to 4, 6, 8 and 9, and the canvas's among them."""
        own = (*views, *(None,) * (8 - len(views)))
        backdrop = self._canvas.backdrop_view if self.needs_backdrop else behind
        clip = self._clip.view if self._clip is not None else None
        under = self._canvas.beneath if self._reads_beneath else None
        beneath = under.view if under is not None else None
        return self._passes.textures(*own[:5], backdrop, own[5], clip, own[6], own[7], None, beneath)


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
