"""What it costs to light a person by what is behind them, and how steady that light is before a moving background."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.components import Camera, Environment, Key, Layer, Light, Lighting, Mask
from tools.bench.gpu import Stopwatch
from tools.bench.measure import Work, interleave
from tools.bench.media import NO_MEDIA, camera_file, clip, performer, performer_file
from tools.bench.result import Result
from tools.bench.stages import Stepper, shared_gpu, stage_of, stepping

SIZE = (1920, 1080)
STILL_SIZE = (640, 360)
SECONDS = 8.0
RATE_HZ = 30.0

MOST_SHARE = 0.15
MOST_GPU_MS = 1.8
MOST_JITTER = 0.009

LIT = Lighting(ambience=0.5, rim=0.3, matching=0.3, wrap=0.3)

Entities = dict[str, dict[str, object]]


def run(quick: bool = False) -> Result:
    """Time a tick with and without light at 1080p, then watch a still person before a moving background."""
    result = Result("light")
    size = (320, 180) if quick else SIZE
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        moving = _moving(folder, size if quick else STILL_SIZE, 0.4 if quick else SECONDS)
        _cost(result, size, folder, moving, rounds=2 if quick else 25, quick=quick)
        _jitter(result, folder, moving, ticks=8 if quick else round(SECONDS * RATE_HZ), quick=quick)
    if clip("one-by-one-person-detection.mp4") is None:
        result.notes.append(NO_MEDIA)
    result.notes.append("a tick draws a camera's new picture of a performer, keyed, over a video; two lamps where lit")
    result.notes.append("jitter: standard deviation of a still person's mean luminance over its mean, after a second")
    return result


def _moving(folder: Path, size: tuple[int, int], seconds: float) -> Path:
    """Return a video in which much moves: people who cross a room, or the synthetic performer."""
    passers_by = clip("one-by-one-person-detection.mp4")
    if passers_by is None:
        return performer_file(folder, size, RATE_HZ, seconds)
    return camera_file(folder, passers_by, size, RATE_HZ, seconds)


def _person(source: str, size: tuple[int, int], lighting: Lighting | None) -> Entities:
    camera = Camera(source=source, width=size[0], height=size[1])
    guest: dict[str, object] = {
        "camera": camera, "mask": Mask(source="key"), "key": Key(), "layer": Layer(order=1)
    }  # fmt: skip
    if lighting is not None:
        guest["lighting"] = lighting
    return {"guest": guest}


def _cost(result: Result, size: tuple[int, int], folder: Path, moving: Path, rounds: int, quick: bool) -> None:
    behind: Entities = {"sky": {"camera": Camera(source=str(moving)), "layer": Layer(order=0)}}
    lamps: Entities = {
        "key light": {"light": Light(x=0.2, y=0.2, z=0.4, strength=0.5)},
        "spot": {"light": Light(kind="spot", x=0.9, y=0.0, z=0.4, strength=0.5, temperature_k=3200.0)},
    }
    filmed = performer_file(folder, size, RATE_HZ, 0.4 if quick else 4.0)
    with ExitStack() as opened:
        contenders: dict[str, Work] = {}
        steppers: dict[str, Stepper] = {}
        for name, lighting, more in (
            ("unlit", None, {}),
            ("strength 0", replace(LIT, strength=0.0), lamps),
            ("lit", LIT, lamps),
            ("with shadow and grain", replace(LIT, shadow=0.5, grain=1.0), lamps),
        ):
            scene: Entities = {"stage": stage_of(size), **behind, **more, **_person(str(filmed), size, lighting)}
            steppers[name] = opened.enter_context(stepping(scene, ticks=4))
            contenders[name] = steppers[name].tick
        timings = interleave(contenders, rounds)
        for name, timing in timings.items():
            result.add(f"{size[1]}p tick, {name}", timing.median_ms, "ms")
            result.add(f"{size[1]}p tick, {name}, CPU of all threads", timing.cpu_ms, "ms")
        on_gpu = _gpu_ms(steppers)
    lit, unlit = timings["lit"], timings["unlit"]
    share = float(np.median(1.0 - unlit.cpu_rounds_ms / lit.cpu_rounds_ms))
    result.against("lit", "the same tick without light", lit.faster_than(unlit))
    if quick:
        return
    if on_gpu is None:
        result.notes.append("the adapter is a CPU: what light takes of a GPU (limit 1.8 ms) was not measured")
        result.require("lighting's share of a tick", share, "at most", MOST_SHARE, "")
    else:
        result.require("lighting on the GPU at 1080p", on_gpu, "at most", MOST_GPU_MS, "ms")


def _gpu_ms(steppers: dict[str, Stepper]) -> float | None:
    """Return what lighting takes of a GPU by its own timestamps, or None on a CPU."""
    gpu = shared_gpu()
    if gpu.is_software or "timestamp-query-inside-encoders" not in gpu.features:
        return None
    watch = Stopwatch(gpu)
    taken = {name: float(np.median([watch.draw_ms(steppers[name]) for _ in range(50)])) for name in ("lit", "unlit")}
    return taken["lit"] - taken["unlit"]


def _jitter(result: Result, folder: Path, moving: Path, ticks: int, quick: bool) -> None:
    picture = performer(STILL_SIZE)
    still = folder / "person.png"
    cv2.imwrite(str(still), cv2.cvtColor(picture.planes[0], cv2.COLOR_RGBA2BGR))
    truth = picture.truth
    assert truth is not None
    core = cv2.erode(truth, np.ones((9, 9), np.uint8)) == 255
    settle = min(round(RATE_HZ), ticks // 2)
    found = {}
    for name, lighting, smooth_s in (
        ("smoothed", LIT, Environment().smooth_s),
        ("not smoothed", LIT, 0.0),
        ("ambience, rim and matching at 1", replace(LIT, ambience=1.0, rim=1.0, matching=1.0), Environment().smooth_s),
    ):
        with _still_person(still, moving, lighting, smooth_s) as stepper:
            seen = np.array([_look(stepper, core) for _ in range(ticks)])[settle:]
        found[name] = float(seen[:, 0].std() / seen[:, 0].mean())
        result.add(f"jitter, {name}", 100 * found[name], "%")
        behind = float(seen[:, 1].std() / seen[:, 1].mean())
    result.add("jitter of a person multiplied by the mean of what is behind", 100 * behind, "%")
    result.add("that over ours", behind / found["smoothed"], "×")
    if not quick:
        result.require("light jitter", 100 * found["smoothed"], "at most", 100 * MOST_JITTER, "%")


@contextmanager
def _still_person(still: Path, moving: Path, lighting: Lighting, smooth_s: float) -> Iterator[Stepper]:
    scene: Entities = {
        "stage": stage_of(STILL_SIZE),
        "air": {"environment": Environment(smooth_s=smooth_s)},
        "sky": {"camera": Camera(source=str(moving)), "layer": Layer(order=0)},
        **_person(str(still), STILL_SIZE, lighting),
    }
    with stepping(scene) as stepper:
        yield stepper


def _look(stepper: Stepper, core: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the mean luminance of the person, and of what is beside them, after one more tick."""
    stepper.tick()
    light: Any = stepper.show.gpu.read(stepper.show.stage_image.texture)[..., :3].astype(np.float32)
    luminance = light @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    return float(luminance[core].mean()), float(luminance[:, :80].mean())
