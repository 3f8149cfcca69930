"""What goes wrong with a model on air: the show goes on, the masks come back, and one line says it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import engine.models.heat
from engine.models import session
from engine.models.store import Store
from engine.models.worker import ModelWorker
from tests.engine.models.card import Card
from tests.engine.models.onnx_models import mixer
from tests.shows import Live
from tools.models import optimise
from tools.report import make_report

SCENE = """
[stage.stage]
width = 64
height = 36
[front.camera]
source = "synthetic"
width = 64
height = 36
[guest.mask]
camera = "front"
source = "neural"
model = "{model}"
edges = "model"
[guest.layer]
"""


class Modelled(Live):
    """A show whose model does what a card does to it, and what the model did."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, SCENE.format(model=mixer(folder / "red.onnx", "nhwc", [[1.0, 0.0, 0.0]])))
        (self.worker,) = self.show.inference.models.values()
        self.worker.FIRST_PAUSE_S = 0.05
        camera = self.show.world.entity("front")
        assert camera is not None
        self.camera = camera

    @property
    def inferences(self) -> int:
        return self.worker.counts(self.camera).inferences

    def masks(self, more: int = 3) -> int:
        wanted = self.inferences + more
        return self.until(lambda: self.inferences >= wanted, "masks")


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Iterator[Card]:
    card = Card(monkeypatch)
    yield card
    card.stuck.set()


@pytest.fixture
def live(card: Card, tmp_path: Path) -> Iterator[Modelled]:  # noqa: ARG001 - it is there before the model is opened
    live = Modelled(tmp_path)
    yield live
    live.show.close()


def test_a_model_that_stalls_is_opened_anew_and_then_elsewhere_while_ticks_go_on(live: Modelled, card: Card) -> None:
    live.masks()
    assert live.worker.segmenter.provider == "cuda"
    for provider in ("cuda", "cpu"):
        card.troubles = ["stalls"]
        live.until(lambda: not card.troubles, "its turn")
        assert live.masks(1) >= 2, "a tick that waits is one"
        live.masks()
        assert live.worker.segmenter.provider == provider
    again = "the model did not come back within 0.5 s on cuda, and was opened anew"
    assert live.said == [
        f"model red: runs on cuda: {again}",
        f"model red: runs on cpu: {again}; the model did not come back within 0.5 s on cuda",
    ]


def test_a_card_without_memory_is_opened_anew_and_left_when_it_happens_again(live: Modelled, card: Card) -> None:
    live.masks()
    for provider in ("cuda", "cpu"):
        card.troubles = ["memory"]
        live.until(lambda: not card.troubles, "its turn")
        live.masks()
        assert live.worker.segmenter.provider == provider
    again = "the model failed on cuda: CUDA failure 2: out of memory"
    assert live.said == [
        f"model red: runs on cuda: {again}, and was opened anew",
        f"model red: runs on cpu: {again}, and was opened anew; {again}",
    ]


def test_where_every_way_is_stuck_the_last_mask_stays_and_the_show_goes_on(
    live: Modelled, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "LEAST_OPEN_S", 0.5)
    live.masks()
    card.troubles = ["stalls"] * 100
    live.until(lambda: any("on cpu" in line for line in live.said), "a word")
    done = live.inferences
    live.until(lambda: live.ticks % 30 == 29, "ticks")
    assert live.inferences == done
    card.troubles.clear()
    card.stuck.set()
    live.masks()
    assert all("\n" not in line for line in live.said)


def heat(folder: Path, celsius: float) -> None:
    """Say how hot the processor is, where the kernel says it."""
    sensor = folder / "hwmon" / "hwmon0" / "temp1_input"
    sensor.parent.mkdir(parents=True, exist_ok=True)
    sensor.write_text(f"{round(1000 * celsius)}\n", "ascii")


def test_when_the_machine_is_hot_a_lighter_model_stands_in_until_it_is_cool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("SCRIM_MODELS", raising=False)
    monkeypatch.setattr(engine.models.heat, "SYSTEM", tmp_path)
    monkeypatch.setattr(ModelWorker, "HEAT_EVERY_NS", 50_000_000)
    heat(tmp_path, 64)
    live = Modelled(tmp_path)
    try:
        whole = live.worker.segmenter.path
        small = mixer(tmp_path / "red.int8.onnx", "nhwc", [[1.0, 0.0, 0.0]], size=(16, 8))
        optimise._described(small, whole)
        live.masks()
        assert live.worker.segmenter.lighter == ""
        heat(tmp_path, 66)
        live.until(lambda: live.worker.segmenter.lighter == "red.int8", "the lighter one")
        live.masks()
        assert make_report(live.show)["models"][str(whole)]["lighter"] == "red.int8"
        assert live.worker.sparing == [], "it costs no picture"
        heat(tmp_path, 61)
        live.masks()
        assert live.worker.segmenter.lighter == "red.int8"
        heat(tmp_path, 59)
        live.until(lambda: live.worker.segmenter.lighter == "", "the whole one")
        live.masks()
    finally:
        live.show.close()
    said = [line for line in live.said if line.startswith("model red: red")]
    assert said == [
        "model red: red.int8 stands in for it, since the machine is hot",
        "model red: red again, instead of red.int8",
    ]


def test_without_a_lighter_model_heat_costs_pictures_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(engine.models.heat, "SYSTEM", tmp_path)
    monkeypatch.setattr(Store, "lighter", lambda *_: None)  # on a busy machine our own network is one
    heat(tmp_path, 80)
    live = Modelled(tmp_path)
    try:
        live.until(lambda: live.worker.sparing == ["front: the machine is hot"], "heat")
    finally:
        live.show.close()
    assert any("15 pictures a second, since the machine is hot" in line for line in live.said)
