"""Which of the stages a display shows that cannot or need not show all: arithmetic, no threads, no waiting."""

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


class Strain:
    """Whether the show is short of time, so that displays of lower priority should give way.

    From the first missed deadline until none was missed for two seconds. Where strain is back within ten seconds after
    it ended, giving way is what kept it away: then it lasts twice as long, a minute at most.

    Thread: one. Blocks: never. Owns: its numbers. Fails: never.
    """

    CALM_NS = 2_000_000_000
    LONGEST_CALM_NS = 60_000_000_000
    RELAPSE_NS = 10_000_000_000

    __slots__ = ("_calm_ns", "_ended_ns", "_missed", "_until_ns")

    def __init__(self) -> None:
        self._missed = 0
        self._calm_ns = self.CALM_NS
        self._until_ns: int | None = None
        self._ended_ns: int | None = None

    def under(self, now_ns: int, missed: int) -> bool:
        """Whether it is there, now that so many deadlines have been missed in all."""
        if missed > self._missed:
            if self._until_ns is None:
                relapsed = self._ended_ns is not None and now_ns - self._ended_ns < self.RELAPSE_NS
                self._calm_ns = min(2 * self._calm_ns, self.LONGEST_CALM_NS) if relapsed else self.CALM_NS
            self._until_ns = now_ns + self._calm_ns
        elif self._until_ns is not None and now_ns >= self._until_ns:
            self._until_ns, self._ended_ns = None, now_ns
        self._missed = missed
        return self._until_ns is not None
