"""A camera's pictures on their way into the show: decoded ahead, delivered when due, the newest wins."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Literal

from engine.components.camera import Camera
from engine.errors import CameraError
from engine.media.picture import Picture, PictureBuffer
from engine.media.shot import SECOND_NS, Shot, Source
from engine.media.source import open_source
from engine.notices import Notices
from engine.threads.mailbox import Mailbox
from engine.threads.slots import Slots
from engine.threads.worker import Worker
from engine.timing.clock import Clock
from engine.trace import Trace

SLOTS = 7
"""One being written, one in the mailbox, one shown, up to three held for their mask, one that only a model has."""

REBASE_NS = SECOND_NS
"""As late as this (a laptop that slept, a source slower than its own rate), the rest is moved instead of skipped."""

LONGEST_SKIP_NS = SECOND_NS // 4
"""However late: show a picture this often."""

SLACK_NS = 1_000_000
"""How early is still due where time steps: containers round to a millisecond, and would judder at their own rate."""

Status = Literal["live", "lost", "ended"]


class Feed:
    """One camera: opens it, keeps its time, gives its newest picture, and gets it back when it is lost.

    With a clock that steps, `newest` itself reads, so that the same times give the same pictures; else a worker does.
    It shows every picture to `readers` as it comes, before any tick can take it; what they keep, they retain.

    Thread: all of it from the main thread; a worker of its own in between. Blocks: `open` until the first picture is
    decoded; `close` until the worker ended; `newest` only with a clock that steps. Owns: the source and the buffers.
    Fails: `open` raises CameraError; after that a loss is said once, and shows in `status`.
    """

    def __init__(self, name: str, camera: Camera, clock: Clock, notices: Notices, trace: Trace) -> None:
        self.name = f"camera {name}"
        self.status: Status = "live"
        self.lost_at_ns: int | None = None
        self.delivered = 0
        self.before = 0  # pictures that an entity's feeds before this one may have delivered: numbers never come again
        self.dropped = 0
        self.reopened = 0
        self.description = ""
        self.readers: tuple[Callable[[Picture], None], ...] = ()
        self._camera = camera
        self._which = camera.source  # "auto" only until something opened: a lost webcam is waited for, not replaced
        self._clock = clock
        self._notices = notices
        self._span = trace.span(self.name)
        self._mailbox: Mailbox[Picture] = Mailbox()
        self._slots: Slots[PictureBuffer] = Slots(PictureBuffer, SLOTS)
        self._source: Source | None = None
        self._ahead: Shot | None = None  # the next one, its time on the show's clock
        self._zero_ns = 0  # when the source's present round began
        self._round_count = 0  # shots in that round
        self._taken_ns = -LONGEST_SKIP_NS  # when a picture was last not skipped
        self._worker = _Worker(self, notices)

    def open(self) -> None:
        """Open the source and decode its first picture."""
        try:
            self._open()
        except CameraError as error:
            self._close_source()
            raise CameraError(f"{self.name}: {error}") from error

    @property
    def interval_ns(self) -> int:
        """About how long a picture lasts; 0 while there is no source."""
        return self._source.interval_ns if self._source is not None else 0

    @property
    def round_ns(self) -> int:
        """How long its source takes from its first picture to its last; 0 where that has no end, or is not known."""
        return max(self._source.promised_ns, self._source.length_ns) if self._source is not None else 0

    def start(self) -> None:
        """Let pictures come."""
        if not self._clock.steps:
            self._worker.start()

    def newest(self, now_ns: int) -> Picture | None:
        """Return the newest picture that is due, now the caller's to release, or None if there is no new one."""
        return self._read_until(now_ns) if self._clock.steps else self._mailbox.take()

    def count_from_here(self) -> None:
        """Begin to count anew; numbers of pictures go on."""
        self.before += self.delivered
        self.delivered = self.dropped = self.reopened = 0

    def close(self) -> None:
        """End the worker and give everything back."""
        self._worker.stop()
        self._close_source()
        left = self._mailbox.take()
        if left is not None:
            left.release()

    # The rest runs on one thread at a time: the caller's until `start`, then the worker's.

    def _open(self) -> None:
        say = partial(self._notices.say, "visible", self.name)
        source = self._source = open_source(self._which, self._camera, say)
        self._which = source.which or self._which
        self._zero_ns = self._clock.now_ns
        self._round_count = 0
        self._ahead = self._next()
        if self._ahead is None:
            raise CameraError(f"{self._camera.source} has no picture that can be decoded; choose another file")
        self.description = source.description

    def _close_source(self) -> None:
        self._ahead = None
        if self._source is not None:
            self._source.close()
            self._source = None

    def _next(self) -> Shot | None:
        """Decode the next shot; its time is on the show's clock. None: there will be no more."""
        source = self._source
        if source is None:
            return None
        shot = source.next()
        if shot is None and self._round_count > 1:
            if not self._camera.loop:
                self.status = "ended"
                return None
            self._zero_ns += source.length_ns
            self._round_count = 0
            source.rewind()
            shot = source.next()
        if shot is None:  # a still, or a video of one picture
            if source.length_ns:
                self._notices.say("noted", self.name, f"{self._camera.source} has one picture to show: it stands still")
            return None
        self._round_count += 1
        return replace(shot, time_ns=self._zero_ns + shot.time_ns)

    def _write(self, shot: Shot) -> Picture | None:
        """Write a shot into a free slot; None: it was dropped, since there is none."""
        slot = self._slots.acquire()
        if slot is None:
            self.dropped += 1
            return None
        try:
            picture = shot.write(slot.buffer)
        except BaseException:
            slot.release()
            raise
        self.delivered += 1
        picture.sequence = self.before + self.delivered
        picture.captured_ns = min(shot.time_ns, self._clock.now_ns) if self._clock.steps else shot.time_ns
        if self._source is not None:
            self._source.stamp(picture, picture.captured_ns)
        picture.quarter_turns = (picture.quarter_turns + self._camera.rotate // 90) % 4
        picture.mirrored = self._camera.mirror
        picture.slot = slot
        return picture

    def _lose(self) -> None:
        self.lost_at_ns = self._clock.now_ns
        self.status = "lost"

    # With a clock that steps.

    def _read_until(self, now_ns: int) -> Picture | None:
        until_ns = now_ns + SLACK_NS
        if self._ahead is None or self._ahead.time_ns > until_ns:
            return None
        with self._span:
            while self._ahead is not None and self._ahead.time_ns <= until_ns:
                due = self._ahead
                try:
                    self._ahead = self._next()
                except CameraError as error:
                    self._notices.say("visible", self.name, str(error))
                    self._lose()
                    self._close_source()
                if self._source is not None and self._source.live:
                    break  # as they come: one for each tick
            return self._write(due)

    # With the real clock, on the worker's thread.

    def _reopen(self) -> None:
        if self._source is None:
            self._open()
            self.reopened += 1
        else:
            self._zero_ns = self._clock.now_ns  # opened before the show; it begins now
            if self._ahead is not None:
                self._ahead = replace(self._ahead, time_ns=self._zero_ns)

    def _turn(self) -> None:
        """Decode the next shot and deliver it when it is due."""
        source = self._source
        assert source is not None  # `_reopen` saw to it
        began_ns = time.perf_counter_ns()
        shot, self._ahead = self._ahead or self._next(), None
        if shot is None:
            self._worker.pause(3600.0)  # the last picture stays
            return
        if not source.paced:
            began_ns = time.perf_counter_ns()  # up to here it waited
        picture = self._convert(shot, source)
        self._span.since(began_ns)
        if picture is not None:
            if source.paced:
                self._worker.pause((shot.time_ns - self._clock.now_ns) / SECOND_NS)
            else:
                picture.captured_ns = self._clock.now_ns
            picture.delivered_ns = self._clock.now_ns
            for read in self.readers:
                read(picture)
            displaced = self._mailbox.put(picture)
            if displaced is not None:
                self.dropped += 1
                displaced.release()
            if self.status == "lost":
                self.status, self.lost_at_ns = "live", None
                self._notices.say("noted", self.name, "is back")

    def _convert(self, shot: Shot, source: Source) -> Picture | None:
        """Write a shot unless the next one is due already."""
        now_ns = self._clock.now_ns
        late_ns = now_ns - shot.time_ns
        if source.paced and late_ns > REBASE_NS:
            self._zero_ns += late_ns
            shot = replace(shot, time_ns=now_ns)
        elif source.paced and late_ns > source.interval_ns and now_ns - self._taken_ns < LONGEST_SKIP_NS:
            self.dropped += 1
            return None
        self._taken_ns = now_ns
        return self._write(shot)


class _Worker(Worker):
    """The thread of one feed."""

    def __init__(self, feed: Feed, notices: Notices) -> None:
        super().__init__(feed.name, notices)
        self._feed = feed

    def open(self) -> None:
        self._feed._reopen()

    def turn(self) -> None:
        self._feed._turn()

    def failed(self, error: Exception) -> None:
        if self._feed.status != "lost":  # that it is still not back need not be said
            super().failed(error)
            self._feed._lose()

    def close(self) -> None:
        self._feed._close_source()
