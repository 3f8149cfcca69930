"""One model for all cameras: newest first, once per picture, and everything released."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.media.picture import Picture, PictureBuffer, Plane
from engine.models.segmenter import Segmenter
from engine.models.worker import Answer, Counts, ModelWorker
from engine.notices import Notices
from engine.threads.slots import Slots
from engine.timing.clock import HandClock
from engine.trace import Trace
from tests.engine.models.onnx_models import mixer


class Studio:
    """A worker, and pictures to give it. `gate` holds the model up while it is closed."""

    def __init__(self, path: Path, notices: Notices) -> None:
        self.clock = HandClock()
        self.trace = Trace()
        segmenter = Segmenter(mixer(path, "nhwc", [[1.0, 0.0, 0.0]]))
        self.worker = ModelWorker(segmenter, self.clock, self.trace, notices)
        self.worker.FIRST_PAUSE_S = 0.001
        self.pictures = Slots(PictureBuffer, 8)
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.failures: list[Exception] = []
        self._run = self.worker.segmenter.run
        self.worker.segmenter.run = self._gated_run  # type: ignore[method-assign]

    def _gated_run(self, picture: Picture, mask: Plane, camera: str = "") -> None:  # noqa: ARG002
        self.entered.set()
        assert self.gate.wait(10)
        if self.failures:
            raise self.failures.pop()
        self._run(picture, mask)

    def picture(self, sequence: int, red: int = 255) -> Picture:
        slot = self.pictures.acquire()
        assert slot is not None
        planes = slot.buffer.shape("rgba", 64, 32)
        planes[0][:] = (red, 0, 0, 255)
        return Picture(sequence, sequence * 1000, 64, 32, "rgba", planes, slot=slot)

    def answer(self, camera: int = 1) -> Answer:
        return eventually(lambda: self.worker.answers(camera))

    def all_released(self) -> bool:
        return len(self.pictures.free) == self.pictures.count


def eventually(get: Callable[[], Answer | None]) -> Answer:
    for _ in range(5000):
        found = get()
        if found is not None:
            return found
        time.sleep(0.002)
    raise AssertionError("it never came")


@pytest.fixture
def studio(tmp_path: Path, notices: Notices) -> Iterator[Studio]:
    studio = Studio(tmp_path / "red.onnx", notices)
    yield studio
    studio.gate.set()
    studio.worker.stop()


def test_answers_name_their_picture(studio: Studio) -> None:
    studio.clock.wait_until(5_000_000)
    answer = studio.worker.infer_now(7, studio.picture(3, red=204))
    assert (answer.camera, answer.sequence, answer.captured_ns, answer.answered_ns) == (7, 3, 3000, 5_000_000)
    assert (answer.mask == 204).all()
    assert answer.coverage == pytest.approx(0.8)
    assert answer.confidence == pytest.approx(0.6)
    assert answer.took_ns > 0
    assert studio.all_released()


def test_runs_on_its_thread_once_per_picture(studio: Studio) -> None:
    studio.worker.start()
    for sequence in range(5):
        shown = studio.picture(sequence)
        shown.retain()
        studio.worker.submit(1, shown)
        studio.worker.submit(1, shown)  # a second layer asks for the same picture
        answer = studio.answer()
        assert answer.sequence == sequence
        answer.release()
    assert studio.worker.counts(1) == Counts(inferences=5, skipped=0)
    assert studio.trace.span("model red").count == 5
    assert studio.all_released()


def test_the_newest_picture_wins(studio: Studio) -> None:
    studio.worker.start()
    studio.gate.clear()
    studio.worker.submit(1, studio.picture(0))
    assert studio.entered.wait(10)
    for sequence in (1, 2, 3):
        studio.worker.submit(1, studio.picture(sequence))
    studio.gate.set()
    answer = studio.answer()
    while answer.sequence != 3:
        answer.release()
        answer = studio.answer()
    answer.release()
    assert studio.worker.counts(1) == Counts(inferences=2, skipped=2)
    assert studio.all_released()


def test_cameras_share_the_model(studio: Studio) -> None:
    studio.worker.start()
    for camera, red in ((1, 10), (2, 200)):
        studio.worker.submit(camera, studio.picture(0, red))
    for camera, red in ((1, 10), (2, 200)):
        answer = studio.answer(camera)
        assert (answer.camera, answer.mask[0, 0]) == (camera, red)
        answer.release()
    assert studio.worker.answers(3) is None


def test_masks_that_nobody_takes_are_written_again(studio: Studio) -> None:
    held = [studio.worker.infer_now(1, studio.picture(sequence)) for sequence in range(3)]
    studio.worker.start()
    for sequence in range(3, 6):
        studio.worker.submit(1, studio.picture(sequence))
        while studio.worker.counts(1).inferences <= sequence:
            time.sleep(0.002)
    newest = studio.answer()
    assert newest.sequence == 5
    for answer in (*held, newest):
        answer.release()


def test_with_every_mask_held_a_picture_is_skipped(studio: Studio) -> None:
    held = [studio.worker.infer_now(1, studio.picture(sequence)) for sequence in range(4)]
    with pytest.raises(RuntimeError, match="all 4 masks of camera 1 are still held"):
        studio.worker.infer_now(1, studio.picture(4))
    assert studio.worker.counts(1).skipped == 1
    assert studio.all_released()
    held.pop().release()
    studio.worker.infer_now(1, studio.picture(5)).release()
    for answer in held:
        answer.release()


def test_a_failure_costs_one_picture(studio: Studio, notices: Notices) -> None:
    studio.failures = [ValueError("out of memory"), ValueError("out of memory")]
    studio.worker.start()
    for sequence in range(3):
        studio.worker.submit(1, studio.picture(sequence))
        done = sequence + 1
        while sum(dataclasses.astuple(studio.worker.counts(1))) < done:
            time.sleep(0.002)
    studio.answer().release()
    said = notices.all()
    assert [(notice.subject, notice.text, notice.count) for notice in said] == [("model red", "out of memory", 2)]
    assert studio.worker.counts(1) == Counts(inferences=1, skipped=2)


def test_stopping_releases_everything(studio: Studio) -> None:
    studio.worker.start()
    studio.worker.submit(1, studio.picture(0))
    while studio.worker.counts(1).inferences < 1:
        time.sleep(0.002)
    studio.worker.stop()
    studio.worker.submit(1, studio.picture(1))
    assert studio.worker.answers(1) is None
    assert studio.all_released()


def test_a_camera_that_leaves_takes_its_pictures_along(studio: Studio) -> None:
    studio.worker.submit(1, studio.picture(0))  # nobody at work yet
    assert not studio.all_released()
    studio.worker.leave(1)
    studio.worker.leave(1)
    assert studio.all_released()
    assert studio.worker.answers(1) is None


def test_with_nobody_seen_every_second_picture_is_spared_and_it_is_said(studio: Studio, notices: Notices) -> None:
    def give(sequence: int, red: int) -> None:
        picture = studio.picture(sequence, red)
        picture.captured_ns = round(sequence * 1e9 / 30)
        studio.clock.wait_until(picture.captured_ns)
        studio.worker.submit(1, picture)
        studio.worker.wake()  # what is spared wakes nobody, and a turn would wait
        studio.worker.turn()
        if (answer := studio.worker.answers(1)) is not None:
            answer.release()

    for sequence in range(1, 62):
        give(sequence, 0)
    assert studio.worker.counts(1).spared == 0
    for sequence in range(62, 122):
        give(sequence, 0)
    assert 28 <= studio.worker.counts(1).spared <= 31
    assert studio.worker.sparing == [": nobody is seen"]
    spared = studio.worker.counts(1).spared
    for sequence in range(122, 152):
        give(sequence, 255)
    assert studio.worker.counts(1).spared <= spared + 1
    assert [notice.text for notice in notices.all()] == [
        ": 15 pictures a second, since nobody is seen",
        ": every picture again",
    ]
    assert studio.all_released()


def test_a_hot_machine_is_felt(studio: Studio) -> None:
    worker = ModelWorker(studio.worker.segmenter, studio.clock, studio.trace, studio.worker.notices, heat=lambda: 70.0)
    for sequence in (1, 2, 3):  # of the first nothing is known, and the second asks for a lighter model
        picture = studio.picture(sequence)
        picture.captured_ns = sequence * 33_333_333
        worker.submit(1, picture)
        worker.turn()
    assert worker.sparing == [": the machine is hot"]
    worker.stop()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not tell")
def test_what_the_process_holds_more_is_known(studio: Studio) -> None:
    assert studio.worker.grown_bytes is None, "than when it was warm, which it was not"
    studio.worker.count_from_here()
    held = np.ones(100_000_000, np.uint8)
    assert (studio.worker.grown_bytes or 0) > 0.8 * held.nbytes
    studio.worker.count_from_here()
    assert (studio.worker.grown_bytes or 0) < 0.5 * held.nbytes
