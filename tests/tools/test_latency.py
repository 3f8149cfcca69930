"""The latency meter measures what is there: on shows, on displays that are stuck, and on times made up for it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tools.bench import take
from tools.bench.fanout import Gate, StuckTarget
from tools.bench.latency import STAGES, Sight, Turn, _analyse, latency_scene, naive_pipeline, on_air, opencv_loop

MS = 1_000_000


@pytest.mark.parametrize("name", ["latency", "fanout"])
def test_both_benches_measure(name: str) -> None:
    result = take(name, quick=True)
    assert result.figures
    assert not result.limits, "quick says nothing of speed"
    assert all(math.isfinite(figure.value) for figure in result.figures)


def test_every_present_is_read_and_shows_what_the_stamps_say() -> None:
    seen = on_air(latency_scene(["guest.mask.source=truth"], (320, 180)), 1.5)
    assert set(seen.totals) == {"left", "right"}
    assert seen.unread == 0
    pictures = sum(map(len, seen.totals.values()))
    assert pictures > 0
    # The last picture of the rehearsal may still be there: one on each display.
    assert seen.untrue <= 2
    assert all((ages > 0).all() for ages in seen.totals.values())


def test_rivals_show_pictures() -> None:
    black = np.zeros((180, 320, 3), np.uint8)
    for rival in (opencv_loop, naive_pipeline):
        ages = rival((320, 180), black, None, 0.5)
        assert len(ages) > 0
        assert (ages > 0).all()


def test_stages_follow_each_other_and_make_up_the_whole() -> None:
    turn = Turn(
        captured_ns=100 * MS, delivered_ns=101 * MS, asked_ns=102 * MS, answered_ns=110 * MS, shown_ns=133 * MS,
        submitted_ns=140 * MS,
    )  # fmt: skip
    sight = Sight(tick_ns=133 * MS, time_ms=100, begun_ns=141 * MS, sent_ns=150 * MS, there_ns=165 * MS)
    seen = _analyse({100: turn}, {"left": [sight, sight], "right": [sight]}, from_ns=0)
    assert {name: list(ages) for name, ages in seen.totals.items()} == {"left": [65.0], "right": [65.0]}
    took = {name: stage[0] for name, stage in seen.stages.items()}
    assert list(took.values()) == [1.0, 1.0, 8.0, 23.0, 7.0, 1.0, 9.0, 15.0]
    assert list(took) == list(STAGES)


def test_without_a_model_there_is_no_inference_and_a_late_mask_is_none() -> None:
    sight = Sight(tick_ns=33 * MS, time_ms=0, begun_ns=41 * MS, sent_ns=50 * MS, there_ns=65 * MS)
    for asked_ns, answered_ns in ((0, 0), (2 * MS, 0), (2 * MS, 60 * MS)):
        turn = Turn(0, MS, asked_ns, answered_ns, 33 * MS, 40 * MS)
        seen = _analyse({0: turn}, {"left": [sight]}, from_ns=0)
        assert seen.stages["inference"][0] == 0.0
        assert sum(stage[0] for stage in seen.stages.values()) == 65.0


def test_what_cannot_be_read_or_is_not_known_is_counted() -> None:
    unread = Sight(0, None, 0, 0, 10 * MS)
    unknown = Sight(0, 5, 0, 0, 10 * MS)
    early = Sight(0, None, 0, 0, MS)
    seen = _analyse({}, {"left": [early, unread, unknown]}, from_ns=5 * MS)
    assert (seen.unread, seen.untrue) == (1, 1)


def test_a_stuck_target_waits_at_its_gate_and_is_let_go_when_released() -> None:
    class Nothing:
        format = "rgba8unorm"
        size = (4, 2)
        released = False

        def acquire(self) -> None:
            pass

        def present(self) -> None:
            pass

        def release(self) -> None:
            self.released = True

    inner, gate = Nothing(), Gate()
    target = StuckTarget(inner, gate)
    assert target.size == (4, 2)
    assert target.acquire() is None
    gate.let(False)
    target.release()
    assert target.acquire() is None
    assert inner.released
