"""One inference per picture whoever asks, and every picture shown with its own mask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, cast

import numpy as np
import pytest

from engine.components import Camera, Mask, Stage
from engine.errors import ModelError
from engine.media.feed import Feed
from engine.media.picture import Picture, PictureBuffer, Plane
from engine.models.manifest import BUILT_IN
from engine.models.providers import PROVIDERS
from engine.models.runtime import installed_providers
from engine.models.worker import Answer, ModelWorker
from engine.notices import Notices
from engine.threads.slots import Slots
from engine.tick import Tick
from engine.timing.clock import HandClock
from engine.trace import Trace
from engine.world import World
from systems.capture import Captured
from systems.inference import MOST_WAITING, Inference, Inferred, Shown, Wanted
from tests.engine.models.onnx_models import mixer
from tests.engine.models.servers import serving, until
from tests.shows import Air, OnAir, the_gpu
from tools.report import make_report

MS = 1_000_000

SCENE = """
[front.camera]
source = "synthetic"
width = 160
height = 90
rate_hz = {camera_hz}
[one.mask]
camera = "front"
source = "neural"
model = "{model}"
[one.layer]
[two.layer]
mask = "one"
order = 1
[three.layer]
mask = "one"
order = 2
[four.mask]
camera = "front"
source = "neural"
model = "{model}"
threshold = 0.3
[four.layer]
order = 3
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model whose mask is the picture's red."""
    return mixer(tmp_path / "red.onnx", "nhwc", [[1.0, 0.0, 0.0]])


def camera_of(on_air: OnAir) -> int:
    camera = on_air.show.world.entity("front")
    assert camera is not None
    return camera


@pytest.mark.parametrize("displays", [1, 2, 4, 8])
def test_there_is_one_inference_per_picture_whoever_uses_it(air: Air, model: Path, displays: int) -> None:
    text = SCENE.format(model=model, camera_hz=30.0) + "".join(f"[d{i}.display]\n" for i in range(displays))
    on_air = air(text, 80, 45, ticks=12)
    assert len(on_air.show.present.presenters) == displays
    assert all(presenter.presents == 12 for presenter in on_air.show.present.presenters.values())
    (worker,) = on_air.show.inference.models.values()
    shown = on_air.show.world.get("front", Shown)
    assert shown is not None
    assert shown.count == 12
    assert worker.counts(camera_of(on_air)).inferences == 12


def test_a_camera_slower_than_the_show_costs_an_inference_only_when_it_has_a_picture(air: Air, model: Path) -> None:
    on_air = air(SCENE.format(model=model, camera_hz=10.0), 80, 45, ticks=30)
    (worker,) = on_air.show.inference.models.values()
    assert worker.counts(camera_of(on_air)).inferences == 10


def test_where_time_steps_every_picture_is_shown_with_its_own_mask(air: Air, model: Path) -> None:
    on_air = air(SCENE.format(model=model, camera_hz=30.0), 80, 45)
    world = on_air.show.world
    for _ in range(8):
        shown, inferred = world.get("front", Shown), world.get("one", Inferred)
        assert shown is not None
        assert inferred is not None
        assert shown.picture is not None
        assert inferred.answer is not None
        assert shown.picture.sequence == inferred.answer.sequence
        assert shown.unaligned == 0
        on_air.ticks()


def test_on_air_a_model_that_is_refused_leaves_the_last_one_at_work(air: Air, model: Path, tmp_path: Path) -> None:
    on_air = air(SCENE.format(model=model, camera_hz=30.0), 80, 45, ticks=3)
    show = on_air.show
    (tmp_path / "none.onnx").write_text("no model", "utf-8")
    mask, inferred = show.world.get("one", Mask), show.world.get("one", Inferred)
    assert mask is not None
    assert inferred is not None
    show.change("one", replace(mask, model=str(tmp_path / "none.onnx")))
    on_air.ticks()
    until(lambda: bool(on_air.said), "nothing was said of it")
    for _ in range(3):
        on_air.ticks()
        assert inferred.fresh, "it is asked about every picture"
    (said,) = on_air.said
    assert "this is not an ONNX model" in said
    assert "what found people before goes on" in said
    assert make_report(show)["cameras"]["front"]["inferences"] == 7


def test_a_provider_that_is_asked_for_runs_the_model_or_stops_the_show(air: Air, model: Path) -> None:
    scene = SCENE.format(model=model, camera_hz=30.0)
    on_air = air(scene.replace(f'model = "{model}"', f'model = "{model}"\nprovider = "cpu"'), 80, 45)
    ((name, worker),) = on_air.show.inference.models.items()
    assert name == f"{model} on cpu"
    assert worker.segmenter.provider == "cpu"
    absent = next(name for name in PROVIDERS if name not in installed_providers())
    with pytest.raises(ModelError, match=f"provider {absent} is not in the installed onnxruntime, which has "):
        air(scene.replace(f'model = "{model}"', f'model = "{model}"\nprovider = "{absent}"'), 80, 45)


def test_a_neural_mask_without_a_model_is_found_by_the_best_on_the_machine(
    air: Air, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("SCRIM_MODELS", raising=False)
    scene = '[front.camera]\nsource = "synthetic"\nwidth = 160\nheight = 90\n[front.layer]\n[front.mask]\n'
    assert air(scene).show.inference.models == {}, "a synthetic camera knows the truth"
    on_air = air(scene + 'source = "neural"\n')
    ((name, worker),) = on_air.show.inference.models.items()
    assert Path(name) == BUILT_IN.with_name("scrim_person.onnx")
    assert make_report(on_air.show)["models"][name]["name"] == worker.segmenter.name == "scrim_person"
    on_air.ticks()
    inferred = on_air.show.world.get("front", Inferred)
    assert inferred is not None
    assert inferred.answer is not None


@pytest.mark.parametrize("run", ["process", "server"])
def test_a_model_that_runs_elsewhere_gives_the_same_masks_and_the_report_says_where(
    air: Air, model: Path, run: str
) -> None:
    scene = SCENE.format(model=model, camera_hz=30.0)
    here = air(scene, 80, 45, ticks=3)
    with serving() as server:
        where = run if run == "process" else server.url
        there = air(scene.replace(f'model = "{model}"', f'model = "{model}"\nrun = "{where}"'), 80, 45, ticks=3)
        assert (there.light() == here.light()).all()
        (worker,) = there.show.inference.models.values()
        assert worker.counts(camera_of(there)).inferences == 3
        ((name, said),) = make_report(there.show)["models"].items()
    place = "process" if run == "process" else f"grpc://127.0.0.1:{server.port}"
    assert said["where"] == f"{place}, edges by scrim_edges"
    assert said["provider"] == ("cpu" if run == "process" else f"{server.url} (test)")
    assert said["fallback"] is None
    assert said["age_ms"] == 0
    assert name == f"{model} in a process" if run == "process" else f"{model} at {server.url} for front"


TWO = """
[left.camera]
source = "synthetic"
width = 160
height = 90
[right.camera]
source = "synthetic"
width = 160
height = 90
seed = 2
[one.mask]
camera = "left"
source = "neural"
model = "{model}"
[one.layer]
[two.mask]
camera = "right"
source = "neural"
model = "{model}"
[two.layer]
order = 1
"""


@pytest.mark.parametrize(("cores", "contexts"), [(2, 1), (4, 2)])
def test_cameras_have_contexts_of_their_own_where_there_are_cores_for_them(
    air: Air, model: Path, monkeypatch: pytest.MonkeyPatch, cores: int, contexts: int
) -> None:
    if installed_providers() != ["cpu"]:
        pytest.skip("there is more than a CPU")
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    on_air = air(TWO.format(model=model), 80, 45, ticks=3)
    workers = on_air.show.inference.models
    assert len(workers) == len({worker.name for worker in workers.values()}) == contexts
    for name in ("left", "right"):
        camera = on_air.show.world.entity(name)
        assert camera is not None
        (worker,) = on_air.show.inference.models_of(camera)
        assert worker.counts(camera).inferences == 3


# With time that runs on, and a model that answers when it is told to --------------------------------------------------


class RunningClock(HandClock):
    """A clock turned by hand that does not say so."""

    steps = False


class SlowModel:
    """Stands where a ModelWorker stands: keeps what it is given, and answers when the test says so."""

    def __init__(self) -> None:
        self.given: list[Picture] = []
        self.masks: Slots[Plane] = Slots(lambda: np.zeros((4, 4), np.uint8), 4)
        self.ready: Answer | None = None

    def join(self, _camera: int, _name: str = "", _tidying: object = None) -> bool:
        return False

    def submit(self, _camera: int, picture: Picture) -> None:
        picture.asked_ns = picture.captured_ns
        self.given.append(picture)

    def answers(self, _camera: int) -> Answer | None:
        ready, self.ready = self.ready, None
        return ready

    def answer(self, sequence: int) -> None:
        """Finish a picture; those before it are let go too, as displaced ones are."""
        slot = self.masks.acquire()
        assert slot is not None
        for picture in [p for p in self.given if p.sequence <= sequence]:
            picture.release()
            self.given.remove(picture)
        self.ready = Answer(1, sequence, 0, 0, 0, 1.0, 0.5, slot)

    def stop(self) -> None:
        for picture in self.given:
            picture.release()


class Studio:
    """One camera whose pictures come when the test says so, and its masks."""

    def __init__(self, notices: Notices, **mask: Any) -> None:
        self.world = World()
        self.clock = RunningClock()
        self.world.spawn("stage", [Stage(rate_hz=30.0)])
        self.camera = self.world.spawn("front", [Camera(source="synthetic")])
        self.world.spawn("guest", [Mask(camera="front", source="neural", model="slow.onnx", **mask)])
        self.inference = Inference(self.world, the_gpu(), self.clock, notices, Trace())
        self.model = SlowModel()
        self.inference._models[Wanted("slow.onnx", "auto")] = cast("ModelWorker", self.model)
        self.pictures: Slots[PictureBuffer] = Slots(PictureBuffer, 6)
        self.sequence = 0
        self.tick = Tick()
        captured, shown = self.world.get("front", Captured), self.world.get("front", Shown)
        assert captured is not None
        assert shown is not None
        self.captured, self.shown = captured, shown

    def come(self) -> Picture:
        """Let a picture come: as a feed's worker does, show it to the readers first."""
        slot = self.pictures.acquire()
        assert slot is not None, "a camera has six slots: too many are held"
        self.sequence += 1
        planes = slot.buffer.shape("rgba", 16, 16)
        picture = Picture(self.sequence, self.tick.now_ns + 33 * MS, 16, 16, "rgba", planes, slot=slot)
        for read in self.captured.feed.readers if self.captured.feed is not None else ():
            read(picture)
        return picture

    def turn(self, *, picture: bool | Picture = True) -> int | None:
        """Do a tick of 33 ms, with a new picture or without; return the sequence that is shown."""
        if picture is True:
            picture = self.come()
        self.tick.now_ns += 33 * MS
        self.captured.arrived = bool(picture)
        if isinstance(picture, Picture):
            if self.captured.newest is not None:
                self.captured.newest.release()
            self.captured.newest = picture
        self.inference.process(self.tick)
        return self.shown.picture.sequence if self.shown.picture is not None else None

    def wire(self, interval_ms: float) -> None:
        """Give the camera a feed whose pictures last so long."""
        self.captured.feed = cast("Feed", SimpleNamespace(interval_ns=interval_ms * MS, readers=()))

    def close(self) -> None:
        self.inference.close()
        if self.captured.newest is not None:
            self.captured.newest.release()
        self.world.close()


@pytest.fixture
def studio(notices: Notices) -> Iterator[Studio]:
    studio = Studio(notices)
    yield studio
    studio.close()
    assert len(studio.pictures.free) == 6, "every slot returns"
    assert len(studio.model.masks.free) == 4


@pytest.mark.parametrize(("edges", "software", "wanted"), [
    ("auto", True, False), ("auto", False, True), ("network", True, True), ("model", False, False),
])  # fmt: skip
def test_edges_are_looked_at_again_where_a_gpu_draws_or_an_author_says_so(
    studio: Studio,
    monkeypatch: pytest.MonkeyPatch,
    edges: Literal["auto", "network", "model"],
    software: bool,
    wanted: bool,
) -> None:
    monkeypatch.setattr(type(studio.inference._gpu), "is_software", software)
    assert studio.inference._want(0, Mask(camera="front", source="neural", edges=edges)).edges is wanted


def test_an_aligned_picture_waits_for_its_mask(studio: Studio) -> None:
    assert studio.turn() == 1, "the first is shown at once: there is nothing else"
    assert studio.turn() == 1
    studio.model.answer(1)
    assert studio.turn() == 1
    assert studio.turn(picture=False) == 1
    studio.model.answer(2)
    assert studio.turn(picture=False) == 2
    assert studio.shown.changed
    studio.model.answer(3)
    assert studio.turn() == 3
    assert studio.shown.unaligned == 0


def test_what_is_shown_is_always_the_picture_of_the_newest_answer(studio: Studio) -> None:
    rng = np.random.default_rng(1)
    studio.turn()
    for _ in range(60):
        late = studio.sequence - int(rng.integers(0, 3))
        inferred = studio.world.get("guest", Inferred)
        assert inferred is not None
        newest = inferred.answer.sequence if inferred.answer is not None else 0
        if rng.random() < 0.7 and newest < late:
            studio.model.answer(late)
        shown = studio.turn(picture=bool(rng.random() < 0.8))
        if inferred.answer is not None and studio.shown.unaligned == 0:
            assert shown is not None
            assert shown <= max(inferred.answer.sequence, 1)
            assert shown == inferred.answer.sequence or not studio.shown.changed


def test_after_the_patience_a_picture_is_shown_without_its_mask_and_counted(notices: Notices) -> None:
    studio = Studio(notices, max_delay_ms=100.0)
    assert [studio.turn() for _ in range(4)] == [1, 1, 1, 1]
    assert studio.shown.unaligned == 0
    for _ in range(2):
        shown = studio.turn()
    assert shown == studio.sequence
    assert studio.shown.unaligned == 1
    studio.close()


def test_no_more_pictures_wait_than_a_camera_can_spare(notices: Notices) -> None:
    studio = Studio(notices, max_delay_ms=2000.0)
    for _ in range(20):
        studio.turn()
        assert len(studio.shown.waiting) <= MOST_WAITING
        # As the worker does it: the newest displaces the one that waits, the first is at work.
        while len(studio.model.given) > 2:
            studio.model.given.pop(1).release()
    assert studio.shown.waiting[0].sequence == 2, "the one that the model is at work on is kept"
    studio.close()


@pytest.mark.parametrize("align", ["latest", "warped"])
def test_the_latest_picture_is_shown_at_once_where_the_author_wants_that(notices: Notices, align: str) -> None:
    studio = Studio(notices, align=align)
    for expected in range(1, 5):
        assert studio.turn() == expected
        studio.model.answer(expected)
    inferred = studio.world.get("guest", Inferred)
    assert inferred is not None
    assert inferred.late is not None
    assert inferred.late.count == 3, "with the first picture there was no mask"
    studio.close()


def test_a_picture_goes_to_the_model_when_it_comes_and_is_shown_by_the_first_tick_after_its_answer(
    studio: Studio,
) -> None:
    studio.wire(33.0)
    studio.turn()
    assert [picture.sequence for picture in studio.model.given] == [1], "it came before anybody read: by the tick"
    for sequence in (2, 3, 4):
        picture = studio.come()
        assert studio.model.given[-1] is picture
        studio.model.answer(sequence)
        assert studio.turn(picture=picture) == sequence, "picture and mask in one tick"
        assert not studio.model.given, "and the tick asked nobody again"


def test_an_answer_to_a_picture_that_no_tick_has_seen_waits_for_it(studio: Studio) -> None:
    studio.wire(33.0)
    studio.turn()
    studio.model.answer(1)
    assert studio.turn(picture=False) == 1
    second = studio.come()
    third = studio.come()
    studio.model.answer(3)
    assert studio.turn(picture=second) == 1, "not with the mask of the third"
    assert studio.turn(picture=third) == 3
    inferred = studio.world.get("guest", Inferred)
    assert inferred is not None
    assert inferred.fresh
    assert studio.shown.unaligned == 0


def test_pictures_of_a_camera_faster_than_the_show_are_handed_over_by_ticks(studio: Studio) -> None:
    studio.wire(16.0)
    studio.turn()
    studio.model.answer(1)
    left_out, taken = studio.come(), studio.come()
    assert not studio.model.given
    studio.turn(picture=taken)
    assert [picture.sequence for picture in studio.model.given] == [3]
    left_out.release()


def test_an_answer_is_fresh_for_one_tick(studio: Studio) -> None:
    inferred = studio.world.get("guest", Inferred)
    assert inferred is not None
    studio.turn()
    studio.model.answer(1)
    studio.turn(picture=False)
    assert inferred.fresh
    studio.turn(picture=False)
    assert not inferred.fresh
    assert inferred.answer is not None
