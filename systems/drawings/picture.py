"""Drawing of a camera's picture, or of the person in it."""

from __future__ import annotations

import math
from typing import Any

from engine.components import Keyframes, Lighting
from engine.geometry import Vector, stored_box
from engine.gpu.blur import MOST_SIGMA_PX, PictureBlur, octave_of, reduction_of
from engine.gpu.bokeh import MOST_SIGMA_PX as MOST_DISC_SIGMA_PX
from engine.gpu.bokeh import Bokeh
from engine.gpu.grading import UNGRADED, Grading
from engine.gpu.planes import LAYOUTS, Planes
from engine.gpu.quads import lay_picture, write_quad
from engine.gpu.tiles import EDGE, KEY, NONE, PAST, SOLID, OwnAlpha, Tiles
from engine.tick import Tick
from engine.world import World
from systems.capture import Captured
from systems.drawings.drawing import ERASURE, Drawing, Footprint, Site, Stroke
from systems.grading import Graded
from systems.inference import Shown
from systems.lighting import Lit
from systems.masks import Matte


class PictureDrawing(Drawing):
    """A camera's picture, or the person in it."""

    def __init__(self, site: Site, world: World, camera: int, mask: int | None) -> None:
        super().__init__(site)
        self._world = world
        self._camera = camera
        self._mask = mask
        self._lighting = world.get(site.entity, Lighting) if mask is not None else None
        self.lit = world.get(site.entity, Lit) if self._lighting is not None else None
        self._block = site.passes.uniforms.block(site.passes.shaders.struct("layer.wgsl", "Layer"))
        self._bound_to: Any = None
        self._grading: Grading | None = None
        self._laid: Any = None
        self._textures = site.passes.no_textures
        self._exact = False
        self._layout = "rgba"
        self._matte_kind = NONE
        self._moved = False  # whether the matte's edge is
        self._tiled: Tiles | None = None  # where the picture is drawn in tiles
        self._tiles: Tiles | None = None  # of the picture's own alpha
        self._blur: PictureBlur | Bokeh | None = None
        self._blurs: dict[float, PictureBlur | Bokeh] = {}  # by how many times smaller than the picture they are
        self._blurs_for: Any = None
        keyframes = world.get(site.entity, Keyframes)
        # Its blur changes with time: even none is one then, since what draws another is compiled when it is needed.
        self._keyed_px = keyframes.layer.get("blur_px", ()) if keyframes is not None else ()
        self._sigma_px = -1.0
        self._blurred = False  # whether anew in this tick
        self._views: tuple[Any, ...] = ()
        self._before: tuple[Any, Any] | None = None  # the view of a kept base, and the textures with it

    def prepare(self, tick: Tick, shift: Vector) -> None:
        """Pack picture, matte and light; blur where the picture is new."""
        shown = self._world.get(self._camera, Shown)
        captured = self._world.get(self._camera, Captured)
        planes = shown.planes if shown is not None else None
        matte = self._world.get(self._mask, Matte) if self._mask is not None else None
        missing_matte = self._mask is not None and (matte is None or (matte.view is None and matte.kind != NONE))
        self.visible = planes is not None and not missing_matte
        if planes is None or shown is None or not self.visible:
            return
        self._blurred = False
        if (self.layer.blur_px > 0.0 or self._keyed_px) and matte is None:
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
        moved = shown.changed or bound or self._blurred or self.is_lit or (matte is not None and matte.changed)
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
        if self._tiled is None:
            opaque = self.hides and self._matte_kind == NONE
            pipeline = self._pipeline("layer.wgsl", target_format, stroke, constants, opaque=opaque)
            self._passes.draw(render, pipeline, self._block, self._textures)
            return
        for tile in (SOLID, EDGE):
            values = {**constants, "MATTE": NONE if tile == SOLID else self._matte_kind, "TILE": tile}
            is_over = tile == EDGE and self._is_over(stroke)
            values["OVER"] = float(is_over)
            opaque = is_over or (self.hides and tile == SOLID)
            pipeline = self._pipeline("layer.wgsl", target_format, stroke, values, "vs_tile", opaque)
            textures = self._textures_before(self.behind) if is_over else self._textures
            self._tiled.draw(render, pipeline, self._block, textures, tile)

    @property
    def footprint(self) -> Footprint | None:
        """Its tiles, unless a shadow falls beside them."""
        tiles = self._tiled
        if tiles is None or (self.is_lit and self._lighting is not None and self._lighting.shadow > 0.0):
            return None
        data = self._block.data
        laid = b"".join(data[field].tobytes() for field in ("quad", "crop_from", "crop_to"))
        return Footprint(tiles, tiles.turn, laid)

    def erase(self, render: Any, target_format: str, base: Any, drawn: Footprint) -> None:
        """Draw the base where it was and will not cover all."""
        kinds = [PAST] if drawn.turn != drawn.tiles.turn else []
        if not self._is_over(self._strokes[0]):
            kinds.append(EDGE)
        if not self.covers:
            kinds.append(SOLID)
        textures = self._textures_before(base)
        for kind in kinds:
            pipeline = self._pipeline(
                "layer.wgsl", target_format, ERASURE, {"TILE": kind}, "vs_tile", fragment="fs_behind"
            )
            drawn.tiles.draw(render, pipeline, self._block, textures, kind)

    def _is_over(self, stroke: Stroke) -> bool:
        """Whether edges are mixed with what is behind them by the shader."""
        return self.behind is not None and stroke.mix == "normal" and self._clip is None

    def _textures_before(self, base: Any) -> Any:
        """Return the textures of the draw with a kept base as what is behind it."""
        if self._before is None or self._before[0] is not base:
            self._before = (base, self._bound(*self._views, behind=base))
        return self._before[1]

    @property
    def covers(self) -> bool:
        """Whether solid tiles leave nothing to be seen of what is behind them."""
        return self.hides and self._clip is None

    def free(self) -> None:
        """Give back the block, and those of blur and tiles."""
        self._block.free()
        if self._tiles is not None:
            self._tiles.free()
        self._free_blurs()

    def _free_blurs(self) -> None:
        for blur in self._blurs.values():
            blur.free()
        self._blurs = {}

    def _prepare_blur(self, tick: Tick, planes: Planes, changed: bool) -> None:
        layer, sigma_px = self.layer, self.layer.blur_px
        is_disc = layer.blur_shape == "disc"
        person = self._world.get(layer.blur_without, Matte) if is_disc and layer.blur_without else None
        silhouette = person.silhouette.view if person is not None and person.silhouette is not None else None
        most_px = MOST_DISC_SIGMA_PX if is_disc else MOST_SIGMA_PX
        sizes = [reduction_of(sigma_px, most_px)]
        if self._keyed_px:
            least, most = (octave_of(px, most_px) for px in (min(self._keyed_px), max(self._keyed_px)))
            sizes = [2.0**octave for octave in range(least, most + 1)]
        made_for = (planes.version, silhouette, sizes)
        if made_for != self._blurs_for:
            self._blurs_for = made_for
            self._free_blurs()
            # All sizes that it will have, at once: one that is made in the tick that wants it takes of its time.
            for size in sizes:
                made = Bokeh(self._passes, planes, size, silhouette) if is_disc else None
                self._blurs[size] = made or PictureBlur(self._passes, planes, size)
        size = next((size for size in sizes if size * most_px >= sigma_px), sizes[-1])
        blur, refocused = self._blurs[size], sigma_px != self._sigma_px or self._blurs[size] is not self._blur
        self._blurred = changed or refocused or (person is not None and person.changed)
        self._blur, self._sigma_px = blur, sigma_px
        if self._blurred:
            blur.run(tick.encoder, planes, sigma_px)

    def _bind(self, planes: Planes, matte: Matte | None) -> bool:
        """Bind what there is to bind; return whether it was something else before."""
        lit = self.lit
        tiles = matte.tiles if matte is not None else self._tiles
        matted = (matte.version, matte.moved_px) if matte is not None else None
        graded = self._world.get(self._camera, Graded)
        key = (
            planes.version, matted, id(tiles), lit.version if lit else 0, self._blur,
            graded.version if graded is not None else -1,
        )  # fmt: skip
        if key == self._bound_to:
            return False
        self._bound_to = key
        self._grading = graded.grading if graded is not None else None
        self._layout = "light" if self._blur is not None else planes.layout
        self._matte_kind = matte.drawn_kind if matte is not None else NONE
        self._moved = matte is not None and matte.moved_px > 0.0
        views = (self._blur.view,) if self._blur is not None else planes.views
        self._views = (
            *(*views, None)[:2],
            matte.view if matte is not None else None,
            None,
            lit.shade.gain if lit is not None and lit.shade is not None else None,
            lit.shade.glow if lit is not None and lit.shade is not None else None,
            self._grading.view if self._grading is not None else None,
            matte.keyer.keyed if matte is not None and matte.keyer is not None else None,
        )
        self._textures, self._before = self._bound(*self._views), None
        self._tiled = tiles
        self._laid = None
        return True

    def _lay(self, planes: Planes, matte: Matte | None, shift: Vector) -> None:
        place = self._place
        garbage = matte.mask.garbage if matte is not None else None
        key = (
            planes.version, planes.size, planes.quarter_turns, planes.mirrored, shift if place.depth else None, garbage,
            (place.x, place.y, place.scale, place.rotate, place.depth, place.crop) if self.is_keyed else None,
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
