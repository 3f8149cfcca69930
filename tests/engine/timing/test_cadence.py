"""A display of a lower rate shows evenly spaced stages, and never more than it wants."""

from __future__ import annotations

import numpy as np
import pytest

from engine.timing.cadence import Cadence, Strain

SECOND_NS = 1_000_000_000


def taken(rate_hz: float, stage_hz: float, seconds: float, jitter: float = 0.0) -> list[int]:
    """Return the numbers of the stages that are taken."""
    cadence, noise = Cadence(), np.random.default_rng(1)
    stage_ns = round(SECOND_NS / stage_hz)
    times_ns = (
        round((n + jitter * noise.uniform(-1, 1)) * SECOND_NS / stage_hz) for n in range(round(seconds * stage_hz))
    )
    return [number for number, now_ns in enumerate(times_ns) if cadence.takes(now_ns, rate_hz, stage_ns)]


@pytest.mark.parametrize("stage_hz", [30.0, 59.94, 60.0, 144.0])
@pytest.mark.parametrize("rate_hz", [1.0, 12.5, 15.0, 24.0, 25.0, 29.97])
@pytest.mark.parametrize("jitter", [0.0, 0.2])
def test_as_many_as_wanted_and_as_even_as_can_be(stage_hz: float, rate_hz: float, jitter: float) -> None:
    numbers = taken(rate_hz, stage_hz, 20, jitter)
    assert abs(len(numbers) - 20 * rate_hz) <= 1
    steps = np.diff(numbers)
    most = 1 if not jitter else 2
    assert np.ptp(steps) <= most, "the distances differ by one stage at most"


def test_half_the_stages_are_every_second() -> None:
    assert taken(15.0, 30.0, 1) == list(range(0, 30, 2))


def test_none_or_more_than_there_are_takes_all() -> None:
    assert taken(0.0, 30.0, 1) == taken(30.0, 30.0, 1) == taken(240.0, 30.0, 1) == list(range(30))


def test_nothing_is_made_up_for_after_a_pause() -> None:
    cadence = Cadence()
    step_ns = SECOND_NS // 30
    times_ns = [*range(0, SECOND_NS, step_ns), *range(10 * SECOND_NS, 11 * SECOND_NS, step_ns)]
    shown = [now_ns for now_ns in times_ns if cadence.takes(now_ns, 10.0, step_ns)]
    after = [now_ns for now_ns in shown if now_ns >= 10 * SECOND_NS]
    assert after[0] == 10 * SECOND_NS
    assert 10 <= len(after) <= 11


def test_a_new_rate_counts_at_once() -> None:
    cadence = Cadence()
    assert cadence.takes(0, 0.1, 1)
    assert not cadence.takes(SECOND_NS, 0.1, 1)
    assert cadence.takes(SECOND_NS, 5.0, 1)


def strained(misses_s: list[float], until_s: float) -> list[float]:
    """Return how long each strain lasts in seconds, for deadlines that are missed at these times."""
    strain, before = Strain(), False
    lengths: list[float] = []
    for tick in range(round(until_s * 10)):
        now_s = tick / 10
        under = strain.under(round(now_s * SECOND_NS), sum(missed_s <= now_s for missed_s in misses_s))
        if under:
            lengths = [*lengths[:-1], lengths[-1] + 0.1] if before else [*lengths, 0.1]
        before = under
    return [round(length, 1) for length in lengths]


def test_strain_lasts_for_two_seconds_after_the_last_miss() -> None:
    assert strained([], 10) == []
    assert strained([1.0], 10) == [2.0]
    assert strained([1.0, 2.0, 3.5], 10) == [4.5]


def test_strain_that_comes_back_lasts_longer_each_time_until_it_stays_away() -> None:
    assert strained([1.0, 4.0, 9.0, 40.0], 60) == [2.0, 4.0, 8.0, 2.0]
    often = strained([5.0 * n for n in range(1000)], 5000)
    assert max(often) >= 60
