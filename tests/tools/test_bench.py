"""Every bench runs, small and short, and says what it found; how fast that was is not asked here."""

from __future__ import annotations

import json
import math
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.timing.clock import HandClock
from tests.monitors import skip_or_fail, sway
from tools import bench
from tools.bench import BENCHES, LONG, cadence, take
from tools.bench.broadcast import broadcast
from tools.bench.flicker import trail
from tools.bench.measure import Others, Timing, growth, interleave
from tools.bench.media import as_nv12, performer
from tools.bench.monitors import MissingError
from tools.bench.result import Result, number

SMALL = ("keyer", "align", "composite", "light", "particles", "displays", "soak")


@pytest.mark.parametrize("name", SMALL)
def test_each_small_bench_measures(name: str) -> None:
    result = take(name, quick=True)
    assert result.name == name
    assert not result.skipped
    assert result.figures
    assert all(math.isfinite(figure.value) for figure in result.figures)
    assert all(math.isfinite(ratio.times) and ratio.rival for ratio in result.ratios)
    assert json.loads(json.dumps(result.as_data()))["figures"]


@pytest.mark.parametrize("name", ["show", "start", "ipc"])
def test_benches_of_whole_processes_measure(name: str) -> None:
    assert take(name, quick=True).figures


def test_gpu_says_why_it_is_skipped_and_can_be_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    from tools.bench.stages import shared_gpu

    if not shared_gpu().is_software:
        pytest.skip("there is a GPU")
    monkeypatch.delenv("SCRIM_BENCH_GPU", raising=False)
    assert "the adapter is a CPU" in take("gpu", quick=True).as_table()
    monkeypatch.setenv("SCRIM_BENCH_GPU", "1")
    on_the_gpu = [figure.value for figure in take("gpu", quick=True).figures if figure.name.endswith("on the GPU")]
    assert on_the_gpu
    assert min(on_the_gpu) > 0


def test_flicker_measures_what_is_still_and_what_moves(media: Callable[[str], Path]) -> None:
    media("models/mp_selfie_landscape.onnx")
    result = take("flicker", quick=True)
    changes = {figure.name.split(", ", 2)[2]: figure.value for figure in result.figures}
    assert 0 < changes["ours: the same where truth and picture are still"] < changes["ours: dtSSD × 100"]
    assert changes["ours: dtSSD × 100"] < changes["as_cut: dtSSD × 100"]


def test_what_is_uncovered_and_stays_is_a_trail() -> None:
    at_once = np.zeros((6, 1, 8), np.float32)
    at_once[:2] = 1
    found = at_once.copy()
    found[2, 0, :4] = found[3:5, 0, :2] = 1
    assert [trail(found, at_once, later) for later in (0, 1, 2, 3)] == [(8, 4), (8, 2), (8, 2), (8, 0)]


def test_displays_and_layers_share_one_inference(media: Callable[[str], Path]) -> None:
    media("models/mp_selfie_landscape.onnx")
    counted = [limit for limit in take("displays", quick=True).limits if limit.name.startswith("inferences")]
    assert len(counted) == 5
    assert all(limit.holds for limit in counted)


def test_cadence_sees_who_is_stopped(tmp_path: Path) -> None:
    with sway() as compositor:
        found = cadence.on_air(tmp_path, compositor.environment, 0.5, 0.25)
    for name in cadence.RATES_HZ:
        presents = dict.fromkeys((False, True), 0)
        for who, phase in zip(cadence.STOPPED, found, strict=True):
            presents[who == name] += len(phase[name].intervals_ms)
        assert presents[True] < presents[False] / 4


def test_a_broadcast_that_lets_sound_lag_is_found_out(tmp_path: Path) -> None:
    try:
        done = broadcast(tmp_path, 4.0, 2.0, HandClock(), "clicks.sound.delay_ms=30")
    except MissingError as missing:
        skip_or_fail(str(missing))
    assert len(done.films) == 2
    for _, end in done.films.values():
        assert (end.pictures, end.unread) == (120, 0)
        assert end.apart_ms == pytest.approx([30.0] * len(end.apart_ms), abs=2.0)
        assert len(end.apart_ms) == 3
    assert min(done.show_mb.values()) > 0 < min(done.encoders_mb.values())


def test_an_unknown_bench_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.run(Namespace(names=["keyer", "kyer"], json=False, replay=None, sheet=None)) == 2
    assert capsys.readouterr() == ("", f"no bench 'kyer'; there are {', '.join(BENCHES + LONG)}\n")


def _result(value: float) -> Result:
    result = Result("made up")
    result.add("time", value, "ms")
    result.against("ours", "theirs", 2.0)
    result.require("time", value, "at most", 3.0, "ms")
    return result


@pytest.mark.parametrize(("value", "code", "words"), [(2.0, 0, "✓ time: 2,"), (4.0, 1, "✗ time: 4,")])
def test_a_limit_that_does_not_hold_is_marked_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: float, code: int, words: str
) -> None:
    monkeypatch.setattr(bench, "take", lambda _name, **_: _result(value))
    assert bench.run(Namespace(names=["soak"], json=False, replay=None, sheet=None)) == code
    out = capsys.readouterr().out
    assert words in out
    assert ("DOES NOT HOLD" in out) == bool(code)
    assert "2.00 × as fast as theirs" in out


def test_json_is_one_document(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(bench, "take", lambda _name, **_: _result(4.0))
    assert bench.run(Namespace(names=[], json=True, replay=None, sheet=None)) == 1
    data = json.loads(capsys.readouterr().out)
    assert data["holds"] is False
    assert len(data["benches"]) == len(BENCHES)
    assert data["benches"][0]["limits"][0]["holds"] is False


def test_rivals_take_turns() -> None:
    done: list[str] = []
    timings = interleave({"a": lambda: done.append("a"), "b": lambda: done.append("b")}, rounds=3, warm_up=1)
    assert "".join(done) == "ab" + "ab" + "ba" + "ab"
    assert [len(timing.rounds_ms) for timing in timings.values()] == [3, 3]


def test_a_ratio_is_that_of_the_middle_round() -> None:
    none = np.zeros(3)
    ours, theirs = Timing(np.array([1.0, 1.0, 10.0]), none), Timing(np.array([2.0, 3.0, 30.0]), none)
    assert ours.faster_than(theirs) == 3.0
    assert (theirs.median_ms, theirs.least_ms) == (3.0, 2.0)


def test_growth_is_an_exponent() -> None:
    assert growth({1.0: 2.0, 2.0: 8.0, 4.0: 32.0}) == pytest.approx(2.0)
    assert growth({1.0: 5.0, 8.0: 5.0}) == pytest.approx(0.0)


def test_what_others_use_is_known_or_not_said() -> None:
    cores = Others().cores
    assert cores is None or cores >= 0


def test_both_sides_of_the_keyer_read_the_same_nv12() -> None:
    picture = performer((64, 36))
    nv12, memory = as_nv12(picture)
    assert memory.shape == (54, 64)
    assert all(np.shares_memory(plane, memory) for plane in nv12.planes)
    import cv2

    seen = cv2.cvtColor(memory, cv2.COLOR_YUV2RGB_NV12).astype(int)
    assert np.abs(seen - picture.planes[0][..., :3]).mean() < 4


def test_numbers_are_short() -> None:
    assert [number(value) for value in (0.0, 12.0, 0.12345, 12.345, 1234.5)] == ["0", "12", "0.123", "12.3", "1234"]
