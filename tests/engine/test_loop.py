"""The loop keeps its rate, and counts the time it has lost in whole intervals: in virtual time."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from engine.loop import LONGEST_STEP_NS, Loop
from engine.tick import Tick
from engine.timing.clock import HandClock
from engine.trace import Trace

MS = 1_000_000


class SlowClock(HandClock):
    """A hand clock that runs on during a tick, for as long as the tick takes."""

    steps = False

    def run_on(self, duration_ns: int) -> None:
        self._now_ns += duration_ns


class Run:
    """A loop of 100 Hz whose ticks take as long as they are told to."""

    def __init__(self, durations_ms: Sequence[float] = (), rate_hz: float = 100.0) -> None:
        self.clock = SlowClock()
        self.trace = Trace()
        self.loop = Loop(self.clock, rate_hz, self.turn, self.trace)
        self.durations_ms = list(durations_ms)
        self.now_ms: list[float] = []
        self.step_ms: list[float] = []
        self.deadline_ms: list[float] = []
        self.indices: list[int] = []

    def turn(self, tick: Tick) -> None:
        self.now_ms.append(tick.now_ns / MS)
        self.step_ms.append(tick.step_ns / MS)
        self.deadline_ms.append(tick.deadline_ns / MS)
        self.indices.append(tick.index)
        if self.durations_ms:
            self.clock.run_on(round(self.durations_ms.pop(0) * MS))

    def run(self, seconds: float | None) -> Run:
        self.loop.run(lambda: False, seconds)
        return self


def test_ticks_that_are_moved_keep_their_rate_and_number() -> None:
    run = Run()
    moves_ms = iter((0, 2, 2, -1, 0))
    turn = run.turn

    def move(tick: Tick) -> None:
        turn(tick)
        run.loop.move(next(moves_ms) * MS)

    run.loop = Loop(run.clock, 100.0, move, run.trace)
    run.run(0.05)
    assert run.now_ms == [0, 10, 22, 34, 43]
    assert run.loop.lag == 0


def test_ticks_come_at_their_rate() -> None:
    run = Run().run(0.05)
    assert run.now_ms == [0, 10, 20, 30, 40]
    assert run.step_ms == [10, 10, 10, 10, 10]
    assert run.deadline_ms == [10, 20, 30, 40, 50]
    assert run.indices == [0, 1, 2, 3, 4]
    assert run.loop.lag == 0


def test_a_rate_that_does_not_divide_a_second_does_not_drift() -> None:
    run = Run(rate_hz=30.0).run(100.0)
    assert len(run.now_ms) == 3000
    assert run.now_ms[2999] == pytest.approx(2999 * 1000 / 30, abs=1e-6)
    assert run.now_ms[300] == 10_000


def test_a_tick_that_is_late_by_less_than_an_interval_is_made_up_for() -> None:
    run = Run([1, 15, 1]).run(0.05)
    assert run.now_ms == [0, 10, 20, 30, 40]
    assert run.loop.lag == 0


def test_late_time_is_jumped_over_in_whole_intervals_and_counted() -> None:
    run = Run([1, 36, 1, 1]).run(0.08)
    # The tick of 10 ms ends at 46: that of 20 is 26 late, two intervals, so the next is that of 40.
    assert run.now_ms == [0, 10, 40, 50, 60, 70]
    assert run.step_ms == [10, 10, 30, 10, 10, 10]
    assert run.loop.lag == 2
    assert run.indices == [0, 1, 2, 3, 4, 5]


def test_exactly_one_interval_late_is_one_lost() -> None:
    run = Run([20]).run(0.05)
    assert run.now_ms == [0, 20, 30, 40]
    assert run.loop.lag == 1


def test_a_long_pause_does_not_leap() -> None:
    run = Run([1, 5000]).run(5.1)
    assert max(run.step_ms) == LONGEST_STEP_NS / MS
    assert run.loop.lag == 499
    assert run.now_ms[:3] == [0, 10, 5010]


def test_lateness_is_in_the_trace() -> None:
    run = Run([1, 14, 1]).run(0.04)
    late = run.trace.summaries()["tick late"]
    assert late.count == 4
    assert late.most == pytest.approx(4.0)
    assert run.trace.summaries()["tick"].count == 4


def test_it_stops_when_it_is_told_to() -> None:
    run = Run()
    run.loop.run(lambda: len(run.now_ms) == 3)
    assert run.now_ms == [0, 10, 20]


def test_a_second_run_goes_on_counting() -> None:
    run = Run().run(0.02)
    run.clock.run_on(10 * MS)
    run.run(0.02)
    assert run.indices == [0, 1, 2, 3]
    assert run.now_ms == [0, 10, 20, 30]


def test_what_a_turn_raises_reaches_the_caller() -> None:
    def fail(_tick: Tick) -> None:
        raise ValueError("no")

    loop = Loop(HandClock(), 10.0, fail, Trace())
    with pytest.raises(ValueError, match="no"):
        loop.run(lambda: False, 1.0)


def test_a_tick_so_late_that_the_end_is_over_is_not_made() -> None:
    run = Run([1, 60]).run(0.05)
    assert run.now_ms == [0, 10]
    assert run.clock.now_ns / MS == 70
