"""Ticks move to shortly after the camera's pictures are ready, and stay where they are when that would be no help."""

from __future__ import annotations

import numpy as np
import pytest

from engine.timing.phase import TickPhase

MS = 1_000_000
INTERVAL_NS = 1e9 / 30


def run(
    phase_ms: float, *, camera_hz: float = 30.0, ready_ms: float = 8.0, spread_ms: float = 1.0, seconds: float = 60.0
) -> tuple[np.ndarray, np.ndarray]:
    """Show a camera whose pictures are ready some time after capture; return when ticks began, and each one's delay.

    A tick shows the newest picture that is ready, and the same one again where there is no other.
    """
    random = np.random.default_rng(1)
    captured_ns = phase_ms * MS + np.arange(int((seconds + 1) * camera_hz)) * 1e9 / camera_hz
    late_ns = ready_ms * MS + random.exponential(spread_ms * MS, len(captured_ns))
    late_ns += (random.random(len(captured_ns)) < 0.01) * 20 * MS  # now and then the model had to wait
    ready_ns = np.maximum.accumulate(captured_ns + late_ns)
    follower = TickPhase(30.0)
    start_ns, shown, ticks, delays = 0.0, -1, [], []
    for slot in range(int(30 * seconds)):
        start_ns += follower.step_ns()
        tick_ns = start_ns + slot * INTERVAL_NS
        newest = int(np.searchsorted(ready_ns, tick_ns, side="right")) - 1
        if newest > shown:
            shown = newest
            follower.showed(7, newest, round(captured_ns[newest]), round(tick_ns - ready_ns[newest]))
            delays.append((tick_ns - captured_ns[newest]) / MS)
        ticks.append(tick_ns)
    return np.array(ticks), np.array(delays)


@pytest.mark.parametrize("phase_ms", [0.0, 5.0, 12.0, 20.0, 24.0, 27.0, 31.0])
@pytest.mark.parametrize("camera_hz", [30.0, 30.0 * (1 + 100e-6)])
def test_in_whatever_phase_they_begin_pictures_do_not_wait(phase_ms: float, camera_hz: float) -> None:
    ticks, delays = run(phase_ms, camera_hz=camera_hz)
    settled = delays[len(delays) // 3 :]
    # A twentieth is ready 11 ms after capture or later, 2 ms are the margin; left alone, it is anything up to 42 ms.
    assert 12 < np.percentile(settled, 50) < 15
    assert np.percentile(settled, 95) < 16.5
    assert np.abs(np.diff(ticks) / INTERVAL_NS - 1).max() < 1 / 50 + 1e-6
    assert np.abs(ticks - np.arange(len(ticks)) * INTERVAL_NS).max() < 0.75 * INTERVAL_NS


@pytest.mark.parametrize(
    "camera", [{"camera_hz": 30.5}, {"camera_hz": 29.97}, {"camera_hz": 15.0}, {"spread_ms": 30.0}], ids=str
)
def test_where_there_is_no_phase_to_follow_ticks_stay(camera: dict[str, float]) -> None:
    ticks, _ = run(20.0, **camera)
    np.testing.assert_allclose(ticks, np.arange(len(ticks)) * INTERVAL_NS, atol=1.0)


def test_two_cameras_are_not_followed() -> None:
    follower = TickPhase(30.0)
    for at in range(1000):
        follower.showed(at % 2, at, round(at * INTERVAL_NS), 20 * MS)
        assert follower.step_ns() == 0
