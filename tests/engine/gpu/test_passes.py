"""Passes, uniforms and the device: what is built is kept, what is freed comes back, what is refused is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from wgpu import BufferUsage

from engine.errors import GpuError
from engine.gpu.device import PIXEL, Gpu, open_gpu, unpack_rgb10a2
from engine.gpu.passes import MOST_TEXTURES
from engine.gpu.uniforms import BLOCK_BYTES, FRAME_BYTES, Uniforms
from tests.engine.gpu.harness import TEXTURE_USAGE, Harness

BLOCK = np.dtype([("a", np.float32), ("b", np.float32, (3,))])


def test_a_pipeline_is_built_once_for_each_combination(harness: Harness) -> None:
    passes = harness.passes
    first = passes.pipeline("fill.wgsl", "rgba16float", mix="normal", constants={"BLEND": 0.0})
    assert passes.pipeline("fill.wgsl", "rgba16float", mix="normal", constants={"BLEND": 0.0}) is first
    assert passes.pipeline("fill.wgsl", "rgba16float", mix="add", constants={"BLEND": 0.0}) is not first
    assert passes.pipeline("fill.wgsl", "rgba8unorm", mix="normal", constants={"BLEND": 0.0}) is not first
    assert passes.pipeline("fill.wgsl", "rgba16float", mix="normal", constants={"BLEND": 1.0}) is not first
    assert passes.compute("particles.wgsl") is passes.compute("particles.wgsl")


def test_textures_are_padded_with_a_blank_one(harness: Harness) -> None:
    full = [harness.gpu.blank_view] * MOST_TEXTURES
    assert harness.passes.textures(*full) is not None
    assert harness.passes.textures(None, harness.gpu.blank_view) is not None
    with pytest.raises(Exception, match="Validation"):
        harness.passes.textures(*full, harness.gpu.blank_view)


def test_blocks_lie_apart_and_come_back_empty(gpu: Gpu) -> None:
    uniforms = Uniforms(gpu, most_blocks=3)
    blocks = [uniforms.block(BLOCK) for _ in range(3)]
    assert [block.offset for block in blocks] == [FRAME_BYTES + i * BLOCK_BYTES for i in range(3)]
    assert all(block.offset % 256 == 0 for block in blocks)
    with pytest.raises(MemoryError, match="more layers than there are uniform blocks"):
        uniforms.block(BLOCK)
    blocks[1].data["b"] = (1, 2, 3)
    blocks[1].free()
    blocks[1].free()  # once more gives nothing back
    again = uniforms.block(BLOCK)
    assert again.offset == blocks[1].offset
    assert not again.data["b"].any()
    with pytest.raises(MemoryError):
        uniforms.block(BLOCK)


def test_a_block_that_is_forgotten_comes_back(gpu: Gpu) -> None:
    uniforms = Uniforms(gpu, most_blocks=2)
    for _ in range(10):
        assert uniforms.block(BLOCK).offset == FRAME_BYTES


def test_an_upload_takes_every_block_to_the_gpu(gpu: Gpu) -> None:
    uniforms = Uniforms(gpu, most_blocks=4)
    before, after = uniforms.block(BLOCK), uniforms.block(BLOCK)
    before.data["a"], after.data["b"] = 5.0, (7.0, 8.0, 9.0)
    uniforms.frame(np.dtype([("size", np.float32, (2,))]))["size"] = (3.0, 4.0)
    seen = gpu.device.create_buffer(size=uniforms._used, usage=BufferUsage.COPY_SRC | BufferUsage.COPY_DST)
    uniforms.buffer = seen
    uniforms.upload()
    floats = np.frombuffer(gpu.queue.read_buffer(seen), np.float32)
    assert list(floats[:2]) == [3.0, 4.0]
    assert floats[before.offset // 4] == 5.0
    assert list(floats[after.offset // 4 + 1 :][:3]) == [7.0, 8.0, 9.0]


@pytest.mark.parametrize("pixel_format", list(PIXEL))
@pytest.mark.parametrize("size", [(1, 1), (67, 5), (256, 3)])
def test_what_is_uploaded_can_be_read_back(gpu: Gpu, pixel_format: str, size: tuple[int, int]) -> None:
    dtype, channels = PIXEL[pixel_format]
    pixels: Any = np.random.default_rng(1).integers(0, 200, (size[1], size[0], channels)).astype(dtype)
    texture = gpu.texture("test", *size, pixel_format, TEXTURE_USAGE)
    gpu.upload(texture, pixels)
    sent = unpack_rgb10a2(pixels[..., 0]) if pixel_format == "rgb10a2unorm" else pixels
    found = gpu.read(texture)
    assert found.dtype == sent.dtype
    np.testing.assert_array_equal(found, sent)


def test_a_slice_of_a_larger_array_is_uploaded_as_it_lies(gpu: Gpu) -> None:
    whole = np.random.default_rng(2).integers(0, 256, (12, 64, 4), np.uint8)
    texture = gpu.texture("test", 64, 5, "rgba8unorm", TEXTURE_USAGE)
    gpu.upload(texture, whole[3:8])
    np.testing.assert_array_equal(gpu.read(texture), whole[3:8])


def test_a_device_that_is_not_lavapipe_is_refused_where_lavapipe_is_demanded(
    gpu: Gpu, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRIM_REQUIRE_LAVAPIPE", "1")
    if gpu.is_software and "llvmpipe" in gpu.info["device"]:
        assert "llvmpipe" in open_gpu().info["device"]
    else:
        with pytest.raises(GpuError, match="SCRIM_REQUIRE_LAVAPIPE is set"):
            open_gpu()


def test_without_an_adapter_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    import wgpu

    def none(**_options: object) -> None:
        raise RuntimeError("no adapters")

    monkeypatch.setattr(wgpu.gpu, "request_adapter_sync", none)
    with pytest.raises(GpuError, match=r"install a Vulkan driver .*mesa-vulkan-drivers"):
        open_gpu()
