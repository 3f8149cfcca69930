"""The colours on either side of a matte's edge, so that no rim of the old background is left on it."""

from __future__ import annotations

from typing import Any

from engine.gpu.device import Usage
from engine.gpu.passes import Passes
from engine.gpu.tiles import AROUND, Tiles

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

    def __init__(self, passes: Passes, name: str, picture_size: tuple[int, int], keyed: Any, ramps: Ramps) -> None:
        self._passes = passes
        pixels = max(PIXELS, picture_size[0] / MOST_ACROSS)
        self.size = (max(8, round(picture_size[0] / pixels)), max(8, round(picture_size[1] / pixels)))
        usage = Usage.RENDER_ATTACHMENT | Usage.TEXTURE_BINDING

        def view(part: str, width: int, height: int) -> Any:
            return passes.gpu.texture(f"{name} {part}", width, height, self.FORMAT, usage).create_view()

        self._person, self._behind = view("person", *self.size), view("behind", *self.size)
        self.view = view("sides", 2 * self.size[0], self.size[1])
        self._block = passes.uniforms.block(passes.shaders.struct("sides.wgsl", "Sampling"))
        data = self._block.data
        data["size"] = self.size
        data["screen_from"], data["screen_to"], data["person_from"], data["person_to"] = ramps
        around = {"TILE": AROUND}
        formats = (self.FORMAT, self.FORMAT)
        self._pipeline = passes.pipeline("sides.wgsl", formats, constants=around, storage=True)
        self._spread = [
            passes.pipeline("sides_spread.wgsl", self.FORMAT, constants={**around, "BEHIND": side}, storage=True)
            for side in (0.0, 1.0)
        ]
        self._source = passes.textures(keyed)
        self._sums = passes.textures(self._person, self._behind)

    def gather(self, encoder: Any, tiles: Tiles) -> None:
        """Sum up the colours of a picture in and around tiles with an edge: as far as spreading and sampling reach."""
        render = self._passes.begin(encoder, self._person, self._behind)
        tiles.draw(render, self._pipeline, self._block, self._source, AROUND)
        render.end()
        render = self._passes.begin(encoder, self.view)
        for pipeline in self._spread:
            tiles.draw(render, pipeline, self._block, self._sums, AROUND)
        render.end()

    def free(self) -> None:
        """Give the block back."""
        self._block.free()
