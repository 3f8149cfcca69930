"""The colours on either side of a matte's edge, so that no rim of the old background is left on it."""

from __future__ import annotations

from typing import Any

from engine.gpu.device import Usage
from engine.gpu.passes import Passes
from engine.gpu.planes import LAYOUTS, Planes
from engine.gpu.tiles import Sorted, Tiles

PIXELS, MOST_ACROSS = 8, 160
"""Picture pixels to a texel, along an axis, and how many texels across are enough: what lies two of them from an edge
is still its colour, for hair and skin."""

Ramps = tuple[float, float, float, float]
"""Values of a matte: up to the first all is surely behind, from the second on nothing; person from the third on, surely
from the fourth."""


class Sides:
    """Sums of the colours that surely are person and surely are not, at an eighth of the picture's size.

    Thread: main. Blocks: while its pipelines are compiled. Owns: its textures and blocks. Fails: ShaderError.
    """

    FORMAT = "rgba16float"

    def __init__(self, passes: Passes, name: str, picture_size: tuple[int, int]) -> None:
        self._passes = passes
        self.picture_size = picture_size
        pixels = max(PIXELS, picture_size[0] / MOST_ACROSS)
        self.size = (max(8, round(picture_size[0] / pixels)), max(8, round(picture_size[1] / pixels)))
        usage = Usage.RENDER_ATTACHMENT | Usage.TEXTURE_BINDING

        def view(part: str, width: int, height: int) -> Any:
            return passes.gpu.texture(f"{name} {part}", width, height, self.FORMAT, usage).create_view()

        self._person, self._behind = view("person", *self.size), view("behind", *self.size)
        self.view = view("sides", 2 * self.size[0], self.size[1])
        self._block = passes.uniforms.block(passes.shaders.struct("sides.wgsl", "Sampling"))
        self._block.data["size"] = self.size
        self._spread = [
            passes.pipeline("sides_spread.wgsl", self.FORMAT, constants={"BEHIND": side}) for side in (0.0, 1.0)
        ]
        self._bound: Any = None
        self._source: Any = None

    def gather(self, encoder: Any, planes: Planes, matte: Sorted, tiles: Tiles, ramps: Ramps) -> None:
        """Sum up what a key's first stage has made of a picture: colours, and their distance from the screen."""
        key = (planes.version, matte.version, id(tiles))
        if self._bound != key:
            self._bound = key
            self._source = self._passes.textures(matte.keyed, None, None, tiles.view)
            self._sums = self._passes.textures(self._person, self._behind, None, tiles.view)
            constants = {"LAYOUT": LAYOUTS["rgba"], "EXACT": 1.0}
            self._pipeline = self._passes.pipeline("sides.wgsl", (self.FORMAT, self.FORMAT), constants=constants)
        data = self._block.data
        planes.write_reading(data["reading"])
        data["reading"]["pixel"] *= 2.0
        data["screen_from"], data["screen_to"], data["person_from"], data["person_to"] = ramps
        nothing = (0.0, 0.0, 0.0, 0.0)
        render = self._passes.begin(encoder, self._person, self._behind, clear=nothing)
        self._passes.draw(render, self._pipeline, self._block, self._source, Tiles.COUNT)
        render.end()
        render = self._passes.begin(encoder, self.view, clear=nothing)
        for pipeline in self._spread:
            self._passes.draw(render, pipeline, self._block, self._sums, Tiles.COUNT)
        render.end()

    def free(self) -> None:
        """Give the block back."""
        self._block.free()
