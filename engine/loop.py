"""The loop: one tick after another, each at its time, late time counted in whole intervals."""

from __future__ import annotations

from collections.abc import Callable

from engine.tick import Tick
from engine.timing.clock import Clock
from engine.trace import Trace

LONGEST_STEP_NS = 250_000_000


class Loop:
    """Calls `turn` at a fixed rate.

    The n-th tick is due at n intervals, computed and never accumulated, so that there is no drift. A tick that comes
    more than an interval late is not made up for: the clock jumps by whole intervals and they are counted as `lag`.

    Thread: main. Blocks: between ticks. Owns: the tick. Fails: with what `turn` raises.
    """

    def __init__(self, clock: Clock, rate_hz: float, turn: Callable[[Tick], None], trace: Trace) -> None:
        self.rate_hz = rate_hz
        self.lag = 0
        self.tick = Tick()
        self._clock = clock
        self._turn = turn
        self._span = trace.span("tick")
        self._late_span = trace.span("tick late")

    def run(self, stopped: Callable[[], bool], seconds: float | None = None) -> None:
        """Turn until `stopped` says so, or as many ticks as `seconds` hold have been due."""
        clock, tick = self._clock, self.tick
        start_ns = clock.now_ns
        slot, slots = 0, None if seconds is None else max(1, round(seconds * self.rate_hz))
        while (slots is None or slot < slots) and not stopped():
            due_ns = start_ns + self._after(slot)
            clock.wait_until(due_ns)
            late_ns = clock.now_ns - due_ns
            missed = int(late_ns * self.rate_hz / 1e9)
            if missed:
                self.lag += missed
                slot += missed
                due_ns = start_ns + self._after(slot)
            self._late_span.add(max(0, clock.now_ns - due_ns))
            tick.step_ns = min(due_ns - tick.now_ns, LONGEST_STEP_NS) if tick.index else self._after(1)
            tick.now_ns = due_ns
            tick.deadline_ns = start_ns + self._after(slot + 1)
            with self._span:
                self._turn(tick)
            tick.index += 1
            slot += 1

    def _after(self, slots: int) -> int:
        return round(slots * 1e9 / self.rate_hz)
