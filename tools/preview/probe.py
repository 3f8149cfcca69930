"""The colour at a place of a texture, without waiting for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import wgpu

from engine.gpu.device import Gpu, Mapping, unpack_rgb10a2

SIDE = 5
"""Pixels to a side over which a colour is averaged: a screen's grain is finer than its colour."""

ROW_BYTES = 256


class Probe:
    """Copies a few pixels at a time, and gives their mean when it has come.

    Thread: main. Blocks: never. Owns: a buffer. Fails: never.
    """

    def __init__(self, gpu: Gpu) -> None:
        self._gpu = gpu
        usage = wgpu.BufferUsage.MAP_READ | wgpu.BufferUsage.COPY_DST
        self._buffer: Any = gpu.device.create_buffer(label="probe", size=ROW_BYTES * SIDE, usage=usage)
        self._mapping: Mapping | None = None
        self._pixels, self._deep = (0, 0), False
        self.colour = ""
        """The newest, as "#rrggbb"; empty before the first."""

    def look(self, texture: Any, x: int, y: int) -> None:
        """Ask for the colour around a pixel of a texture, of 8 or 10 bits, unless an answer is still to come."""
        if self._mapping is not None:
            self._hear()
            return
        width, height = min(SIDE, texture.width), min(SIDE, texture.height)
        left = min(max(0, x - SIDE // 2), texture.width - width)
        top = min(max(0, y - SIDE // 2), texture.height - height)
        encoder = self._gpu.device.create_command_encoder()
        encoder.copy_texture_to_buffer(
            {"texture": texture, "origin": (left, top, 0)},
            {"buffer": self._buffer, "bytes_per_row": ROW_BYTES, "rows_per_image": height},
            (width, height, 1),
        )
        self._gpu.submit(encoder.finish())
        self._pixels, self._deep = (width, height), texture.format == "rgb10a2unorm"
        self._mapping = self._gpu.map(self._buffer)

    def _hear(self) -> None:
        self._gpu.poll()
        if self._mapping is None or not self._mapping.ready:
            return
        width, height = self._pixels
        rows = self._mapping.bytes().reshape(-1, ROW_BYTES)[:height, : 4 * width]
        pixels = np.ascontiguousarray(rows).reshape(-1, 4)
        mean = pixels[:, :3].mean(axis=0)
        if self._deep:
            mean = unpack_rgb10a2(pixels.view(np.uint32)[:, 0])[:, :3].mean(axis=0) * (255 / 1023)
        mean = np.rint(mean).astype(int)
        self.colour = "#" + "".join(f"{each:02x}" for each in mean)
        del rows
        self._mapping.release()
        self._mapping = None

    def forget(self) -> None:
        """Wait for nothing any more, and know of no colour."""
        self.colour = ""
