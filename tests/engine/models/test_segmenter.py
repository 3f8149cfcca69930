"""Pictures in, masks out: layouts, turns, guesses, refusals, and real people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from engine.errors import ModelError
from engine.media.picture import Picture, Plane
from engine.models.segmenter import Segmenter
from engine.models.shrink import yuv_to_rgb
from tests.engine.models.conftest import Truth, overlap
from tests.engine.models.onnx_models import TensorProto, helper, mixer, save

RED, GREEN = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]
LOGIT = [8.0, 0.0, 0.0]  # 0 to 8: not a share


def picture(colour: tuple[int, int, int], width: int = 64, height: int = 32) -> Picture:
    plane = np.full((height, width, 4), (*colour, 255), np.uint8)
    return Picture(0, 0, width, height, "rgba", (plane,))


def mask_of(segmenter: Segmenter, shown: Picture) -> Plane:
    width, height = segmenter.mask_size
    mask = np.full((height, width), 77, np.uint8)
    segmenter.run(shown, mask)
    return mask


@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
@pytest.mark.parametrize(
    ("mixes", "then", "expected"),
    [
        ([RED], "", 200),
        ([LOGIT], "Sigmoid", 255 / (1 + np.exp(-8 * 200 / 255))),
        ([LOGIT], "", 255 / (1 + np.exp(-8 * 200 / 255))),
        ([GREEN, LOGIT], "Softmax", 255 / (1 + np.exp((100 - 8 * 200) / 255))),
        ([GREEN, LOGIT], "", 255 / (1 + np.exp((100 - 8 * 200) / 255))),
    ],
)
def test_guesses_layout_and_activation(
    tmp_path: Path, layout: str, mixes: list[list[float]], then: str, expected: float
) -> None:
    segmenter = Segmenter(mixer(tmp_path / "m.onnx", layout, mixes, then=then))
    assert segmenter.input_size == segmenter.mask_size == (32, 16)
    assert (segmenter.name, segmenter.provider) == ("m", "cpu")
    assert np.abs(mask_of(segmenter, picture((200, 100, 0))) - expected).max() <= 1


def test_takes_256_by_144_where_the_model_takes_any_size(tmp_path: Path) -> None:
    path = mixer(tmp_path / "m.onnx", "nchw", [RED], size=("width", "height"))
    assert Segmenter(path).mask_size == (256, 144)
    (tmp_path / "m.toml").write_text("[input]\nsize = [64, 48]\n")
    assert Segmenter(path).mask_size == (64, 48)


def test_the_sidecar_is_obeyed(tmp_path: Path) -> None:
    path = mixer(tmp_path / "m.onnx", "nchw", [RED, [0.0, 0.0, 1.0], GREEN])
    with pytest.raises(ModelError, match="no output of mask"):
        Segmenter(path)
    (tmp_path / "m.toml").write_text(
        '[input]\nchannels = "bgr"\nrange = [0, 0.5]\n[output]\nname = "mask"\nperson = 1\nactivation = "none"\n'
    )
    assert (mask_of(Segmenter(path), picture((200, 100, 50))) == 100).all()


def test_channels_are_told_apart_by_layout_in_the_sidecar(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text('[input]\nlayout = "nhwc"\n')
    with pytest.raises(ModelError, match="its input is picture"):
        Segmenter(mixer(tmp_path / "m.onnx", "nchw", [RED]))


@pytest.mark.parametrize(
    ("sidecar", "message"),
    [
        ('[output]\nname = "alpha"', "output.name is 'alpha', but its outputs are mask"),
        ("[output]\nindex = 3", "no output of mask"),
        ("[output]\nperson = 2", "output.person is 2, but its output 0 has 1 channels"),
    ],
)
def test_a_sidecar_that_does_not_fit_the_model_is_refused(tmp_path: Path, sidecar: str, message: str) -> None:
    (tmp_path / "m.toml").write_text(sidecar)
    with pytest.raises(ModelError, match=message):
        Segmenter(mixer(tmp_path / "m.onnx", "nchw", [RED]))


def relu(path: Path, inputs: dict[str, Any], outputs: dict[str, Any]) -> Path:
    nodes = [helper.make_node("Relu", [a], [b]) for a, b in zip(inputs, outputs, strict=True)]
    return save(path, nodes, inputs, outputs)


@pytest.mark.parametrize(
    ("inputs", "outputs", "message"),
    [
        ({"a": (1, 3)}, {"b": (1, 3)}, r"its input is a \(1, 3\)"),
        ({"a": (1, 5, 16, 32)}, {"b": (1, 5, 16, 32)}, r"its input is a \(1, 5, 16, 32\)"),
        ({"a": (2, 3, 16, 32)}, {"b": (2, 3, 16, 32)}, r"its input is a \(2, 3, 16, 32\)"),
        ({"a": (1, 3, 16, 32)}, {"b": (1, 3, 16, 32)}, r"no output of b \(1, 3, 16, 32\) can be its mask"),
        ({"a": (1, 3, 16, 32), "c": (1, 1)}, {"b": (1, 3, 16, 32), "d": (1, 1)}, "it has 2 inputs"),
    ],
)
def test_says_what_a_segmentation_model_looks_like(
    tmp_path: Path, inputs: dict[str, Any], outputs: dict[str, Any], message: str
) -> None:
    with pytest.raises(ModelError, match=message) as error:
        Segmenter(relu(tmp_path / "m.onnx", inputs, outputs))
    assert "one takes a picture" in str(error.value)
    assert "m.toml beside it" in str(error.value)


def test_no_number_is_no_person(tmp_path: Path) -> None:
    node = helper.make_node("Log", ["picture"], ["logarithm"])
    mean = helper.make_node("ReduceMin", ["logarithm"], ["mask"], axes=[1])
    path = save(tmp_path / "m.onnx", [node, mean], {"picture": (1, 3, 16, 32)}, {"mask": (1, 1, 16, 32)})
    (tmp_path / "m.toml").write_text('[input]\nrange = [-1, 1]\n[output]\nactivation = "none"\n')
    assert (mask_of(Segmenter(path), picture((0, 0, 0))) == 0).all()


@pytest.mark.parametrize(
    ("types", "largest"),
    [
        ((TensorProto.FLOAT16, TensorProto.FLOAT16), 1),
        ((TensorProto.UINT8, TensorProto.FLOAT), 255),
        ((TensorProto.FLOAT, TensorProto.DOUBLE), 1),
    ],
)
def test_numbers_may_be_of_other_types(tmp_path: Path, types: tuple[int, int], largest: int) -> None:
    nodes = [
        helper.make_node("Cast", ["picture"], ["levels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMax", ["levels"], ["brightest"], axes=[3]),
        helper.make_node("Div", ["brightest", "largest"], ["share"]),
        helper.make_node("Cast", ["share"], ["mask"], to=types[1]),
    ]
    weights = {"largest": np.array([largest], np.float32)}
    shapes: Any = {"picture": (1, 16, 32, 3)}, {"mask": (1, 16, 32, 1)}
    segmenter = Segmenter(save(tmp_path / "m.onnx", nodes, *shapes, weights=weights, types=types))
    assert (mask_of(segmenter, picture((10, 200, 30))) == 200).all()


def test_a_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    segmenter = Segmenter(mixer(tmp_path / "m.onnx", "nchw", [RED]))
    with pytest.raises(ValueError, match="shape"):
        segmenter.run(picture((1, 2, 3)), np.zeros((8, 8), np.uint8))


@pytest.mark.parametrize("matrix", ["bt601", "bt709"])
@pytest.mark.parametrize("full_range", [True, False])
def test_the_matrix_keeps_white_black_and_grey(matrix: Any, full_range: bool) -> None:
    low, high = (0, 255) if full_range else (16, 235)
    for luma, level in ((low, 0), (high, 255), ((low + high) / 2, 127.5)):
        assert np.allclose(yuv_to_rgb(matrix, full_range) @ [luma, 128, 128, 1], level, atol=1e-3)


def test_the_matrix_knows_red() -> None:
    red = [81.481, 90.203, 240, 1]  # of BT.601, limited
    assert np.allclose(yuv_to_rgb("bt601", False) @ red, [255, 0, 0], atol=0.1)


@pytest.mark.parametrize(("width", "height"), [(640, 360), (641, 361), (31, 15), (33, 400)])
def test_nv12_of_any_size_becomes_its_colour(tmp_path: Path, width: int, height: int) -> None:
    segmenter = Segmenter(mixer(tmp_path / "m.onnx", "nhwc", [RED]))
    luma = np.full((height, width), 81, np.uint8)
    chroma = np.full(((height + 1) // 2, (width + 1) // 2, 2), (90, 240), np.uint8)
    shown = Picture(0, 0, width, height, "nv12", (luma, chroma), matrix="bt601")
    assert (mask_of(segmenter, shown) >= 253).all()


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_the_mask_lies_as_the_planes_do(tmp_path: Path, turns: int) -> None:
    """A model that likes red, and a picture with one red quarter, whichever way it is turned."""
    segmenter = Segmenter(mixer(tmp_path / "m.onnx", "nchw", [RED]))
    shown = picture((0, 0, 0))
    shown.planes[0][:16, :32, 0] = 255
    shown.quarter_turns = turns
    expected = np.zeros((16, 32), np.uint8)
    expected[:8, :16] = 255
    assert np.abs(mask_of(segmenter, shown).astype(int) - expected).mean() < 12


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_the_model_sees_the_picture_upright(
    media: Callable[[str], Path], composites: Callable[[str], Iterator[Truth]], turns: int
) -> None:
    segmenter = Segmenter(media("models/mp_selfie_landscape.onnx"))
    pictures, truth = next(iter(composites("comp_bbaf2n")))
    for shown in pictures.values():
        planes = tuple(np.ascontiguousarray(np.rot90(plane, turns)) for plane in shown.planes)
        height, width = planes[0].shape[:2]
        stored = Picture(0, 0, width, height, shown.layout, planes, matrix=shown.matrix, quarter_turns=turns)
        assert stored.upright_size == (shown.width, shown.height)
        assert overlap(mask_of(segmenter, stored), np.ascontiguousarray(np.rot90(truth, turns))) > 0.93


# A floor a little under what each model was measured at on its worse clip: .935, .927, .928.
@pytest.mark.parametrize(
    ("model", "least"), [("mp_selfie_landscape", 0.93), ("mp_selfie_square", 0.92), ("sinet_320", 0.92)]
)
def test_finds_the_person(
    media: Callable[[str], Path], composites: Callable[[str], Iterator[Truth]], model: str, least: float
) -> None:
    segmenter = Segmenter(media(f"models/{model}.onnx"))
    for clip in ("comp_bbaf2n", "comp_lbbc2a"):
        overlaps = [overlap(mask_of(segmenter, shown["nv12"]), truth) for shown, truth in composites(clip)]
        assert np.mean(overlaps) > least


def test_both_layouts_of_a_picture_give_one_mask(
    media: Callable[[str], Path], composites: Callable[[str], Iterator[Truth]]
) -> None:
    segmenter = Segmenter(media("models/mp_selfie_landscape.onnx"))
    for shown, _truth in composites("comp_bbaf2n"):
        nv12, rgba = (mask_of(segmenter, shown[layout]) for layout in ("nv12", "rgba"))
        assert overlap(nv12, rgba) > 0.98
        assert cv2.absdiff(nv12, rgba).mean() < 2


@pytest.mark.parametrize("known", ["mp_selfie_landscape", "mp_selfie_square", "sinet_320"])
def test_the_manifest_agrees_with_a_guess_of_the_output(
    media: Callable[[str], Path], tmp_path: Path, known: str
) -> None:
    path = tmp_path / "unknown.onnx"
    path.write_bytes(media(f"models/{known}.onnx").read_bytes() + b"\x32\x00")  # another checksum: an empty field more
    guessed, told = Segmenter(path), Segmenter(media(f"models/{known}.onnx"))
    for attribute in ("_layout", "_activation", "mask_size", "input_size"):
        assert getattr(guessed, attribute) == getattr(told, attribute)


def test_other_models_are_refused(media: Callable[[str], Path]) -> None:
    others = [path for path in media("models").iterdir() if not path.name.startswith(("mp_selfie", "sinet"))]
    assert len(others) > 10
    for path in others:
        with pytest.raises(ModelError, match=path.name):
            Segmenter(path)


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("yunet_n_320_320", "face detection"),
        ("yunet_n_dynamic", "face detection"),
        ("mp_face_landmark468", "face landmarks"),
        ("mp_face_blendshapes52", "face blendshapes"),
        ("mobileface_embed256", "face identity embedding"),
    ],
)
def test_a_known_model_of_another_task_is_named(media: Callable[[str], Path], name: str, task: str) -> None:
    with pytest.raises(ModelError, match=f"this is .*, for {task}: a mask wants person segmentation, which `scrim"):
        Segmenter(media(f"models/{name}.onnx"))
