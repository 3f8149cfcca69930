"""Between two stages a display moves evenly, never waits for one that is on time, and says by how much it is late."""

from __future__ import annotations

import numpy as np
import pytest

from engine.timing.between import Between, times_until_next

STAGE_NS = 33_333_333


def content(display_hz: float, late_ns: list[int], stages: int = 200) -> list[float]:
    """Return which moment, in stages, each picture of a display shows; each stage comes late by the next of these."""
    between, interval_ns, shown = Between(), 1e9 / display_hz, []
    newest, number = -1, 0
    while newest + 1 < stages:
        time_ns = round(number * interval_ns)
        number += 1
        while newest + 1 < stages and (newest + 1) * STAGE_NS + late_ns[(newest + 1) % len(late_ns)] <= time_ns:
            newest += 1
            between.stage(newest * STAGE_NS, STAGE_NS, time_ns, interval_ns)
        if newest >= 0:
            shown.append(newest - 1 + between.phase(time_ns))
    return shown


@pytest.mark.parametrize("display_hz", [50.0, 59.94, 60.0, 75.0, 144.0])
@pytest.mark.parametrize("late_ns", [[0], [2_000_000, 5_000_000, 3_000_000]])
def test_what_is_shown_moves_evenly(display_hz: float, late_ns: list[int]) -> None:
    steps = np.diff(content(display_hz, late_ns)[60:])
    even = 1e9 / display_hz / STAGE_NS
    np.testing.assert_allclose(steps, even, atol=0.3 * even, err_msg="in stages")


def test_a_rare_late_stage_is_forgotten() -> None:
    shown = content(60.0, [0] * 400, 400)
    late = content(60.0, [0] * 40 + [12_000_000] + [0] * 359, 400)
    assert shown[-1] - late[-1] < 0.05
    assert min(np.diff(late)) >= 0.0, "never back"


def test_the_delay_is_a_stage_less_a_picture() -> None:
    between = Between()
    between.stage(0, STAGE_NS, 0, 1e9 / 60)
    assert between.delay_ns == pytest.approx(STAGE_NS / 2, rel=1e-4)
    assert between.phase(0) == pytest.approx(0.5, abs=1e-3)
    assert between.phase(STAGE_NS) == 1.0


@pytest.mark.parametrize("interval_ns", [0.0, 1e9 / 30, 1e9 / 25])
def test_a_display_that_is_no_faster_shows_the_newest(interval_ns: float) -> None:
    between = Between()
    between.stage(0, STAGE_NS, 0, interval_ns)
    assert (between.phase(0), between.delay_ns) == (1.0, 0)
    assert times_until_next(STAGE_NS, STAGE_NS, interval_ns) == [STAGE_NS]


def test_on_a_clock_that_steps_no_time_is_left_out_or_twice() -> None:
    times = [time for n in range(30) for time in times_until_next(round(n * 1e9 / 30), STAGE_NS, 1e9 / 50)]
    assert times == [n * 20_000_000 for n in range(50)]
