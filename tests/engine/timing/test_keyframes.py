"""Values between keys are what the easing says, whatever the time."""

from __future__ import annotations

import pytest

from engine.component import Colour
from engine.components import Keyframes, Light
from engine.timing.keyframes import Timeline


def strength(time_s: float, **said: object) -> float:
    keyframes = Keyframes(times_s=(1.0, 2.0, 4.0), light={"strength": [0.0, 1.0, 5.0]}, **said)  # type: ignore[arg-type]
    light = Light()
    Timeline(keyframes).apply("light", light, round(time_s * 1e9))
    return light.strength


@pytest.mark.parametrize(
    ("time_s", "value"), [(0.0, 0.0), (1.0, 0.0), (1.25, 0.25), (2.0, 1.0), (3.0, 3.0), (9.0, 5.0)]
)
def test_linear_goes_evenly_and_stays_at_its_ends(time_s: float, value: float) -> None:
    assert strength(time_s, ease="linear") == pytest.approx(value)


@pytest.mark.parametrize(("time_s", "value"), [(1.25, 0.15625), (1.5, 0.5), (2.5, 1.625), (3.0, 3.0)])
def test_smooth_is_soft_at_both_ends(time_s: float, value: float) -> None:
    assert strength(time_s) == pytest.approx(value)


@pytest.mark.parametrize(("time_s", "value"), [(1.99, 0.0), (2.0, 1.0), (3.99, 1.0), (4.0, 5.0)])
def test_hold_waits_for_its_time(time_s: float, value: float) -> None:
    assert strength(time_s, ease="hold") == pytest.approx(value)


@pytest.mark.parametrize(("time_s", "value"), [(4.25, 0.25), (5.0, 1.0), (6.0, 3.0), (3001.25, 0.25), (0.5, 0.0)])
def test_loop_begins_again(time_s: float, value: float) -> None:
    assert strength(time_s, ease="linear", repeat="loop") == pytest.approx(value)


@pytest.mark.parametrize(("time_s", "value"), [(3.0, 3.0), (5.0, 3.0), (6.5, 0.5), (7.5, 0.5), (9.0, 3.0)])
def test_swing_goes_back_and_forth(time_s: float, value: float) -> None:
    assert strength(time_s, ease="linear", repeat="swing") == pytest.approx(value)


def test_a_start_moves_all_times() -> None:
    assert strength(11.25, ease="linear", start_s=10.0) == pytest.approx(0.25)


def test_colours_mix_in_linear_light() -> None:
    light = Light()
    colours = [Colour.parse("#000000"), Colour.parse("#ffffff")]
    Timeline(Keyframes(times_s=(0.0, 1.0), light={"colour": colours})).apply("light", light, 500_000_000)
    assert light.colour == Colour(0.5, 0.5, 0.5)
    assert light.colour.hex() == "#bcbcbc"
