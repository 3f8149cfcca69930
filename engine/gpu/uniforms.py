"""All uniform blocks of a show in one buffer: written in place during a tick, uploaded once at its end."""

from __future__ import annotations

from typing import Any

import numpy as np
import wgpu
from numpy.typing import NDArray

from engine.gpu.device import Gpu

FRAME_BYTES = 1024
BLOCK_BYTES = 1024
"""A block of every kind fits; one size lets one bind group with a dynamic offset serve all draws."""


class Block:
    """One draw's uniforms. `data["field"] = value` writes it; the next upload takes it to the GPU.

    It comes back when it is freed or, like a GPU object, when nobody refers to it any more.
    """

    __slots__ = ("_uniforms", "data", "offset")

    def __init__(self, uniforms: Uniforms, offset: int, data: NDArray[Any]) -> None:
        self._uniforms: Uniforms | None = uniforms
        self.offset = offset
        self.data = data

    def free(self) -> None:
        """Give the block back. A second call does nothing."""
        uniforms, self._uniforms = self._uniforms, None
        if uniforms is not None:
            uniforms._free.append(self.offset)

    def __del__(self) -> None:
        self.free()


class Uniforms:
    """The buffer: what all passes of a tick share at its start, then blocks of `BLOCK_BYTES`.

    Thread: main. Blocks: never. Owns: the buffer. Fails: MemoryError when a show has more draws than `most_blocks`.
    """

    def __init__(self, gpu: Gpu, most_blocks: int = 4096) -> None:
        self._gpu = gpu
        self._bytes = np.zeros(FRAME_BYTES + BLOCK_BYTES * most_blocks, np.uint8)
        self._free: list[int] = []
        self._used = FRAME_BYTES
        self.buffer: Any = gpu.device.create_buffer(
            label="uniforms", size=self._bytes.nbytes, usage=wgpu.BufferUsage.UNIFORM | wgpu.BufferUsage.COPY_DST
        )

    def frame(self, dtype: np.dtype[Any]) -> NDArray[Any]:
        """Return what all passes of a tick share."""
        assert dtype.itemsize <= FRAME_BYTES, f"{dtype.itemsize} B do not fit in {FRAME_BYTES}"
        return self._bytes[: dtype.itemsize].view(dtype)

    def block(self, dtype: np.dtype[Any]) -> Block:
        """Return a new block of zeros."""
        assert dtype.itemsize <= BLOCK_BYTES, f"{dtype.itemsize} B do not fit in {BLOCK_BYTES}"
        if self._free:
            offset = self._free.pop()
        else:
            offset = self._used
            if offset + BLOCK_BYTES > self._bytes.nbytes:
                raise MemoryError("the show has more layers than there are uniform blocks")
            self._used += BLOCK_BYTES
        data = self._bytes[offset : offset + dtype.itemsize].view(dtype)
        data[...] = np.zeros((), dtype)
        return Block(self, offset, data)

    def write(self, block: Block) -> None:
        """Take one block to the GPU, before the next submission of the thread that calls: any thread's own block."""
        self._gpu.queue.write_buffer(self.buffer, block.offset, block.data)

    def upload(self) -> None:
        """Take everything to the GPU: 4 µs and the copy."""
        self._gpu.queue.write_buffer(self.buffer, 0, self._bytes, 0, self._used)
