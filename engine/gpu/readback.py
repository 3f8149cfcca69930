"""Pictures back from the GPU, a ring of them, without the tick ever waiting."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import wgpu
from numpy.typing import NDArray

from engine.gpu.device import PIXEL, Gpu, Mapping


class Copy:
    """One copy on its way: the buffer it goes to, and the mapping that will say when it is there."""

    __slots__ = ("buffer", "mapping", "time_ns")

    def __init__(self, buffer: Any) -> None:
        self.buffer = buffer
        self.mapping: Mapping | None = None
        self.time_ns = 0


class Readback:
    """A ring of buffers into which a texture is copied in one thread and read in another.

    Thread: `reserve`, `copy` and `sent` by whoever submits, `read` by one worker. Blocks: never, unless `read` is told
    to; else it says "not yet".
    Owns: the buffers. Fails: `reserve` returns None when all buffers are on their way; the caller counts a drop.
    """

    def __init__(self, gpu: Gpu, texture: Any, buffers: int = 4) -> None:
        self._gpu = gpu
        self._texture = texture
        channel, channels = PIXEL[texture.format]
        self._row_bytes = texture.width * channels * np.dtype(channel).itemsize
        self._pitch = -(-self._row_bytes // 256) * 256
        self._lock = threading.Lock()
        self._free = [
            Copy(
                gpu.device.create_buffer(
                    label="readback",
                    size=self._pitch * texture.height,
                    usage=wgpu.BufferUsage.MAP_READ | wgpu.BufferUsage.COPY_DST,
                )
            )
            for _ in range(buffers)
        ]
        self._sent: deque[Copy] = deque()

    def reserve(self) -> Copy | None:
        """Take a free buffer for a copy, or None."""
        with self._lock:
            return self._free.pop() if self._free else None

    def copy(self, encoder: Any, copy: Copy) -> None:
        """Record a copy of the texture as it is at this point of the encoder."""
        encoder.copy_texture_to_buffer(
            {"texture": self._texture},
            {"buffer": copy.buffer, "bytes_per_row": self._pitch, "rows_per_image": self._texture.height},
            (self._texture.width, self._texture.height, 1),
        )

    def sent(self, copy: Copy, time_ns: int) -> None:
        """Say that a copy was submitted, and what time its picture is of."""
        copy.mapping, copy.time_ns = self._gpu.map(copy.buffer), time_ns
        with self._lock:
            self._sent.append(copy)

    @property
    def has_room(self) -> bool:
        """Whether a copy can be reserved now."""
        with self._lock:
            return bool(self._free)

    @property
    def pending(self) -> int:
        """How many copies are on their way."""
        with self._lock:
            return len(self._sent)

    @contextmanager
    def read(self, *, wait: bool = False) -> Iterator[tuple[NDArray[np.uint8], int] | None]:
        """Give the oldest copy as (bytes of pixels (height, bytes a row), time_ns) if it is there. Valid inside only.

        Else give None, or, with `wait`, for a clock that steps, wait for it.
        """
        with self._lock:
            copy = self._sent[0] if self._sent else None
        if copy is None or copy.mapping is None:
            yield None
            return
        self._gpu.poll()
        while wait and not copy.mapping.ready:
            self._gpu.poll()
        if not copy.mapping.ready:
            yield None
            return
        pixels = copy.mapping.bytes().reshape(-1, self._pitch)[:, : self._row_bytes]
        try:
            yield pixels, copy.time_ns
        finally:
            del pixels
            copy.mapping.release()
            copy.mapping = None
            with self._lock:
                self._sent.popleft()
                self._free.append(copy)
