"""The network of edges behind a model: known, the same way up as its picture, nearer to the truth than the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest

from engine.components import Camera
from engine.errors import ModelError
from engine.media.picture import Picture, PictureBuffer, Plane
from engine.media.shot import SECOND_NS
from engine.media.synthetic import Synthetic
from engine.models.edged import EDGES, SegmenterEdged
from engine.models.manifest import BUILT_IN, known
from engine.models.place import open_runner
from engine.models.runner import Runner
from engine.models.segmenter import Segmenter
from engine.models.session import Session
from engine.models.store import Store, digest
from engine.notices import Notices
from tests.engine.models.conftest import Truth, overlap
from tests.engine.models.onnx_models import mixer
from tools.bench.cutouts import band_sad

RAW_ERROR_LEFT = 0.8
"""Of the raw mask's error in the band, on every 5th picture of a composite, before it is fitted to colours."""


def mask_of(runner: Runner, picture: Picture) -> Plane:
    mask = np.zeros(runner.mask_size[::-1], np.uint8)
    runner.run(picture, mask)
    return mask


def test_the_manifest_knows_it_and_the_card_tells_of_it() -> None:
    entry = next(model for model in known() if model.name == EDGES.stem)
    assert entry.sha256 == digest(EDGES), "after another training: sha256 in manifest.toml, figures in MODEL_CARD.md"
    assert Store().find(entry) == EDGES
    assert EDGES.name in EDGES.with_name("MODEL_CARD.md").read_text("utf-8")
    assert EDGES.stat().st_size <= 1_000_000
    onnx.checker.check_model(onnx.load(EDGES))


def test_it_stands_behind_whatever_is_asked_for(tmp_path: Path) -> None:
    model = mixer(tmp_path / "red.onnx", "nhwc", [[1.0, 0.0, 0.0]])
    plain, edged = (open_runner(model, Notices(), edges=edges) for edges in (False, True))
    assert (plain.mask_size, plain.where) == ((32, 16), "thread")
    assert (edged.mask_size, edged.where) == ((256, 144), "thread, edges by scrim_edges")
    assert (edged.name, edged.input_size, edged.provider) == (plain.name, plain.input_size, plain.provider)


def test_while_it_is_spared_the_model_is_alone(tmp_path: Path) -> None:
    model = mixer(tmp_path / "red.onnx", "nhwc", [[1.0, 0.0, 0.0]], size=(256, 144))
    edged = open_runner(model, Notices(), edges=True)
    pixels = np.random.default_rng(1).integers(0, 256, (144, 256, 4), np.uint8)
    picture = Picture(1, 0, 256, 144, "rgba", (pixels,))
    alone = mask_of(Segmenter(model), picture)
    assert (edged.lighten(True, 10.0), edged.lighter) == (True, "red without scrim_edges")
    np.testing.assert_array_equal(mask_of(edged, picture), alone)
    assert (edged.lighten(False), edged.lighter) == (True, "")
    assert (mask_of(edged, picture) != alone).any()


def test_where_its_network_fails_the_model_goes_on_alone_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = mixer(tmp_path / "red.onnx", "nhwc", [[1.0, 0.0, 0.0]], size=(256, 144))
    edged = SegmenterEdged(Segmenter(model))
    picture = Picture(1, 0, 256, 144, "rgba", (np.random.default_rng(1).integers(0, 256, (144, 256, 4), np.uint8),))

    def fail(_: Session) -> None:
        raise ModelError("it is gone")

    monkeypatch.setattr(Session, "run", fail)
    monkeypatch.setattr(edged.here, "run", lambda _picture, mask, _camera: mask.fill(77))
    assert (mask_of(edged, picture) == 77).all()
    assert edged.fallback == "edges are the model's own: it is gone"


@pytest.mark.parametrize("turns", range(4))
def test_a_picture_that_is_made_small_once_has_the_same_mask(turns: int) -> None:
    model = BUILT_IN.with_name("scrim_person.onnx")
    once, twice = (SegmenterEdged(Segmenter(model), shares=shares) for shares in (True, False))
    camera = Synthetic(Camera(source="synthetic", width=960, height=540, backdrop="wall"))
    (upright,) = camera.picture_at(SECOND_NS, PictureBuffer()).planes
    pixels = np.ascontiguousarray(np.rot90(upright, turns))
    height, width = pixels.shape[:2]
    picture = Picture(1, 0, width, height, "rgba", (pixels,), quarter_turns=turns)
    found, expected = mask_of(once, picture), mask_of(twice, picture)
    assert (found != expected).any(), "it was made small otherwise"
    assert np.abs(found.astype(int) - expected).mean() < 0.5
    assert overlap(found, expected) > 0.98  # of one that lies on its side the other way is resized twice more


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_picture_has_its_mask_turned(turns: int) -> None:
    runner = SegmenterEdged(Segmenter(BUILT_IN.with_name("scrim_person.onnx")))
    camera = Synthetic(Camera(source="synthetic", width=512, height=288, backdrop="wall"))
    picture = camera.picture_at(SECOND_NS, PictureBuffer())
    upright = mask_of(runner, picture)
    pixels = np.ascontiguousarray(
        np.rot90(picture.planes[0], turns)
    )  # counter-clockwise, which turning clockwise mends
    height, width = pixels.shape[:2]
    found = mask_of(runner, Picture(1, 0, width, height, "rgba", (pixels,), quarter_turns=turns))
    expected = cv2.resize(np.ascontiguousarray(np.rot90(upright, turns)), (256, 144))
    assert upright.max() > 250
    assert upright.min() < 5
    assert np.abs(found.astype(int) - expected).mean() < 2


@pytest.mark.parametrize("clip", ["comp_bbaf2n", "comp_lbbc2a"])
def test_it_is_nearer_to_the_truth_at_the_edge(
    clip: str, composites: Callable[[str], Iterator[Truth]], media: Callable[[str], Path]
) -> None:
    model = media("models/mp_selfie_landscape.onnx")
    raw, edged = Segmenter(model), SegmenterEdged(Segmenter(model))
    errors = np.zeros(2)
    for pictures, truth in composites(clip):
        for index, runner in enumerate((raw, edged)):
            found = cv2.resize(mask_of(runner, pictures["rgba"]), truth.shape[::-1])
            errors[index] += band_sad(found / 255, truth / 255)
    assert errors[1] < RAW_ERROR_LEFT * errors[0]
