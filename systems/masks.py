"""Masks: from what a model, a key or the truth says to a matte that layers can be cut out with."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Hashable
from dataclasses import field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.component import state
from engine.components import Camera, Key, Keyframes, Layer, Lighting, Mask, Overlay, Particles, Place, Viewpoint
from engine.components.mask import edge_of, lost_on_a_key
from engine.geometry import stored_box
from engine.gpu.device import Gpu, Usage
from engine.gpu.flow import Flow, Reads
from engine.gpu.keyer import EMPTY_TO, REACH_TEXELS, SOLID_FROM, Keyer
from engine.gpu.passes import Passes
from engine.gpu.planes import LAYOUTS, Planes
from engine.gpu.quads import lay_picture
from engine.gpu.settled import Settled
from engine.gpu.tiles import GUIDED, KEY, NONE, TEXTURE, Tiles
from engine.media.picture import Layout, Picture, Plane
from engine.models.worker import Answer
from engine.notices import Notices
from engine.tick import Tick
from engine.timing.clock import Clock
from engine.world import World
from systems.inference import Inferred, Shown, who_decides
from systems.screens import Screens

FLAT_VARIANCE = 3e-4
"""Colour variance that counts as flat in the guided filter: the square of 1.7 % of full scale, a camera's noise.

With the square of 3.2 % edges of known masks are 1.6 times as far from the truth; with that of 1.4 % those of a network
are .001 nearer, and what is held still flickers more (`scrim bench align`, `refine`, `flicker`).
"""

FITTED, UNFITTED = 0.8, 0.4
"""How wide the edge is in a fitted line's values, and in those of a mask that was only spread.

Lines end a little beyond 0 and 1. To take less of them would sharpen the picture's noise too, and show it as flicker.
"""

SIDES_TEXELS = 3
"""How far beside a pixel its own colour is looked for: `person_colour` in shaders/layer.wgsl."""

MOST_MOVES = 16
"""How many pictures a mask can be moved through: a quarter of a second at 60 Hz."""

LUMA: dict[Layout, Reads] = {"rgba": "colours", "nv12": "brightness", "light": "light"}
"""How brightness is read from a picture's first plane."""


class Route(NamedTuple):
    """How a mask gets to where the picture that is shown has what it was made of: through so many pictures."""

    flow: Flow
    pictures: int


@state(Camera)
class Motion:
    """How what a camera sees moves from one picture shown to the next, where a mask moves with it. Written by Masks."""

    flow: Flow | None = None
    version: int = -1  # of the planes that it is bound to
    shown: deque[int] = field(default_factory=lambda: deque(maxlen=MOST_MOVES + 1))  # their numbers, oldest first

    def take(self, passes: Passes, encoder: Any, name: str, planes: Planes, sequence: int) -> None:
        """Look how far things have moved in a picture that has just become the shown one."""
        if self.flow is None or self.version != planes.version:
            self.version = planes.version
            self.shown.clear()
            self.flow = Flow(passes, f"{name} motion", planes.size, halfway=False, kept=MOST_MOVES)
            self.flow.bind(planes.views[:1], LUMA[planes.layout])
        self.flow.take(encoder)
        self.shown.append(sequence)

    def route_from(self, sequence: int) -> Route | None:
        """Return the way from a picture of this number, or, if it was not shown, from the first one after it."""
        if self.flow is None or not self.shown or sequence < self.shown[0]:
            return None
        return Route(self.flow, max(0, sum(each >= sequence for each in self.shown) - 1))


@state(Mask)
class Matte:
    """How a layer finds out what is person. Written by Masks.

    `version` counts how often `view` or `kind` changed. `changed` says whether the matte is another than last tick.
    `moved` counts the pictures shown with an older mask that was moved to fit, `unmoved` those whose mask was too old.
    """

    kind: int = NONE
    view: Any = None
    version: int = 0
    changed: bool = False
    stale: bool = False  # whether the author has said something else of it since it was made
    since_ns: int | None = None  # when the first picture was captured whose neural mask may take over
    moved: int = 0
    unmoved: int = 0
    camera: int | None = None
    screen: NDArray[Any] = field(default_factory=lambda: np.zeros(3))  # the key's screen, encoded
    key: Key = field(default_factory=Key)
    mask: Mask = field(default_factory=Mask)
    refiner: Refiner | None = None
    settled: Settled | None = None
    keyer: Keyer | None = None
    truth: Any = None  # the texture that a synthetic camera's truth goes to
    silhouette: Silhouette | None = None  # only where something asks for a shape
    tiles: Tiles | None = None

    @property
    def least(self) -> float:
        """The value at or below which nothing is seen."""
        if self.kind == KEY:
            return EMPTY_TO
        return 0.0 if self.kind == TEXTURE else 0.5 - 0.5 * self.fitted

    @property
    def most(self) -> float:
        """The value at or above which all is seen."""
        if self.kind == KEY:
            return SOLID_FROM
        return 1.0 if self.kind == TEXTURE else 0.5 + 0.5 * self.fitted

    @property
    def fitted(self) -> float:
        """How wide a neural mask's edge is in the values of its lines."""
        return UNFITTED + (FITTED - UNFITTED) * self.mask.refine

    @property
    def reach(self) -> int:
        """How far from a tile an edge still counts in it, in texels."""
        if self.kind == KEY:
            return REACH_TEXELS + math.ceil(self.moved_px / 4)
        # A network's mask is coarser than its picture; a texel of it for each pixel is more than enough.
        return 1 + math.ceil(self.moved_px)

    @property
    def moved_px(self) -> float:
        """How far from where it was an edge may be, in pixels of the picture."""
        return abs(self.mask.choke_px) + abs(self.mask.feather_px)

    @property
    def coarse(self) -> Any:
        """What tells where the edges are: of a key its look over the whole picture, of a neural mask its lines."""
        if self.kind == KEY and self.keyer is not None:
            return self.keyer.coarse
        return self.refiner.view if self.refiner is not None else None

    @property
    def drawn_kind(self) -> int:
        """What `view` is: of a neural mask alpha, as of a true one."""
        return TEXTURE if self.kind == GUIDED else self.kind

    @property
    def moves(self) -> bool:
        """Whether it moves with the picture while there is no newer mask."""
        return self.kind == GUIDED and self.mask.align == "warped"

    def write(self, cutout: NDArray[Any]) -> None:
        """Write a shader's `Cutout`."""
        cutout["screen"] = self.screen
        grey = self.screen.min()
        cutout["spill"] = (self.screen - grey) / max(chroma_length(self.screen), 1e-4)
        cutout["tolerance"] = self.key.tolerance
        cutout["key_softness"] = self.key.softness
        cutout["despill"] = self.key.despill
        cutout["darkness"] = self.key.darkness
        cutout["fitted"] = self.fitted
        cutout["choke"], cutout["feather"] = self.mask.choke_px, self.mask.feather_px


def chroma_length(encoded: NDArray[Any]) -> float:
    """Return saturation × value of a colour, as `chroma` in shaders/common/key.wgsl has it."""
    red, green, blue = (float(part) for part in encoded)
    return math.hypot(red - 0.5 * (green + blue), 0.8660254 * (green - blue))


class Masks:
    """Refines neural masks, uploads true ones, and keys; finds where the edges are, and the colours beside them.

    A mask that is to be warped is moved with every picture shown, whether or not there is a newer one.

    Reads: Mask, Key, Shown, Inferred. Writes: Matte, Motion. Sends: nothing.
    """

    def __init__(
        self, world: World, passes: Passes, clock: Clock, notices: Notices, stage_size: tuple[int, int]
    ) -> None:
        self._world = world
        self._passes = passes
        self._stage_size = stage_size
        self._screens = Screens(passes.gpu, clock, notices)
        self._revision = -1
        self._shapes_wanted: set[str] = set()  # masks of which light or particles need the shape
        self._notices = notices
        self._said: set[str] = set()  # masks of whose pictures' alpha was spoken, and what else was
        self._moving: set[int] = set()  # cameras of masks that move with their pictures
        self._places: dict[str, list[Place | None]] = {}  # by mask, where it is drawn; None: that changes with time
        self._seen_sizes: dict[str, tuple[Any, tuple[int, int]]] = {}  # by mask, and of which planes

    def process(self, tick: Tick) -> None:
        """Bring every matte up to the picture that is shown."""
        if self._revision != self._world.revision:
            self._revision = self._world.revision
            self._reconcile()
        for camera, (seen, motion) in self._world.each(Shown, Motion):
            if camera in self._moving and seen.changed and seen.planes is not None and seen.picture is not None:
                name, sequence = self._world.name(camera), seen.picture.sequence
                motion.take(self._passes, tick.encoder, name, seen.planes, sequence)
        for entity, (matte, inferred) in self._world.each(Matte, Inferred):
            matte.changed = False
            shown = self._world.get(matte.camera, Shown) if matte.camera is not None else None
            if shown is None or shown.picture is None or shown.planes is None:
                continue
            name = self._world.name(entity)
            if not shown.planes.opaque and name not in self._said:
                self._said.add(name)
                words = 'pictures have alpha: what is transparent in them is cut off too; alpha = "ignored" keeps it'
                self._notices.say("noted", "masks", f"{name}: its camera's {words}")
            stale, matte.stale = matte.stale, False
            if matte.kind == KEY:
                if shown.changed or stale:
                    self._key(tick, name, matte, shown.planes, shown.picture)
            elif matte.kind == TEXTURE:
                if shown.changed or stale:
                    self._upload_truth(tick, name, matte, shown.planes, shown.picture.truth)
            elif inferred.answer is not None and (inferred.fresh or stale or shown.changed):
                refined = inferred.fresh or stale or matte.moves
                self._refine(tick, name, matte, shown, shown.planes, inferred.answer, refined)
            if matte.changed and name in self._shapes_wanted:
                if matte.silhouette is None or matte.silhouette.size != Silhouette.size_for(shown.planes.size):
                    matte.silhouette = Silhouette(self._passes, name, shown.planes.size)
                matte.silhouette.draw(tick.encoder, shown.planes, matte)

    def _reconcile(self) -> None:
        for entity, (mask, matte, inferred) in self._world.each(Mask, Matte, Inferred):
            matte.camera = self._world.entity(mask.camera) if mask.camera else entity
            kind = {"key": KEY, "truth": TEXTURE, "neural": GUIDED}[who_decides(self._world, entity, mask)]
            if kind == KEY and (lost := lost_on_a_key(mask)):
                self._say_lost(self._world.name(entity), lost)
            if kind == GUIDED and self._stays(matte) and not self._takes_over(matte, inferred):
                kind, self._revision = matte.kind, -1  # looked at again in the next tick
            else:
                matte.since_ns = None
            if kind != matte.kind:
                matte.kind = kind
                matte.view = matte.keyer = matte.refiner = matte.settled = matte.truth = None
                matte.version += 1
                matte.stale = True
            key = self._world.get(entity, Key) or (matte.key if kind == KEY else Key())
            matte.stale = matte.stale or (matte.mask, matte.key) != (mask, key)
            matte.mask, matte.key = mask, key

        self._moving = {
            matte.camera for _, (matte,) in self._world.each(Matte) if matte.moves and matte.camera is not None
        }
        self._places.clear()
        self._seen_sizes.clear()
        for entity, (drawn,) in self._world.each(Layer):
            keyframes = self._world.get(entity, Keyframes)
            place = self._world.get(entity, Place) or Place()
            moves = keyframes is not None and bool(keyframes.place)
            self._places.setdefault(drawn.mask or self._world.name(entity), []).append(None if moves else place)
        self._shapes_wanted = {cloud.mask for _, (cloud,) in self._world.each(Particles) if cloud.emit == "edge"}
        self._shapes_wanted.update(layer.blur_without for _, (layer,) in self._world.each(Layer) if layer.blur_without)
        followed = {viewpoint.follow for _, (viewpoint,) in self._world.each(Viewpoint)}
        keyed = {self._world.name(entity) for entity, (matte,) in self._world.each(Matte) if matte.kind == KEY}
        self._shapes_wanted.update(followed & keyed)  # other masks are where a CPU can look at them
        if any(overlay.outline for _, (overlay,) in self._world.each(Overlay)):
            self._shapes_wanted.update(self._world.name(entity) for entity, _ in self._world.each(Mask))
        for entity, (_,) in self._world.each(Lighting):
            layer = self._world.get(entity, Layer)
            self._shapes_wanted.add((layer.mask if layer is not None else "") or self._world.name(entity))

    def _stays(self, matte: Matte) -> bool:
        """Whether a mask goes on while there is no neural one yet: a key, or a truth that is still told."""
        shown = self._world.get(matte.camera, Shown) if matte.camera is not None else None
        is_told = shown is not None and shown.picture is not None and shown.picture.truth is not None
        return matte.kind == KEY or (matte.kind == TEXTURE and is_told)

    def _takes_over(self, matte: Matte, inferred: Inferred) -> bool:
        """Whether a neural mask that is to take over has come: till then, and be it that its model is still being
        loaded, what was there stays. One of a picture from before it was asked for may be of long ago."""
        shown = self._world.get(matte.camera, Shown) if matte.camera is not None else None
        if shown is None or shown.picture is None:
            return False
        if matte.since_ns is None:
            matte.since_ns = shown.picture.captured_ns
        answer = inferred.answer
        return answer is not None and answer.camera == matte.camera and answer.captured_ns >= matte.since_ns

    def _say_lost(self, name: str, lost: list[str]) -> None:
        fields = " and ".join(f"mask.{field}" for field in lost)
        text = f"{name}: {fields} {'is' if len(lost) == 1 else 'are'} for neural masks, and its key goes without; "
        text += "key.tolerance, key.softness and mask.garbage are for keys"
        if text not in self._said:
            self._said.add(text)
            self._notices.say("noted", "masks", text)

    def _key(self, tick: Tick, name: str, matte: Matte, planes: Planes, picture: Picture) -> None:
        screen = self._screens.colour(name, matte.key, picture, tick.now_ns)
        if screen is None:
            return
        matte.screen = screen
        if matte.keyer is None or matte.keyer.picture_size != planes.size:
            matte.keyer = Keyer(self._passes, name, planes.size, self._tiles(name, matte))
            matte.view = matte.keyer.view
            matte.version += 1
        matte.keyer.look(tick.encoder, planes, matte, self._screens.plate(name, matte.key, planes))
        # A software GPU looks at the picture while Python says what is to be done with it: 0.5 ms of 10 at 1080p.
        tick.encoder = self._passes.send(tick.encoder)
        matte.keyer.weigh(tick.encoder)
        matte.changed = True

    def _tiles(self, name: str, matte: Matte) -> Tiles:
        """Return the tiles of a mask by which it is drawn."""
        matte.tiles = matte.tiles or Tiles(self._passes, name)
        return matte.tiles

    def _upload_truth(self, tick: Tick, name: str, matte: Matte, planes: Planes, truth: Plane | None) -> None:
        gpu: Gpu = self._passes.gpu
        if truth is None:
            return
        height, width = truth.shape
        if matte.truth is None or (matte.truth.width, matte.truth.height) != (width, height):
            matte.truth = gpu.texture(f"{name} truth", width, height, "r8unorm", Usage.TEXTURE_BINDING | Usage.COPY_DST)
            matte.view = matte.truth.create_view()
            matte.version += 1
        gpu.upload(matte.truth, truth)
        self._tiles(name, matte).sort(tick.encoder, planes, matte)
        matte.changed = True

    def _route(self, matte: Matte, shown: Shown, answer: Answer) -> Route | None:
        """Return how a mask gets to the picture that is shown; None where it stays, being of that or too old."""
        motion = self._world.get(matte.camera, Motion) if matte.camera is not None else None
        assert shown.picture is not None
        late_ns = shown.picture.captured_ns - answer.captured_ns
        route = None
        if motion is not None and late_ns <= matte.mask.max_delay_ms * 1e6:
            route = motion.route_from(answer.sequence)
        if shown.changed and late_ns > 0:
            matte.moved += route is not None and route.pictures > 0
            matte.unmoved += route is None
        return route

    def _seen_size(self, name: str, planes: Planes) -> tuple[int, int]:
        """Return the size at which layers draw somebody of this mask at most, in eighths of the picture's own.

        A camera often sees more than the stage has pixels, and each costs. A place that changes with time may come to
        anything.
        """
        known, size = self._seen_sizes.get(name, (None, (0, 0)))
        key = (planes.version, planes.quarter_turns)
        if known != key:
            share = 0.0
            for place in self._places.get(name, [Place()]):
                quad = lay_picture(self._stage_size, planes, place, (0.0, 0.0)) if place is not None else None
                texels = quad.texels_a_pixel(self._stage_size, planes.size) if quad is not None else 1.0
                share = max(share, min(1.0, math.ceil(8.0 / max(texels, 1.0) - 0.01) / 8.0))
            size = (round(planes.size[0] * share), round(planes.size[1] * share))
            self._seen_sizes[name] = key, size
        return size

    def _refine(
        self, tick: Tick, name: str, matte: Matte, shown: Shown, planes: Planes, answer: Answer, anew: bool
    ) -> None:
        """Make alpha of a mask; not `anew` where there is a newer picture only."""
        mask, route, version = answer.mask, None, (answer.sequence, answer.sequence)
        if matte.moves and shown.picture is not None:
            route, version = self._route(matte, shown, answer), (answer.sequence, shown.picture.sequence)
        size = (mask.shape[1], mask.shape[0])
        if matte.refiner is None or matte.refiner.size != size:
            matte.refiner = Refiner(self._passes, name, size)
            matte.version += 1
        seen = self._seen_size(name, planes)
        if matte.settled is None or matte.settled.size != seen:
            matte.settled = Settled(self._passes, name, seen)
            matte.view = matte.settled.view
            matte.version += 1
        if anew:
            matte.refiner.run(tick.encoder, planes, mask, version, matte, route)
        # Whether a picture has moved is known with the mask of it: what is shown before that is not held still.
        keep = matte.refiner.keep if anew else None
        matte.settled.run(tick.encoder, planes, matte.refiner.tiles, matte, matte.refiner.held, keep)
        # Lines lean for 6 texels around an edge: in half of those tiles alpha has none.
        reach = SIDES_TEXELS + matte.moved_px
        self._tiles(name, matte).sort(tick.encoder, planes, matte, matte.settled.view, reach)
        matte.changed = True


class Silhouette:
    """A person's alpha, small, in the orientation of the camera's planes, and alpha times brightness: for light."""

    WIDTH = 192
    FORMAT = "rg8unorm"

    def __init__(self, passes: Passes, name: str, picture_size: tuple[int, int]) -> None:
        self._passes = passes
        self.size = self.size_for(picture_size)
        usage = Usage.RENDER_ATTACHMENT | Usage.TEXTURE_BINDING | Usage.COPY_SRC
        self.texture: Any = passes.gpu.texture(f"{name} silhouette", *self.size, self.FORMAT, usage)
        self.view: Any = self.texture.create_view()
        self.textures = passes.textures(self.view)
        self._block = passes.uniforms.block(passes.shaders.struct("silhouette.wgsl", "Silhouette"))
        self._bound: Any = None
        self._source: Any = None

    @classmethod
    def size_for(cls, picture_size: tuple[int, int]) -> tuple[int, int]:
        """Return the size of one, in texels, for pictures of this size."""
        width, height = picture_size
        return (cls.WIDTH, max(16, round(cls.WIDTH * height / width)))

    def draw(self, encoder: Any, planes: Planes, matte: Matte) -> None:
        """Draw the matte as it is now."""
        key = (planes.version, matte.version)
        if key != self._bound:
            self._bound = key
            self._source = self._passes.textures(*(*planes.views, None)[:2], matte.view)
            self._pipeline = self._passes.pipeline(
                "silhouette.wgsl",
                self.FORMAT,
                constants={"LAYOUT": LAYOUTS[planes.layout], "MATTE": matte.drawn_kind},
            )
        planes.write_reading(self._block.data["reading"])
        matte.write(self._block.data["cutout"])
        kept = stored_box(matte.mask.garbage, planes.quarter_turns, planes.mirrored)
        self._block.data["kept_from"], self._block.data["kept_to"] = kept
        self._passes.fill(encoder, self._pipeline, self._block, self._source, self.view)


class Refiner:
    """The passes that make lines of a network's mask: move, hold still, fit lines to the picture, spread them.

    All at the mask's own size: 256 × 144 costs about 2 ms on lavapipe where the picture's 1280 × 720 would cost 50.
    """

    def __init__(self, passes: Passes, name: str, size: tuple[int, int]) -> None:
        self.size = size
        self._passes = passes
        gpu = passes.gpu
        drawn = Usage.RENDER_ATTACHMENT | Usage.TEXTURE_BINDING

        def view(part: str, pixel_format: str) -> Any:
            return gpu.texture(f"{name} {part}", *size, pixel_format, drawn).create_view()

        self._raw = gpu.texture(f"{name} mask", *size, "r8unorm", Usage.TEXTURE_BINDING | Usage.COPY_DST)
        self._raw_view = self._raw.create_view()
        self._moved = view("moved mask", "r8unorm")
        self._route: tuple[Flow, Any] | None = None  # what the mask was last moved by, bound
        self._guides = [view("guide", "rgba16float") for _ in (0, 1)]
        self._helds = [view("held mask", "rg16float") for _ in (0, 1)]
        self._lines = view("lines", "rgba16float")
        self.view = view("spread lines", "rgba16float")
        self._turn = 0
        self.tiles = Tiles(passes, f"{name} lines")
        self._version: Hashable = None  # of the last mask and picture
        self.keep = 0.0  # the most that counted of earlier masks
        self.held: Any = self._helds[0]  # the mean mask, and in green for how many frames the picture has been still
        shaders, uniforms = passes.shaders, passes.uniforms
        self._move_block = uniforms.block(shaders.struct("mask_move.wgsl", "Route"))
        self._smooth_block = uniforms.block(shaders.struct("mask_smooth.wgsl", "Smooth"))
        self._fit_block = uniforms.block(shaders.struct("mask_fit.wgsl", "Fit"))
        self._move_pipeline = passes.pipeline("mask_move.wgsl", "r8unorm")
        self._fit_pipeline = passes.pipeline("mask_fit.wgsl", "rgba16float")
        self._spread_pipeline = passes.pipeline("mask_spread.wgsl", "rgba16float")
        self._fit_textures = [passes.textures(guide) for guide in self._guides]
        self._spread_textures = passes.textures(self._lines)
        self._smooth_textures: dict[bool, list[Any]] = {}  # by whether the mask was moved
        self._bound = (-1, "")

    def run(
        self, encoder: Any, planes: Planes, mask: Plane, version: Hashable, matte: Matte, route: Route | None = None
    ) -> None:
        """Refine one mask for one picture; one of the same version as the last is no mean of both."""
        passes = self._passes
        passes.gpu.upload(self._raw, mask)
        moves = route is not None and route.pictures > 0
        if route is not None and moves:
            self._move(encoder, route)
        if self._bound != (planes.version, planes.layout):
            self._bound = (planes.version, planes.layout)
            self._smooth_pipeline = passes.pipeline(
                "mask_smooth.wgsl", ("rgba16float", "rg16float"), constants={"LAYOUT": LAYOUTS[planes.layout]}
            )
            plane_views = (*planes.views, None)[:2]
            self._smooth_textures = {
                moved: [passes.textures(*plane_views, new, self._helds[last], self._guides[last]) for last in (1, 0)]
                for moved, new in ((False, self._raw_view), (True, self._moved))
            }
        planes.write_reading(self._smooth_block.data["reading"])
        self.keep = self._smooth_block.data["keep"] = matte.mask.smooth if self._version not in (None, version) else 0.0
        self._fit_block.data["refine"] = matte.mask.refine
        self._smooth_block.data["least"], self._smooth_block.data["most"] = edge_of(matte.mask)
        self._fit_block.data["epsilon"] = FLAT_VARIANCE
        now = self._turn
        passes.fill(
            encoder, self._smooth_pipeline, self._smooth_block, self._smooth_textures[moves][now],
            self._guides[now], self._helds[now],
        )  # fmt: skip
        passes.fill(encoder, self._fit_pipeline, self._fit_block, self._fit_textures[now], self._lines)
        passes.fill(encoder, self._spread_pipeline, self._fit_block, self._spread_textures, self.view)
        self.tiles.sort(encoder, planes, matte)
        self.held = self._helds[now]
        self._turn = 1 - now
        self._version = version

    def _move(self, encoder: Any, route: Route) -> None:
        """Move the mask to where the picture that is shown has what it was made of."""
        passes = self._passes
        if self._route is None or self._route[0] is not route.flow:
            self._route = (route.flow, passes.textures(self._raw_view, route.flow.view))
        data = self._move_block.data
        data["pictures"], data["newest"], data["kept"] = route.pictures, route.flow.newest, route.flow.kept
        passes.fill(encoder, self._move_pipeline, self._move_block, self._route[1], self._moved)
