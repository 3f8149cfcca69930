"""Opening model files, binding and running them, and what is said of those that cannot be."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from engine.errors import ModelError
from engine.models import runtime, session
from engine.models.providers import PROVIDERS
from engine.models.session import Session
from tests.engine.models.card import Card, OnCard
from tests.engine.models.onnx_models import helper, mixer, save, spinner


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
    assert "cpu" in runtime.installed_providers()


def test_a_provider_can_be_tried_without_a_model() -> None:
    assert runtime.try_provider("cpu") == "cpu"


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
    with pytest.raises(ModelError, match=r"has no operator Teleport: update onnxruntime, or export"):
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
    absent = next(name for name in PROVIDERS if name not in runtime.installed_providers())
    path = mixer(tmp_path / "m.onnx", "nchw", [[1, 0, 0]])
    with pytest.raises(ModelError, match=f"provider {absent} is not in the installed onnxruntime"):
        Session(path, provider=absent)


def test_a_provider_that_hands_over_to_another_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU build lists CUDA on a machine without one, and then quietly runs on the CPU."""
    really_open = runtime._open
    monkeypatch.setattr(session, "installed_providers", lambda: ["cuda", "cpu"])
    monkeypatch.setattr(runtime, "_open", lambda model, name, _, *rest: really_open(model, name, ["cpu"], *rest))
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


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Iterator[Card]:
    card = Card(monkeypatch)
    yield card
    card.stuck.set()


def mask(opened: Session, level: float) -> float:
    """Return what a run gives for this level."""
    opened.inputs[0][0, 0] = level
    opened.run()
    found: float = opened.outputs[0].flat[0].item()
    assert (opened.outputs[0] == opened.outputs[0].flat[0]).all()
    return found


def test_what_runs_on_a_card_has_tensors_there_and_copies_here(card: Card, tmp_path: Path) -> None:
    opened = card.session(tmp_path)
    assert (opened.provider, opened.fallback) == ("cuda", "")
    here = opened.outputs[0]
    assert [mask(opened, level) for level in (0.25, 0.5)] == [0.25, 0.5]
    assert opened.outputs[0] is here
    assert opened._opening is not None
    (value, array), *_ = opened._opening._down
    assert array is here
    assert value.data_ptr() != here.ctypes.data


AGAIN = {
    "memory": "the model failed on cuda: CUDA failure 2: out of memory",
    "stalls": "the model did not come back within 0.5 s on cuda",
}


@pytest.mark.parametrize("trouble", AGAIN)
@pytest.mark.parametrize("then", AGAIN)
def test_the_first_trouble_opens_it_anew_and_the_second_goes_down(
    card: Card, tmp_path: Path, trouble: str, then: str
) -> None:
    opened = card.session(tmp_path)
    card.troubles = [trouble]
    assert mask(opened, 0.25) == 0.25
    assert (opened.provider, opened.fallback) == ("cuda", f"{AGAIN[trouble]}, and was opened anew")
    card.troubles = [then]
    assert mask(opened, 0.75) == 0.75
    assert opened.provider == "cpu"
    assert opened.fallback == f"{AGAIN[trouble]}, and was opened anew; {AGAIN[then]}"
    assert card.opened == ["cuda", "cuda", "cpu"]
    assert "\n" not in opened.fallback


def test_one_that_does_not_open_again_goes_down_at_once(card: Card, tmp_path: Path) -> None:
    opened = card.session(tmp_path)
    card.troubles = ["memory", "refuses"]
    assert mask(opened, 0.5) == 0.5
    assert opened.fallback == f"{AGAIN['memory']}; the model does not open on cuda: no driver"
    assert opened.provider == "cpu"


def test_a_provider_asked_for_by_name_is_opened_anew_and_never_left(card: Card, tmp_path: Path) -> None:
    opened = card.session(tmp_path, provider="cuda")
    card.troubles = ["memory"]
    assert mask(opened, 0.5) == 0.5
    card.troubles = ["stalls"]
    with pytest.raises(ModelError, match=r"red\.onnx: the model did not come back within 0\.5 s on cuda"):
        opened.run()
    assert mask(opened, 0.25) == 0.25, "asked again it is opened again"
    assert set(card.opened) == {"cuda"}


@pytest.mark.parametrize("provider", ["cuda", "cpu"])  # which copies its outputs, and which does not
def test_what_was_left_behind_writes_into_nothing_that_is_used(card: Card, tmp_path: Path, provider: str) -> None:
    opened = card.session(tmp_path, provider=provider)
    card.troubles = ["stalls"]
    assert mask(opened, 0.25) == 0.25
    (left_behind,) = opened._stuck
    opened.inputs[0][0, 0] = 0.75
    card.stuck.set()
    left_behind.join(20)
    assert not left_behind.is_alive(), "and its thread ends when it comes back"
    assert (opened.outputs[0] == 0.25).all()
    assert mask(opened, 0.5) == 0.5


def test_where_all_get_stuck_no_more_are_begun(card: Card, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "LEAST_PATIENCE_S", 0.05)
    monkeypatch.setattr(session, "LEAST_OPEN_S", 0.2)
    opened = card.session(tmp_path, provider="cpu")
    entered = card.entered
    card.troubles = ["stalls"] * 100
    for _ in range(10):
        with pytest.raises(ModelError, match=r"did not come back|runs are stuck, so no more are begun: .*process"):
            opened.run()
    assert card.entered == entered + session.MOST_STUCK
    card.troubles.clear()
    card.stuck.set()
    for thread in opened._stuck:
        thread.join(20)
    assert mask(opened, 0.5) == 0.5, "and when they came back, it goes on"


def test_a_session_that_nobody_has_leaves_no_thread(tmp_path: Path) -> None:
    opened = Session(mixer(tmp_path / "red.onnx", "nchw", [[1, 0, 0]]))
    opened.bind((1, 3, 16, 32))
    assert opened._opening is not None
    thread = opened._opening.thread
    del opened
    gc.collect()
    thread.join(20)
    assert not thread.is_alive()


def test_a_model_that_fails_where_it_opened_is_bound_on_the_next_one(card: Card, tmp_path: Path) -> None:
    """A provider that is listed and opens the model, and then cannot run it."""
    card.troubles = []
    really_run = OnCard.__getattr__

    def fails(on_card: OnCard, name: str) -> Any:
        if name == "run" and on_card._provider == "cuda":
            raise RuntimeError("CUDNN_STATUS_NOT_INITIALIZED")
        return really_run(on_card, name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OnCard, "__getattr__", fails)
        opened = card.session(tmp_path)
    assert (opened.provider, opened.fallback) == ("cpu", "the model failed on cuda: CUDNN_STATUS_NOT_INITIALIZED")
    assert mask(opened, 0.5) == 0.5


def test_a_run_that_really_never_ends_is_left_behind_and_told_to_end(tmp_path: Path) -> None:
    opened = Session(spinner(tmp_path / "spinner.onnx"))
    opened.bind((1, 3, 16, 32))
    opened.inputs[0][:] = 1e15
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "LEAST_PATIENCE_S", 0.2)
        with pytest.raises(ModelError, match="did not come back within"):
            opened.run()  # opened anew it spins as well, and there is nothing below
    assert re.fullmatch(r"the model did not come back within \S+ s on cpu, and was opened anew", opened.fallback)
    assert len(opened._stuck) == 2
    for thread in opened._stuck:
        thread.join(60)
        assert not thread.is_alive(), "a loop can be ended at its next turn"
    opened.inputs[0][:] = 2.0
    opened.run()
    assert (opened.outputs[0] == 2.0).all()
    assert not runtime.wait_for_stuck(0.0)
