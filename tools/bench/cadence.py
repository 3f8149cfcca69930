"""Two monitors at 60 and 50 Hz on headless sway: how evenly each gets its pictures, also beside a stopped presenter.

Run as a program, on that desktop, it is the show: it writes when each display presented.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from engine.scene.load import load_scene
from engine.tick import Tick
from engine.timing.clock import RealClock
from systems.show import Show
from tools.bench.fanout import Gate, StuckTarget
from tools.bench.monitors import MOVING, MissingError, sway
from tools.bench.result import Result

SIZE = (1280, 720)

SCENE = f"""{MOVING}[stage.stage]
width = 1280
height = 720
rate_hz = 60
[fast.display]
monitor = "HEADLESS-1"
fullscreen = true
[slow.display]
monitor = "HEADLESS-2"
fullscreen = true
"""

RATES_HZ = {"fast": 60.0, "slow": 50.0}
LEAST_HZ = {"fast": 59.5, "slow": 49.5}

WARM_UP_S = 5.0
"""By then it is known when vsyncs are, where that can be known."""

PHASE_S = 5.0
"""So long all is well, then one display's presenter is stopped dead, then all is well again …"""

STOPPED = ("", *("slow", "", "fast", "") * 3)
"""Who is stopped in which phase."""

MOST_INTERVAL = 1.5
"""Periods, that the 99th percentile of the intervals may last."""

MOST_CHANGE = 0.10


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one display did in one phase."""

    presents_hz: float
    intervals_ms: tuple[float, ...]

    def at_ms(self, percentile: float) -> float:
        """Return an interval that this share of the intervals does not exceed."""
        return float(np.percentile(self.intervals_ms, percentile)) if self.intervals_ms else 0.0


def run(quick: bool = False) -> Result:
    """Show on both monitors, and stop the one's presenter, then the other's, twice over."""
    result = Result("cadence")
    try:
        with sway(SIZE) as compositor, tempfile.TemporaryDirectory() as folder:
            phases_s = (0.5, 0.25) if quick else (WARM_UP_S, PHASE_S)
            found = on_air(Path(folder), compositor.environment, *phases_s)
    except MissingError as missing:
        result.skipped = str(missing)
        return result
    for name, rate_hz in RATES_HZ.items():
        other = next(each for each in RATES_HZ if each != name)
        well = [found[number][name] for number, who in enumerate(STOPPED) if not who]
        beside = [found[number][name] for number, who in enumerate(STOPPED) if who == other]
        intervals_ms = [interval for stretch in well for interval in stretch.intervals_ms]
        p99_ms = float(np.percentile(intervals_ms, 99))
        result.add(f"{name}: pictures a second", median(stretch.presents_hz for stretch in well), "Hz")
        result.add(f"{name}: interval p50", float(np.percentile(intervals_ms, 50)), "ms")
        result.add(f"{name}: interval p99", p99_ms, "ms")
        result.add(f"{name}: interval, longest", max(intervals_ms), "ms")
        beside_hz = median(stretch.presents_hz for stretch in beside)
        beside_ms = median(stretch.at_ms(99) for stretch in beside)
        result.add(f"{name}: beside a stopped one, pictures a second", beside_hz, "Hz")
        result.add(f"{name}: beside a stopped one, interval p99", beside_ms, "ms")
        if quick:
            continue
        presents_hz = median(stretch.presents_hz for stretch in well)
        result.require(f"{name}: pictures a second", presents_hz, "at least", LEAST_HZ[name], "Hz")
        result.require(f"{name}: interval p99", p99_ms, "at most", MOST_INTERVAL * 1e3 / rate_hz, "ms")
        least_hz = (1 - MOST_CHANGE) * min(stretch.presents_hz for stretch in well)
        longest_ms = (1 + MOST_CHANGE) * max(stretch.at_ms(99) for stretch in well)
        result.require(f"{name}: beside a stopped one, pictures a second", beside_hz, "at least", least_hz, "Hz")
        result.require(f"{name}: beside a stopped one, interval p99", beside_ms, "at most", longest_ms, "ms")
    result.notes.append(
        f"headless sway, lavapipe, {SIZE[0]}×{SIZE[1]}; when presents returned, phases of {PHASE_S:g} s"
    )
    result.notes.append("beside a stopped one: medians of its phases, against the worst phase in which all was well")
    return result


def on_air(folder: Path, environment: dict[str, str], warm_up_s: float, phase_s: float) -> list[dict[str, Stretch]]:
    """Run the show in a process of its own on a desktop; return what each display did in each phase."""
    scene, report = folder / "show.toml", folder / "presents.json"
    scene.write_text(SCENE, encoding="utf-8")
    command = [sys.executable, "-m", __name__, str(scene), str(report), str(warm_up_s), str(phase_s)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the show failed: {done.stderr[-2000:]}")
    phases: list[dict[str, list[int]]] = json.loads(report.read_text("utf-8"))
    return [{name: _stretch(times_ns) for name, times_ns in phase.items()} for phase in phases]


def _stretch(times_ns: list[int]) -> Stretch:
    intervals_ms = np.diff(times_ns) / 1e6
    return Stretch(1e3 / float(intervals_ms.mean()) if len(intervals_ms) else 0.0, tuple(map(float, intervals_ms)))


# The rest runs on the desktop.


class Stoppable(StuckTarget):
    """A display's target that now and then gives no image, as a window does whose driver hangs."""

    def acquire(self) -> Any | None:
        """Return the image to draw into, when there is one."""
        super().acquire()
        return self._target.acquire()

    def present(self) -> None:
        """Show it."""
        self._target.present()


def main(scene: Path, report: Path, warm_up_s: float, phase_s: float) -> None:
    """Be the show, phase by phase, and write when each display presented."""
    clock = RealClock()
    show = Show(load_scene(scene), clock)
    show.open()
    log = show.log_timing()
    gates = {name: Gate() for name in RATES_HZ}
    for name, gate in gates.items():
        presenter = show.present.presenters[name]
        presenter.target = Stoppable(presenter.target, gate)
    begun_ns = clock.now_ns + round(warm_up_s * 1e9)

    def turn(tick: Tick) -> None:
        number = int((tick.now_ns - begun_ns) / 1e9 // phase_s)
        for name, gate in gates.items():
            gate.let(not 0 <= number < len(STOPPED) or STOPPED[number] != name)

    try:
        show.run(warm_up_s + len(STOPPED) * phase_s, turn)
    finally:
        for gate in gates.values():
            gate.let(True)
        show.close()
    phases: list[dict[str, list[int]]] = [{name: [] for name in RATES_HZ} for _ in STOPPED]
    for event in log.events():
        number = int((event.ended_ns - begun_ns) / 1e9 // phase_s)
        if event.event == "present" and 0 <= number < len(phases):
            phases[number][event.subject].append(event.ended_ns)
    report.write_text(json.dumps(phases), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
