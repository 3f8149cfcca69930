"""The passes of a chroma key: distance from the screen, silhouette, and how much of each texel is person."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.components import Key
from engine.gpu.device import Usage
from engine.gpu.passes import Passes, Pipeline
from engine.gpu.planes import LAYOUTS, Planes
from engine.gpu.sides import Ramps, Sides
from engine.gpu.tiles import CALM, EDGE, PAST, SOLID, Sorted, Tiles

NAMED, LEARNED, PLATE = range(3)
"""How the screen's colour is known: the constants of shaders/key.wgsl."""

SURELY: Ramps = (0.12, 0.3, 0.4, 0.8)
"""Distances from the screen between which neither side is sure."""

MIDDLE, WIDTH = 0.5, 0.2
"""The distance at which a texel far from the silhouette is taken for person, and half of how gradually."""

SOLID_FROM, EMPTY_TO = 0.8, 0.12
"""Distances of which a tile is solid or empty through and through. A hair of one pixel, and a gap, has a quarter of its
contrast where they are looked for."""

FORMAT = "bgra8unorm"
"""Of every step. Only into this does lavapipe draw a rectangle, and not two triangles: what their common side crosses
is shaded once, which is a quarter of a tile at half size."""

REACH_TEXELS = 1
"""How far from a tile an edge still counts in it, at a quarter of the picture's size; and as far at half."""

BESIDE = 1 / 3
"""How much of a tile is worked out beside those with an edge: 4 texels, since what tells an edge reaches 3."""

NO_MATTE = (128 / 255, 128 / 255, 128 / 255, 0.0)
"""What `key_matte.wgsl` says of a texel that is screen."""

LEAST_SLOPE = 0.03
"""Distance per texel below which there is no edge but noise: a camera's noise differs by 0.02 from texel to texel."""

QUADS = 10 * 6
"""How many quads a whole picture is drawn in, as in shaders/key.wgsl."""

CELLS = (20, 12)
"""How finely the light on a screen is known: lamps make it vary slowly, and an odd cell is outvoted."""

OTHER_LIGHT = 0.35
"""Distance in hue and saturation up to which a colour may be the screen in another light."""

LEARNING, UNSEEN = 0.34, 0.04
"""Shares of a picture that is learned from in what is known of the screen's light, where it is seen and where somebody
is before it."""

LEARN_EACH = 4
"""Of how many pictures one is learned from: lamps change slower than people, and it costs 0.5 ms on a CPU."""


class Keyed(Sorted, Protocol):
    """A matte by a key."""

    screen: NDArray[Any]  # encoded
    key: Key


class Keyer:
    """Makes a matte of a picture before a screen; all at half its size, which is all that cameras have of colour.

    Only the first stage looks at every texel. The second runs where a tile holds an edge: on a talking head in a tenth.

    Thread: main. Blocks: while its pipelines are compiled. Owns: its textures and blocks. Fails: ShaderError.
    """

    def __init__(self, passes: Passes, name: str, picture_size: tuple[int, int], tiles: Tiles) -> None:
        self.picture_size = picture_size
        self._passes = passes
        size = (-(-picture_size[0] // 2), -(-picture_size[1] // 2))
        coarse_size = (-(-picture_size[0] // 4), -(-picture_size[1] // 4))
        usage = Usage.RENDER_ATTACHMENT | Usage.TEXTURE_BINDING

        def view(part: str) -> Any:
            return passes.gpu.texture(f"{name} {part}", *size, FORMAT, usage).create_view()

        # Colour, and distance from the screen.
        self.coarse: Any = passes.gpu.texture(f"{name} coarse", *coarse_size, FORMAT, usage).create_view()
        self.keyed = view("keyed")
        self._slope = view("slope")
        self._edge = view("edge")
        # Share of person, and what makes of the picture's colour their own.
        self.view = view("matte")
        self.sides = Sides(passes, name, picture_size, self.coarse, SURELY)
        self._tiles = tiles
        self._light = ScreenLight(passes, name, self.coarse)
        uniforms, shaders = passes.uniforms, passes.shaders
        self._block = uniforms.block(shaders.struct("key.wgsl", "Keying"))
        self._edge_block = uniforms.block(shaders.struct("key_edge.wgsl", "Edge"))
        self._edge_block.data["screen"], self._edge_block.data["person"] = SURELY[1], MIDDLE
        self._edge_block.data["least"] = LEAST_SLOPE
        self._weighing = uniforms.block(shaders.struct("key_matte.wgsl", "Weighing"))
        self._weighing.data["middle"], self._weighing.data["width"] = MIDDLE, WIDTH

        def drawn(shader: str, kind: int, fragment: str = "fs_main", beside: float = 0.0) -> Pipeline:
            constants = {"TILE": kind, "BESIDE": beside}
            return passes.pipeline(shader, FORMAT, constants=constants, fragment=fragment, storage=True)

        self._slope_pipeline = drawn("key_slope.wgsl", EDGE, beside=BESIDE)
        self._edge_pipeline = drawn("key_edge.wgsl", EDGE)
        self._no_edge = drawn("key_edge.wgsl", CALM, "fs_none")
        self._edge_matte = drawn("key_matte.wgsl", EDGE)
        self._solid_matte = drawn("key_matte.wgsl", SOLID, "fs_solid")
        self._empty_matte = drawn("key_matte.wgsl", PAST, "fs_empty")
        self._blank = True  # whether there is no matte of an earlier picture
        self._slope_source = passes.textures(self.keyed)
        self._edge_source = passes.textures(self.keyed, self._slope)
        self._matte_source = passes.textures(self.keyed, self._edge, *(None,) * 7, self.sides.view)
        self._bound: Any = None
        self._pictures = 0

    def look(self, encoder: Any, planes: Planes, matte: Keyed, plate: Any = None) -> None:
        """Find out where a picture's edges are; `plate` is the view of a still of the empty screen."""
        evened = plate is None and matte.key.even
        rounds = 1
        if evened and self._light.begin(matte.screen):
            rounds = 3  # of the first picture, since what is seen of the screen depends on what is known of it
        planes.write_reading(self._block.data["reading"])
        matte.write(self._block.data["cutout"])
        passes = self._passes
        learns = evened and (rounds > 1 or self._pictures % LEARN_EACH == 0)
        self._pictures += 1
        for _ in range(rounds):
            if evened:
                self._bind(planes, LEARNED, self._light.view)
            else:
                self._bind(planes, NAMED if plate is None else PLATE, plate)
            render = passes.begin(encoder, self.coarse)
            passes.draw(render, self._look, self._block, self._source, QUADS)
            render.end()
            if learns:
                self._light.learn(encoder)
        self._tiles.sort(encoder, planes, matte)

    def weigh(self, encoder: Any) -> None:
        """Work out how much of the picture looked at is person."""
        passes, tiles = self._passes, self._tiles
        self.sides.gather(encoder, tiles)
        # Nothing is cleared, which costs a CPU a tenth of all this: what is not drawn is not read, or is as it was.
        render = passes.begin(encoder, self.keyed)
        tiles.draw(render, self._first_pipeline, self._block, self._source, EDGE)
        render.end()
        render = passes.begin(encoder, self._slope)
        tiles.draw(render, self._slope_pipeline, self._edge_block, self._slope_source, EDGE)
        render.end()
        render = passes.begin(encoder, self._edge)
        tiles.draw(render, self._no_edge, self._edge_block, self._edge_source, CALM)
        tiles.draw(render, self._edge_pipeline, self._edge_block, self._edge_source, EDGE)
        render.end()
        render = passes.begin(encoder, self.view, clear=NO_MATTE if self._blank else None)
        self._blank = False
        tiles.draw(render, self._empty_matte, self._weighing, self._matte_source, PAST)
        tiles.draw(render, self._solid_matte, self._weighing, self._matte_source, SOLID)
        tiles.draw(render, self._edge_matte, self._weighing, self._matte_source, EDGE)
        render.end()

    def free(self) -> None:
        """Give the blocks back."""
        for block in (self._block, self._edge_block, self._weighing):
            block.free()
        self.sides.free()
        self._light.free()

    def _bind(self, planes: Planes, screen: int, screen_map: Any) -> None:
        key = (planes.version, screen, screen_map)
        if self._bound == key:
            return
        self._bound = key
        self._source = self._passes.textures(*(*planes.views, None)[:2], None, None, screen_map)
        constants = {"LAYOUT": LAYOUTS[planes.layout], "SCREEN": screen}
        self._look = self._passes.pipeline("key.wgsl", FORMAT, constants=constants)
        in_tiles = {**constants, "BLOCK": 2.0, "BESIDE": BESIDE}
        self._first_pipeline = self._passes.pipeline(
            "key.wgsl", FORMAT, constants=in_tiles, vertex="vs_tile", storage=True
        )


class ScreenLight:
    """How a screen is lit: its colour in a few cells, learned from what is seen of it, and kept where somebody stands.

    Thread: main. Blocks: never. Owns: its textures and blocks. Fails: never.
    """

    FORMAT = "rgba16float"

    def __init__(self, passes: Passes, name: str, keyed: Any) -> None:
        self._passes = passes
        usage = Usage.RENDER_ATTACHMENT | Usage.TEXTURE_BINDING | Usage.COPY_SRC | Usage.COPY_DST
        cells, new, self._texture = (
            passes.gpu.texture(f"{name} {part}", *CELLS, self.FORMAT, usage)
            for part in ("cells", "new screen", "screen")
        )
        self._new = new
        self.view: Any = self._texture.create_view()
        self._cells_view, self._new_view = cells.create_view(), new.create_view()
        uniforms, shaders = passes.uniforms, passes.shaders
        self._cells = uniforms.block(shaders.struct("screen_cells.wgsl", "Cells"))
        self._cells.data["size"], self._cells.data["most"] = CELLS, OTHER_LIGHT
        self._cells.data["surely"], self._cells.data["hardly"] = SURELY[:2]
        self._learning = uniforms.block(shaders.struct("screen_map.wgsl", "Learning"))
        self._cells_pipeline = passes.pipeline("screen_cells.wgsl", self.FORMAT)
        self._map_pipeline = passes.pipeline("screen_map.wgsl", self.FORMAT)
        self._cells_source = passes.textures(keyed)
        self._map_source = passes.textures(self._cells_view, self.view)
        self._named: bytes | None = None  # the screen's colour that is learned from

    def begin(self, screen: NDArray[Any]) -> bool:
        """Take the colour that the screen was named; return whether it is another, and all is to be learned anew."""
        screen = screen.astype(np.float32)
        self._learning.data["rate"], self._learning.data["unseen"] = LEARNING, UNSEEN
        if screen.tobytes() == self._named:
            return False
        self._named = screen.tobytes()
        self._cells.data["screen"] = self._learning.data["screen"] = screen
        self._learning.data["rate"] = self._learning.data["unseen"] = 1.0
        level = np.ones((CELLS[1], CELLS[0], 4), np.float16)
        level[..., :3] = screen
        self._passes.gpu.upload(self._texture, level)
        return True

    def learn(self, encoder: Any) -> None:
        """Look at what is surely screen in a picture."""
        self._passes.fill(encoder, self._cells_pipeline, self._cells, self._cells_source, self._cells_view)
        self._passes.fill(encoder, self._map_pipeline, self._learning, self._map_source, self._new_view)
        encoder.copy_texture_to_texture({"texture": self._new}, {"texture": self._texture}, (*CELLS, 1))

    def free(self) -> None:
        """Give the blocks back."""
        self._cells.free()
        self._learning.free()
