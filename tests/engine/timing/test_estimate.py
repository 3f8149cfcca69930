"""The vsync estimate finds displays of known truth behind late stamps, and knows how far to trust itself."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from engine.timing.pacing import VsyncEstimate

MS = 1_000_000
HOUR_NS = 3600 * 1_000_000_000


def stamps(
    hz: float,
    count: int,
    *,
    start_ns: int = MS,
    ppm: float = 30.0,
    skip: float = 0.0,
    rare: float = 0.01,
    seed: int = 1,
) -> Iterator[tuple[int, int]]:
    """Vsyncs of a display, and their stamps: 0.25 ms late, now and then 6 ms more; skipped ones bring none."""
    random = np.random.default_rng(seed)
    period_ns = 1e9 / hz * (1 + ppm * 1e-6)
    for at in range(count):
        vsync_ns = start_ns + round(at * period_ns)
        late_ns = random.exponential(0.25 * MS) + (random.random() < rare) * 6 * MS
        if random.random() >= skip:
            yield vsync_ns, int(vsync_ns + late_ns)


def errors_ms(estimate: VsyncEstimate, source: Iterator[tuple[int, int]], settle: int = 64) -> np.ndarray:
    errors = []
    for at, (vsync_ns, stamp_ns) in enumerate(source):
        estimate.stamp(stamp_ns)
        if at >= settle:
            errors.append((estimate.vsync_near(vsync_ns) - vsync_ns) / MS)
    return np.array(errors)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("hz", [50.0, 60.0, 75.0, 144.0])
def test_it_is_within_a_tenth_of_a_millisecond(hz: float, seed: int) -> None:
    errors = errors_ms(VsyncEstimate(hz), stamps(hz, 5000, skip=0.01, seed=seed))
    assert np.percentile(np.abs(errors), 99) < 0.1
    assert np.abs(errors).max() < 0.3


def test_without_stamps_it_counts_from_where_it_began() -> None:
    estimate = VsyncEstimate(50.0, now_ns=7 * MS)
    assert estimate.vsync_after(7 * MS) == 27 * MS
    assert estimate.vsync_after(26 * MS) == 27 * MS
    assert estimate.vsync_near(40 * MS) == 47 * MS
    assert (estimate.source, estimate.quality) == ("nominal", 0.0)


def test_a_display_that_reports_no_rate_has_60_hz() -> None:
    assert VsyncEstimate(0.0).refresh_hz == pytest.approx(60.0)


def test_the_next_vsync_is_never_the_last_one_again() -> None:
    estimate = VsyncEstimate(50.0)
    assert estimate.next_vsync(19 * MS, last_ns=0) == 20 * MS
    assert estimate.next_vsync(19 * MS, last_ns=20 * MS - 50_000) == 40 * MS


def test_a_rate_reported_wrongly_is_measured_but_only_when_that_is_proven() -> None:
    estimate = VsyncEstimate(60.0)
    source = list(stamps(59.94, 2000, ppm=0.0))
    errors_ms(estimate, iter(source[:200]))
    assert not estimate.measured
    errors_ms(estimate, iter(source[200:]))
    assert estimate.measured
    assert estimate.refresh_hz == pytest.approx(59.94, rel=5e-6)


def test_skipped_vsyncs_are_counted() -> None:
    estimate = VsyncEstimate(60.0)
    source = list(stamps(60.0, 3000, skip=0.2))
    errors_ms(estimate, iter(source))
    first_ns, last_ns = source[0][0], source[-1][0]
    assert estimate.vsyncs == round((last_ns - first_ns) / estimate.period_ns)
    assert estimate.unstamped == estimate.vsyncs - len(source) + 1


def test_a_display_that_shows_every_third_vsync_is_followed() -> None:
    errors = errors_ms(VsyncEstimate(144.0), iter(list(stamps(144.0, 9000))[::3]))
    assert np.percentile(np.abs(errors), 99) < 0.1


@pytest.mark.parametrize(("before_hz", "after_hz"), [(50.0, 60.0), (60.0, 50.0), (60.0, 75.0), (60.0, 59.94)])
def test_a_mode_change_nobody_told_of_is_found_within_two_hundred_vsyncs(before_hz: float, after_hz: float) -> None:
    estimate = VsyncEstimate(before_hz)
    before = list(stamps(before_hz, 1000))
    errors_ms(estimate, iter(before))
    errors = errors_ms(estimate, stamps(after_hz, 2000, start_ns=before[-1][0] + 33 * MS, seed=2), settle=200)
    assert np.percentile(np.abs(errors), 99) < 0.6
    assert estimate.refresh_hz == pytest.approx(after_hz, rel=1e-3)
    assert estimate.quality > 0.9


@pytest.mark.parametrize("after_hz", [144.0, 24.0, 50.0])
def test_a_mode_change_that_was_told_is_followed_within_forty(after_hz: float) -> None:
    estimate = VsyncEstimate(60.0)
    before = list(stamps(60.0, 1000))
    errors_ms(estimate, iter(before))
    estimate.report(after_hz)
    assert estimate.quality == 0.0
    errors = errors_ms(estimate, stamps(after_hz, 1000, start_ns=before[-1][0] + 33 * MS), settle=40)
    assert np.percentile(np.abs(errors), 99) < 0.2


def test_the_same_rate_reported_again_changes_nothing() -> None:
    estimate = VsyncEstimate(60.0)
    errors_ms(estimate, stamps(60.0, 1000))
    estimate.report(60.0)
    assert estimate.measured
    assert estimate.quality > 0.9


def test_after_a_short_gap_the_phase_still_holds() -> None:
    source = list(stamps(60.0, 2000))
    errors = errors_ms(VsyncEstimate(60.0), iter(source[:1000] + source[1300:]))
    assert np.abs(errors).max() < 0.3


def test_after_a_long_one_it_begins_anew_and_keeps_the_period() -> None:
    estimate = VsyncEstimate(60.0)
    errors_ms(estimate, stamps(59.94, 2000))
    period_ns = estimate.period_ns
    estimate.stamp(HOUR_NS)
    assert estimate.restarts == 1
    assert estimate.quality < 0.1
    assert estimate.period_ns == period_ns
    errors = errors_ms(estimate, stamps(59.94, 1000, start_ns=HOUR_NS + 5 * MS), settle=40)
    assert np.abs(errors).max() < 0.3


def test_a_phase_that_jumps_is_found_within_a_hundred_vsyncs() -> None:
    estimate = VsyncEstimate(60.0)
    before = list(stamps(60.0, 1000))
    errors_ms(estimate, iter(before))
    for jump_ns in (5 * MS, 11 * MS):
        after = stamps(60.0, 300, start_ns=before[-1][0] + 100 * MS + jump_ns)
        assert np.abs(errors_ms(estimate, after, settle=100)).max() < 0.3
        before = list(stamps(60.0, 1, start_ns=before[-1][0] + 100 * MS + jump_ns + 300 * 16_667_167))


def test_times_that_wait_for_no_display_have_no_quality() -> None:
    random = np.random.default_rng(3)
    for mean_ms in (1.9, 12.0, 25.0):
        estimate = VsyncEstimate(60.0)
        now_ns, worst = 0, 0.0
        for turn in range(2000):
            now_ns += int(random.uniform(0.5, 1.5) * mean_ms * MS)
            estimate.stamp(now_ns)
            worst = max(worst, estimate.quality) if turn > 200 else 0.0
        assert worst < 0.5


def test_quality_and_jitter_say_how_good_the_stamps_are() -> None:
    good = VsyncEstimate(60.0)
    errors_ms(good, stamps(60.0, 1000))
    assert good.quality > 0.9
    assert 0.1 < good.jitter_ns / MS < 0.7
    assert good.source == "present"


def test_stamps_out_of_order_are_left_out() -> None:
    estimate = VsyncEstimate(60.0)
    errors_ms(estimate, stamps(60.0, 500))
    phase_ns = estimate.phase_ns
    estimate.stamp(MS)
    assert estimate.phase_ns == phase_ns


def test_nothing_drifts_in_ten_hours_without_stamps() -> None:
    estimate = VsyncEstimate(60000 / 1001)
    vsync_ns, exact = 0, 10 * 3600 * 60000 // 1001
    vsync_ns = estimate.vsync_near(exact * 1001 / 60000 * 1e9)
    assert abs(vsync_ns - exact * 1001 * 1e9 / 60000) < 100
