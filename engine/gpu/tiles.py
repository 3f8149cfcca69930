"""A picture in tiles, sorted by what its matte does in them, so that only edges cost what edges cost."""

from __future__ import annotations

from typing import Any, Protocol

from engine.gpu.device import Usage
from engine.gpu.passes import Passes
from engine.gpu.planes import LAYOUTS, Planes

NONE, TEXTURE, GUIDED, KEY = range(4)
"""The kinds of matte: the constants of shaders/common/matte.wgsl. NONE is the picture's own alpha."""

EDGE, SOLID = 1, 2
"""The kinds of tile that are drawn: the constants of shaders/common/tile.wgsl."""


class Sorted(Protocol):
    """What decides how solid a tile is."""

    kind: int
    view: Any
    version: int

    @property
    def keyed(self) -> Any:
        """Of a key, what its first stage has made of the picture where there are edges; else None."""

    @property
    def coarse(self) -> Any:
        """Of a key, what it has made of the whole picture; else None."""

    @property
    def least(self) -> float:
        """The value at or below which nothing is seen; of a key its distance, of others alpha."""

    @property
    def most(self) -> float:
        """The value at or above which all is seen."""

    @property
    def reach(self) -> int:
        """How far from a tile an edge still counts in it, in texels of the matte."""

    def write(self, cutout: Any) -> None:
        """Write a shader's `Cutout`."""


class OwnAlpha:
    """A picture whose own alpha is its matte."""

    kind = NONE
    view = None
    version = 0
    keyed = None
    coarse = None
    reach = 1
    least = 0.0
    most = 1.0

    def write(self, cutout: Any) -> None:
        """Write nothing: there is nothing to cut out."""


class Tiles:
    """The sorted tiles of one picture.

    Thread: main. Blocks: while its pipeline is compiled. Owns: its texture and block. Fails: ShaderError.
    """

    SIZE = (40, 24)  # as in shaders/common/tile.wgsl
    COUNT = SIZE[0] * SIZE[1]

    def __init__(self, passes: Passes, name: str) -> None:
        self._passes = passes
        usage = Usage.RENDER_ATTACHMENT | Usage.TEXTURE_BINDING
        self.view: Any = passes.gpu.texture(f"{name} tiles", *self.SIZE, "r8unorm", usage).create_view()
        self._block = passes.uniforms.block(passes.shaders.struct("tiles.wgsl", "Sorting"))
        self._bound: Any = None
        self._source: Any = None

    def sort(self, encoder: Any, planes: Planes, matte: Sorted) -> None:
        """Sort the tiles as they are now: a read of every texel of a mask, or of a key at a quarter of its size."""
        key = (planes.version, matte.version)
        if self._bound != key:
            self._bound = key
            values = matte.view if matte.coarse is None else matte.coarse
            self._source = self._passes.textures(*(*planes.views, None)[:2], values)
            constants = {"LAYOUT": LAYOUTS[planes.layout], "MATTE": matte.kind}
            self._pipeline = self._passes.pipeline("tiles.wgsl", "r8unorm", constants=constants)
        data = self._block.data
        planes.write_reading(data["reading"])
        matte.write(data["cutout"])
        data["least"] = matte.least
        data["most"] = matte.most
        data["reach"] = matte.reach
        self._passes.fill(encoder, self._pipeline, self._block, self._source, self.view)

    def free(self) -> None:
        """Give the block back."""
        self._block.free()
