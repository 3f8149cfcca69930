"""When to tick and when to present: our pacing and four others, on simulated displays or on a recorded show.

`scrim bench pacing --replay LOG` plays back what `scrim run --record-timing LOG` wrote (engine/timing/record.py says
what is in it). How displays are simulated and what is counted: simulation.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.errors import OutputError
from engine.timing.pacing import VsyncEstimate
from engine.timing.record import TimingLog
from tools.bench.result import Result
from tools.bench.simulation import (
    MS,
    POLICIES,
    MeanInterval,
    MeanPhase,
    Paced,
    PacedByMeanInterval,
    Policy,
    Shown,
    Sleep,
    Spec,
    World,
    draw,
    phase_errors,
    simulate,
    world_of,
)

SECONDS = 600.0
QUICK_SECONDS = 30.0

MOST_MISSED = 1
FEWER = 10.0
"""How many times fewer vsyncs than the mean interval and than sleeping by the system's clock."""

Outcome = dict[type[Policy], list[Shown]]

TWO_AT_60 = (Spec("wall", 60, 30, pace=True), Spec("side", 60, -50))


def run(quick: bool = False) -> Result:
    """Meet all worlds with all policies; the first world is the one that limits are for."""
    result = Result("pacing")
    seconds = QUICK_SECONDS if quick else SECONDS
    main, *others = worlds(seconds)
    outcome = meet(main)
    _figures(result, main, outcome)
    _require(result, outcome)
    for world in others:
        result.notes += lines(world, meet(world))
    return result


def replay(path: Path) -> Result:
    """Meet a recorded show's load and stamps with all policies. Fails: OutputError, where it is no log."""
    try:
        world = world_of(TimingLog.load(path), path.name)
    except OSError as error:
        raise OutputError(f"cannot read {path}: {error.strerror}; scrim run --record-timing writes one") from error
    except ValueError as error:
        said = str(error) if str(path) in str(error) else f"{path}: {error}"
        raise OutputError(said) from error
    result = Result("pacing")
    _figures(result, world, meet(world))
    result.notes.append("vsyncs are where hindsight sees them: at the earliest of the 32 stamps after each")
    return result


def worlds(seconds: float) -> list[World]:
    """Return what the policies meet: 10 minutes of two displays of 60 Hz, and 2 minutes of each difficulty."""
    short = seconds / 5
    return [
        draw("two at 60 Hz", TWO_AT_60, seconds=seconds),
        draw(
            "60, 50 and 144 Hz",
            (Spec("wall", 60, 30, pace=True), Spec("side", 50, -50), Spec("desk", 144, 10)),
            seconds=short,
            seed=2,
        ),
        draw(
            "59.94 Hz reported as 60",
            (Spec("wall", 59.94, 30, reported_hz=60, pace=True), Spec("side", 60, -50)),
            seconds=short,
            seed=3,
        ),
        draw("144 Hz", (Spec("wall", 144, 30, pace=True),), seconds=short, seed=4, stage_hz=144, work_ms=3),
        draw("bursts of load, 12 ms a tick", TWO_AT_60, seconds=short, seed=5, burst_factor=2.4),
        draw("wandering clocks, 1 % of vsyncs let pass", TWO_AT_60, seconds=short, seed=6, passed=0.01, wander_ppm=50),
        draw("stamps late by 1 ms, one in ten by 6 ms", TWO_AT_60, seconds=short, seed=7, typical_ms=1, rare=0.1),
    ]


def meet(world: World) -> Outcome:
    """Run every policy."""
    return {policy: simulate(world, policy) for policy in POLICIES}


def latency_ms(screens: Sequence[Shown]) -> float:
    """Over all screens."""
    return float(np.mean([screen.latency_ms for screen in screens]))


def lines(world: World, outcome: Outcome) -> list[str]:
    """Say a world's outcome in one line for each policy, each number screen by screen."""
    names = ", ".join(screen.name for screen in world.screens)
    return [
        f"{world.name} ({names}; {world.seconds:.0f} s)",
        *(f"    {policy.name:13} {in_words(screens)}" for policy, screens in outcome.items()),
    ]


def in_words(screens: Sequence[Shown]) -> str:
    """Say what the screens showed."""
    counts = {name: " ".join(f"{getattr(screen, name):5}" for screen in screens) for name in ("missed", "doubled")}
    torn = " ".join(f"{screen.torn:5}" for screen in screens)
    latency = " ".join(f"{screen.latency_ms:5.1f}" for screen in screens)
    return f"missed {counts['missed']}  doubled {counts['doubled']}  torn {torn}  latency {latency} ms"


def _figures(result: Result, world: World, outcome: Outcome) -> None:
    for policy, screens in outcome.items():
        for screen in screens:
            head = f"{world.name}: {policy.name}, {screen.name}"
            result.add(f"{head}: missed", screen.missed, f"of {screen.vsyncs} vsyncs")
            result.add(f"{head}: latency p99", screen.latency_at(99), "ms")
    pace = next((screen for screen in world.screens if screen.pace), world.screens[0])
    estimates = {"ours": VsyncEstimate, "mean interval": MeanInterval, "mean phase": MeanPhase}
    for name, make in estimates.items():
        errors = np.abs(phase_errors(pace, make))
        if len(errors):
            result.add(f"{world.name}: error of the vsync, {name}: p99", float(np.percentile(errors, 99)) / MS, "ms")
    result.notes += lines(world, outcome)


def _require(result: Result, outcome: Outcome) -> None:
    ours = outcome[Paced]
    for screen in ours:
        result.require(f"vsyncs missed on {screen.name}", screen.missed, "at most", MOST_MISSED, "")
    for rival in (PacedByMeanInterval, Sleep):
        wall, *_ = screens = outcome[rival]
        times = wall.missed / max(1, ours[0].missed)
        result.require(f"missed on wall by {rival.name} for each of ours", times, "at least", FEWER, "")
        for name, our_ms, their_ms in (
            ("on wall", ours[0].latency_ms, wall.latency_ms),
            ("of all displays", latency_ms(ours), latency_ms(screens)),
        ):
            result.require(f"latency {name}, against {rival.name}", our_ms, "at most", their_ms, "ms")
