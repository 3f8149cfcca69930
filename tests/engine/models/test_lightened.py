"""A lighter model that stands in: found, opened, of the same size to whoever looks, and given up when it fails."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import ModelError
from engine.media.picture import Picture, Plane
from engine.models.lightened import SegmenterLightened
from engine.models.manifest import known
from engine.models.runner import Runner
from engine.models.segmenter import Segmenter
from engine.models.store import Store, digest
from tests.engine.models.onnx_models import mixer
from tests.engine.models.servers import until
from tools.models import optimise


def picture(turns: int = 0) -> Picture:
    pixels = np.zeros((36, 64, 4), np.uint8)
    pixels[:, :32] = (200, 100, 0, 255)
    return Picture(1, 1000, 64, 36, "rgba", (pixels,), quarter_turns=turns)


def mask_of(runner: Runner, shot: Picture) -> Plane:
    width, height = runner.mask_size
    mask = np.zeros((height, width), np.uint8)
    runner.run(shot, mask, "front")
    return mask


@pytest.fixture
def red(tmp_path: Path) -> Path:
    return mixer(tmp_path / "red.onnx", "nhwc", [[1.0, 0.0, 0.0]])


@pytest.fixture
def green(tmp_path: Path) -> Path:
    """A smaller model that gives what is green, so that one sees which was asked."""
    return mixer(tmp_path / "green.onnx", "nhwc", [[0.0, 1.0, 0.0]], size=(16, 8))


def test_it_stands_in_while_it_is_told_to_and_masks_keep_their_size(red: Path, green: Path) -> None:
    asked: list[float] = []

    def find(took_ms: float) -> Runner:
        asked.append(took_ms)
        return Segmenter(green)

    runner = SegmenterLightened(Segmenter(red), find)
    assert (mask_of(runner, picture()).max(), runner.lighter) == (200, "")
    assert asked == [], "it is opened when it is wanted"
    for _ in range(2):
        assert runner.lighten(True, 12.5)
        assert (runner.lighter, runner.name, runner.mask_size) == ("green", "red", (32, 16))
        for turns in range(4):
            whole = mask_of(Segmenter(red), picture(turns))
            light = mask_of(runner, picture(turns))
            assert light.shape == whole.shape
            assert light.max() == 100
            assert ((light > 50) == (whole > 100)).mean() > 0.9, "the same place, at a coarser size"
        assert runner.lighten(False)
        assert (mask_of(runner, picture()).max(), runner.lighter) == (200, "")
    assert asked == [12.5]
    assert runner.fallback == ""


def test_the_model_goes_on_while_the_lighter_one_is_opened_beside_it(red: Path, green: Path) -> None:
    goes_on, opened = threading.Event(), threading.Event()

    def find(_: float) -> Runner:
        goes_on.wait(10)
        opened.set()
        return Segmenter(green)

    runner = SegmenterLightened(Segmenter(red), find, beside=True)
    for _ in range(2):
        assert runner.lighten(True), "it is on its way"
        assert (mask_of(runner, picture()).max(), runner.lighter) == (200, "")
    goes_on.set()
    assert opened.wait(10)
    until(lambda: runner.lighten(True) and runner.lighter == "green", "it never stood in")
    assert mask_of(runner, picture()).max() == 100


def test_one_that_is_open_after_the_end_is_closed(red: Path, green: Path) -> None:
    ended = threading.Event()
    light = Segmenter(green)
    closed = threading.Event()
    light.close = closed.set  # type: ignore[method-assign]

    def find(_: float) -> Runner:
        ended.wait(10)
        return light

    runner = SegmenterLightened(Segmenter(red), find, beside=True)
    runner.lighten(True)
    runner.close()
    ended.set()
    assert closed.wait(10)


def test_where_there_is_none_it_says_so_and_looks_no_more(red: Path) -> None:
    asked: list[float] = []
    runner = SegmenterLightened(Segmenter(red), asked.append)
    assert [runner.lighten(True), runner.lighten(True), runner.lighten(False)] == [False, False, True]
    assert len(asked) == 1
    assert (runner.lighter, runner.fallback) == ("", "")


def test_one_that_does_not_open_is_said(red: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_text("<html>")
    runner = SegmenterLightened(Segmenter(red), lambda _: Segmenter(tmp_path / "bad.onnx"))
    assert not runner.lighten(True)
    assert runner.fallback.startswith(f"there is no lighter model: {tmp_path / 'bad.onnx'}: this is a web page")
    assert mask_of(runner, picture()).max() == 200


def test_one_that_fails_is_given_up_and_the_model_takes_the_same_picture(red: Path, green: Path) -> None:
    light = Segmenter(green)

    def fails(*_: Any) -> None:
        raise ModelError("out of memory")

    runner = SegmenterLightened(Segmenter(red), lambda _: light)
    runner.lighten(True)
    light.run = fails  # type: ignore[method-assign, assignment]
    assert mask_of(runner, picture()).max() == 200
    assert (runner.lighter, runner.fallback) == ("", "green, the lighter model, is given up: out of memory")
    assert not runner.lighten(True)


def variant(path: Path, name: str, of: Path) -> Path:
    """Keep a model as `scrim models optimise` keeps a variant."""
    made = mixer(path / f"{of.stem}.{name}.onnx", "nhwc", [[1.0, 0.0, 0.0]])
    return optimise._described(made, of)


def test_the_smallest_variant_made_of_this_very_file_is_the_lighter(red: Path, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    store = Store(tmp_path / "store", tmp_path / "store")
    assert store.lighter(red, 0.1) is None
    half = variant(store.folder, "fp16", red)
    half.write_bytes(half.read_bytes() + b"\0" * 100)
    assert store.lighter(red, 0.1) == half
    small = variant(tmp_path, "int8", red)
    assert store.lighter(red, 0.1) == small, "beside the model as well"
    red.write_bytes(red.read_bytes() + b"\0")
    assert store.lighter(red, 0.1) is None, "those were made of another"
    small.with_suffix(".toml").write_text("nonsense = ")
    assert store.lighter(red, 0.1) is None


def test_else_it_is_the_most_accurate_of_the_clearly_quicker_ones(
    media: Callable[[str], Path], red: Path, tmp_path: Path
) -> None:
    store = Store(tmp_path / "store", tmp_path)
    own = next(store.path(model) for model in known() if model.name == "scrim_person")
    assert store.lighter(media("models/sinet_320.onnx"), 0.1) == own, "by what the manifest says it takes"
    assert store.lighter(red, 100.0) == own, "by what it takes here, where the manifest does not know it"
    assert store.lighter(red, 12.0) is None
    (tmp_path / "any.bin").symlink_to(media("models/mp_selfie_landscape.onnx"))
    assert store.lighter(media("models/sinet_320.onnx"), 0.1) == tmp_path / "any.bin"
    assert store.lighter(own, 100.0) == tmp_path / "any.bin"
    assert store.lighter(tmp_path / "any.bin", 100.0) is None
    assert digest(own) != digest(tmp_path / "any.bin")
