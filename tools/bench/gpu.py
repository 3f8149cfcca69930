"""A real GPU's own time for the keyer and for layers, at 1080p and 4K, by its timestamps."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import wgpu

from engine.components import Layer
from engine.gpu.device import Gpu
from tools.bench.keyer import frame, keyed
from tools.bench.measure import growth, interleave
from tools.bench.media import as_nv12, performer, still_file
from tools.bench.result import Result
from tools.bench.stages import Stepper, drain, picture_layer, shared_gpu, stage_of, stepping

SIZES = ((1920, 1080), (3840, 2160))
COUNTS = (1, 8)
FORCED = "SCRIM_BENCH_GPU"

Entities = dict[str, dict[str, object]]


class Stopwatch:
    """Times what one encoder records, by two timestamps of the GPU. Its unit is taken to be the nanosecond.

    wgpu gives no public way to ask for the unit; NVIDIA's, AMD's newer and lavapipe's are nanoseconds.
    """

    def __init__(self, gpu: Gpu) -> None:
        self._gpu = gpu
        device = gpu.device
        self._queries: Any = device.create_query_set(type="timestamp", count=2)
        usage = wgpu.BufferUsage.QUERY_RESOLVE | wgpu.BufferUsage.COPY_SRC
        self._buffer: Any = device.create_buffer(size=16, usage=usage)

    def draw_ms(self, stepper: Stepper) -> float:
        """Draw a show's layers; return what the GPU took."""
        from wgpu.backends.wgpu_native.extras import write_timestamp

        gpu, tick = self._gpu, stepper.show.loop.tick
        tick.encoder = gpu.device.create_command_encoder()
        write_timestamp(tick.encoder, self._queries, 0)
        stepper.record(tick)
        encoder = tick.encoder  # another, where something was sent ahead
        write_timestamp(encoder, self._queries, 1)
        encoder.resolve_query_set(self._queries, 0, 2, self._buffer, 0)
        gpu.wait(gpu.submit(encoder.finish()))
        begun, ended = np.frombuffer(gpu.queue.read_buffer(self._buffer), np.uint64)
        return float(int(ended) - int(begun)) / 1e6


def run(quick: bool = False) -> Result:
    """Time keyer and layers where the adapter is a GPU, or where SCRIM_BENCH_GPU asks for it anyway."""
    result = Result("gpu")
    gpu = shared_gpu()
    if gpu.is_software and not os.environ.get(FORCED):
        result.skipped = f"the adapter is a CPU ({gpu.info['device']}); set {FORCED}=1 to run it all the same"
        return result
    if not {"timestamp-query", "timestamp-query-inside-encoders"} <= gpu.features:
        result.skipped = f"{gpu.info['device']} has no timestamps"
        return result
    result.notes.append(f"{gpu.info['device']}, {gpu.info['description']}")
    by_pixels: dict[float, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for size in ((160, 90), (320, 180)) if quick else SIZES:
            where = f"{size[1]}p"
            by_pixels[float(size[0] * size[1])] = _keyer(result, where, size, Path(folder), 3 if quick else 50)
            for count in COUNTS:
                _layers(result, where, size, Path(folder), count, 3 if quick else 50)
    result.add("keyer's growth with pixels: cost ~ n^", growth(by_pixels), "")
    return result


def _keyer(result: Result, where: str, size: tuple[int, int], folder: Path, rounds: int) -> float:
    nv12, _ = as_nv12(performer(size))
    with stepping(keyed(size, still_file(folder, size))) as stepper:
        frame(stepper, nv12)
        stopwatch = Stopwatch(stepper.show.gpu)
        taken = [stopwatch.draw_ms(stepper) for _ in range(rounds)]
        result.add(f"{where}, keyer on the GPU", float(np.median(taken)), "ms")
        whole = interleave({"whole": lambda: frame(stepper, nv12)}, rounds)["whole"]
        result.add(f"{where}, keyer with upload and CPU", whole.median_ms, "ms")
        drain(stepper.show.gpu)
    return float(np.median(taken))


def _layers(result: Result, where: str, size: tuple[int, int], folder: Path, count: int, rounds: int) -> None:
    room = still_file(folder, size)
    entities: Entities = {f"layer{i}": picture_layer(room, Layer(order=i, opacity=0.5)) for i in range(count)}
    with stepping({"stage": stage_of(size), **entities}) as stepper:
        stopwatch = Stopwatch(stepper.show.gpu)
        taken = [stopwatch.draw_ms(stepper) for _ in range(rounds)]
        result.add(f"{where}, {count} layers on the GPU", float(np.median(taken)), "ms")
        whole = interleave({"whole": stepper.draw}, rounds)["whole"]
        result.add(f"{where}, {count} layers with CPU", whole.median_ms, "ms")
