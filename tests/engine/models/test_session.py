"""Opening model files, binding and running them, and what is said of those that cannot be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from engine.errors import ModelError
from engine.models import session
from engine.models.session import Session
from tests.engine.models.onnx_models import helper, mixer, save


def test_reads_and_writes_the_bound_memory(tmp_path: Path) -> None:
    opened = Session(mixer(tmp_path / "red.onnx", "nchw", [[1, 0, 0]]))
    opened.bind((1, 3, 16, 32))
    given, found = opened.inputs[0], opened.outputs[0]
    for level in (0.25, 0.75):
        given[0, 0] = level
        opened.run()
        assert np.allclose(found, level)
    assert opened.outputs[0] is found


def test_runs_on_what_it_says(tmp_path: Path) -> None:
    opened = Session(mixer(tmp_path / "red.onnx", "nchw", [[1, 0, 0]]), provider="cpu")
    assert opened.provider == "cpu"
    assert "cpu" in session.installed_providers()


def test_a_provider_can_be_tried_without_a_model() -> None:
    assert session.try_provider("cpu") == "cpu"


def test_leaves_open_dimensions_to_the_caller(tmp_path: Path) -> None:
    opened = Session(mixer(tmp_path / "any.onnx", "nchw", [[1, 0, 0]], size=("width", "height")))
    assert opened.declared_inputs[0].shape == (1, 3, 0, 0)
    assert str(opened.declared_inputs[0]) == "picture (1, 3, ?, ?)"
    opened.bind((1, 3, 8, 24))
    assert opened.outputs[0].shape == (1, 1, 8, 24)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty: download it again"),
        (b"  \n", "is empty: download it again"),
        (b"\n<!doctype html><html>", "a web page, not an ONNX model"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (b"PK\x03\x04", "an archive"),
        (b"\x1c\0\0\0TFL3", "a TensorFlow Lite model"),
        (b"anything else", "not an ONNX model, or only a part of one"),
    ],
)
def test_says_what_the_file_is_instead(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=message) as error:
        Session(path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


def test_an_absent_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such model: put the file there or name another"):
        Session(tmp_path / "m.onnx")


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        Session(tmp_path)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_a_truncated_model_is_refused(tmp_path: Path, share: float) -> None:
    path = mixer(tmp_path / "m.onnx", "nchw", [[1, 0, 0]])
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content)) or 1])
    with pytest.raises(ModelError, match="only a part of one: download it again"):
        Session(path)


def test_a_model_of_the_future_is_refused(tmp_path: Path) -> None:
    node = helper.make_node("Relu", ["a"], ["b"])
    path = save(tmp_path / "m.onnx", [node], {"a": [1]}, {"b": [1]}, opset=99)
    with pytest.raises(ModelError, match=r"newer than the installed onnxruntime \d.*older opset"):
        Session(path)


def test_an_unknown_operator_is_named(tmp_path: Path) -> None:
    node = helper.make_node("Teleport", ["a"], ["b"])
    with pytest.raises(ModelError, match=r"does not open on cpu: .*Teleport"):
        Session(save(tmp_path / "m.onnx", [node], {"a": [1]}, {"b": [1]}))


def test_a_shape_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    opened = Session(mixer(tmp_path / "m.onnx", "nchw", [[1, 0, 0]]))
    with pytest.raises(ModelError, match=r"does not run on \(1, 3, 5, 5\)"):
        opened.bind((1, 3, 5, 5))


def test_an_unknown_provider_is_refused(tmp_path: Path) -> None:
    path = mixer(tmp_path / "m.onnx", "nchw", [[1, 0, 0]])
    with pytest.raises(ModelError, match="no provider 'cdua': use auto, tensorrt, cuda"):
        Session(path, provider="cdua")


def test_a_provider_that_is_not_installed_is_refused(tmp_path: Path) -> None:
    absent = next(name for name in session.PROVIDERS if name not in session.installed_providers())
    path = mixer(tmp_path / "m.onnx", "nchw", [[1, 0, 0]])
    with pytest.raises(ModelError, match=f"provider {absent} is not in the installed onnxruntime"):
        Session(path, provider=absent)


def test_a_provider_that_hands_over_to_another_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU build lists CUDA on a machine without one, and then quietly runs on the CPU."""
    really_open = session._open
    monkeypatch.setattr(session, "installed_providers", lambda: ["cuda", "cpu"])
    monkeypatch.setattr(session, "_open", lambda model, name, threads, _: really_open(model, name, threads, ["cpu"]))
    path = mixer(tmp_path / "m.onnx", "nchw", [[1, 0, 0]])
    assert Session(path).provider == "cpu"
    with pytest.raises(ModelError, match="provider cuda refused the model, which would run on cpu"):
        Session(path, provider="cuda")


def test_writes_nothing_to_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"nothing")
    with pytest.raises(ModelError):
        Session(path)
    opened = Session(mixer(path, "nchw", [[1, 0, 0]]))
    with pytest.raises(ModelError):
        opened.bind((1, 3, 5, 5))
    assert capfd.readouterr() == ("", "")


def test_says_how_many_nodes_run_where(tmp_path: Path) -> None:
    path = mixer(tmp_path / "red.onnx", "nchw", [[1, 0, 0]], then="Sigmoid")
    opened = Session(path)
    assert opened.nodes == {"cpu": len(onnx.load(path).graph.node)}
    assert opened.fallback == ""


class _OutOfMemory:
    """Stands where onnxruntime's session stands when the device has no memory left."""

    def run_with_iobinding(self, _: object) -> None:
        raise RuntimeError("CUDA failure 2: out of memory")


def test_a_run_that_fails_opens_the_model_anew_and_goes_on_with_the_same_memory(tmp_path: Path) -> None:
    opened = Session(mixer(tmp_path / "red.onnx", "nchw", [[1, 0, 0]]))
    opened.bind((1, 3, 16, 32))
    found = opened.outputs[0]
    opened.inputs[0][0, 0] = 0.5
    opened._session = _OutOfMemory()
    opened.run()
    assert np.allclose(found, 0.5)
    assert opened.fallback == "the model failed on cpu: CUDA failure 2: out of memory"
    opened._session = _OutOfMemory()
    with pytest.raises(ModelError, match=r"the model failed on cpu: .*out of memory"):
        opened.run()  # anew only once, and there is nothing below a CPU


def test_a_second_failure_goes_on_with_the_next_provider(tmp_path: Path) -> None:
    opened = Session(mixer(tmp_path / "red.onnx", "nchw", [[1, 0, 0]]))
    opened.bind((1, 3, 16, 32))
    opened.inputs[0][0, 0] = 0.5
    opened.provider, opened._candidates, opened._reopened = "cuda", ["cuda", "cpu"], True
    opened._session = _OutOfMemory()
    opened.run()
    assert opened.provider == "cpu"
    assert np.allclose(opened.outputs[0], 0.5)
    assert opened.fallback == "the model failed on cuda: CUDA failure 2: out of memory"
