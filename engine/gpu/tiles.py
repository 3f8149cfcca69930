"""A picture in tiles, sorted by what its matte does in them, so that only edges cost what edges cost."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from wgpu import BufferUsage as Use

from engine.gpu.passes import Passes, Pipeline, Textures
from engine.gpu.planes import LAYOUTS, Planes
from engine.gpu.uniforms import Block

NONE, TEXTURE, GUIDED, KEY = range(4)
"""The kinds of matte: the constants of shaders/common/matte.wgsl. NONE is the picture's own alpha."""

EDGE, SOLID, AROUND, PAST, CALM = range(1, 6)
"""The lists of tiles that are drawn: the constants of shaders/common/tile.wgsl."""

LISTS = 6
"""Those, and in place of one of empty tiles what each tile was the last time."""

SIDE_PX, MOST_ACROSS = 24, 80
"""Pixels of the picture along a tile's side, and how many across are enough. Smaller ones hold less beside the edge;
each run of them costs a CPU 3 µs, and pixels at its border half as much again."""

MOST_IN_RUN = 255
"""Tiles down: a run's length has 8 bits (`run_of` in shaders/common/tile.wgsl)."""

GROUP, COLUMNS = 8, 8
"""Tiles along a side of what a workgroup sorts, and columns that one lists, as in the shader."""

GRID = np.dtype([("size", np.float32, 2), ("count", np.uint32, 2)])
GRID_BYTES, DRAW_BYTES = GRID.itemsize, 16
"""What stands before the tiles in their buffer: `Grid`, and for each list what draws it indirectly."""


class Sorted(Protocol):
    """What decides how solid a tile is."""

    kind: int
    view: Any
    version: int

    @property
    def coarse(self) -> Any:
        """Of a key its look over the whole picture, of a neural mask its lines; None where `view` itself is sorted."""

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
    coarse = None
    reach = 1
    least = 0.0
    most = 1.0

    def write(self, cutout: Any) -> None:
        """Write nothing: there is nothing to cut out."""


class Tiles:
    """The sorted tiles of one picture, and how to draw those of a kind.

    Thread: main. Blocks: while its pipelines are compiled. Owns: its buffer and block. Fails: ShaderError.
    """

    def __init__(self, passes: Passes, name: str) -> None:
        self._passes = passes
        self._name = name
        self._block = passes.uniforms.block(passes.shaders.struct("tiles.wgsl", "Sorting"))
        self._picture_size = (0, 0)
        self.turn = 0  # how often they were sorted
        self._bound: Any = None
        self._source: Any = None

    def sort(self, encoder: Any, planes: Planes, matte: Sorted, fine: Any = None, fine_reach: float = 0.0) -> None:
        """Sort the tiles as they are now: a read of every texel of a mask, or of a key at a quarter of its size.

        `fine` is a view of alpha that decides where the mask leaves it open; what is so near counts, in its texels.
        """
        self.turn += 1
        if self._picture_size != planes.size:
            self._picture_size = planes.size
            self._make(planes.size)
        key = (planes.version, matte.version, fine)
        if self._bound != key:
            self._bound = key
            values = matte.view if matte.coarse is None else matte.coarse
            self._source = self._passes.textures(*(*planes.views, None)[:2], values, fine)
            constants = {"LAYOUT": LAYOUTS[planes.layout], "MATTE": matte.kind, "FINE": fine is not None}
            self._pipelines = [
                self._passes.compute("tiles.wgsl", entry, constants=constants) for entry in ("cs_sort", "cs_list")
            ]
        data = self._block.data
        planes.write_reading(data["reading"])
        matte.write(data["cutout"])
        data["least"] = matte.least
        data["most"] = matte.most
        data["reach"] = matte.reach
        data["fine_reach"] = fine_reach
        compute = encoder.begin_compute_pass()
        compute.set_bind_group(0, self._passes.frame)
        compute.set_bind_group(1, self._passes.block, [self._block.offset])
        compute.set_bind_group(2, self._source)
        compute.set_bind_group(3, self._written)
        sort, enlist = self._pipelines
        compute.set_pipeline(sort.native)
        compute.dispatch_workgroups(*(-(-tiles // GROUP) for tiles in self.count))
        compute.set_pipeline(enlist.native)
        compute.dispatch_workgroups(-(-self.count[0] // COLUMNS))
        compute.end()

    def draw(self, render: Any, pipeline: Pipeline, block: Block, textures: Textures, kind: int) -> None:
        """Draw those of a kind; the pipeline reads a storage buffer."""
        render.set_bind_group(3, self._read)
        self._passes.set(render, pipeline, block, textures)
        render.draw_indirect(self.buffer, GRID_BYTES + kind * DRAW_BYTES)

    def _make(self, size: tuple[int, int]) -> None:
        """Make the buffer of a picture of this size: `Listed` in shaders/common/tiled.wgsl."""
        side = max(SIDE_PX, -(-size[0] // MOST_ACROSS), -(-size[1] // MOST_IN_RUN))
        self.count = (-(-size[0] // side), -(-size[1] // side))
        grid = np.zeros((), GRID)
        grid["size"], grid["count"] = (side / size[0], side / size[1]), self.count
        draws = np.tile(np.array([6, 0, 0, 0], np.uint32), LISTS)
        tiles = np.zeros(LISTS * self.count[0] * self.count[1], np.uint32)
        self.buffer: Any = self._passes.gpu.device.create_buffer_with_data(
            label=f"{self._name} tiles",
            data=grid.tobytes() + draws.tobytes() + tiles.tobytes(),
            usage=Use.STORAGE | Use.INDIRECT,
        )
        self._written = self._passes.storage(self.buffer, "storage")
        self._read = self._passes.storage(self.buffer, "read-only-storage")

    def free(self) -> None:
        """Give the block back."""
        self._block.free()
