"""What sidecars and the built-in manifest say of a model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import ModelError
from engine.models import manifest
from engine.models.manifest import Input


def test_integers_keep_their_levels_and_floats_go_from_0_to_1() -> None:
    assert np.array_equal(Input().table(np.uint8)[:, 0], np.arange(256))
    assert np.allclose(Input().table(np.float32)[[0, 51, 255]], [[0.0] * 3, [0.2] * 3, [1.0] * 3])


def test_a_range_or_mean_and_std_stretch_the_levels() -> None:
    assert np.allclose(Input(range=(-1.0, 1.0)).table(np.float32)[[0, 255], 0], [-1, 1])
    table = Input(mean=(10.0, 20.0, 30.0), std=(1.0, 2.0, 4.0)).table(np.float32)
    assert np.allclose(table[30], [20, 5, 0])


def test_the_sidecar_comes_before_the_manifest(tmp_path: Path) -> None:
    model = tmp_path / "m.onnx"
    model.write_bytes(b"unknown")
    assert manifest.find(model) == manifest.Manifest()
    (tmp_path / "m.toml").write_text(
        '[input]\nchannels = "bgr"\nmean = [1, 2, 3]\nstd = [4, 5, 6]\n[output]\nperson = 1\n'
    )
    found = manifest.find(model)
    assert (found.input.channels, found.input.std, found.output.person) == ("bgr", (4, 5, 6), 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[input]\nlayuot = "nhwc"', "input.layuot: "),
        ('[input]\nlayout = "hwc"', "input.layout: .*'nhwc' or 'nchw'"),
        ("[input]\nmean = [1, 2, 3]", "input: .*mean and std go together"),
        ("[input]\nmean = [1, 2, 3]\nstd = [1, 1, 1]\nrange = [0, 1]", "input: .*not both"),
        ("[input]\nmean = [1, 2, 3]\nstd = [1, 0, 1]", "input: .*std must not be 0"),
        ("[input]\nsize = [256]", "input.size"),
        ("[output]\nperson = -1", "output.person: .*greater than or equal to 0"),
        ("[outptu]\n", "outptu: .*beside m.onnx .*; if it is a scene, give it another name"),
        ("[input\n", "cannot be read: .*line 1"),
    ],
)
def test_a_mistake_names_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "m.toml").write_text(text)
    with pytest.raises(ModelError, match=message) as error:
        manifest.find(tmp_path / "m.onnx")
    assert str(error.value).startswith(str(tmp_path / "m.toml"))
