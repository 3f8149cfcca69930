"""The measures of masks, and `scrim models eval` on sets made here, where every figure is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from engine.media.picture import Plane
from engine.media.recording import VideoFile
from tests.engine.models.onnx_models import mixer
from tools.cli import main
from tools.models import measures


def _square(left: int, level: int = 255, size: int = 100) -> Plane:
    mask = np.zeros((size, size), np.uint8)
    mask[20:60, left : left + 40] = level
    return mask


def test_the_truth_itself_is_perfect() -> None:
    scores = measures.scores(_square(20), _square(20))
    assert scores == measures.Scores(overlap=1.0, boundary=1.0, difference=0.0, square=0.0, gradient=0.0)
    nothing = np.zeros((50, 50), np.uint8)
    assert (measures.overlap(nothing, nothing), measures.scores(nothing, nothing).boundary) == (1.0, 1.0)


def test_a_square_moved_by_half_its_width_has_known_scores() -> None:
    scores = measures.scores(_square(40), _square(20))
    assert scores.overlap == pytest.approx(1 / 3)
    assert scores.difference == pytest.approx(1.6)  # 2 × 20 × 40 pixels
    assert scores.square == pytest.approx(160)
    assert scores.gradient > 0
    # Within 1 px of the other's: 21 points above and below, and one more at each corner, of 4 × 39.
    assert scores.boundary == pytest.approx(44 / 156)


def test_an_edge_within_reach_is_right_and_one_beyond_is_not() -> None:
    # A diagonal of 141 px gives a reach of 1.
    assert measures.boundary(_square(21) > 0, _square(20) > 0) == 1.0
    assert measures.boundary(_square(24) > 0, _square(20) > 0) < 1.0


def test_flicker_is_change_that_the_truth_does_not_have() -> None:
    truths = [_square(20), _square(30), _square(40)]
    assert measures.flicker(truths, truths) == 0.0
    still = [_square(20)] * 3
    blinking = [_square(20), _square(20, 0), _square(20)]
    assert measures.flicker(blinking, still) == pytest.approx(40)  # of √(1600 / 10000)
    assert measures.flicker([_square(20, 127)] * 3, still) == 0.0  # wrong, but steadily so
    assert measures.flicker(still[:1], still[:1]) == 0.0


@pytest.fixture
def red_set(tmp_path: Path) -> Path:
    """A picture and a clip in which what is red is person."""
    folder = tmp_path / "set"
    for name in ("images", "clips", "masks/clip"):
        (folder / name).mkdir(parents=True)
    mask = _square(20, size=128)
    rgb = np.zeros((128, 128, 3), np.uint8)
    rgb[..., 0] = mask
    cv2.imwrite(str(folder / "images" / "still.png"), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    cv2.imwrite(str(folder / "masks" / "still.png"), mask)
    video = VideoFile(folder / "clips" / "clip.mp4", 128, 128, 30.0)
    for index in range(4):
        video.write(np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420), np.uint8), index * 33_333_333)
        cv2.imwrite(str(folder / "masks" / "clip" / f"{index:04d}.png"), mask)
    video.close()
    return folder


def test_a_model_that_sees_red_gets_it_right(tmp_path: Path, red_set: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = mixer(tmp_path / "red.onnx", "nhwc", [[1.0, 0.0, 0.0]])
    assert main(["models", "eval", str(model), "--set", str(red_set), "--sheets", str(tmp_path / "sheets")]) == 0
    rows = {
        line.split(" | ")[0]: line.split(" | ") for line in capsys.readouterr().out.splitlines() if "| red |" in line
    }
    assert set(rows) == {"| clip", "| still"}
    assert rows["| clip"][2] == "4"
    assert float(rows["| still"][3]) > 0.95
    assert float(rows["| clip"][3]) > 0.9
    assert rows["| still"][-1].startswith("—")
    sheet: Any = cv2.imread(str(tmp_path / "sheets" / "clip.jpg"))
    assert sheet.shape == (4 * 320, 3 * 320, 3)


def test_a_set_that_is_none_is_said_in_one_line(
    tmp_path: Path, red_set: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(mixer(tmp_path / "red.onnx", "nhwc", [[1.0, 0.0, 0.0]]))
    for spoil, message in (
        (lambda: (red_set / "images" / "still.png").write_bytes(b"no picture"), "this is no picture"),
        (lambda: (red_set / "images" / "still.png").unlink(), "there is no clips/still.*"),
    ):
        spoil()
        assert main(["models", "eval", model, "--set", str(red_set)]) == 2
        assert message in capsys.readouterr().err
    assert main(["models", "eval", model, "--set", str(tmp_path)]) == 2
    assert "there are no masks: put NAME.png" in capsys.readouterr().err


def test_a_mask_in_colours_is_left_out_and_said(
    tmp_path: Path, red_set: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(mixer(tmp_path / "red.onnx", "nhwc", [[1.0, 0.0, 0.0]]))
    labels = np.zeros((128, 128, 3), np.uint8)
    labels[..., 1] = 255
    cv2.imwrite(str(red_set / "masks" / "still.png"), labels)
    assert main(["models", "eval", model, "--set", str(red_set)]) == 0
    said = capsys.readouterr()
    assert "still.png: left out, since it is in colours" in said.err
    assert "| still |" not in said.out
    assert "| clip |" in said.out


def test_a_model_of_another_task_is_refused(
    media: Callable[[str], Path], red_set: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "eval", str(media("models/yunet_n_320_320.onnx")), "--set", str(red_set)]) == 2
    assert "a mask wants person segmentation, which `scrim models list` names" in capsys.readouterr().err
