"""Two models together: what the heavier one says of one picture makes the masks of the next ones better."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.media.picture import Picture, Plane
from engine.models.corrected import KEPT_NS, SegmenterCorrected
from engine.models.runtime import Array
from engine.models.segmenter import Segmenter
from engine.models.session import Session
from engine.notices import Notices
from tests.engine.models.conftest import Truth, overlap
from tests.engine.models.onnx_models import mixer
from tests.engine.models.servers import Server, serving

SIZE = (64, 32)
WIDTH, HEIGHT = 256, 128
INTERVAL_NS = 33_000_000


def scene(index: int) -> tuple[Picture, Plane]:
    """Return a picture whose red is what a quick model sees of somebody who sways, and its blue the truth.

    The quick one overlooks their chest, and takes a lamp that stands there for somebody.
    """
    truth = np.zeros((HEIGHT, WIDTH), np.uint8)
    x = 128 + round(20 * np.sin(index / 8))
    cv2.ellipse(truth, (x, 80), (34, 56), 0, 0, 360, 255, -1)
    seen = truth.copy()
    cv2.circle(seen, (x, 90), 14, 0, -1)
    cv2.circle(seen, (226, 30), 16, 255, -1)
    green = np.random.default_rng(1).integers(0, 120, (HEIGHT, WIDTH), np.uint8)
    pixels = cv2.merge([seen, green, truth, np.full_like(truth, 255)])
    return Picture(index, index * INTERVAL_NS, WIDTH, HEIGHT, "rgba", (np.ascontiguousarray(pixels),)), truth


def blue(pictures: Array) -> Array:
    return pictures[..., 2:]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return mixer(tmp_path / "red.onnx", "nhwc", [[1.0, 0.0, 0.0]], size=SIZE)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(blue, SIZE[::-1], "heavy") as server:
        yield server


def overlaps(runner: Segmenter | SegmenterCorrected, count: int = 40) -> list[float]:
    mask = np.zeros(SIZE[::-1], np.uint8)
    found = []
    for index in range(count):
        shot, truth = scene(index)
        runner.run(shot, mask, "front")
        found.append(overlap(mask, truth))
    return found


def test_corrections_make_masks_better_and_none_worse(model: Path, server: Server) -> None:
    alone = overlaps(Segmenter(model))
    corrected = SegmenterCorrected(Segmenter(model), server.url, 6, Notices(), inline=True)
    together = overlaps(corrected)
    corrected.close()
    assert corrected.corrections == 7, "every 6th of 40"
    assert np.mean(together) > np.mean(alone) + 0.1
    assert min(np.subtract(together, alone)) > -0.005


def test_a_correction_is_forgotten_when_it_is_old_and_where_the_picture_is_another(model: Path, server: Server) -> None:
    corrected = SegmenterCorrected(Segmenter(model), server.url, 300, Notices(), inline=True)
    alone, together = np.zeros(SIZE[::-1], np.uint8), np.zeros(SIZE[::-1], np.uint8)
    shot, _ = scene(0)
    Segmenter(model).run(shot, alone, "front")
    corrected.run(shot, together, "front")
    assert (alone != together).any()
    other = Picture(1, INTERVAL_NS, WIDTH, HEIGHT, "rgba", (255 - shot.planes[0],))
    Segmenter(model).run(other, alone, "front")
    corrected.run(other, together, "front")
    assert np.abs(alone.astype(int) - together).mean() < 8, "another picture"
    shot.captured_ns = KEPT_NS
    Segmenter(model).run(shot, alone, "front")
    corrected.run(shot, together, "front")
    assert (alone == together).all(), "an old correction"
    corrected.close()


def test_cameras_have_corrections_of_their_own(model: Path, server: Server) -> None:
    corrected = SegmenterCorrected(Segmenter(model), server.url, 300, Notices(), inline=True)
    mask = np.zeros(SIZE[::-1], np.uint8)
    for camera in ("front", "side"):
        corrected.run(scene(0)[0], mask, camera)
    assert corrected.corrections == 2
    corrected.close()


def test_a_server_that_is_lost_costs_only_its_corrections(model: Path, server: Server) -> None:
    corrected = SegmenterCorrected(Segmenter(model), server.url, 1, Notices(), inline=True)
    mask = np.zeros(SIZE[::-1], np.uint8)
    corrected.run(scene(0)[0], mask, "front")
    assert corrected.provider == f"cpu, corrected by grpc://127.0.0.1:{server.port}/heavy (test)"
    server.stop()
    for index in range(1, 4):
        corrected.run(scene(index)[0], mask, "front")
    assert corrected.provider == "cpu"
    assert corrected.fallback.startswith(f"nothing corrects it: grpc://127.0.0.1:{server.port} cannot be reached")
    corrected.close()


def test_with_a_clock_that_runs_nobody_waits_for_the_server(model: Path, server: Server) -> None:
    corrected = SegmenterCorrected(Segmenter(model), server.url, 1, Notices())
    mask = np.zeros(SIZE[::-1], np.uint8)
    server.open.clear()
    for index in range(3):
        corrected.run(scene(index)[0], mask, "front")
    assert corrected.corrections == 0
    server.open.set()
    corrected.close()


def test_real_networks_are_better_together(
    composites: Callable[[str], Iterator[Truth]], media: Callable[[str], Path]
) -> None:
    """On every 5th picture of this clip mp_selfie_square finds .927, sinet .962; corrected every 10th .961."""
    heavy = Session(media("models/sinet_320.onnx"))
    heavy.bind((1, 3, 320, 320))

    def sinet(pictures: Array) -> Array:
        np.copyto(heavy.inputs[0], pictures)
        heavy.run()
        return heavy.outputs[0].copy()

    def mean(runner: Segmenter | SegmenterCorrected) -> float:
        width, height = runner.mask_size
        mask = np.zeros((height, width), np.uint8)
        found = []
        for pictures, truth in composites("comp_bbaf2n"):
            runner.run(pictures["nv12"], mask, "front")
            found.append(overlap(mask, truth))
        return float(np.mean(found))

    with serving(sinet, (320, 320), "sinet_320", "nchw") as server:
        here = Segmenter(media("models/mp_selfie_square.onnx"))
        alone = mean(here)
        corrected = SegmenterCorrected(here, server.url, 2, Notices(), inline=True)
        together = mean(corrected)
        corrected.close()
    assert together > alone + 0.02
