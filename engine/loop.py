"""The loop: one tick after another, each at its time, late time counted in whole intervals."""

from __future__ import annotations

from collections.abc import Callable

from engine.tick import Tick
from engine.timing.clock import Clock
from engine.timing.pacing import TickPace, whole_intervals
from engine.trace import Trace

LONGEST_STEP_NS = 250_000_000


class Loop:
    """Calls `turn` at a fixed rate, or so that each stage is ready just in time for a vsync of the pacing display.

    At a fixed rate the n-th tick is due at n intervals, computed and never accumulated, so that there is no drift. A
    tick that comes more than an interval late is not made up for: the clock jumps by whole intervals and they are
    counted as `lag`. `move` puts all that are to come a little earlier or later. Where `pace` is set it says when to
    begin; lost vsyncs are counted as `lag` too.

    Thread: main. Blocks: between ticks. Owns: the tick. Fails: with what `turn` raises.
    """

    def __init__(self, clock: Clock, rate_hz: float, turn: Callable[[Tick], None], trace: Trace) -> None:
        self.rate_hz = rate_hz
        self.lag = 0
        self.tick = Tick()
        self.pace: TickPace | None = None
        self._clock = clock
        self._turn = turn
        self._span = trace.span("tick")
        self._late_span = trace.span("tick late")
        self._start_ns = 0
        self._slot = 0  # of the next tick at the fixed rate
        self._lost = 0

    def run(self, stopped: Callable[[], bool], seconds: float | None = None) -> None:
        """Turn until `stopped` says so, or as many ticks as `seconds` hold have been due."""
        self._start_ns = self._clock.now_ns
        self._slot = 0
        slots = None if seconds is None else max(1, round(seconds * self.rate_hz))
        tick = self.tick
        while (slots is None or self._slot < slots) and not stopped():
            due_ns = self._wait() if self.pace is None else self._wait_for_vsync(self.pace)
            if slots is not None and self._slot > slots and tick.index:
                break  # late by so much that the end is over
            tick.step_ns = min(due_ns - tick.now_ns, LONGEST_STEP_NS) if tick.index else self._after(1)
            tick.now_ns = due_ns
            with self._span:
                self._turn(tick)
            tick.index += 1

    def move(self, later_ns: int) -> None:
        """Let the ticks that come by the rate alone begin so much later; earlier, where it is below 0."""
        self._start_ns += later_ns

    def _wait(self) -> int:
        """Wait until the next tick is due, by the rate alone."""
        clock = self._clock
        due_ns = self._start_ns + self._after(self._slot)
        clock.wait_until(due_ns)
        missed = whole_intervals(clock.now_ns - due_ns, 1e9 / self.rate_hz)
        if missed:
            self.lag += missed
            self._slot += missed
            due_ns = self._start_ns + self._after(self._slot)
        self._late_span.add(max(0, clock.now_ns - due_ns))
        self._slot += 1
        self.tick.deadline_ns = self._start_ns + self._after(self._slot)
        return due_ns

    def _wait_for_vsync(self, pace: TickPace) -> int:
        """Wait until a tick must begin for the vsync that it is for; that is its time."""
        clock = self._clock
        begin_ns = pace.aim(clock.now_ns)
        clock.wait_until(begin_ns)
        self._late_span.add(max(0, clock.now_ns - begin_ns))
        self.lag += pace.lost - self._lost
        self._lost = pace.lost
        vsync_ns = pace.vsync_ns if pace.vsync_ns is not None else begin_ns
        self.tick.deadline_ns = pace.deadline.before(vsync_ns)
        # Where the fixed rate goes on, should the vsyncs be lost.
        self._slot = max(self._slot, round((vsync_ns - self._start_ns) * self.rate_hz / 1e9)) + 1
        return max(vsync_ns, self.tick.now_ns + 1)

    def _after(self, slots: int) -> int:
        return round(slots * 1e9 / self.rate_hz)
