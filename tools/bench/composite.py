"""What layers cost: how many, how large, how blended; against OpenCV on 8 bits and numpy on floats."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from engine.components import Layer
from engine.components.layer import Blend
from tools.bench.keyer import decoded
from tools.bench.measure import Work, growth, interleave
from tools.bench.media import still_file
from tools.bench.result import Result
from tools.bench.stages import picture_layer, stage_of, stepping

SIZES = ((1280, 720), (1920, 1080))
COUNTS = (1, 2, 4, 8)
BLENDS: tuple[Blend, ...] = ("normal", "add", "multiply", "screen", "overlay", "soft_light")
OPACITY = 0.5

Entities = dict[str, dict[str, object]]


def run(quick: bool = False) -> Result:
    """Time layer counts at each size, then blend modes at the smaller."""
    result = Result("composite")
    sizes = ((160, 90), (320, 180)) if quick else SIZES
    rounds = 2 if quick else 15
    by_count: dict[float, float] = {}
    by_pixels: dict[float, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            costs = _layers(result, size, Path(folder), rounds)
            by_count = {float(count): cost for count, cost in costs.items()}
            by_pixels[float(size[0] * size[1])] = costs[COUNTS[-1]]
        result.add("growth with layers: cost ~ n^", growth(by_count), "")
        result.add("growth with pixels: cost ~ n^", growth(by_pixels), "")
        _blends(result, sizes[0], Path(folder), rounds)
    result.notes.append("ours: full-size pictures at half opacity, linear light, 16-bit float stage; waited for")
    result.notes.append("OpenCV: one addWeighted a layer on 8-bit encoded BGR; numpy: float32 linear light")
    return result


def _layers(result: Result, size: tuple[int, int], folder: Path, rounds: int) -> dict[int, float]:
    """Time each number of layers; return ours in ms."""
    room = still_file(folder, size)
    picture: Any = cv2.imread(str(room))
    light = decoded(picture / 255.0).astype(np.float32)
    with ExitStack() as opened:
        contenders: dict[str, Work] = {}
        for count in COUNTS:
            entities: Entities = {f"layer{i}": picture_layer(room, Layer(order=i, opacity=OPACITY)) for i in range(count)}
            stepper = opened.enter_context(stepping({"stage": stage_of(size), **entities}))
            contenders[f"ours {count}"] = stepper.draw
            contenders[f"OpenCV {count}"] = _stack(count, picture, _add_weighted)
            contenders[f"numpy {count}"] = _stack(count, light, _mix)
        timings = interleave(contenders, rounds, warm_up=1)
    where = f"{size[1]}p"
    for count in COUNTS:
        ours = timings[f"ours {count}"]
        result.add(f"{where}, {count} layers", ours.median_ms, "ms")
        result.add(f"{where}, {count} layers, quickest", ours.least_ms, "ms")
        result.against(f"{where}, {count} layers", "OpenCV addWeighted", ours.faster_than(timings[f"OpenCV {count}"]))
        result.against(f"{where}, {count} layers", "numpy float32", ours.faster_than(timings[f"numpy {count}"]))
    return {count: timings[f"ours {count}"].median_ms for count in COUNTS}


def _stack(count: int, picture: Any, mix: Callable[[Any, Any], None]) -> Work:
    stage = np.zeros_like(picture)

    def work() -> None:
        stage[:] = 0
        for _ in range(count):
            mix(stage, picture)

    return work


def _add_weighted(stage: Any, layer: Any) -> None:
    cv2.addWeighted(stage, 1 - OPACITY, layer, OPACITY, 0, dst=stage)


def _mix(stage: Any, layer: Any) -> None:
    stage *= 1 - OPACITY
    stage += layer * np.float32(OPACITY)


def _blends(result: Result, size: tuple[int, int], folder: Path, rounds: int) -> None:
    """Time a layer of each blend mode over another, against the same formula in numpy."""
    room = still_file(folder, size)
    light = decoded(cv2.imread(str(room)) / 255.0).astype(np.float32)
    with ExitStack() as opened:
        contenders: dict[str, Work] = {}
        for blend in BLENDS:
            entities: Entities = {
                "below": picture_layer(room, Layer(order=0)),
                "above": picture_layer(room, Layer(order=1, blend=blend, opacity=OPACITY)),
            }
            contenders[blend] = opened.enter_context(stepping({"stage": stage_of(size), **entities})).draw
            contenders[f"numpy {blend}"] = _formula(blend, light)
        timings = interleave(contenders, rounds, warm_up=1)
    for blend in BLENDS:
        name = f"{size[1]}p, {blend} over a picture"
        result.add(name, timings[blend].median_ms, "ms")
        result.against(name, "numpy float32, same formula", timings[blend].faster_than(timings[f"numpy {blend}"]))
        if blend != "normal":
            result.against(name, "normal", timings[blend].faster_than(timings["normal"]))


def _formula(blend: Blend, light: Any) -> Work:
    """Return what mixes a picture with itself by the formulas of shaders/common/blend.wgsl."""
    half = np.float32(OPACITY)

    def hard(b: Any, s: Any) -> Any:
        return np.where(s <= 0.5, 2 * b * s, b + (2 * s - 1) - b * (2 * s - 1))

    def soft(b: Any, s: Any) -> Any:
        d = np.where(b <= 0.25, ((16 * b - 12) * b + 4) * b, np.sqrt(b))
        return np.where(s <= 0.5, b - (1 - 2 * s) * b * (1 - b), b + (2 * s - 1) * (d - b))

    mixed: dict[Blend, Callable[[Any, Any], Any]] = {
        "normal": lambda _b, s: s,
        "add": lambda b, s: np.minimum(b + s, 1),
        "multiply": lambda b, s: b * s,
        "screen": lambda b, s: b + s - b * s,
        "overlay": lambda b, s: hard(s, b),
        "soft_light": soft,
    }
    return lambda: light * (1 - half) + mixed[blend](light, light) * half
