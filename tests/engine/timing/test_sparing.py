"""When a model is given fewer pictures, in virtual time."""

from __future__ import annotations

import pytest

from engine.timing.sparing import Pair, Sparing

SECOND_NS = 1_000_000_000
INTERVAL_NS = SECOND_NS / 30


def at(
    sparing: Sparing,
    second: float,
    *,
    seen: float = 0.2,
    celsius: float | None = None,
    took: float = 0.2,
    lighter: float | None = None,
) -> float:
    """Return the rate; times are in intervals."""
    lighter_ns = None if lighter is None else lighter * INTERVAL_NS
    return sparing.rate_hz(round(second * SECOND_NS), seen, celsius, took * INTERVAL_NS, INTERVAL_NS, lighter_ns)


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
    marks = [(64, 0.0), (65, 0.0), (66, 0.0), (66, 15.0), (61, 15.0), (60, 0.0), (64, 0.0)]
    assert [at(sparing, second, celsius=c) for second, (c, _) in enumerate(marks)] == [rate for _, rate in marks]
    at(sparing, 9, celsius=70)
    at(sparing, 10, celsius=70)
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


def test_heat_asks_for_a_lighter_model_first_and_costs_pictures_only_when_that_does_not_cool() -> None:
    sparing = Sparing()
    assert at(sparing, 0, celsius=70) == 0.0
    assert sparing.lighten == "the machine is hot"
    assert [at(sparing, second, celsius=70, lighter=0.1) for second in (1, 30, 60)] == [0.0] * 3
    assert at(sparing, 61.1, celsius=70, lighter=0.1) == Sparing.HOT_HZ
    assert at(sparing, 70, celsius=62, lighter=0.1) == Sparing.HOT_HZ
    assert sparing.lighten == "the machine is hot"
    assert at(sparing, 80, celsius=60, lighter=0.1) == 0.0
    assert sparing.lighten == ""


def test_a_late_model_is_wanted_back_when_it_would_be_in_time_and_a_late_lighter_one_costs_pictures() -> None:
    sparing = Sparing()
    for tenth in range(40):
        at(sparing, tenth / 10, took=1.5)
        if sparing.lighten:
            break
    assert (sparing.lighten, sparing.reason) == ("the model takes longer than a picture lasts", "")
    rates = [at(sparing, 4 + tenth / 10, took=1.5, lighter=1.2) for tenth in range(40)]
    assert (rates[0], rates[-1]) == (0.0, 15.0)
    rates = [at(sparing, 8 + tenth / 10, took=1.5, lighter=0.3) for tenth in range(40)]
    assert (rates[0], rates[-1]) == (15.0, 0.0)
    assert sparing.lighten
    for tenth in range(40):
        at(sparing, 12 + tenth / 10, took=0.7, lighter=0.2)
    assert sparing.lighten == ""


def test_what_the_model_would_take_follows_from_what_the_lighter_one_takes() -> None:
    pair = Pair()
    for _ in range(100):
        pair.ran(40.0, lighter=False)
    assert pair.whole_ns == pytest.approx(40.0, rel=1e-4)
    for took in [90.0, 90.0] + [10.0] * 6:  # the first runs of a model are never like the others
        pair.ran(took, lighter=True)
        assert pair.whole_ns == pytest.approx(40.0, rel=1e-4), "until the ratio is known"
    for _ in range(100):
        pair.ran(5.0, lighter=True)
    assert pair.whole_ns == pytest.approx(20.0, rel=1e-4), "everything is twice as fast now"
    for _ in range(100):
        pair.ran(30.0, lighter=False)
    assert pair.whole_ns == pytest.approx(30.0, rel=1e-4)
