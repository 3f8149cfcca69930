"""A harness: the project's shaders with a piece of WGSL beside them, run on arrays, its answer as an array."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import wgpu
from numpy.typing import NDArray

from engine.gpu.device import Gpu, Usage
from engine.gpu.passes import Passes
from engine.gpu.shader import FOLDER, Shaders
from engine.gpu.tiles import GRID_BYTES, LISTS, Tiles
from engine.gpu.uniforms import Block, Uniforms

EACH_VALUE = """
@group(3) @binding(0) var<storage, read_write> test_values: array<vec4f>;

@compute @workgroup_size(64)
fn test_main(@builtin(global_invocation_id) id: vec3u) {
    if id.x < arrayLength(&test_values) {
        let v = test_values[id.x];
        test_values[id.x] = EXPRESSION;
    }
}
"""

EACH_TEXEL = """
#include "common/frame.wgsl"
#include "common/quad.wgsl"
@group(2) @binding(0) var test_texture: texture_2d<f32>;

@vertex fn vs_main(@builtin(vertex_index) index: u32) -> Corner { return whole(index); }
@fragment fn fs_main(corner: Corner) -> @location(0) vec4f {
    return textureLoad(test_texture, vec2i(corner.position.xy), 0);
}
"""

COPY_BYTES = """
@group(0) @binding(0) var<storage, read> test_from: array<u32>;
@group(0) @binding(1) var<storage, read_write> test_to: array<u32>;
@compute @workgroup_size(64)
fn cs_main(@builtin(global_invocation_id) id: vec3u) {
    if id.x < arrayLength(&test_to) { test_to[id.x] = test_from[id.x]; }
}
"""

TEXTURE_USAGE = Usage.RENDER_ATTACHMENT | Usage.TEXTURE_BINDING | Usage.COPY_SRC | Usage.COPY_DST


class Harness:
    """A copy of the shader folder that tests add files to, and passes that draw and compute with it."""

    def __init__(self, gpu: Gpu, folder: Path) -> None:
        shutil.copytree(FOLDER, folder)
        self.gpu = gpu
        self.folder = folder
        self.shaders = Shaders(gpu, folder)
        self.uniforms = Uniforms(gpu, most_blocks=64)
        self.passes = Passes(gpu, self.shaders, self.uniforms)
        self._count = 0

    def file(self, text: str) -> str:
        """Put a shader into the folder; return its name."""
        self._count += 1
        name = f"test_{self._count}.wgsl"
        (self.folder / name).write_text(text, encoding="utf-8")
        return name

    def each(self, include: str, expression: str, values: NDArray[Any]) -> NDArray[np.float32]:
        """Return a WGSL expression of `v` for every row of values (n, up to 4), as (n, 4)."""
        rows = np.zeros((len(values), 4), np.float32)
        rows[:, : values.shape[1]] = values
        text = f'#include "{include}"\n{EACH_VALUE.replace("EXPRESSION", expression)}'
        return self.compute(self.file(text), "test_main", rows.ravel(), len(rows)).reshape(-1, 4)

    def compute(
        self, shader: str, entry: str, values: NDArray[np.float32], threads: int, block: Block | None = None
    ) -> NDArray[np.float32]:
        """Run a compute shader whose storage buffer starts as `values`; return what it is then."""
        passes = self.passes
        buffer = self.gpu.device.create_buffer_with_data(
            data=values, usage=wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_SRC
        )
        self.uniforms.upload()
        encoder = self.gpu.device.create_command_encoder()
        compute = encoder.begin_compute_pass()
        compute.set_pipeline(passes.compute(shader, entry).native)
        compute.set_bind_group(0, passes.frame)
        compute.set_bind_group(1, passes.block, [block.offset if block is not None else 1024])
        compute.set_bind_group(2, passes.no_textures)
        compute.set_bind_group(3, passes.storage(buffer, "storage"))
        compute.dispatch_workgroups(-(-threads // 64))
        compute.end()
        self.gpu.submit(encoder.finish())
        return np.frombuffer(self.gpu.queue.read_buffer(buffer), np.float32).copy()

    def draw(
        self,
        shader: str,
        size: tuple[int, int],
        pixel_format: str = "rgba32float",
        *,
        block: Block | None = None,
        textures: Sequence[Any] = (),
        constants: Mapping[str, float] | None = None,
    ) -> NDArray[Any]:
        """Fill a target with a shader; return it as (height, width, channels)."""
        target = self.texture(size, pixel_format)
        pipeline = self.passes.pipeline(shader, pixel_format, constants=constants)
        self.fill(pipeline, target, block, textures)
        return self.gpu.read(target)

    def fill(self, pipeline: Any, target: Any, block: Block | None, textures: Sequence[Any]) -> None:
        """Draw one quad over a texture and wait for it."""
        block = block or self.uniforms.block(np.dtype(np.float32))
        self.uniforms.upload()
        encoder = self.gpu.device.create_command_encoder()
        self.passes.fill(encoder, pipeline, block, self.passes.textures(*textures), target.create_view())
        self.gpu.wait(self.gpu.submit(encoder.finish()))

    def texture(self, size: tuple[int, int], pixel_format: str, pixels: NDArray[Any] | None = None) -> Any:
        """Make a texture, perhaps with pixels (height, width[, channels])."""
        texture = self.gpu.texture("test", *size, pixel_format, TEXTURE_USAGE)
        if pixels is not None:
            self.gpu.upload(texture, np.ascontiguousarray(pixels))
        return texture

    def seen(self, view: Any, size: tuple[int, int]) -> NDArray[np.float32]:
        """Return what a view shows (height, width, 4), also of a texture that cannot be copied."""
        if not (self.folder / "seen.wgsl").exists():
            (self.folder / "seen.wgsl").write_text(EACH_TEXEL, encoding="utf-8")
        return self.draw("seen.wgsl", size, textures=(view,))


def read_storage(gpu: Gpu, buffer: Any) -> NDArray[np.uint8]:
    """Return the bytes of a storage buffer that only the GPU can read."""
    device = gpu.device
    copy = device.create_buffer(size=buffer.size, usage=wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_SRC)
    module = device.create_shader_module(code=COPY_BYTES)
    pipeline = device.create_compute_pipeline(layout="auto", compute={"module": module, "entry_point": "cs_main"})
    group = device.create_bind_group(
        layout=pipeline.get_bind_group_layout(0),
        entries=[
            {"binding": i, "resource": {"buffer": each, "offset": 0, "size": buffer.size}}
            for i, each in enumerate((buffer, copy))
        ],
    )
    encoder = device.create_command_encoder()
    compute = encoder.begin_compute_pass()
    compute.set_pipeline(pipeline)
    compute.set_bind_group(0, group)
    compute.dispatch_workgroups(-(-buffer.size // 4 // 64))
    compute.end()
    gpu.submit(encoder.finish())
    return np.frombuffer(gpu.queue.read_buffer(copy), np.uint8).copy()


def listed(harness: Harness, tiles: Tiles, kind: int) -> NDArray[np.bool_]:
    """Return which tiles of a picture are in a list, (down, across); each must be in it once."""
    words = read_storage(harness.gpu, tiles.buffer).view(np.uint32)[GRID_BYTES // 4 :]
    draws, entries = words[: 4 * LISTS].reshape(LISTS, 4), words[4 * LISTS :]
    across, down = tiles.count
    start = kind * across * down
    found = np.zeros((down, across), np.int64)
    for run in entries[start : start + draws[kind, 1]]:
        row, column, length = int(run) >> 16, int(run) >> 8 & 255, int(run) & 255
        found[row : row + length, column] += 1
    assert found.max(initial=0) <= 1
    return np.asarray(found == 1)
