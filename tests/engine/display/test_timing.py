"""When a window presents: by its display's vsyncs while they are known, else by the rate of its mode."""

from __future__ import annotations

import numpy as np
import pytest

from engine.display.timing import PresentTiming
from engine.display.vsync.source import Nominal
from engine.timing.clock import HandClock

MS = 1_000_000


def test_stamps_that_lost_their_trust_leave_no_other_rate_behind() -> None:
    timing = PresentTiming(HandClock(), Nominal(""), 60.0)
    stage_ns = round(1e9 / 60)
    for at in range(200):  # as of another mode, steadily
        timing.estimate.stamp(round(at * 1e9 / 55))
    assert timing.trusted
    assert timing.refresh_hz == pytest.approx(55.0, abs=0.1)
    assert timing.looks(stage_ns)
    late_ns = np.random.default_rng(1).uniform(0, 16 * MS, 200)
    for at in range(200):
        timing.estimate.stamp(round((200 + at) * 1e9 / 55 + late_ns[at]))
    assert not timing.trusted
    assert timing.refresh_hz == 60.0
    assert not timing.looks(stage_ns), "it waits for stages"


def test_a_display_slower_than_the_stage_looks_at_its_own_rate() -> None:
    timing = PresentTiming(HandClock(), Nominal(""), 50.0)
    assert timing.looks(round(1e9 / 60))
    assert not timing.looks(round(1e9 / 50))
    assert not timing.looks(0), "no stage has come yet"
    assert [timing.aim() for _ in range(3)] == [20 * MS, 40 * MS, 60 * MS]
