"""Lead, deadline, carry and ladder: what they answer to what was measured."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pytest

from engine.timing.pacing import (
    Carry,
    Deadline,
    Lead,
    PresentPace,
    RateLadder,
    TickPace,
    VsyncEstimate,
    Window,
    bent,
    whole_intervals,
)

MS = 1_000_000
SECOND_NS = 1_000_000_000
PERIOD_NS = SECOND_NS / 60


def test_late_time_is_counted_in_whole_intervals() -> None:
    assert [whole_intervals(late, 10.0) for late in (-5, 0, 9, 10, 29, 30)] == [0, 0, 0, 1, 2, 3]


def test_a_window_knows_the_percentiles_of_its_newest() -> None:
    window = Window(100)
    assert window.at(0.5) == 0
    values = np.random.default_rng(1).integers(0, 1000, 1000).tolist()
    for value in values:
        window.add(value)
    newest = sorted(values[-100:])
    assert [window.at(share) for share in (0.0, 0.5, 0.95, 1.0)] == [newest[0], newest[50], newest[95], newest[99]]


def lead_after(works_ms: Iterable[float], lead: Lead | None = None) -> Lead:
    lead = lead or Lead()
    for work_ms in works_ms:
        lead.add(int(work_ms * MS))
    return lead


def test_a_lead_goes_up_at_once_and_down_slowly() -> None:
    lead = lead_after([5.0] * 600)
    assert lead.value_ns == 5 * MS
    assert lead_after([12.0] * 2, lead).value_ns == 12 * MS
    assert lead_after([5.0] * 60, lead).value_ns > 11 * MS
    assert lead_after([5.0] * 2000, lead).value_ns < 5.3 * MS


def test_a_single_slow_turn_does_not_make_every_picture_late() -> None:
    lead = lead_after([5.0] * 600)
    assert lead_after([40.0], lead).value_ns == 5 * MS


def test_a_margin_grows_before_anything_is_missed() -> None:
    deadline = Deadline()
    assert deadline.before(20 * MS) == 20 * MS - 800_000
    deadline.returned(20 * MS, 20 * MS - 700_000)
    assert deadline.margin_ns == 800_000
    deadline.returned(20 * MS, 20 * MS - 300_000)
    assert (deadline.margin_ns, deadline.misses) == (1_000_000, 0)
    deadline.returned(20 * MS, 20 * MS + 100_000)
    assert (deadline.margin_ns, deadline.misses) == (1_500_000, 1)


def test_work_that_took_long_is_not_the_margins_affair() -> None:
    deadline = Deadline()
    deadline.returned(20 * MS, 27 * MS)
    assert (deadline.margin_ns, deadline.misses) == (800_000, 1)


def test_a_display_that_wants_more_gets_it() -> None:
    deadline = Deadline()
    deadline.shown(20 * MS, 19 * MS, 20 * MS)
    assert deadline.margin_ns == 800_000
    deadline.shown(20 * MS, 19 * MS, 20 * MS + round(PERIOD_NS))
    assert deadline.margin_ns == 1_200_000


def test_a_margin_forgets_and_has_bounds() -> None:
    deadline = Deadline()
    for _ in range(50):
        deadline.returned(20 * MS, 20 * MS - 1000)
    assert deadline.margin_ns == int(PERIOD_NS * Deadline.MOST)
    for _ in range(1_000_000):
        deadline.returned(20 * MS, 10 * MS)
    assert deadline.margin_ns == Deadline.START_NS


def test_a_show_of_30_hz_on_144_hz_does_not_drift() -> None:
    carry, steps_hz = Carry(), 144.0
    steps = [carry.steps(SECOND_NS / 30, SECOND_NS / steps_hz) for _ in range(30 * 3600)]
    assert steps[:5] == [5, 5, 4, 5, 5]
    assert set(steps) == {4, 5}
    assert sum(steps) == 144 * 3600


def test_a_show_of_59_94_hz_on_60_hz_repeats_once_in_a_thousand() -> None:
    carry = Carry()
    steps = [carry.steps(SECOND_NS * 1001 / 60000, PERIOD_NS) for _ in range(10_000)]
    assert steps.count(2) == 10
    assert steps.count(1) == 9990


def test_no_rounding_adds_up_over_hours() -> None:
    random = np.random.default_rng(1)
    for _ in range(20):
        carry = Carry()
        length_ns, step_ns = random.uniform(4e6, 50e6), random.uniform(4e6, 20e6)
        steps = sum(carry.steps(length_ns, step_ns) for _ in range(50_000))
        assert abs(steps * step_ns - 50_000 * length_ns) <= 0.51 * step_ns


def test_a_rate_is_bent_to_its_display_but_not_to_another_one() -> None:
    assert bent(SECOND_NS / 60, SECOND_NS / 59.94) == SECOND_NS / 59.94
    assert bent(SECOND_NS / 30, SECOND_NS / 59.94) == 2 * SECOND_NS / 59.94
    assert bent(SECOND_NS / 25, SECOND_NS / 24) == SECOND_NS / 25
    assert bent(SECOND_NS / 60, SECOND_NS / 50) == SECOND_NS / 60


def climb(works_ms: Iterable[float], ladder: RateLadder | None = None) -> list[int]:
    """Every turn's rung, 60 turns a second."""
    ladder = ladder or RateLadder()
    rungs = []
    for turn, work_ms in enumerate(works_ms):
        ladder = ladder.after(int(work_ms * MS), PERIOD_NS, round(turn * PERIOD_NS))
        rungs.append(ladder.every)
    return rungs


def changes(rungs: list[int]) -> int:
    return sum(before != after for before, after in pairwise(rungs))


def test_a_ladder_goes_down_at_once_and_up_after_seconds() -> None:
    rungs = climb([5.0] * 60 + [20.0] * 60 + [10.0] * 600)
    assert rungs[59] == 1
    assert rungs[60:120] == [2] * 60
    assert rungs[120 + 179] == 2
    assert rungs[-1] == 1
    assert changes(rungs) == 2


def test_a_ladder_goes_as_far_down_as_the_work_needs_but_shows_ten_pictures_a_second() -> None:
    assert climb([40.0])[-1] == 3
    assert climb([500.0] * 10)[-1] == 6


def test_work_between_the_bounds_changes_nothing() -> None:
    assert set(climb([14.0] * 1000)) == {1}
    assert set(climb([20.0] + [14.0] * 1000)) == {2}


def test_load_that_swings_makes_it_swing_ever_more_slowly() -> None:
    works = ([20.0] * 30 + [5.0] * 240) * 200  # every 4.5 s, for a quarter of an hour
    rungs = climb(works)
    first, last = changes(rungs[:6000]), changes(rungs[-6000:])
    assert last <= first
    assert changes(rungs) < 40


def test_noise_about_a_bound_does_not_make_it_hunt() -> None:
    random = np.random.default_rng(1)
    for centre_ms in (12.5, 15.8, 25.0, 31.6):
        assert changes(climb(random.normal(centre_ms, 0.5, 36_000).tolist())) <= 14


def test_ticks_aim_at_one_vsync_after_another() -> None:
    estimate = VsyncEstimate(50.0)
    pace = TickPace(estimate, Deadline(), stage_hz=50.0, expected_ns=5 * MS)
    now_ns, aims = 0, []
    for _ in range(50):
        start_ns = pace.aim(now_ns)
        assert pace.vsync_ns is not None
        assert start_ns == pace.vsync_ns - pace.lead.value_ns - 800_000
        aims.append(pace.vsync_ns)
        now_ns = start_ns + 5 * MS
        pace.done(5 * MS, now_ns)
    assert set(np.diff(aims)) == {20 * MS}
    assert pace.lost == 0


def test_a_vsync_that_cannot_be_reached_is_given_up_in_whole_intervals() -> None:
    pace = TickPace(VsyncEstimate(50.0), Deadline(), stage_hz=50.0, expected_ns=5 * MS)
    pace.aim(0)
    assert pace.vsync_ns == 20 * MS
    pace.aim(75 * MS)
    assert (pace.vsync_ns, pace.lost) == (80 * MS, 2)


def test_a_show_of_half_the_rate_takes_every_second_vsync() -> None:
    pace = TickPace(VsyncEstimate(60.0), Deadline(), stage_hz=29.97, expected_ns=5 * MS)
    aims = []
    for _ in range(100):
        pace.aim(0 if pace.vsync_ns is None else pace.vsync_ns - 10 * MS)
        aims.append(pace.vsync_ns or 0)
    assert np.diff(aims) == pytest.approx(2 * PERIOD_NS, abs=2)


def test_work_that_never_fits_takes_every_second_vsync() -> None:
    pace = TickPace(VsyncEstimate(60.0), Deadline(), stage_hz=60.0)
    now_ns = 0
    for _ in range(200):
        now_ns = max(now_ns, pace.aim(now_ns)) + 20 * MS
        pace.done(20 * MS, now_ns)
    assert pace.ladder.every == 2
    lost, aims = pace.lost, []
    for _ in range(100):
        now_ns = max(now_ns, pace.aim(now_ns)) + 20 * MS
        pace.done(20 * MS, now_ns)
        aims.append(pace.vsync_ns or 0)
    assert pace.lost == lost
    assert np.diff(aims) == pytest.approx(2 * PERIOD_NS, abs=2)


def test_a_presenter_looks_aside_when_nothing_new_was_there() -> None:
    pace = PresentPace(VsyncEstimate(50.0), expected_ns=MS)
    look_ns = pace.aim(0)
    assert (pace.vsync_ns, look_ns) == (20 * MS, 20 * MS - 1_800_000)
    pace.looked(found=False, stage_ns=20 * MS)
    assert pace.aim(look_ns + 1) == 40 * MS - 1_800_000 - PresentPace.ASIDE_NS
    pace.looked(found=True, stage_ns=20 * MS)
    pace.looked(found=False, stage_ns=20 * MS)
    pace.aim(41 * MS)
    assert (pace.slips, pace.aim(61 * MS)) == (2, 80 * MS - 1_800_000)


def test_a_display_faster_than_its_stages_finds_nothing_and_that_is_right() -> None:
    pace = PresentPace(VsyncEstimate(144.0), expected_ns=MS)
    for at in range(20):
        pace.looked(found=at % 2 == 0, stage_ns=SECOND_NS / 60)
    assert pace.slips == 0


def test_a_stamp_teaches_estimate_and_margin() -> None:
    pace = PresentPace(VsyncEstimate(50.0), expected_ns=MS)
    for at in range(1, 100):
        vsync_ns = at * 20 * MS
        pace.presented(vsync_ns, MS, vsync_ns - MS)
        pace.shown(vsync_ns, vsync_ns - MS, vsync_ns + 100_000, "wayland presentation")
    assert pace.estimate.source == "wayland presentation"
    assert pace.deadline.margin_ns == 800_000
    pace.shown(2000 * MS, 1999 * MS, 2020 * MS + 100_000)
    assert (pace.deadline.margin_ns, pace.deadline.misses) == (1_200_000, 1)
