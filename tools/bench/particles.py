"""What particles cost: alone, against numpy and OpenCV; and ten thousand of them in a show that has everything else."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from engine.components import Camera, Key, Layer, Lighting, Mask, Particles
from tools.bench.gpu import Stopwatch
from tools.bench.measure import Work, growth, interleave
from tools.bench.media import performer_file, still_file
from tools.bench.result import Result
from tools.bench.stages import picture_layer, shared_gpu, stage_of, stepping

SIZE = (1280, 720)
GPU_SIZE = (1920, 1080)
RATE_HZ = 30.0
COUNTS = (10_000, 30_000, 100_000)
IN_A_SHOW = 10_000
MOST_GPU_MS = 1.0
SIZE_PX = 4.0

Entities = dict[str, dict[str, object]]


def run(quick: bool = False) -> Result:
    """Time clouds of growing size, then a whole tick of a show with one."""
    result = Result("particles")
    size = (320, 180) if quick else SIZE
    _alone(result, size, (100, 400) if quick else COUNTS, rounds=2 if quick else 15)
    with tempfile.TemporaryDirectory() as folder:
        _in_a_show(result, size, Path(folder), 200 if quick else IN_A_SHOW, quick)
    _on_a_gpu(result)
    result.notes.append("OpenCV: numpy moves them through a field of waves, cv2.circle draws each, on 8 bits")
    result.notes.append("the show: a camera's new picture, keyed, lit and before a still, snow on top, one display")
    return result


def _cloud(count: int, order: int = 0) -> dict[str, object]:
    return {
        "particles": Particles(count=count, size_px=SIZE_PX, turbulence=0.1, life_s=4.0),
        "layer": Layer(order=order, opacity=0.8),
    }


def _alone(result: Result, size: tuple[int, int], counts: tuple[int, ...], rounds: int) -> None:
    """Take what a tick that moves and draws a cloud uses of the CPUs, less a tick without one: a GPU done by a CPU."""
    with ExitStack() as opened:
        nothing = opened.enter_context(stepping({"stage": stage_of(size)}))
        contenders: dict[str, Work] = {"nothing": nothing.tick}
        for count in counts:
            stepper = opened.enter_context(stepping({"stage": stage_of(size), "snow": _cloud(count)}))
            contenders[f"ours {count}"] = stepper.tick
            contenders[f"OpenCV {count}"] = _opencv(size, count)
        timings = interleave(contenders, rounds, warm_up=1)
    empty = timings["nothing"].cpu_ms
    result.add(f"{size[1]}p tick without particles, CPU of all threads", empty, "ms")
    ours: dict[float, float] = {}
    for count in counts:
        theirs = timings[f"OpenCV {count}"].cpu_ms
        ours[float(count)] = max(timings[f"ours {count}"].cpu_ms - empty, 0.01)
        result.add(f"{count} particles, moved and drawn, CPU of all threads", ours[float(count)], "ms")
        result.add(f"{count} particles, OpenCV, CPU of all threads", theirs, "ms")
        result.against(f"{count} particles", "numpy and OpenCV", theirs / ours[float(count)])
    result.add("growth with particles: cost ~ n^", growth(ours), "")


def _opencv(size: tuple[int, int], count: int) -> Work:
    """Return what moves and draws as many soft dots in numpy and OpenCV."""
    rng = np.random.default_rng(1)
    place = rng.uniform(0.0, 1.0, (count, 2)) * size
    velocity = rng.normal(0.0, 10.0, (count, 2))
    stage: Any = np.zeros((size[1], size[0], 3), np.uint8)
    radius = max(1, round(SIZE_PX * size[1] / 720 / 2))

    def work() -> None:
        x, y = (place / size[1]).T * 15.0
        air = np.stack([np.cos(y) - 0.5 * np.sin(2.2 * y + x), np.sin(x) + 0.5 * np.cos(2.2 * x - y)], axis=1)
        velocity[:] += (air * size[1] * 0.1 - velocity * 0.2) / RATE_HZ
        place[:] = (place + velocity / RATE_HZ) % size
        stage[:] = 0
        for middle_x, middle_y in place.astype(int).tolist():
            cv2.circle(stage, (middle_x, middle_y), radius, (230, 230, 230), -1, cv2.LINE_AA)

    return work


def _in_a_show(result: Result, size: tuple[int, int], folder: Path, count: int, quick: bool) -> None:
    filmed = performer_file(folder, size, RATE_HZ, 0.4 if quick else 3.0)
    show: Entities = {
        "stage": stage_of(size),
        "sky": picture_layer(still_file(folder, size), Layer(order=0)),
        "guest": {
            "camera": Camera(source=str(filmed)),
            "mask": Mask(source="key"),
            "key": Key(),
            "layer": Layer(order=1),
            "lighting": Lighting(),
        },
    }
    with stepping(show) as without, stepping({**show, "snow": _cloud(count, order=2)}) as with_snow:
        timings = interleave({"without": without.tick, "with": with_snow.tick}, 2 if quick else 40)
    for name, timing in timings.items():
        result.add(f"{size[1]}p show {name} {count} particles", timing.median_ms, "ms")
        result.add(f"{size[1]}p show {name} {count} particles, quickest", timing.least_ms, "ms")
        result.add(f"{size[1]}p show {name} {count} particles, CPU of all threads", timing.cpu_ms, "ms")
    if not quick:
        interval_ms = round(1000.0 / RATE_HZ, 1)
        result.require("the show with them, a tick", timings["with"].median_ms, "at most", interval_ms, "ms")


def _on_a_gpu(result: Result) -> None:
    """Time 100,000 at 1080p by a GPU's own timestamps."""
    gpu = shared_gpu()
    if gpu.is_software or "timestamp-query-inside-encoders" not in gpu.features:
        result.notes.append("the adapter is a CPU: 100,000 particles on a GPU (limit 1 ms at 1080p) were not measured")
        return
    with stepping({"stage": stage_of(GPU_SIZE), "snow": _cloud(COUNTS[-1])}) as stepper:
        watch = Stopwatch(gpu)
        taken = float(np.median([watch.draw_ms(stepper) for _ in range(50)]))
    result.require("100,000 particles on the GPU at 1080p", taken, "at most", MOST_GPU_MS, "ms")
