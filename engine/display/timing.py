"""When one window's presenter draws, and what it learns of its display's vsyncs."""

from __future__ import annotations

from engine.display.vsync import VsyncSource
from engine.timing.clock import Clock
from engine.timing.pacing import PresentPace, VsyncEstimate, period_of
from engine.timing.record import Lane

TRUSTED = 0.5
"""Quality above which vsyncs are aimed at."""


class PresentTiming:
    """The vsyncs of one window's display: stamps in, times to present out.

    Thread: the presenter's; the estimate may be read by any. Blocks: never. Owns: its numbers. Fails: never.
    """

    def __init__(self, clock: Clock, source: VsyncSource, refresh_hz: float) -> None:
        self.source = source
        self.estimate = VsyncEstimate(refresh_hz, clock.now_ns)
        self.pace = PresentPace(self.estimate)
        self.stamps: Lane | None = None  # where stamps are noted, if they are
        self._clock = clock
        self._reported_hz = refresh_hz
        self._presents = 0
        self._tick = 0  # whose stage was presented last
        self._aimed_ns = 0
        self._returned_ns = 0
        self._own_ns = 0.0  # when to look next, while vsyncs are not known

    @property
    def trusted(self) -> bool:
        """Whether it is known when the vsyncs are."""
        return self.estimate.quality >= TRUSTED

    @property
    def refresh_hz(self) -> float:
        """The display's rate: as measured where its vsyncs are known, else as its mode says.

        Stamps that cannot be trusted may well look like another mode: headless sway's made 55 of 60 Hz.
        """
        return self.estimate.refresh_hz if self.trusted else self._reported_hz

    def looks(self, stage_ns: int) -> bool:
        """Whether to look for a stage at times of the display's, rather than to wait for one.

        So do a display whose vsyncs are known, and one that is slower than the stage: if it took stages as they come,
        60 a second would be 16.7 and 33.3 ms apart at 50 Hz.
        """
        return self.trusted or period_of(self.refresh_hz) > 1.02 * stage_ns > 0

    def aim(self) -> int:
        """Choose the next vsync and return how long to wait before looking for a stage; at most a few periods.

        Where vsyncs are not known it is a clock of the display's rate.
        """
        now_ns = self._clock.now_ns
        if not self.trusted:
            self._own_ns = max(self._own_ns + period_of(self.refresh_hz), now_ns)
            self._aimed_ns = 0
            return int(self._own_ns) - now_ns
        self._aimed_ns = self.pace.aim(now_ns)
        return max(0, self._aimed_ns - now_ns)

    def before_present(self) -> None:
        """Say that a present follows."""
        self._presents += 1
        self.source.before_present(self._presents)

    def presented(self, tick: int, began_ns: int) -> None:
        """Learn from a present of this tick's stage that has returned; what it was to begin at counts, where aimed."""
        self._tick = tick
        self._returned_ns = self._clock.now_ns
        if self._aimed_ns:
            began_ns = self._aimed_ns
        vsync_ns = self.pace.vsync_ns or self.estimate.vsync_after(self._returned_ns)
        self.pace.presented(vsync_ns, self._returned_ns - began_ns, self._returned_ns)
        self._aimed_ns = 0

    def learn(self) -> None:
        """Take the stamps that have come since, and the rate that goes with them."""
        refresh_hz = self.source.refresh_hz
        if refresh_hz is not None and refresh_hz != self._reported_hz:
            self._reported_hz = refresh_hz
            self.estimate.report(refresh_hz)
        while (stamp := self.source.newest()) is not None:
            vsync_ns = self._clock.at(stamp.vsync_ns)
            if self.stamps is not None:
                self.stamps.add(self._tick, vsync_ns, vsync_ns, self.pace.vsync_ns or 0)
            if stamp.present == self._presents and self.pace.vsync_ns:
                self.pace.shown(self.pace.vsync_ns, self._returned_ns, vsync_ns, self.source.name)
            else:
                self.estimate.stamp(vsync_ns, self.source.name)
