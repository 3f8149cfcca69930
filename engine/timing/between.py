"""Where between two stages a display is that shows more pictures a second than there are stages: arithmetic only."""

from __future__ import annotations

from math import ceil


class Between:
    """How far from the last stage to the newest a picture is to be that a display shows at a given time.

    To move evenly, what is shown must be behind by as much as the next stage may be away when it is shown: an interval
    of the stage less one of the display, and what a stage's coming varies by. `lateness` follows the latest that a
    stage was seen after its own time, up at once and down by 1/256 of an interval a stage: what moves never stands
    still for want of a stage, and a rare late one is forgotten within seconds, too slowly to be seen.

    Thread: one. Blocks: never. Owns: its numbers. Fails: never.
    """

    FORGETTING = 1 / 256

    __slots__ = ("_interval_ns", "_lateness_ns", "_now_ns", "_stage_ns")

    def __init__(self) -> None:
        self._now_ns = 0  # the newest stage's own time
        self._stage_ns = 0  # from the last to the newest
        self._interval_ns = 0.0  # of the display
        self._lateness_ns = 0.0

    @property
    def delay_ns(self) -> int:
        """How much later than without filling a stage is shown as it is."""
        return max(0, round(self._stage_ns - self._interval_ns)) if self._fills else 0

    @property
    def _fills(self) -> bool:
        return 0 < self._interval_ns < 0.99 * self._stage_ns

    def stage(self, now_ns: int, stage_ns: int, seen_ns: int, interval_ns: float) -> None:
        """Take a stage of this time, the last one's plus `stage_ns`, seen then by a display of this interval."""
        late_ns = float(seen_ns - now_ns)
        if stage_ns != self._stage_ns or interval_ns != self._interval_ns:
            self._lateness_ns = late_ns
        self._now_ns, self._stage_ns, self._interval_ns = now_ns, stage_ns, interval_ns
        self._lateness_ns = max(late_ns, self._lateness_ns - self.FORGETTING * stage_ns)

    def phase(self, time_ns: int) -> float:
        """Return what to show at this time: 0 is the last stage, 1 the newest."""
        if not self._fills:
            return 1.0
        since_ns = time_ns - self._now_ns - self._lateness_ns + self._interval_ns
        return min(1.0, max(0.0, since_ns / self._stage_ns))


def times_until_next(now_ns: int, stage_ns: int, interval_ns: float) -> list[int]:
    """Return when a display shows something from a stage's time until the next one's, on a clock that steps."""
    if not 0 < interval_ns < stage_ns:
        return [now_ns]
    first = ceil(now_ns / interval_ns - 1e-6)
    end = ceil((now_ns + stage_ns) / interval_ns - 1e-6)
    return [round(number * interval_ns) for number in range(first, end)]
