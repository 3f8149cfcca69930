"""When a model is given fewer pictures, in virtual time."""

from __future__ import annotations

from engine.timing.sparing import Sparing

SECOND_NS = 1_000_000_000
INTERVAL_NS = SECOND_NS / 30


def at(sparing: Sparing, second: float, *, seen: float = 0.2, celsius: float | None = None, took: float = 0.2) -> float:
    return sparing.rate_hz(round(second * SECOND_NS), seen, celsius, took * INTERVAL_NS, INTERVAL_NS)


def test_all_pictures_are_given_while_somebody_is_seen_and_all_is_well() -> None:
    sparing = Sparing()
    assert [at(sparing, second) for second in range(20)] == [0.0] * 20
    assert sparing.reason == ""


def test_nobody_costs_half_and_somebody_is_back_at_once() -> None:
    sparing = Sparing()
    assert at(sparing, 0) == 0.0
    assert at(sparing, 1.9, seen=0.0) == 0.0
    assert at(sparing, 2.1, seen=0.0) == Sparing.IDLE_HZ
    assert sparing.reason == "nobody is seen"
    assert at(sparing, 2.2, seen=0.006) == Sparing.IDLE_HZ, "between the two marks it stays as it is"
    assert at(sparing, 2.3, seen=0.02) == 0.0
    assert at(sparing, 3.0, seen=0.006) == 0.0


def test_heat_begins_above_65_and_ends_at_60_degrees() -> None:
    sparing = Sparing()
    marks = [(64, 0.0), (65, 0.0), (66, 15.0), (61, 15.0), (60, 0.0), (64, 0.0)]
    assert [at(sparing, second, celsius=c) for second, (c, _) in enumerate(marks)] == [rate for _, rate in marks]
    at(sparing, 9, celsius=70)
    assert sparing.reason == "the machine is hot"


def test_a_late_model_gets_half_after_three_seconds_and_all_only_after_three_in_time() -> None:
    sparing = Sparing()
    late = [at(sparing, tenth / 10, took=1.2) for tenth in range(40)]
    assert late[:30] == [0.0] * 30
    assert late[-1] == 15.0
    assert sparing.reason == "the model takes longer than a picture lasts"
    assert at(sparing, 4.0, took=0.9) == 15.0, "not quite in time"
    assert at(sparing, 5.0, took=0.5) == 15.0
    assert at(sparing, 8.1, took=0.5) == 0.0


def test_one_slow_run_is_nothing() -> None:
    sparing = Sparing()
    at(sparing, 0.0, took=3.0)
    assert at(sparing, 0.1) == 0.0
    assert at(sparing, 3.2, took=3.0) == 0.0, "it begins anew"
