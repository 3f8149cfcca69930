"""Pictures come back from the GPU in order, none twice, and none lost without a count."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest

from engine.display.tap import BUFFERS, Tap
from engine.display.target import OffscreenTarget
from engine.errors import OutputError
from engine.gpu.device import Gpu, Usage
from engine.gpu.readback import Readback
from tests.engine.gpu.harness import Harness

WIDTH, HEIGHT = 20, 6


class Ring:
    """A readback of a texture whose pixels say which picture it is."""

    def __init__(self, gpu: Gpu, buffers: int) -> None:
        self.gpu = gpu
        self.texture = gpu.texture("numbered", WIDTH, HEIGHT, "r8unorm", Usage.COPY_SRC | Usage.COPY_DST)
        self.readback = Readback(gpu, self.texture, buffers)

    def send(self, number: int) -> bool:
        """Put a picture on its way; say whether there was room."""
        copy = self.readback.reserve()
        if copy is None:
            return False
        self.gpu.upload(self.texture, np.full((HEIGHT, WIDTH), number, np.uint8))
        encoder = self.gpu.device.create_command_encoder()
        self.readback.copy(encoder, copy)
        self.gpu.submit(encoder.finish())
        self.readback.sent(copy, 1000 * number)
        return True

    def receive(self) -> Iterator[int]:
        """Give every picture that is on its way, by its number."""
        give_up = time.monotonic() + 20
        while self.readback.pending:
            assert time.monotonic() < give_up, "a copy never came"
            with self.readback.read() as copy:
                if copy is None:
                    continue
                pixels, time_ns = copy
                assert pixels.shape == (HEIGHT, WIDTH)
                (number,) = set(pixels.ravel().tolist())
                assert time_ns == 1000 * number
            yield number


def test_pictures_come_back_in_the_order_they_were_sent(gpu: Gpu) -> None:
    ring = Ring(gpu, 4)
    assert all(ring.send(number) for number in (7, 3, 9, 1))
    assert list(ring.receive()) == [7, 3, 9, 1]


def test_a_full_ring_takes_no_more_and_loses_none(gpu: Gpu) -> None:
    ring = Ring(gpu, 3)
    taken = [number for number in range(1, 9) if ring.send(number)]
    assert taken == [1, 2, 3]
    assert not ring.readback.has_room
    assert list(ring.receive()) == taken
    assert ring.readback.has_room


def test_the_ring_goes_round_for_as_long_as_it_is_read(gpu: Gpu) -> None:
    ring = Ring(gpu, 3)
    received = []
    for number in range(60):
        while not ring.send(number):
            received.append(next(ring.receive()))
    received += ring.receive()
    assert received == list(range(60))


def test_nothing_is_read_before_something_was_sent(gpu: Gpu) -> None:
    ring = Ring(gpu, 2)
    with ring.readback.read() as copy:
        assert copy is None
    assert ring.readback.reserve() is not None
    with ring.readback.read() as copy:
        assert copy is None, "reserved is not sent"


# I420 -----------------------------------------------------------------------------------------------------------------


def i420(rgb: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return BT.709, limited range, as planes one after another: the formula, with the mean of four for chroma."""
    colour = rgb.astype(float) / 255
    height, width = colour.shape[:2]
    weights = np.array([0.2126, 0.7152, 0.0722])
    small = colour.reshape(height // 2, 2, width // 2, 2, 3).mean(axis=(1, 3))
    luma, small_luma = colour @ weights, small @ weights
    blue, red = (small[..., 2] - small_luma) / 1.8556, (small[..., 0] - small_luma) / 1.5748
    return np.concatenate([(16 + 219 * luma).ravel(), (128 + 224 * blue).ravel(), (128 + 224 * red).ravel()])


@pytest.mark.parametrize("depth_bits", [8, 10])
@pytest.mark.parametrize("size", [(16, 8), (16, 6), (10, 8), (14, 10), (322, 182)])
def test_what_an_encoder_gets_is_i420_also_where_half_a_side_is_odd(
    harness: Harness, size: tuple[int, int], depth_bits: int
) -> None:
    width, height = size
    rgb = np.random.default_rng(width + height).integers(0, 256, (height, width, 3), np.uint8)
    target = OffscreenTarget(harness.gpu, "test", size)
    rgba = np.dstack([rgb, np.full((height, width), 255, np.uint8)])
    source = harness.texture(size, "rgba8unorm", rgba)
    encoder = harness.gpu.device.create_command_encoder()
    tap = Tap(harness.passes, "test", target, depth_bits)
    tap.wanted = True
    name = "passthrough.wgsl"
    from tests.engine.gpu.harness import EACH_TEXEL

    (harness.folder / name).write_text(EACH_TEXEL, encoding="utf-8")
    pipeline = harness.passes.pipeline(name, target.format)
    harness.passes.fill(encoder, pipeline, tap._block, harness.passes.textures(source.create_view()), target.acquire())
    copy = tap.record(encoder)
    harness.gpu.submit(encoder.finish())
    tap.sent(copy, 5)
    found = None
    while found is None:
        with tap.readback.read() as read:
            if read is not None:
                levels = read[0] if depth_bits == 8 else read[0].view("<u2")
                found = levels.ravel() / 2 ** (depth_bits - 8)
    np.testing.assert_allclose(found, i420(rgb), atol=0.51 / 2 ** (depth_bits - 8))


def test_a_tap_drops_and_counts_when_nobody_reads(harness: Harness) -> None:
    tap = Tap(harness.passes, "test", OffscreenTarget(harness.gpu, "test", (16, 8)))
    assert tap.record(harness.gpu.device.create_command_encoder()) is None, "nobody takes pictures yet"
    tap.wanted = True
    for number in range(BUFFERS + 3):
        encoder = harness.gpu.device.create_command_encoder()
        copy = tap.record(encoder)
        harness.gpu.submit(encoder.finish())
        tap.sent(copy, number)
    assert (tap.dropped, tap.readback.pending) == (3, BUFFERS)


@pytest.mark.parametrize("size", [(15, 8), (16, 7)])
def test_an_odd_size_cannot_be_recorded_and_says_so(harness: Harness, size: tuple[int, int]) -> None:
    with pytest.raises(OutputError, match="give the display an even width and height"):
        Tap(harness.passes, "wall", OffscreenTarget(harness.gpu, "wall", size))
