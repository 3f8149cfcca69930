"""Which of the stages a display of a lower rate shows: arithmetic, no threads, no waiting."""

from __future__ import annotations


class Cadence:
    """Takes at most so many stages a second, as evenly spaced as stages come.

    Each turn is due a whole interval after the last was due, not after it was taken, so that no rounding adds up: of
    30 stages a second 20 are taken as every first and second, and after any time the count is off by one at most. A
    stage that comes up to half a stage's length early is taken, since the next would be further off.

    Thread: one. Blocks: never. Owns: its numbers. Fails: never.
    """

    __slots__ = ("_due_ns",)

    def __init__(self) -> None:
        self._due_ns: float | None = None

    def takes(self, now_ns: int, rate_hz: float, stage_ns: int) -> bool:
        """Whether the stage of `now_ns` is to be shown; stages come every `stage_ns`. A rate of 0 takes all."""
        if rate_hz <= 0.0:
            self._due_ns = None
            return True
        interval_ns = 1e9 / rate_hz
        due_ns = self._due_ns
        if due_ns is None or due_ns - now_ns > interval_ns:  # the first, or after the rate was changed
            due_ns = float(now_ns)
        if now_ns < due_ns - stage_ns / 2:
            return False
        if now_ns - due_ns > interval_ns:  # after a pause: nothing is made up for
            due_ns = float(now_ns)
        self._due_ns = due_ns + interval_ns
        return True
