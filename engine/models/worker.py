"""One model at work for all cameras, on a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.media.picture import Picture, Plane
from engine.memory import held_bytes
from engine.models.heat import hottest_c
from engine.models.runner import Runner
from engine.models.tidy import Tidying
from engine.notices import Notices
from engine.threads.mailbox import Mailbox
from engine.threads.slots import Slot, Slots
from engine.threads.worker import Worker
from engine.timing.cadence import Cadence
from engine.timing.clock import Clock
from engine.timing.sparing import Pair, Sparing
from engine.trace import Trace

CERTAINTY = np.abs(np.arange(256) / 127.5 - 1)
COVERAGE = np.arange(256) / 255


@dataclass(slots=True)
class Answer:
    """The mask of one picture, in the orientation of its planes. Whoever took it releases it once.

    `captured_ns` is the picture's, `answered_ns` on the same clock; `took_ns` is the time of the model alone.
    `confidence` is the mean of |2p − 1|: 1 when every pixel is surely one or the other. `coverage` is the mean of p.
    """

    camera: int
    sequence: int
    captured_ns: int
    answered_ns: int
    took_ns: int
    confidence: float
    coverage: float
    slot: Slot[Plane]

    @property
    def mask(self) -> Plane:
        """The person, 0 to 255, (height, width)."""
        return self.slot.buffer

    def retain(self) -> None:
        """Hold the mask once more."""
        self.slot.retain()

    def release(self) -> None:
        """Hold the mask once less."""
        self.slot.release()


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of a camera's pictures.

    Skipped are those displaced by newer ones, and those of a failed run; spared those that were not asked for, since
    nobody is seen, the machine is hot or the model late.
    """

    inferences: int
    skipped: int
    spared: int = 0


class _Desk:
    """What lies between the worker and one camera."""

    MASKS = 4  # one being written, one in the outbox, two with whoever shows them

    def __init__(self, camera: int, name: str, mask_size: tuple[int, int]) -> None:
        width, height = mask_size
        self.camera = camera
        self.name = name
        self.inbox: Mailbox[Picture] = Mailbox()
        self.outbox: Mailbox[Answer] = Mailbox()
        self.slots: Slots[Plane] = Slots(lambda: np.zeros((height, width), np.uint8), self.MASKS)
        self.newest: int | None = None
        self.inferences = 0
        self.lost = 0
        self.sparing = Sparing()
        self.tidying = Tidying()
        self.rate_hz = 0.0  # of pictures to answer, 0 for all
        self.spared = 0
        self._cadence = Cadence()
        self._captured_ns = 0
        self.interval_ns = 0.0  # between its pictures, followed slowly

    def takes(self, picture: Picture) -> bool:
        """Whether this picture is to be answered."""
        between_ns = picture.captured_ns - self._captured_ns
        if self._captured_ns and between_ns > 0:
            self.interval_ns += (between_ns - self.interval_ns) / (16 if self.interval_ns else 1)
        self._captured_ns = picture.captured_ns
        return self._cadence.takes(picture.captured_ns, self.rate_hz, round(self.interval_ns))

    def free_slot(self) -> Slot[Plane] | None:
        """Return a mask to write into: a free one, else that of an answer which nobody took, else None."""
        slot = self.slots.acquire()
        if slot is None and (unread := self.outbox.take()) is not None:
            slot = unread.slot
        return slot

    def clear(self) -> None:
        """Release what lies in both boxes."""
        for held in (self.inbox.take(), self.outbox.take()):
            if held is not None:
                held.release()


class ModelWorker(Worker):
    """Runs one model once per picture, the newest of each camera in turn.

    What runs it is open and warm before the worker is made, so that a bad one is known before the show is on air. Where
    it runs elsewhere, only this thread waits for it; when it fails there it is opened anew after a pause.

    Thread: `submit`, `answers`, `join`, `leave` and `infer_now` from the thread that ticks; `submit` also from the
    thread of a camera that has joined; `infer_now` only while the worker is not started, since the model has one set of
    buffers. Blocks: `infer_now` for the model, `stop` for a run; the others never. Owns: the model, its masks, and
    every picture between `submit` and its answer. Fails: as every Worker, and the picture is released.
    """

    HEAT_EVERY_NS = 5_000_000_000
    LIGHTER_EVERY_NS = 60_000_000_000  # where there was no lighter model, or a server ran it: then asked again

    def __init__(
        self,
        segmenter: Runner,
        clock: Clock,
        trace: Trace,
        notices: Notices,
        *,
        name: str = "",
        heat: Callable[[], float | None] = hottest_c,
    ) -> None:
        super().__init__(name or f"model {segmenter.name}", notices)
        self.segmenter = segmenter
        self._fallback = ""
        self._say_fallback()
        self._clock = clock
        self._newest_ns: int | None = None  # when the picture of the newest answer was captured
        self._stopped_ns: int | None = None
        self._heat = heat
        self._celsius: float | None = None
        self._felt_ns: int | None = None
        self._pair = Pair()
        self._held: tuple[int, int | None] = 0, None  # which process held how much
        self._none_lighter_until_ns = 0
        self._span = trace.span(self.name)
        self._work = threading.Event()
        self._desks: dict[int, _Desk] = {}  # replaced as a whole, so that the worker may walk through it

    def join(self, camera: int, name: str = "", tidying: Tidying | None = None) -> bool:
        """Make room for a camera; `submit` does it too, but this can be done before the show is on air.

        `tidying`, where it is given, says from now on what is too small to be true in its masks. Return whether that is
        news: then the newest picture may be submitted once more.
        """
        if camera not in self._desks:
            self._desks = {**self._desks, camera: _Desk(camera, name, self.segmenter.mask_size)}
        desk = self._desks[camera]
        if tidying is not None and tidying != desk.tidying:
            desk.tidying, desk.newest = tidying, None
            return True
        return False

    def leave(self, camera: int) -> None:
        """Forget a camera and release what lies in its boxes. Answers that were taken stay valid."""
        desk = self._desks.get(camera)
        if desk is not None:
            self._desks = {key: other for key, other in self._desks.items() if key != camera}
            desk.clear()

    def submit(self, camera: int, picture: Picture) -> None:
        """Hand over a picture together with one hold on it: the caller retains it before, the worker releases it.

        A picture that still waits is displaced, released and counted as skipped. The camera's newest picture submitted
        once more is released and not counted, so that there is one inference per picture however many ask.
        """
        self.join(camera)
        desk = self._desks[camera]
        if self.stopping or picture.sequence == desk.newest:
            picture.release()
            return
        desk.newest = picture.sequence
        if not desk.takes(picture):
            desk.spared += 1
            picture.release()
            return
        picture.asked_ns = self._clock.now_ns
        displaced = desk.inbox.put(picture)
        if displaced is not None:
            displaced.release()
        self._work.set()

    def answers(self, camera: int) -> Answer | None:
        """Return the camera's newest answer, now the caller's to release, or None."""
        desk = self._desks.get(camera)
        return None if desk is None else desk.outbox.take()

    def infer_now(self, camera: int, picture: Picture) -> Answer:
        """Answer at once on the caller's thread, for a clock that steps. Takes over one hold, as `submit` does."""
        self.join(camera)
        self.segmenter.open()
        answer = self._infer(self._desks[camera], picture)
        if answer is None:
            raise RuntimeError(f"{self.name}: all {_Desk.MASKS} masks of camera {camera} are still held")
        return answer

    def count_from_here(self) -> None:
        """Begin to count anew."""
        self._mark_memory()
        for desk in self._desks.values():
            desk.inferences = desk.lost = desk.spared = desk.inbox.displaced_count = 0

    def counts(self, camera: int) -> Counts:
        """Return what became of the camera's pictures so far."""
        desk = self._desks[camera]
        return Counts(desk.inferences, desk.inbox.displaced_count + desk.lost, desk.spared)

    @property
    def sparing(self) -> list[str]:
        """Why which cameras are given fewer pictures now."""
        return [f"{desk.name}: {desk.sparing.reason}" for desk in self._desks.values() if desk.sparing.reason]

    def open(self) -> None:
        """Make sure that the model is ready, wherever it runs."""
        self.segmenter.open(lambda: self.stopping)
        self._mark_memory()

    def _mark_memory(self) -> None:
        pid = self.segmenter.pid
        self._held = pid, held_bytes(pid)

    @property
    def grown_bytes(self) -> int | None:
        """How much more the whole process that runs the model holds than when it was last warm; None if unknown."""
        pid, before = self._held
        now = held_bytes(pid) if pid == self.segmenter.pid else None
        return None if before is None or now is None else now - before

    def close(self) -> None:
        """Give the model back after a failure."""
        self.segmenter.close()

    @property
    def age_ns(self) -> int | None:
        """How old the picture of the newest answer is, or was when this was stopped."""
        now_ns = self._clock.now_ns if self._stopped_ns is None else self._stopped_ns
        return None if self._newest_ns is None else now_ns - self._newest_ns

    def turn(self) -> None:
        """Answer what the cameras submitted since the last turn, one picture each."""
        if not self._work.wait(1.0):
            return
        self._work.clear()
        for desk in self._desks.values():
            picture = desk.inbox.take()
            if picture is not None and (answer := self._infer(desk, picture)) is not None:
                self._spare(desk, answer)
                unread = desk.outbox.put(answer)
                if unread is not None:
                    unread.release()

    def wake(self) -> None:
        """End the wait for work."""
        self._work.set()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End the thread, and release every picture and mask that nobody took."""
        self._stopped_ns = self._clock.now_ns
        super().stop(timeout_s)
        self.segmenter.close()
        for desk in self._desks.values():
            desk.clear()

    def _say_fallback(self) -> None:
        """Say once why the model runs elsewhere than it should, and when it does so no longer."""
        if self.segmenter.fallback != self._fallback:
            self._fallback = self.segmenter.fallback
            why = f": {self._fallback}" if self._fallback else " again"
            self.notices.say("visible", self.name, f"runs on {self.segmenter.provider}{why}")

    def _spare(self, desk: _Desk, answer: Answer) -> None:
        """Decide how many pictures to ask for from now on, and say when that changes."""
        now_ns, before = answer.answered_ns, desk.sparing.reason
        if self._felt_ns is None or now_ns - self._felt_ns >= self.HEAT_EVERY_NS:
            self._felt_ns, self._celsius = now_ns, self._heat()
        lightened = bool(self.segmenter.lighter)
        self._pair.ran(answer.took_ns, lightened)
        if desk.interval_ns > 0:
            desk.rate_hz = desk.sparing.rate_hz(
                now_ns,
                answer.coverage,
                self._celsius,
                self._pair.whole_ns,
                desk.interval_ns,
                answer.took_ns if lightened else None,
            )
        reason = desk.sparing.reason
        if reason != before:
            rate = f"{desk.rate_hz:.3g} pictures a second, since {reason}" if reason else "every picture again"
            self.notices.say("noted", self.name, f"{desk.name}: {rate}")
        self._lighten(now_ns)

    def _lighten(self, now_ns: int) -> None:
        """Have a lighter model at work as long as any camera needs that, and say when that changes."""
        why = next((desk.sparing.lighten for desk in self._desks.values() if desk.sparing.lighten), "")
        lighter = self.segmenter.lighter
        if bool(why) == bool(lighter) or (why and now_ns < self._none_lighter_until_ns):
            return
        if not self.segmenter.lighten(bool(why), self._pair.whole_ns / 1e6):
            self._none_lighter_until_ns = now_ns + self.LIGHTER_EVERY_NS
        elif why and not self.segmenter.lighter:
            return  # it is being opened; till then nothing changes
        elif why:
            self.notices.say("noted", self.name, f"{self.segmenter.lighter} stands in for it, since {why}")
        else:
            self.notices.say("noted", self.name, f"{self.segmenter.name} again, instead of {lighter}")

    def _infer(self, desk: _Desk, picture: Picture) -> Answer | None:
        """Run the model; release the picture. None if every mask is held by others."""
        try:
            slot = desk.free_slot()
            if slot is None:
                desk.lost += 1
                return None
            try:
                with self._span:
                    self.segmenter.run(picture, slot.buffer, desk.name)
                    desk.tidying.tidy(slot.buffer)
            except BaseException:
                desk.lost += 1
                slot.release()
                raise
            self._say_fallback()
            desk.inferences += 1
            self._newest_ns = picture.captured_ns
            picture.answered_ns = self._clock.now_ns
            shares = np.bincount(slot.buffer.ravel(), minlength=256) / slot.buffer.size
            return Answer(
                camera=desk.camera,
                sequence=picture.sequence,
                captured_ns=picture.captured_ns,
                answered_ns=picture.answered_ns,
                took_ns=self._span.last_ns,
                confidence=float(shares @ CERTAINTY),
                coverage=float(shares @ COVERAGE),
                slot=slot,
            )
        finally:
            picture.release()
