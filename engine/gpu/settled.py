"""A neural matte's alpha at the size at which it is seen, held still where the picture is."""

from __future__ import annotations

from typing import Any

from engine.gpu.device import Usage
from engine.gpu.passes import Passes, Pipeline
from engine.gpu.planes import LAYOUTS, Planes
from engine.gpu.tiles import EDGE, GUIDED, PAST, SOLID, Sorted, Tiles


class Settled:
    """Alpha of a picture in `size` pixels, of which only tiles with an edge are worked out.

    Thread: main. Blocks: while its pipelines are compiled. Owns: two textures and a block. Fails: ShaderError.
    """

    FORMAT = "r16float"
    """With 8 bits a mean of ten stops two levels short of where it should come to."""

    def __init__(self, passes: Passes, name: str, size: tuple[int, int]) -> None:
        self._passes = passes
        self.size = size
        usage = Usage.RENDER_ATTACHMENT | Usage.TEXTURE_BINDING
        self._alpha = passes.gpu.texture(f"{name} alpha", *size, self.FORMAT, usage | Usage.COPY_SRC)
        self._last = passes.gpu.texture(
            f"{name} last alpha", *size, self.FORMAT, Usage.TEXTURE_BINDING | Usage.COPY_DST
        )
        self.view: Any = self._alpha.create_view()
        self._last_view = self._last.create_view()
        self._block = passes.uniforms.block(passes.shaders.struct("mask_settle.wgsl", "Settle"))
        self._bound = (-1, -1)
        self._drawn: Tiles | None = None  # by which there is something; None: it is to be cleared
        self._blank = True  # whether there is nothing to take a mean with
        self._counts = False  # whether what was drawn last is to count of it
        self._textures: dict[Any, Any] = {}  # by what is held
        self._pipelines: list[tuple[int, Pipeline]] = []

    def run(self, encoder: Any, planes: Planes, tiles: Tiles, matte: Sorted, held: Any, keep: float | None) -> None:
        """Bring alpha up to the lines and the picture as they are now; `tiles` are those of the lines.

        `held` says in green for how many frames the picture has been still, `keep` is the most that counts of what was
        before; None for a picture that `held` does not know yet, which is neither held still nor counts later.
        """
        if self._bound != (planes.version, matte.version):
            self._bind(planes, matte)
        textures = self._textures.get(held)
        if textures is None:
            textures = self._passes.textures(*(*planes.views, None)[:2], matte.coarse, held, self._last_view)
            self._textures[held] = textures
        planes.write_reading(self._block.data["reading"])
        matte.write(self._block.data["cutout"])
        if self._counts:
            whole = {"texture": self._alpha}, {"texture": self._last}, (*self.size, 1)
            encoder.copy_texture_to_texture(*whole)
            self._blank = False
        self._block.data["keep"] = 0.0 if self._blank or keep is None else keep
        self._counts = keep is not None
        # To clear it all costs a CPU as much as a quarter of an edge: what was something and is nothing now is enough.
        render = self._passes.begin(encoder, self.view, clear=None if self._drawn is tiles else (0.0, 0.0, 0.0, 0.0))
        self._drawn = tiles
        for kind, pipeline in self._pipelines:
            tiles.draw(render, pipeline, self._block, textures, kind)
        render.end()

    def _bind(self, planes: Planes, matte: Sorted) -> None:
        self._bound = (planes.version, matte.version)
        self._textures.clear()
        self._drawn = None  # the tiles may be others
        constants = {"LAYOUT": LAYOUTS[planes.layout], "MATTE": GUIDED, "EXACT": float(self.size == planes.size)}
        self._pipelines = [
            (kind, self._passes.pipeline(
                "mask_settle.wgsl", self.FORMAT, constants={**constants, "TILE": kind},
                fragment=fragment, storage=True,
            ))
            for kind, fragment in ((PAST, "fs_empty"), (SOLID, "fs_solid"), (EDGE, "fs_edge"))
        ]  # fmt: skip
