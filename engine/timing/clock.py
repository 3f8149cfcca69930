"""The one clock that stamps everything in the program, and the one that a test or an offline render turns by hand."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Nanoseconds since the show began.

    Thread: any may read `now_ns`; only the loop calls `wait_until`. Blocks: `wait_until`. Owns: nothing. Fails: never.
    """

    @property
    def steps(self) -> bool:
        """Whether time stands still during a tick: then everything is rendered, as fast or slow as it goes."""

    @property
    def now_ns(self) -> int:
        """The time."""

    def at(self, perf_counter_ns: int) -> int:
        """Return this clock's time for a reading of `time.perf_counter_ns`."""

    def wait_until(self, time_ns: int) -> None:
        """Let time pass until `time_ns`; return at once if that is over."""


class RealClock:
    """The monotonic clock, from zero. A wait sleeps, then spins the last stretch where a core can be spared."""

    steps = False

    def __init__(self, spin_ns: int = 0) -> None:
        self._zero_ns = time.perf_counter_ns()
        self._spin_ns = spin_ns

    @property
    def now_ns(self) -> int:
        """The time since this clock was made."""
        return time.perf_counter_ns() - self._zero_ns

    def at(self, perf_counter_ns: int) -> int:
        """Return the time at that reading."""
        return perf_counter_ns - self._zero_ns

    def wait_until(self, time_ns: int) -> None:
        """Sleep until `spin_ns` before, then spin."""
        left_ns = time_ns - self.now_ns
        if left_ns > self._spin_ns:
            time.sleep((left_ns - self._spin_ns) / 1e9)
        while self.now_ns < time_ns:
            pass


class HandClock:
    """A clock that moves only when it is told to: `wait_until` is what moves it."""

    steps = True

    def __init__(self) -> None:
        self._now_ns = 0

    @property
    def now_ns(self) -> int:
        """The time it was set to."""
        return self._now_ns

    def at(self, perf_counter_ns: int) -> int:  # noqa: ARG002 - time stands still
        """Return the time it was set to."""
        return self._now_ns

    def wait_until(self, time_ns: int) -> None:
        """Move on to `time_ns`."""
        self._now_ns = max(self._now_ns, time_ns)
