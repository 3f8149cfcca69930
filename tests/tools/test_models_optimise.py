"""`scrim models optimise`: variants that are made, measured, and kept only where they pay."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest

from engine.components import Camera
from engine.media.picture import PictureBuffer, Plane
from engine.media.shot import SECOND_NS
from engine.media.synthetic import Synthetic
from engine.models.segmenter import Segmenter
from tests.conftest import ROOT
from tests.engine.models.onnx_models import mixer
from tools.cli import main
from tools.models import measures, optimise
from tools.models.evaluate import find
from tools.models.optimise import Figures, worth

OWN = ROOT / "engine" / "models" / "scrim_person.onnx"


def somebody() -> Plane:
    """The synthetic performer before a plain wall."""
    camera = Synthetic(Camera(source="synthetic", width=512, height=288, backdrop="wall"))
    return np.ascontiguousarray(camera.picture_at(SECOND_NS, PictureBuffer()).planes[0][..., :3])


@pytest.fixture
def red_set(tmp_path: Path) -> Path:
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    red = np.zeros((64, 96), np.uint8)
    red[16:48, 24:60] = 255
    cv2.imwrite(str(tmp_path / "images" / "one.png"), cv2.merge([np.zeros_like(red), np.zeros_like(red), red]))
    cv2.imwrite(str(tmp_path / "masks" / "one.png"), red)
    return tmp_path


def test_a_variant_is_worth_it_that_is_faster_and_loses_little() -> None:
    whole = Figures(kilobytes=900, took_ms=4.0, overlap=0.950)
    assert worth(Figures(300, 3.0, 0.946), whole, 0.005)
    assert not worth(Figures(300, 3.0, 0.940), whole, 0.005)  # it loses too much
    assert not worth(Figures(300, 4.5, 0.960), whole, 0.005)  # it is slower, whatever else it is
    assert not worth(Figures(300, 3.9, 0.960), whole, 0.005)  # by less than two measurements differ


def test_variants_say_what_the_whole_model_says(tmp_path: Path) -> None:
    rgb = somebody()
    whole = find(Segmenter(OWN), rgb)
    assert 0.05 < (whole > 127).mean() < 0.95
    for make, operator in ((optimise.as_half, "Cast"), (optimise.as_bytes, "QuantizeLinear")):
        made = make(OWN, tmp_path, [rgb, rgb[:, ::-1].copy()])
        assert operator in {node.op_type for node in onnx.load(made).graph.node}
        assert made.stat().st_size < 0.6 * OWN.stat().st_size
        assert measures.overlap(find(Segmenter(made), rgb), whole) > 0.95


def test_the_table_has_a_line_for_each_and_what_pays_is_kept_whole(
    red_set: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = mixer(red_set / "red.onnx", "nchw", [[1, 0, 0]])
    kept = red_set / "kept"
    # Times of a model this small are noise: the half floats are said to be quick, the bytes slow.
    monkeypatch.setattr(
        optimise, "times_ms", lambda segmenters, _: [(4.0, 4.0), (2.0, 2.0), (8.0, 8.0)][: len(segmenters)]
    )
    command = ["models", "optimise", str(model), "--set", str(red_set), "--calibrate", str(red_set / "images")]
    assert main([*command, "--out", str(kept)]) == 0
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines()[2:]]
    assert [row[1] for row in rows] == ["fp32", "fp16", "int8"]
    assert [row[4] for row in rows] == ["1.00", "2.00", "0.50"]
    assert rows[1][-1] == f"{kept / 'red.fp16.onnx'} |"
    assert rows[2][-1] == "no |"
    assert sorted(path.name for path in kept.iterdir()) == ["red.fp16.onnx", "red.fp16.toml"]
    Segmenter(kept / "red.fp16.onnx")  # its sidecar is one


def test_nothing_to_calibrate_with_is_said(red_set: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (red_set / "empty").mkdir()
    model = mixer(red_set / "red.onnx", "nchw", [[1, 0, 0]])
    command = ["models", "optimise", str(model), "--set", str(red_set), "--calibrate", str(red_set / "empty")]
    assert main(command) == 2
    assert "no picture or film to calibrate with" in capsys.readouterr().err
