"""When to start a tick and when to present: arithmetic on times that others read off the clock. No threads, no waiting.

All times are nanoseconds of the show's one clock. Nothing here allocates from call to call except where a window of
measurements is looked through (once in `WINDOW` stamps), so that all of it may run inside a tick.

    a stamp (something became visible)  ->  VsyncEstimate: when vsyncs are
    how long ticks and presents took    ->  Lead: how long before a vsync a tick must start
                                            RateLadder: whether every vsync can be served at all
    both together                       ->  TickPace (the loop), PresentPace (one per display)
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor

SECOND_NS = 1_000_000_000

FALLBACK_HZ = 60.0
"""What a display has that reports no refresh rate, as Xvfb does."""


def period_of(refresh_hz: float) -> float:
    """Return the time between two vsyncs, in nanoseconds with their fraction: 60 Hz are 16666666.67."""
    return SECOND_NS / (refresh_hz if refresh_hz > 0 else FALLBACK_HZ)


def whole_intervals(late_ns: int, interval_ns: float) -> int:
    """Return how many whole intervals were lost; what is left over is made up for, and no time is ever "now"."""
    return int(late_ns // interval_ns) if late_ns > 0 else 0


class VsyncEstimate:
    """Where a display's vsyncs are, from stamps that say "by now it was shown".

    A stamp is taken after the vsync it tells of, by a thread that had to be woken first: typically 0.25 ms late, now
    and then 6 ms, and never early. So the lateness is not noise about a mean. The truth is the lower edge of the
    stamps, and this follows that edge: the earliest of the newest 24 to 32 stamps, each moved back by whole periods,
    is the phase. An earlier stamp is believed at once, a later one only when all earlier ones have left the window.
    Exponential lateness of 0.25 ms leaves an error of 0.25 / 32 = 8 µs in the mean and of 0.05 ms in the 99th
    percentile; to average stamps leaves 0.3 ms, and to trust the last one as much as that one happened to be late.

    Stamps are counted by rounding, so vsyncs without a stamp (a skipped one, a display that shows only every third)
    are found and change nothing. It rounds at 1/64 early, 63/64 late: at 144 Hz a stamp that comes 6 of 6.9 ms late
    still belongs to its own vsync. A phase that is wrong by more is found when the window has passed.

    The period is the reported refresh until a measured one is proven better, as in mpv: from at least 8 blocks of 32
    stamps, through each block's earliest, none of which may be further than 1/16 of a period off, and with a smaller
    deviation than the reported rate leaves. This settles 59.94 Hz reported as 60 within five seconds, to about 1 ppm.

    `quality` goes from 0 (no idea: only the rate is known) to 1: the share of recent stamps close behind a vsync,
    less the share that random times would reach. `source` says where the stamps come from.
    Stamp only what waits for the display: a present that returns at once tells when we called it, nothing more.

    Thread: one stamps; any may read, since a phase that moves in between is wrong by one correction at most.
    Blocks: never. Owns: its numbers. Fails: never.
    """

    WINDOW = 32  # stamps in which the earliest is looked for; half a second at 60 Hz
    BLOCK = 8  # the window moves on by this many
    EARLY = 1 / 64  # of a period, that a stamp may be early while the phase is known
    NEAR = 1 / 8  # of a period, that a good stamp is late at most
    BY_CHANCE = 1 / 4  # a little more than the share of random times within NEAR and EARLY
    SURVEYS = 16  # blocks of WINDOW stamps that the period is measured from: nine seconds at 60 Hz
    SURVEYS_NEEDED = 8
    OFF = 1 / 16  # of a period: no survey may be further from the line through all
    FURTHEST = 0.01  # a measured period that differs by more is no better version of the reported one
    MODES = (0.75, 1.34)  # what a mode change nobody told of may do to the period: 50 to 60 and 60 to 75, both ways
    DOUBT_REPORTED = 1e-3  # 59.94 for 60
    DOUBT_MEASURED = 5e-5  # what a quartz wanders, and what we measure wrong

    __slots__ = (
        "_block",
        "_block_stamps",
        "_doubt",
        "_known_ns",
        "_last_ns",
        "_late",
        "_line",
        "_seen",
        "_share",
        "_stamps",
        "_survey",
        "_survey_count",
        "_survey_late_ns",
        "_survey_ns",
        "_survey_stamps",
        "_survey_vsync",
        "jitter_ns",
        "measured",
        "period_ns",
        "phase_ns",
        "reported_ns",
        "restarts",
        "source",
        "unstamped",
        "vsyncs",
    )

    def __init__(self, refresh_hz: float, now_ns: int = 0) -> None:
        self.reported_ns = period_of(refresh_hz)
        self.period_ns = self.reported_ns
        self.phase_ns = now_ns  # a vsync: all others are whole periods from it
        self.source = "nominal"
        self.measured = False  # whether the period is
        self.jitter_ns = 0.0  # how late a stamp is, on average
        self.vsyncs = 0  # that went by between first and last stamp
        self.unstamped = 0  # those of them that brought no stamp
        self.restarts = 0  # how often the phase was given up
        self._known_ns = [0] * self.WINDOW  # the newest stamps, round and round
        self._late = [0] * (self.WINDOW // self.BLOCK)  # the earliest stamp of each block, against the phase
        self._survey = [(0, 0)] * self.SURVEYS  # the earliest stamp of each survey: which vsync, when
        self._survey_count = 0
        self._doubt = self.DOUBT_REPORTED
        self._seen = 0  # stamps since the phase was last given up, as everything below
        self._stamps = 0  # those of a new vsync
        self._last_ns = now_ns  # the newest stamp
        self._line = 0  # the number of the vsync at `phase_ns`, which is that of the newest stamp
        self._share = 0.0  # of stamps close behind a vsync
        self._block = self._block_stamps = 0
        self._survey_stamps = self._survey_vsync = self._survey_ns = self._survey_late_ns = 0

    @property
    def quality(self) -> float:
        """How far to trust the phase, from 0 to 1."""
        known = min(1.0, self._stamps / self.WINDOW)
        return known * max(0.0, (self._share - self.BY_CHANCE) / (1.0 - self.BY_CHANCE))

    @property
    def refresh_hz(self) -> float:
        """The rate, as reported or as measured."""
        return SECOND_NS / self.period_ns

    def vsync_after(self, time_ns: int) -> int:
        """Return the first vsync later than `time_ns`."""
        period_ns, phase_ns = self.period_ns, self.phase_ns
        vsync_ns = phase_ns + round((floor((time_ns - phase_ns) / period_ns) + 1) * period_ns)
        return vsync_ns if vsync_ns > time_ns else vsync_ns + round(period_ns)

    def vsync_near(self, time_ns: float) -> int:
        """Return the vsync closest to `time_ns`."""
        period_ns, phase_ns = self.period_ns, self.phase_ns
        return phase_ns + round(round((time_ns - phase_ns) / period_ns) * period_ns)

    def vsync_of(self, stamp_ns: int) -> int:
        """Return the vsync that a stamp tells of: the last one before it, but for a little."""
        period_ns, phase_ns = self.period_ns, self.phase_ns
        return phase_ns + round(floor((stamp_ns - phase_ns) / period_ns + self.EARLY) * period_ns)

    def next_vsync(self, now_ns: int, last_ns: int) -> int:
        """Return the first vsync after now that is not the one of `last_ns`, wherever the estimate has moved since."""
        return self.vsync_after(max(now_ns, last_ns + int(self.period_ns / 2)))

    def report(self, refresh_hz: float) -> None:
        """Take the refresh rate that the display's mode has now; another one than before begins anew."""
        period_ns = period_of(refresh_hz)
        if period_ns != self.reported_ns:
            self.reported_ns = self.period_ns = period_ns
            self.measured = False
            self._forget()

    def stamp(self, time_ns: int, source: str = "present") -> None:
        """Take a time shortly after a vsync."""
        self.source = source
        since_ns = time_ns - self._last_ns
        drift = since_ns * self._doubt / self.period_ns
        if self._stamps == 0:
            self._begin(time_ns)
        elif drift > self.NEAR:
            # After such a gap the phase may be anywhere: the machine was asleep, the window hidden.
            self.restarts += 1
            self._begin(time_ns)
        elif since_ns > 0:
            self._step(time_ns, drift)
            if self._seen % self.WINDOW == 0 and self._share < 0.5:
                self._look_for_another_mode()

    def _step(self, time_ns: int, drift: float) -> None:
        """Go on to the vsync that a stamp tells of; `drift` is how far, in periods, the phase may have moved since."""
        # While young, the first stamp may itself be the late one: then half a period early is as likely as late.
        early = self.EARLY + drift if self._stamps >= self.WINDOW else 0.5
        steps = floor((time_ns - self.phase_ns) / self.period_ns + early)
        if steps <= 0:  # a second one in the same vsync: whatever this is, it does not wait for the display
            self._see(time_ns)
            self._share -= self._share / self.WINDOW
            return
        self.vsyncs += steps
        self.unstamped += steps - 1
        self._line += steps
        self.phase_ns += round(steps * self.period_ns)
        self._keep(time_ns, time_ns - self.phase_ns)

    def _see(self, time_ns: int) -> None:
        self._known_ns[self._seen % self.WINDOW] = self._last_ns = time_ns
        self._seen += 1

    def _begin(self, time_ns: int) -> None:
        """Forget the phase and what was measured with it, and begin with this stamp; the period stays."""
        self._forget()
        self.phase_ns = time_ns
        self._keep(time_ns, 0)

    def _forget(self) -> None:
        self._doubt = self.DOUBT_MEASURED if self.measured else self.DOUBT_REPORTED
        self._seen = self._stamps = self._line = self._block = self._block_stamps = 0
        self._survey_count = self._survey_stamps = 0
        self._share = 0.0

    def _keep(self, time_ns: int, late_ns: int) -> None:
        """Take a stamp that is `late_ns` after its own vsync, the one at `phase_ns`."""
        self._see(time_ns)
        self._stamps += 1
        self._follow(late_ns)
        if self._survey_stamps == 0 or late_ns < self._survey_late_ns:
            self._survey_late_ns, self._survey_ns, self._survey_vsync = late_ns, time_ns, self._line
        self._survey_stamps += 1
        late_ns -= self._move()
        weight = max(1 / self.WINDOW, 1 / self._stamps)
        self._share += ((1.0 if late_ns <= self.NEAR * self.period_ns else 0.0) - self._share) * weight
        self.jitter_ns += (late_ns - self.jitter_ns) * weight
        if self._survey_stamps == self.WINDOW:
            self._take_survey()

    def _follow(self, late_ns: int) -> None:
        """Put it into its block of the window, which replaces the oldest one when it begins."""
        if self._block_stamps == self.BLOCK:
            self._block = (self._block + 1) % len(self._late)
            self._block_stamps = 0
        if self._block_stamps == 0 or late_ns < self._late[self._block]:
            self._late[self._block] = late_ns
        self._block_stamps += 1

    def _move(self) -> int:
        """Move the phase to the earliest stamp of the window; return by how much."""
        blocks = min(len(self._late), (self._stamps + self.BLOCK - 1) // self.BLOCK)
        move_ns = self._late[0]
        for index in range(1, blocks):
            if self._late[index] < move_ns:
                move_ns = self._late[index]
        if move_ns:
            for index in range(blocks):
                self._late[index] -= move_ns
            self._survey_late_ns -= move_ns
            self.phase_ns += move_ns
            if move_ns > self.OFF * self.period_ns:  # it was wrong all the time, and so are the surveys
                self._survey_count = self._survey_stamps = 0
        return move_ns

    def _take_survey(self) -> None:
        """Note the earliest stamp of the last 32, and see what they say of the period."""
        self._survey[self._survey_count % self.SURVEYS] = (self._survey_vsync, self._survey_ns)
        self._survey_count += 1
        self._survey_stamps = 0
        if self._survey_count >= self.SURVEYS_NEEDED and self._share > 0.5:
            self._measure()

    def _measure(self) -> None:
        """Lay a line through the surveys, and take its slope where it is proven better than the reported period."""
        count = min(self._survey_count, self.SURVEYS)
        first, first_ns = self._survey[self._survey_count % self.SURVEYS if count == self.SURVEYS else 0]
        surveys = self._survey[:count]
        middle = sum(vsync - first for vsync, _ in surveys) / count
        middle_ns = sum(time_ns - first_ns for _, time_ns in surveys) / count
        spread = sum((vsync - first - middle) ** 2 for vsync, _ in surveys)
        slope_ns = (
            sum((vsync - first - middle) * (time_ns - first_ns - middle_ns) for vsync, time_ns in surveys) / spread
        )
        if abs(slope_ns - self.reported_ns) > self.FURTHEST * self.reported_ns:
            return
        worst_ns = measured = reported = 0.0
        for vsync, time_ns in surveys:
            off_ns = (time_ns - first_ns - middle_ns) - (vsync - first - middle) * slope_ns
            worst_ns = max(worst_ns, abs(off_ns))
            measured += off_ns**2
            reported += (off_ns + (vsync - first - middle) * (slope_ns - self.reported_ns)) ** 2
        if worst_ns < self.OFF * self.period_ns and measured < reported:
            self.period_ns = slope_ns
            self.measured = True
            self._doubt = self.DOUBT_MEASURED

    def _look_for_another_mode(self) -> None:
        """Where stamps come in another rhythm, and a steady one, the mode has changed and nobody told.

        The period is the median over sixteen intervals at a time, so that no single late stamp counts: good to about
        400 ppm, which the phase can follow until it is measured.
        """
        count, half = self.WINDOW, self.WINDOW // 2
        known_ns = [self._known_ns[(self._seen + index) % count] for index in range(count)]
        period_ns = sorted((known_ns[index + half] - known_ns[index]) / half for index in range(half))[half // 2]
        change = period_ns / self.period_ns
        if not self.MODES[0] < change < self.MODES[1] or abs(change - 1) < self.FURTHEST:
            return
        # One vsync in sixteen without a stamp looks like a slower mode too; the rhythm that is known explains it.
        gaps_ns = [after - before for before, after in pairwise(known_ns)]
        explained = sum(min(gap % self.period_ns, -gap % self.period_ns) < self.OFF * self.period_ns for gap in gaps_ns)
        if explained >= 0.5 * len(gaps_ns):
            return
        steady = sum(
            abs(known_ns[index + 1] - known_ns[index] - period_ns) < self.NEAR * period_ns for index in range(count - 1)
        )
        if steady < 0.75 * (count - 1):
            return
        self.reported_ns = self.period_ns = period_ns
        self.measured = False
        self.restarts += 1
        self._begin(known_ns[0])
        for time_ns in known_ns[1:]:
            self._step(time_ns, 0.0)


class Window:
    """The newest measurements, kept sorted, so that a percentile costs nothing and a new one two small moves."""

    __slots__ = ("_newest", "_ordered", "count", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.count = 0
        self._newest = [0] * size
        self._ordered: list[int] = []

    def add(self, value: int) -> None:
        """Take a measurement for the oldest one."""
        at = self.count % self.size
        if self.count >= self.size:
            del self._ordered[bisect_left(self._ordered, self._newest[at])]
        self._newest[at] = value
        insort(self._ordered, value)
        self.count += 1

    def at(self, share: float) -> int:
        """Return the value that this share of the measurements does not exceed; 0 without any."""
        known = len(self._ordered)
        return self._ordered[min(known - 1, int(share * known))] if known else 0


class Deadline:
    """How long before a vsync a present must have returned, so that the display still takes it.

    0.8 ms to start with, the figure published for such a scheme. What a driver or compositor really wants cannot be
    asked, and the margin also has to bear the one turn in a hundred that takes longer than the lead. So it learns:

    - A present that used up more than 2/5 of the margin: a quarter more, at once, so that the margin mostly grows
      before anything is missed. One that used up all of it, but no more than as much again: half more. What is later
      than that says nothing of the margin: the work took long, which is the lead's affair.
    - One that returned in time, and yet its picture was shown at a later vsync: half more. A picture that is never
      shown teaches nothing, since displays let single vsyncs pass for reasons of their own.
    - Every other one takes back 5 ns: 0.2 ms are forgotten in eleven minutes at 60 Hz. A margin that crept down to
      the edge would have to miss a vsync to find it, so it never goes below 0.8 ms.
    - A quarter of a period is the most. For ticks of 5 ± 0.35 ms it settles at 1.3 to 2 ms: ten simulated runs of ten
      minutes then miss nothing. With half of the margin and a fifth more, every second run missed a vsync, for 0.3 ms
      less delay.
    """

    START_NS = 800_000
    USED_UP = 1.5
    NARROW = 1.25
    LEFT = 0.6  # of the margin, that a present should leave
    BACK_NS = 5
    MOST = 0.25  # of a period

    __slots__ = ("margin_ns", "misses", "period_ns")

    def __init__(self, period_ns: float = period_of(FALLBACK_HZ)) -> None:
        self.period_ns = period_ns
        self.margin_ns = self.START_NS
        self.misses = 0  # vsyncs that a present was late for, or that were shown later for no reason known

    def before(self, vsync_ns: int) -> int:
        """Return when a present must have returned to be shown at a vsync."""
        return vsync_ns - self.margin_ns

    def returned(self, aimed_ns: int, returned_ns: int) -> None:
        """Learn from when a present for the vsync `aimed_ns` returned."""
        left_ns = aimed_ns - returned_ns
        if left_ns >= self.margin_ns * self.LEFT:
            self.margin_ns = max(self.START_NS, self.margin_ns - self.BACK_NS)
        elif left_ns > 0:
            self._grow(self.NARROW)
        else:
            self.misses += 1
            if left_ns > -self.margin_ns:
                self._grow(self.USED_UP)

    def shown(self, aimed_ns: int, returned_ns: int, vsync_ns: int) -> None:
        """Learn from a stamp: what was presented for `aimed_ns` was shown at `vsync_ns`."""
        if returned_ns <= self.before(aimed_ns) and vsync_ns - aimed_ns > self.period_ns / 2:
            self.misses += 1
            self._grow(self.USED_UP)

    def _grow(self, factor: float) -> None:
        self.margin_ns = max(self.margin_ns, min(int(self.margin_ns * factor), int(self.period_ns * self.MOST)))


class Lead:
    """How long before its deadline a piece of work must start.

    Two wishes conflict. A lead too short misses a vsync, which everybody sees: the picture stands for 16.7 ms. A lead
    too long adds delay to every picture, which nobody sees but everybody feels. So a miss is worse, and rare ones
    are paid for with small delays, but not with any delay:

    - The lead is the 99th percentile of the last 512 turns (8.5 s at 60 Hz). Following the longest one instead would
      add, for tick times of 5 ± 0.4 ms, 0.4 ms to every picture, and 10 ms for nine seconds after a single hiccup.
    - It goes up at once. For five slow turns in 512 the percentile would not move, so two slow ones in the last
      eight are enough: a burst of load costs two vsyncs, not six.
    - It goes down by 1/512 of the excess a turn: half of it in six seconds. Load that comes in bursts every few
      seconds is then met by a lead that remembers the last burst.

    Measure work, not waiting: from when the tick was to start to the stage's end, plus from when the present was to
    begin to its return. To wake late from a sleep is part of the work. To wait for the deadline is not: a lead that
    counted it would prove itself right and never go down.
    """

    TURNS = 512
    SHARE = 0.99
    LATELY = 8
    DOWN = 1 / 512

    __slots__ = ("_lately", "_value", "window")

    def __init__(self, expected_ns: int = 0) -> None:
        self.window = Window(self.TURNS)
        self._lately = Window(self.LATELY)
        self._value = float(expected_ns)

    @property
    def value_ns(self) -> int:
        """The lead, without any margin."""
        return int(self._value)

    def add(self, work_ns: int) -> None:
        """Learn from one turn."""
        self.window.add(work_ns)
        self._lately.add(work_ns)
        wanted_ns = self.window.at(self.SHARE)
        if self._lately.count >= self.LATELY:
            wanted_ns = max(wanted_ns, self._lately.at(1 - 2 / self.LATELY))
        if wanted_ns > self._value:
            self._value = float(wanted_ns)
        else:
            self._value -= (self._value - wanted_ns) * self.DOWN


class Carry:
    """Whole steps for lengths that are no whole number of steps: what rounding leaves is carried into the next.

    At 144 Hz the stages of a show of 30 Hz last 5, 5, 4, 5, 5 … vsyncs; one of 59.94 Hz on 60 Hz lasts one, and two
    once in 1000. After any time the sum is off by half a step at most.
    """

    __slots__ = ("carried_ns",)

    def __init__(self) -> None:
        self.carried_ns = 0.0

    def steps(self, length_ns: float, step_ns: float) -> int:
        """Return how many steps the next length lasts."""
        wanted_ns = length_ns + self.carried_ns
        steps = floor(wanted_ns / step_ns + 0.5)
        self.carried_ns = wanted_ns - steps * step_ns
        return steps


BEND = 0.005
"""How far a show's rate may be bent to fit its display: 60 Hz become 59.94 or 60.1, but 25 never 24."""


def bent(length_ns: float, step_ns: float) -> float:
    """Return the multiple of `step_ns` that `length_ns` is meant to be, or `length_ns` where it is none."""
    multiple_ns = max(1, round(length_ns / step_ns)) * step_ns
    return multiple_ns if abs(multiple_ns - length_ns) <= BEND * length_ns else length_ns


@dataclass(frozen=True, slots=True)
class RateLadder:
    """Every `every`-th vsync: what a show does whose work no longer fits between two of them.

    Half the rate, steadily, looks better than now one vsync and now two. The state is a value and `after` a pure
    function of it and of what was measured, so that it can be tested without time passing.

    Down the ladder at once, when the 95th percentile of the work exceeds 95 % of what there is. Up again when it has
    been below 75 % of what there would be for three seconds, one rung at a time. Whoever is back within ten seconds
    waits twice as long the next time, a minute at most: load between the bounds cannot make it swing, and load that
    swings by itself makes it swing ever more slowly. However slow, ten pictures a second are shown, as in mpv.
    """

    FULL = 0.95
    ROOM = 0.75
    WAIT_NS = 3 * SECOND_NS
    LONGEST_WAIT_NS = 60 * SECOND_NS
    RELAPSE_NS = 10 * SECOND_NS
    SLOWEST_NS = SECOND_NS // 10

    every: int = 1
    wait_ns: int = WAIT_NS
    roomy_since_ns: int | None = None
    eased_ns: int | None = None  # when it last went to a higher rate

    def after(self, work_ns: int, period_ns: float, now_ns: int) -> RateLadder:
        """Return the ladder after a tick: itself, mostly. `work_ns` is the 95th percentile."""
        if work_ns > self.FULL * self.every * period_ns:
            slowest = max(1, int(self.SLOWEST_NS / period_ns))
            every = min(slowest, max(self.every + 1, ceil(work_ns / (self.FULL * period_ns))))
            if every <= self.every:
                return self
            relapsed = self.eased_ns is not None and now_ns - self.eased_ns < self.RELAPSE_NS
            wait_ns = min(2 * self.wait_ns, self.LONGEST_WAIT_NS) if relapsed else self.WAIT_NS
            return RateLadder(every, wait_ns, None, self.eased_ns)
        if self.every == 1:
            return self
        if work_ns >= self.ROOM * (self.every - 1) * period_ns:
            return self if self.roomy_since_ns is None else RateLadder(self.every, self.wait_ns, None, self.eased_ns)
        if self.roomy_since_ns is None:
            return RateLadder(self.every, self.wait_ns, now_ns, self.eased_ns)
        if now_ns - self.roomy_since_ns < self.wait_ns:
            return self
        return RateLadder(self.every - 1, self.wait_ns, None, now_ns)


class TickPace:
    """When ticks start, so that each stage is finished just in time for a vsync of the display that sets the pace.

    Thread: the loop's. Blocks: never. Owns: the lead and the ladder. Fails: never.
    """

    LADDER_TURNS = 120  # that the ladder's percentile is taken from: seven slow ones in two seconds

    __slots__ = ("_carry", "_recent", "_stage_ns", "deadline", "estimate", "ladder", "lead", "lost", "vsync_ns")

    def __init__(self, estimate: VsyncEstimate, deadline: Deadline, stage_hz: float, expected_ns: int = 0) -> None:
        self.estimate = estimate
        self.deadline = deadline
        self.lead = Lead(expected_ns)
        self.ladder = RateLadder()
        self.vsync_ns: int | None = None  # the one that the tick to come is for
        self.lost = 0  # stages that were not made because others took too long, in vsyncs
        self._stage_ns = SECOND_NS / stage_hz
        self._carry = Carry()
        self._recent = Window(self.LADDER_TURNS)

    def aim(self, now_ns: int) -> int:
        """Choose the next stage's vsync and return when its tick must start; that may be over already.

        A vsync that even a usual tick can no longer reach is given up, and counted: late time in whole intervals.
        """
        estimate = self.estimate
        period_ns = estimate.period_ns
        lead_ns = self.lead.value_ns + self.deadline.margin_ns
        if self.vsync_ns is None:
            vsync_ns = estimate.vsync_after(now_ns + lead_ns)
        else:
            stage_ns = max(self._stage_ns, self.ladder.every * period_ns)
            steps = self._carry.steps(bent(stage_ns, period_ns), period_ns)
            vsync_ns = estimate.vsync_near(self.vsync_ns + max(1, steps) * period_ns)
        late_ns = now_ns + self.lead.window.at(0.5) - vsync_ns
        if late_ns > 0:
            lost = whole_intervals(late_ns, period_ns) + 1
            self.lost += lost
            vsync_ns = estimate.vsync_near(vsync_ns + lost * period_ns)
        self.vsync_ns = vsync_ns
        return vsync_ns - lead_ns

    def done(self, work_ns: int, now_ns: int) -> None:
        """Learn how long tick and present took together, without what they waited."""
        self.lead.add(work_ns)
        self._recent.add(work_ns)
        if self._recent.count >= self._recent.size // 4:
            self.ladder = self.ladder.after(self._recent.at(0.95), self.estimate.period_ns, now_ns)


class PresentPace:
    """When one display's presenter draws: shortly before its vsync, from the newest stage there is.

    A display that does not set the pace meets stages at any phase, and two displays of one rate may meet them, for
    minutes or for ever, just about when their presenters look: then chance decides each time whether a stage is seen
    twice or not at all. So there are two times to look, 1.5 ms apart, and whenever nothing new was there though it
    should have been, the other one is taken: where one is in the thick of it, the other is clear of it.

    Thread: the presenter's. Blocks: never. Owns: the deadline and its lead; the estimate is read by others.
    Fails: never.
    """

    ASIDE_NS = 1_500_000

    __slots__ = ("_aside", "_found", "deadline", "estimate", "lead", "slips", "vsync_ns")

    def __init__(self, estimate: VsyncEstimate, expected_ns: int = 0) -> None:
        self.estimate = estimate
        self.deadline = Deadline(estimate.period_ns)
        self.lead = Lead(expected_ns)
        self.vsync_ns = 0  # the one that the next present is for
        self.slips = 0
        self._aside = False
        self._found = True

    def aim(self, now_ns: int) -> int:
        """Choose the next vsync, and return when to look for a stage and present it."""
        before_ns = self.deadline.margin_ns + self.lead.value_ns
        if self._aside:
            before_ns += min(self.ASIDE_NS, int(self.estimate.period_ns / 4))
        self.vsync_ns = self.estimate.next_vsync(now_ns, self.vsync_ns)
        return self.vsync_ns - before_ns

    def looked(self, *, found: bool, stage_ns: float) -> None:
        """Learn whether there was a new stage when it looked; `stage_ns` is how often they come."""
        if not found and self._found and stage_ns <= (1 + BEND) * self.estimate.period_ns:
            self.slips += 1
            self._aside = not self._aside
        self._found = found

    def presented(self, aimed_ns: int, work_ns: int, returned_ns: int) -> None:
        """Learn from a present for a vsync: how long it took from when it was to look, and when it returned."""
        self.lead.add(work_ns)
        self.deadline.returned(aimed_ns, returned_ns)

    def shown(self, aimed_ns: int, returned_ns: int, stamp_ns: int, source: str = "present") -> None:
        """Take a stamp: what was presented for `aimed_ns`, by a present that returned, became visible."""
        estimate = self.estimate
        estimate.stamp(stamp_ns, source)
        self.deadline.period_ns = estimate.period_ns
        if estimate.quality > 0.5:
            self.deadline.shown(aimed_ns, returned_ns, estimate.vsync_of(stamp_ns))
