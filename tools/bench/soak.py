"""What a show keeps: objects of Python and of wgpu, and memory, early and late in many ticks."""

from __future__ import annotations

import gc
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import wgpu

from engine.components import Camera, Display, Fill, Key, Layer, Lighting, Mask, Particles
from engine.scene.load import Scene
from engine.tick import Tick
from engine.timing.clock import HandClock
from systems.show import Show
from tools.bench.measure import growth, memory_mb
from tools.bench.media import NO_MEDIA, model, performer_file
from tools.bench.result import Result
from tools.bench.stages import drain, shared_gpu, stage_of

SIZE = (160, 90)
TICKS = 5000
EARLY = 500
"""By then all has happened once: pictures came round, pools are full."""

MOST_GROWTH_MB = 5.0


@dataclass(frozen=True, slots=True)
class Census:
    """What there is at one tick."""

    tick: int
    objects: dict[str, int]
    gpu_objects: dict[str, int]
    memory_mb: float

    @property
    def object_count(self) -> int:
        """All Python objects that the collector knows, but for the bench's own."""
        return sum(self.objects.values())


def run(quick: bool = False) -> Result:
    """Run a show that has something of everything, as fast as it goes, and count."""
    result = Result("soak")
    ticks, early = (40, 20) if quick else (TICKS, EARLY)
    with tempfile.TemporaryDirectory() as folder:
        censuses = soak(Path(folder), ticks, sorted({early, *range(early, ticks, ticks // 10), ticks - 1}))
    first, last = censuses[0], censuses[-1]
    for census in (first, last):
        result.add(f"tick {census.tick}: Python objects", census.object_count, "")
        result.add(f"tick {census.tick}: wgpu objects", sum(census.gpu_objects.values()), "")
        result.add(f"tick {census.tick}: memory", census.memory_mb, "MB")
    more = Counter(last.objects)
    more.subtract(first.objects)
    more_gpu = {name: n - first.gpu_objects.get(name, 0) for name, n in last.gpu_objects.items()}
    hour = 30 * 3600 / (last.tick - first.tick)
    result.add("memory an hour at 30 Hz, at this pace", (last.memory_mb - first.memory_mb) * hour, "MB")
    result.add("growth with ticks: memory ~ t^", growth({float(c.tick): c.memory_mb for c in censuses}), "")
    result.notes += [f"{count} more of {name}" for name, count in more.most_common(8) if count > 0]
    result.notes += [f"{count} more of wgpu's {name}" for name, count in more_gpu.items() if count > 0]
    if model() is None:
        result.notes.append(NO_MEDIA)
    if not quick:
        # The collector is off during a show: what only it could free counts as growth.
        result.require("Python objects more", last.object_count - first.object_count, "at most", 0, "")
        result.require("wgpu objects more", sum(more_gpu.values()), "at most", 0, "")
        result.require("memory more", last.memory_mb - first.memory_mb, "at most", MOST_GROWTH_MB, "MB")
    return result


def soak(folder: Path, ticks: int, counted_at: list[int]) -> list[Census]:
    """Run so many ticks, and return the censuses of some of them."""
    clock = HandClock()
    show = Show(Scene(Path("soak"), _entities(folder), frozenset()), clock, headless=True, gpu=shared_gpu())
    show.open()
    censuses: list[Census] = []

    def count(tick: Tick) -> None:
        if tick.index in counted_at:
            drain(show.gpu)
            if not censuses:
                take_census(tick.index)  # counting for the first time makes objects too
            censuses.append(take_census(tick.index))

    try:
        show.run(ticks / show.stage.rate_hz, count)
    finally:
        drain(show.gpu)
        show.close()
    return censuses


def take_census(tick: int) -> Census:
    """Count everything. Nothing is collected before: a show does not collect either."""
    kinds = Counter(map(type, gc.get_objects()))
    objects = {
        f"{kind.__module__}.{kind.__qualname__}": count
        for kind, count in kinds.items()
        if not kind.__module__.startswith("tools.bench")
    }
    counts = wgpu.diagnostics.object_counts.get_dict()
    gpu_objects = {name: int(entry["count"]) for name, entry in counts.items() if name != "total"}
    return Census(tick, objects, gpu_objects, memory_mb())


def _entities(folder: Path) -> dict[str, dict[str, object]]:
    """Return a small show with something of everything."""
    network = model()
    file = performer_file(folder, SIZE, 30.0, 2.0)
    neural = Mask(camera="file", model=str(network)) if network is not None else Mask(camera="file", source="key")
    return {
        "stage": stage_of(SIZE),
        "sky": {"fill": Fill(), "layer": Layer(order=0)},
        "file": {"camera": Camera(source=str(file))},
        "drawn": {"camera": Camera(source="synthetic", width=SIZE[0], height=SIZE[1])},
        "one": {"mask": neural, "key": Key(), "layer": Layer(order=1), "lighting": Lighting()},
        "two": {"mask": Mask(camera="drawn", source="truth"), "layer": Layer(order=2)},
        "three": {"mask": Mask(camera="drawn", source="key"), "key": Key(), "layer": Layer(order=3)},
        "blurred": {"layer": Layer(order=4, camera="drawn", blur_px=4.0, opacity=0.3)},
        "dust": {"particles": Particles(count=200), "layer": Layer(order=4, blend="add")},
        "edge": {"particles": Particles(count=200, emit="edge", mask="one"), "layer": Layer(order=4)},
        "tint": {"fill": Fill(), "layer": Layer(order=5, blend="multiply", opacity=0.1)},
        "soft": {"fill": Fill(), "layer": Layer(order=6, blend="soft_light", opacity=0.1)},
        "left": {"display": Display(kind="offscreen")},
        "right": {"display": Display(kind="offscreen", width=120, height=120, fit="cover")},
    }
