"""What an encoder takes from a display: planar YUV, by a ring, without making the display wait."""

from __future__ import annotations

from typing import Any

from engine.display.target import OffscreenTarget
from engine.errors import OutputError
from engine.gpu.device import Usage
from engine.gpu.passes import Passes
from engine.gpu.readback import Copy, Readback

BUFFERS = 6
"""Copies on their way: an encoder may fall six pictures behind before one is dropped."""


class Tap:
    """Converts what an offscreen display shows to I420 (BT.709, limited range), 8 or 10 bits, and copies it back.

    Thread: `record` and `sent` by the presenter; `readback` is read, and `wanted` set, by the output's worker.
    Blocks: never. Owns: the ring. Fails: OutputError for an odd size; with no room in the ring it drops and counts.
    """

    def __init__(self, passes: Passes, name: str, source: OffscreenTarget, depth_bits: int = 8) -> None:
        width, height = self.size = source.size
        if width % 2 or height % 2:
            raise OutputError(f"{name}: {width}×{height} cannot be recorded; give the display an even width and height")
        self._passes = passes
        planes, fragment = ("r8unorm", "fs_main") if depth_bits == 8 else ("r16uint", "fs_deep")
        texture = passes.gpu.texture(
            f"{name} yuv", width, height * 3 // 2, planes, Usage.RENDER_ATTACHMENT | Usage.COPY_SRC
        )
        self._view = texture.create_view()
        self._pipeline = passes.pipeline("i420.wgsl", planes, fragment=fragment)
        self._block = passes.uniforms.block(passes.shaders.struct("display.wgsl", "Screen"))
        self._source = passes.textures(source.view)
        self.readback = Readback(passes.gpu, texture, BUFFERS)
        self.wanted = False  # while nobody takes pictures, none is converted
        self.dropped = 0

    def record(self, encoder: Any) -> Copy | None:
        """Record conversion and copy, or count a drop."""
        if not self.wanted:
            return None
        copy = self.readback.reserve()
        if copy is None:
            self.dropped += 1
            return None
        self._passes.fill(encoder, self._pipeline, self._block, self._source, self._view)
        self.readback.copy(encoder, copy)
        return copy

    def sent(self, copy: Copy | None, time_ns: int) -> None:
        """Say that the copy was submitted."""
        if copy is not None:
            self.readback.sent(copy, time_ns)
