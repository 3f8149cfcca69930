"""Many displays and one that is stuck: neither tick nor other displays may feel it, and what it misses is counted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np

from engine.components import Display
from engine.display.presenter import Presenter
from engine.display.tap import Tap
from engine.display.target import OffscreenTarget, Target
from engine.notices import Notices
from engine.scene.load import Scene
from engine.threads.worker import Worker
from engine.tick import Tick
from engine.timing.clock import Clock, RealClock
from systems.show import Show
from tools.bench.latency import POLL_S, latency_scene
from tools.bench.result import Result
from tools.bench.stages import shared_gpu

COUNTS = (1, 2, 4, 8)
"""Displays beside the one that is stuck."""

SIZE = (640, 360)

STUCK_S = 5.0
"""As long a display, or an encoder, is stuck; then it is well for as long, three times over."""

MOST_MORE = 0.10
"""What a figure may be worse by than in the worst of the phases in which all was well: what a machine's noise makes of
it is in those too."""

LEAST_MORE_MS = 0.5
"""A tick of half a millisecond may vary by as much."""

PAIRS = 3


class Gate:
    """What a stuck thing waits at."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._open.set()

    def let(self, through: bool) -> None:
        """Open or close it."""
        if through:
            self._open.set()
        else:
            self._open.clear()

    def pass_through(self) -> None:
        """Wait until it is open."""
        self._open.wait()


class StuckTarget:
    """A display's target that now and then gives no image, as a window does whose compositor hangs.

    While it is well it is hidden: it costs no drawing then, as it costs none while it is stuck.
    """

    def __init__(self, target: Target, gate: Gate) -> None:
        self.format = target.format
        self._target = target
        self._gate = gate

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._target.size

    def acquire(self) -> Any | None:
        """Wait, and have nothing to draw into."""
        self._gate.pass_through()
        return None

    def present(self) -> None:
        """Do nothing."""

    def release(self) -> None:
        """Let go."""
        self._gate.let(True)
        self._target.release()


class StuckEncoder(Worker):
    """Takes what a tap copies, as an output's worker does, and now and then does not come back from its codec or disk.

    What it encodes is left out, so that it costs the same well and stuck.
    """

    def __init__(self, tap: Tap, gate: Gate, notices: Notices) -> None:
        super().__init__("stuck encoder", notices)
        self.taken = 0
        self._tap = tap
        self._gate = gate

    def turn(self) -> None:
        """Take the oldest copy, if it is there."""
        with self._tap.readback.read() as got:
            if got is not None:
                self._gate.pass_through()
                self.taken += 1
                return
        self.pause(POLL_S)


class Stopwatch:
    """Stands where a tap stands, and notes how long after its tick was due each stage was presented."""

    def __init__(self, clock: Clock) -> None:
        self.delays_ns: list[tuple[int, int]] = []
        self._clock = clock

    def record(self, _encoder: Any) -> None:
        """Copy nothing."""

    def sent(self, _copy: None, time_ns: int) -> None:
        """Note it."""
        self.delays_ns.append((time_ns, self._clock.now_ns - time_ns))


@dataclass(slots=True)
class Phase:
    """What was measured while the one was well, or stuck."""

    ticks_ns: list[int] = field(default_factory=list)
    delays_ns: list[int] = field(default_factory=list)
    presents: int = 0
    dropped: int = 0

    def tick_ms(self, percentile: float) -> float:
        """How long a tick took."""
        return float(np.percentile(self.ticks_ns, percentile)) / 1e6

    def delay_ms(self, percentile: float) -> float:
        """How long after its tick was due the others presented."""
        return float(np.percentile(self.delays_ns, percentile)) / 1e6


@dataclass(slots=True)
class Run:
    """One show, with and without a stuck consumer in turn."""

    phases: list[Phase]
    others_dropped: int = 0
    lag: int = 0

    @property
    def well(self) -> list[Phase]:
        """Those in which all was well."""
        return self.phases[::2]

    @property
    def stuck(self) -> list[Phase]:
        """Those in which one was stuck."""
        return self.phases[1::2]


def run(quick: bool = False) -> Result:
    """Have one display stuck beside 1, 2, 4 and 8 others, then one encoder."""
    result = Result("fanout")
    stuck_s = 0.5 if quick else STUCK_S
    for count in (1, 2) if quick else COUNTS:
        _report(result, f"{count} and a stuck display", count, on_air(count, stuck_s, encoding=False), quick)
    _report(result, "2 and a stuck encoder", 2, on_air(2, stuck_s, encoding=True), quick)
    result.notes.append(
        f"displays of {SIZE[0]}×{SIZE[1]}; delay: from when a tick was due until its stage was presented on the others"
    )
    result.notes.append(
        f"stuck for {stuck_s:g} s, well for as long, {PAIRS} times in turn in one show: medians of the {PAIRS}; "
        f"limits: the worst of the {PAIRS} well ones and {MOST_MORE:.0%} more"
    )
    return result


def on_air(count: int, stuck_s: float, *, encoding: bool) -> Run:
    """Run a show with so many displays and one more consumer, and have that one stuck in every other phase."""
    clock, gate = RealClock(), Gate()
    show = Show(_scene(count, one_more=not encoding), clock, headless=True, gpu=shared_gpu())
    show.open()
    found = Run([Phase() for _ in range(2 * PAIRS)])
    watches: list[Stopwatch] = []
    others: list[Presenter] = []
    tap: Tap | None = None
    encoder: StuckEncoder | None = None
    try:
        for name, presenter in show.present.presenters.items():
            if name == "stuck":
                presenter.target = StuckTarget(presenter.target, gate)
            else:
                watches.append(Stopwatch(clock))
                others.append(presenter)
                presenter.taps.append(watches[-1])  # type: ignore[arg-type] # it stands where a tap stands
        if encoding:
            assert isinstance(others[0].target, OffscreenTarget)
            tap = Tap(show.passes, "recorded", others[0].target)
            tap.wanted = True
            encoder = StuckEncoder(tap, gate, show.notices)
            others[0].taps.append(tap)
            encoder.start()

        tick_span = show.trace.span("tick")
        dropped_before = 0
        others_before = sum(presenter.drops for presenter in others)
        begun_ns = clock.now_ns

        def dropped() -> int:
            return tap.dropped if tap is not None else show.present.presenters["stuck"].drops

        def phase(time_ns: int) -> int:
            return min(int((time_ns - begun_ns) / 1e9 / stuck_s), 2 * PAIRS - 1)

        def note(tick: Tick) -> None:
            nonlocal dropped_before
            number = phase(tick.now_ns)
            now = found.phases[number]
            if tick_span.count:
                now.ticks_ns.append(tick_span.last_ns)
            now.dropped += dropped() - dropped_before
            dropped_before = dropped()
            gate.let(number % 2 == 0)

        dropped_before = dropped()
        show.run(2 * PAIRS * stuck_s, note)
        gate.let(True)
        show.present.stop()
        if encoder is not None:
            encoder.stop()
        for watch in watches:
            for time_ns, delay_ns in watch.delays_ns:
                if time_ns > begun_ns:
                    now = found.phases[phase(time_ns)]
                    now.delays_ns.append(delay_ns)
                    now.presents += 1
        found.others_dropped = sum(presenter.drops for presenter in others) - others_before
        found.lag = show.loop.lag
        return found
    finally:
        gate.let(True)
        show.close()


def _scene(count: int, *, one_more: bool) -> Scene:
    """Return the latency bench's show with other displays."""
    scene = latency_scene(["guest.mask.source=truth", "front.camera.timecode=false"], SIZE)
    entities = {name: parts for name, parts in scene.entities.items() if "display" not in parts and name != "code"}
    for name in [*(f"screen{index}" for index in range(count)), *(["stuck"] if one_more else [])]:
        entities[name] = {"display": Display(kind="offscreen")}
    return Scene(scene.path, entities, scene.files)


def _report(result: Result, name: str, count: int, found: Run, quick: bool) -> None:
    well, stuck = found.well, found.stuck
    figures: dict[str, tuple[Callable[[Phase], float], str]] = {
        "tick p50": (lambda phase: phase.tick_ms(50), "ms"),
        "tick p95": (lambda phase: phase.tick_ms(95), "ms"),
        "delay of others p50": (lambda phase: phase.delay_ms(50), "ms"),
        "delay of others p95": (lambda phase: phase.delay_ms(95), "ms"),
        "presents of each other one per tick": (lambda phase: phase.presents / count / len(phase.ticks_ns), ""),
    }
    for figure, (value, unit) in figures.items():
        result.add(f"{name}: {figure}, well", median(map(value, well)), unit)
        result.add(f"{name}: {figure}, stuck", median(map(value, stuck)), unit)
    ticks, dropped = sum(len(phase.ticks_ns) for phase in stuck), sum(phase.dropped for phase in stuck)
    result.add(f"{name}: ticks while stuck", ticks, "")
    result.add(f"{name}: what the stuck one dropped meanwhile", dropped, "")
    result.add(f"{name}: what all others dropped, in all", found.others_dropped, "")
    result.add(f"{name}: ticks missed (lag)", found.lag, "")
    if quick:
        return
    for figure, (value, unit) in figures.items():
        values = [value(phase) for phase in well]
        reached = median(map(value, stuck))
        if unit:
            most = max(values) * (1 + MOST_MORE) + LEAST_MORE_MS
            result.require(f"{name}: {figure}, stuck", reached, "at most", round(most, 2), unit)
        else:
            least = min(values) * (1 - MOST_MORE)
            result.require(f"{name}: {figure}, stuck", reached, "at least", round(least, 3), "")
    # A ring holds six copies, a mailbox one stage, and one is at hand, each time.
    result.require(f"{name}: drops counted", dropped, "at least", round(ticks * (1 - MOST_MORE)) - 8 * PAIRS, "")
