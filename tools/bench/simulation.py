"""Displays of known truth in virtual time, and policies that must find out when to tick and when to present.

A `World` is everything that happens whatever a policy does: when each display's vsyncs really are, how late their
stamps come, which vsyncs a display lets pass, how long the n-th tick and the n-th present take, how late a thread
wakes. It is drawn once from a seed, or read from a show's timing log, and every policy meets the same one.

What is counted at each true vsync, from two seconds after the start:

    missed   on the display that sets the pace: nothing new, though a stage is due at every vsync.
             On the others: a stage was finished 4 ms before or longer, and an older one is shown.
    doubled  nothing new, though stages come at least as often as vsyncs. Where two displays' clocks differ, some are
             inevitable; what is beyond that is chance at the moment when a presenter looks.
    torn     a present was under way at the vsync: in immediate mode the picture would be cut there.
    latency  how old what is shown is: from its tick's start to the vsync, at every vsync. A picture that is shown
             again has grown older by a period, so a policy cannot gain by showing few pictures.

A present that returns less than `LATCH_NS` before a vsync is shown at the next. A vsync that the display let pass
counts for nobody.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.timing.pacing import PresentPace, TickPace, VsyncEstimate, period_of, whole_intervals
from engine.timing.record import TimingLog

MS = 1_000_000
SECOND_NS = 1_000_000_000

LATCH_NS = 300_000
"""How long before a vsync a compositor or driver wants the picture. A policy does not know it."""

ALLOWED_NS = 4_000_000
"""How long before a vsync a stage must be finished that has to be seen at it."""

SETTLING_NS = 2 * SECOND_NS

Draws = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Screen:
    """One display's truth, vsync by vsync."""

    name: str
    reported_hz: float
    vsyncs_ns: list[int]
    late_ns: list[int]  # of the stamp that tells of this vsync
    passed: list[bool]  # whether the display let it pass
    pace: bool = False


@dataclass(frozen=True, slots=True)
class World:
    """What happens whatever a policy does."""

    name: str
    seconds: float
    stage_hz: float
    screens: list[Screen]
    work_ns: list[int]
    present_ns: list[int]
    wake_ns: list[int]
    bursts_ns: list[tuple[int, int]] = field(default_factory=list)
    burst_factor: float = 1.0

    def work(self, index: int, now_ns: int) -> int:
        """Return how long a tick takes that starts now."""
        work_ns = self.work_ns[index % len(self.work_ns)]
        if self.bursts_ns and any(begin <= now_ns < end for begin, end in self.bursts_ns):
            return int(work_ns * self.burst_factor)
        return work_ns


@dataclass(frozen=True, slots=True)
class Spec:
    """How to draw a screen: `hz` is true up to `ppm`, `reported_hz` what the system says, 0 for the same."""

    name: str
    hz: float
    ppm: float = 0.0
    reported_hz: float = 0.0
    pace: bool = False


def draw(
    name: str,
    specs: Sequence[Spec],
    *,
    seconds: float,
    seed: int = 1,
    stage_hz: float = 60.0,
    work_ms: float = 5.0,
    typical_ms: float = 0.25,
    rare_ms: float = 6.0,
    rare: float = 0.01,
    passed: float = 0.0005,
    wander_ppm: float = 0.0,
    burst_factor: float = 1.0,
) -> World:
    """Draw a world. Stamps are late by an exponential time of mean `typical_ms`, and one in 1/`rare` by `rare_ms` more.

    `wander_ppm` is how far a display's clock goes to and fro in three minutes; bursts of load last 0.2 to 0.8 s, one
    every eight seconds. Ticks vary by 7 %, presents (0.5 ms) by 20 %, a thread wakes 0.08 ms late (MEASURED, sleep).
    """
    random = np.random.default_rng(seed)
    screens = []
    for spec in specs:
        period_ns = period_of(spec.hz)
        count = int(seconds * spec.hz) + 2
        at = np.arange(count)
        phase = random.uniform(0.0, period_ns)
        turn = 2 * math.pi * at * period_ns / (180 * SECOND_NS) + random.uniform(0, 2 * math.pi)
        intervals = period_ns * (1 + (spec.ppm + wander_ppm * np.sin(turn)) * 1e-6)
        vsyncs = np.rint(phase + np.cumsum(intervals)).astype(np.int64)
        late = random.exponential(typical_ms * MS, count) + (random.random(count) < rare) * rare_ms * MS
        screens.append(
            Screen(
                spec.name,
                spec.reported_hz or spec.hz,
                vsyncs.tolist(),
                late.astype(np.int64).tolist(),
                (random.random(count) < passed).tolist(),
                spec.pace,
            )
        )
    bursts = []
    begin = 5.0
    while burst_factor != 1.0 and begin < seconds:
        bursts.append((int(begin * SECOND_NS), int((begin + random.uniform(0.2, 0.8)) * SECOND_NS)))
        begin += random.uniform(6.0, 10.0)
    turns = int(seconds * max(stage_hz, 60.0) * 1.2)
    return World(
        name,
        seconds,
        stage_hz,
        screens,
        (work_ms * MS * np.exp(random.normal(0.0, 0.07, turns))).astype(np.int64).tolist(),
        (0.5 * MS * np.exp(random.normal(0.0, 0.2, turns))).astype(np.int64).tolist(),
        random.exponential(0.08 * MS, turns).astype(np.int64).tolist(),
        bursts,
        burst_factor,
    )


def world_of(log: TimingLog, name: str) -> World:
    """Return the world that a show's log tells of: its loads, its stamps, and the vsyncs as hindsight sees them.

    ValueError where it holds no ticks, or too few stamps to say where any display's vsyncs were.
    """
    work_ns = [row.ended_ns - row.begun_ns for lane in log.lanes if lane.event == "tick" for row in lane]
    begun_ns = [row.begun_ns for lane in log.lanes if lane.event == "tick" for row in lane]
    present_ns = [row.ended_ns - row.begun_ns for lane in log.lanes if lane.event == "present" for row in lane]
    if len(begun_ns) < 2:
        raise ValueError("the log holds no ticks")
    stamps = {lane.subject: [row.ended_ns for row in lane] for lane in log.lanes if lane.event == "stamp"}
    known = [each for each in log.displays if len(stamps.get(each.name, ())) > 2 * VsyncEstimate.WINDOW]
    if not known:
        raise ValueError("the log holds too few stamps: did a display report when it showed a picture?")
    start_ns = min(stamps[display.name][0] for display in known)
    screens = [
        hindsight(display.name, display.refresh_hz, [stamp - start_ns for stamp in stamps[display.name]], display.pace)
        for display in known
    ]
    return World(
        name,
        min(screen.vsyncs_ns[-1] for screen in screens) / SECOND_NS,
        SECOND_NS / float(np.median(np.diff(begun_ns))),
        screens,
        work_ns,
        present_ns or [500_000],
        [80_000],
    )


def hindsight(name: str, reported_hz: float, stamps_ns: Sequence[int], pace: bool) -> Screen:
    """Return where vsyncs were, from the 32 stamps that came after each; those without a stamp are filled in."""
    estimate = VsyncEstimate(reported_hz)
    vsyncs_ns: list[int] = []
    late_ns: list[int] = []
    for at, stamp_ns in enumerate(stamps_ns):
        estimate.stamp(stamp_ns)
        before_ns = stamps_ns[max(0, at - VsyncEstimate.WINDOW)]
        vsync_ns = min(before_ns, estimate.vsync_of(before_ns))
        if not vsyncs_ns:
            vsyncs_ns, late_ns = [vsync_ns], [before_ns - vsync_ns]
        steps = round((vsync_ns - vsyncs_ns[-1]) / estimate.period_ns)
        last_ns = vsyncs_ns[-1]
        for step in range(1, steps + 1):
            vsyncs_ns.append(last_ns + round(step * (vsync_ns - last_ns) / steps))
            late_ns.append(before_ns - vsync_ns)
    return Screen(name, reported_hz, vsyncs_ns, late_ns, [False] * len(vsyncs_ns), pace)


def phase_errors(screen: Screen, make: Callable[[float], VsyncEstimate]) -> Draws:
    """Return by how much an estimate, fed with every stamp of a screen, errs on the vsync after next, two seconds on.

    The one after next, because a tick aims at it when the stamp has just come.
    """
    estimate = make(screen.reported_hz)
    errors = []
    rows = zip(screen.vsyncs_ns, screen.late_ns, screen.passed, strict=True)
    for at, (vsync_ns, late_ns, passed) in enumerate(rows):
        if not passed:
            estimate.stamp(vsync_ns + late_ns)
        if vsync_ns - screen.vsyncs_ns[0] > SETTLING_NS and at + 2 < len(screen.vsyncs_ns):
            truth_ns = screen.vsyncs_ns[at + 2]
            errors.append(estimate.vsync_near(truth_ns) - truth_ns)
    return np.array(errors, np.int64)


class MeanInterval(VsyncEstimate):
    """The rival: the next vsync is the last stamp and the mean of the last 120 intervals."""

    EARLY = 0.5
    GAIN = 1.0
    KEPT = 120

    def __init__(self, refresh_hz: float, now_ns: int = 0) -> None:
        super().__init__(refresh_hz, now_ns)
        self._kept: list[tuple[int, int]] = []
        self._count = 0

    @property
    def quality(self) -> float:
        """It does not doubt."""
        return 1.0

    def stamp(self, time_ns: int, source: str = "present") -> None:
        """Take a stamp as if it were the vsync."""
        self.source = source
        if not self._kept:
            self.phase_ns = time_ns
        steps = round((time_ns - self.phase_ns) / self.period_ns)
        if steps > 0 or not self._kept:
            self._count += steps
            late_ns = time_ns - self.phase_ns - steps * self.period_ns
            self.phase_ns += round(steps * self.period_ns + self.GAIN * late_ns)
            self._kept.append((self._count, time_ns))
            if len(self._kept) > self.KEPT:
                count, first_ns = self._kept.pop(0)
                self.period_ns = (time_ns - first_ns) / (self._count - count)


class MeanPhase(MeanInterval):
    """A better rival, a phase-locked loop: of each stamp's deviation it believes a twentieth."""

    GAIN = 0.05


class Policy:
    """When to tick, when to present. This one is the simplest: tick after tick, and each stage is presented at once."""

    name = "free-running"
    serial = False  # everything in one thread, and a present waits for its display

    def __init__(self, world: World) -> None:
        self.world = world

    def tick_at(self, now_ns: int) -> int:
        """Return when the next tick should start."""
        return now_ns

    def ticked(self, work_ns: int) -> None:
        """A tick ended."""

    def look_at(self, screen: int, now_ns: int) -> int | None:  # noqa: ARG002 - others do
        """Return when this screen's presenter looks for a stage, None: whenever there is one."""
        return None

    def looked(self, screen: int, found: bool) -> None:
        """The presenter looked."""

    def aim(self, screen: int) -> int:  # noqa: ARG002 - others do
        """A present begins: return the vsync that it is for."""
        return 0

    def presented(self, screen: int, aimed_ns: int, work_ns: int, now_ns: int) -> None:
        """A present returned."""

    def shown(self, screen: int, aimed_ns: int, returned_ns: int, stamp_ns: int) -> None:
        """A stamp came."""


class Sleep(Policy):
    """As OBS: sleep to the next multiple of the interval by the system's clock, and count lag in whole intervals."""

    name = "sleep"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._interval_ns = SECOND_NS / world.stage_hz
        self._tick = -1

    def tick_at(self, now_ns: int) -> int:
        """The next multiple."""
        self._tick += 1
        self._tick += whole_intervals(now_ns - round(self._tick * self._interval_ns), self._interval_ns)
        return round(self._tick * self._interval_ns)


class OneThread(Policy):
    """One thread for all: a tick, then each display in turn, with fifo, which waits until the last one was shown."""

    name = "one thread"
    serial = True


class Paced(Policy):
    """Ours: the tick aims at the vsync of one display, every presenter at its own."""

    name = "ours"
    estimate: Callable[[float], VsyncEstimate] = VsyncEstimate

    def __init__(self, world: World) -> None:
        super().__init__(world)
        make = type(self).estimate
        self.presents = [PresentPace(make(screen.reported_hz)) for screen in world.screens]
        self.pace = next((index for index, screen in enumerate(world.screens) if screen.pace), 0)
        pace = self.presents[self.pace]
        self.ticks = TickPace(pace.estimate, pace.deadline, world.stage_hz)
        self._work_ns = 0
        self._stage_ns = SECOND_NS / world.stage_hz

    def tick_at(self, now_ns: int) -> int:
        """The vsync, less the lead."""
        return self.ticks.aim(now_ns)

    def ticked(self, work_ns: int) -> None:
        """Remember, to add the present's."""
        self._work_ns = work_ns

    def look_at(self, screen: int, now_ns: int) -> int | None:
        """At once on the display that sets the pace."""
        return None if screen == self.pace else self.presents[screen].aim(now_ns)

    def looked(self, screen: int, found: bool) -> None:
        """Tell the presenter's pace."""
        self.presents[screen].looked(found=found, stage_ns=self._stage_ns)

    def aim(self, screen: int) -> int:
        """The vsync looked for; on the display that sets the pace that of the stage's tick."""
        return (self.ticks.vsync_ns or 0) if screen == self.pace else self.presents[screen].vsync_ns

    def presented(self, screen: int, aimed_ns: int, work_ns: int, now_ns: int) -> None:
        """Learn the work."""
        self.presents[screen].presented(aimed_ns, work_ns, now_ns)
        if screen == self.pace:
            self.ticks.done(self._work_ns + work_ns, now_ns)

    def shown(self, screen: int, aimed_ns: int, returned_ns: int, stamp_ns: int) -> None:
        """Learn the vsync."""
        self.presents[screen].shown(aimed_ns, returned_ns, stamp_ns)


class PacedByMeanInterval(Paced):
    """The same, by the mean interval."""

    name = "mean interval"
    estimate = MeanInterval


class PacedByMeanPhase(Paced):
    """The same, by a phase-locked loop."""

    name = "mean phase"
    estimate = MeanPhase


POLICIES: tuple[type[Policy], ...] = (Paced, PacedByMeanInterval, PacedByMeanPhase, Sleep, OneThread, Policy)


@dataclass(slots=True)
class Shown:
    """What one screen showed."""

    name: str
    vsyncs: int = 0
    missed: int = 0
    doubled: int = 0
    torn: int = 0
    latency_ns: list[int] = field(default_factory=list)

    @property
    def latency_ms(self) -> float:
        """On average."""
        return float(np.mean(self.latency_ns)) / MS if self.latency_ns else math.nan

    def latency_at(self, percent: float) -> float:
        """A percentile, in milliseconds."""
        return float(np.percentile(self.latency_ns, percent)) / MS if self.latency_ns else math.nan


@dataclass(slots=True)
class _Presenter:
    """Where one screen's presenter is. Stages are numbers; 0 is none."""

    vsync: int = 0  # the next one's index
    busy: bool = False
    waiting: bool = False  # for whatever stage comes
    sent: int = 0  # the stage presented last
    sent_ns: int = 0  # when that returned
    aimed_ns: int = 0
    due: int = 0  # the newest stage that must be seen
    seen: int = 0


_TICK, _TICKED, _LOOK, _PRESENTED, _VSYNC, _STAMP = range(6)


class Simulation:
    """One policy in one world, event by event."""

    def __init__(self, world: World, policy: Policy, log: TimingLog | None = None) -> None:
        self.world = world
        self.policy = policy
        self._log = log
        if log is not None:
            for screen in world.screens:
                log.display(screen.name, float(screen.reported_hz), pace=screen.pace)
        self.shown = [Shown(screen.name) for screen in world.screens]
        self.ticks = 0
        self._events: list[tuple[int, int, int, int, tuple[int, int]]] = []
        self._order = 0
        self._presenters = [_Presenter() for _ in world.screens]
        self._begun_ns = [0]  # by stage
        self._ended_ns = [0]
        self._wakes = 0
        self._sends = 0
        self._chain = -1  # the screen that the one thread is at

    def run(self) -> list[Shown]:
        """Go through it."""
        events, world = self._events, self.world
        for index, screen in enumerate(world.screens):
            self._at(screen.vsyncs_ns[0], _VSYNC, index)
            self._plan(index, 0)
        self._plan_tick(0)
        end_ns = int(world.seconds * SECOND_NS)
        turns = (self._tick, self._ticked, self._look, self._presented, self._vsync, self._stamp)
        while events and events[0][0] < end_ns:
            now_ns, _, kind, which, extra = heapq.heappop(events)
            turns[kind](now_ns, which, extra)
        return self.shown

    def _at(self, time_ns: int, kind: int, which: int, extra: tuple[int, int] = (0, 0)) -> None:
        self._order += 1
        heapq.heappush(self._events, (time_ns, self._order, kind, which, extra))

    def _wake(self, time_ns: int, now_ns: int) -> int:
        """Return when a thread really wakes that wants to sleep until then."""
        if time_ns <= now_ns:
            return now_ns
        self._wakes += 1
        return time_ns + self.world.wake_ns[self._wakes % len(self.world.wake_ns)]

    def _plan_tick(self, now_ns: int) -> None:
        start_ns = max(now_ns, self.policy.tick_at(now_ns))
        self._at(self._wake(start_ns, now_ns), _TICK, 0, (start_ns, 0))

    def _tick(self, now_ns: int, _which: int, extra: tuple[int, int]) -> None:
        work_ns = self.world.work(self.ticks, now_ns)
        self.ticks += 1
        self._at(now_ns + work_ns, _TICKED, 0, (extra[0], now_ns))

    def _ticked(self, now_ns: int, _which: int, extra: tuple[int, int]) -> None:
        self._begun_ns.append(extra[1])
        self._ended_ns.append(now_ns)
        self.policy.ticked(now_ns - extra[0])
        if self._log is not None:
            self._log.lane("tick").add(len(self._ended_ns) - 1, extra[1], now_ns)
        if self.policy.serial:
            self._chain = -1
            self._next_in_chain(now_ns)
            return
        for index, presenter in enumerate(self._presenters):
            if presenter.waiting and not presenter.busy:
                self._present(index, now_ns)
        self._plan_tick(now_ns)

    def _next_in_chain(self, now_ns: int) -> None:
        self._chain += 1
        if self._chain == len(self._presenters):
            self._chain = -1
            self._plan_tick(now_ns)
        elif self._presenters[self._chain].sent == self._presenters[self._chain].seen:
            self._present(self._chain, now_ns)  # else its vsync goes on with it

    def _plan(self, index: int, now_ns: int) -> None:
        """Let a presenter look, or wait for the next stage."""
        presenter = self._presenters[index]
        look_ns = self.policy.look_at(index, now_ns)
        presenter.waiting = look_ns is None
        if look_ns is not None:
            look_ns = max(now_ns, look_ns)
            self._at(self._wake(look_ns, now_ns), _LOOK, index, (look_ns, 0))

    def _look(self, now_ns: int, index: int, extra: tuple[int, int]) -> None:
        found = len(self._ended_ns) - 1 > self._presenters[index].sent
        self.policy.looked(index, found)
        if found:
            self._present(index, now_ns, extra[0])
        else:
            self._plan(index, now_ns)

    def _present(self, index: int, now_ns: int, due_ns: int | None = None) -> None:
        presenter = self._presenters[index]
        presenter.busy, presenter.waiting = True, False
        self._sends += 1
        work_ns = self.world.present_ns[self._sends % len(self.world.present_ns)]
        aimed_ns = self.policy.aim(index)
        self._at(now_ns + work_ns, _PRESENTED, index, (aimed_ns, now_ns if due_ns is None else due_ns))
        vsyncs_ns = self.world.screens[index].vsyncs_ns
        if presenter.vsync < len(vsyncs_ns) and now_ns < vsyncs_ns[presenter.vsync] < now_ns + work_ns:
            self.shown[index].torn += now_ns > SETTLING_NS
        presenter.due = max(presenter.due, len(self._ended_ns) - 1)

    def _presented(self, now_ns: int, index: int, extra: tuple[int, int]) -> None:
        presenter = self._presenters[index]
        presenter.busy = False
        presenter.sent, presenter.sent_ns, presenter.aimed_ns = presenter.due, now_ns, extra[0]
        self.policy.presented(index, extra[0], now_ns - extra[1], now_ns)
        if self._log is not None:
            self._log.lane("present", self.shown[index].name).add(presenter.sent, extra[1], now_ns, extra[0])
        if self.policy.serial:
            self._next_in_chain(now_ns)
            return
        self._plan(index, now_ns)
        if presenter.waiting and len(self._ended_ns) - 1 > presenter.sent:
            self._present(index, now_ns)

    def _vsync(self, now_ns: int, index: int, _extra: tuple[int, int]) -> None:
        world, screen, presenter = self.world, self.world.screens[index], self._presenters[index]
        at = presenter.vsync
        presenter.vsync += 1
        if presenter.vsync < len(screen.vsyncs_ns):
            self._at(screen.vsyncs_ns[presenter.vsync], _VSYNC, index)
        if screen.passed[at]:
            return
        is_new = presenter.sent > presenter.seen and presenter.sent_ns <= now_ns - LATCH_NS
        if is_new:
            presenter.seen = presenter.sent
            self._at(now_ns + screen.late_ns[at], _STAMP, index, (presenter.aimed_ns, presenter.sent_ns))
        if now_ns >= SETTLING_NS:
            self._count(index, now_ns, is_new, often=world.stage_hz >= 0.99 * screen.reported_hz)
        if self._chain == index and is_new:
            self._present(index, now_ns)

    def _count(self, index: int, now_ns: int, is_new: bool, *, often: bool) -> None:
        shown, seen = self.shown[index], self._presenters[index].seen
        shown.vsyncs += 1
        shown.doubled += often and not is_new
        if often and self.world.screens[index].pace:
            shown.missed += not is_new
        else:
            shown.missed += seen + 1 < len(self._ended_ns) and self._ended_ns[seen + 1] <= now_ns - ALLOWED_NS
        if seen:
            shown.latency_ns.append(now_ns - self._begun_ns[seen])

    def _stamp(self, now_ns: int, index: int, extra: tuple[int, int]) -> None:
        self.policy.shown(index, extra[0], extra[1], now_ns)
        if self._log is not None:
            self._log.lane("stamp", self.shown[index].name).add(0, now_ns, now_ns, extra[0])


def simulate(world: World, policy: type[Policy]) -> list[Shown]:
    """Run one policy in a world; return what each screen showed."""
    return Simulation(world, policy(world)).run()
