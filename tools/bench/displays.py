"""What one more display costs, and that it costs no inference."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from engine.components import Camera, Display, Key, Layer, Stage
from engine.scene.load import load_scene
from tools.bench.measure import growth, interleave
from tools.bench.media import camera_file, clip, model, performer_file, still_file
from tools.bench.result import Result
from tools.bench.stages import SCENES, Stepper, stepping
from tools.report import make_report

COUNTS = (1, 2, 4, 8)

MOST_SECOND = 0.25
"""Of the first tick with one display."""

Entities = dict[str, dict[str, object]]


def run(quick: bool = False) -> Result:
    """Time whole ticks with 1, 2, 4 and 8 displays in turn, and read the counters of their reports."""
    result = Result("displays")
    size = (320, 180) if quick else (1280, 720)
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        shows = {count: opened.enter_context(stepping(_with_displays(count, size, folder))) for count in COUNTS}
        layered = opened.enter_context(stepping(_with_three_layers(_with_displays(1, size, folder))))
        timings = interleave({str(count): show.tick for count, show in shows.items()}, 3 if quick else 40)
        still = interleave({str(count): show.same_tick for count, show in shows.items()}, 3 if quick else 40)
        for _ in range(6):
            layered.tick()
        _count(result, {**{f"{count} displays": show for count, show in shows.items()}, "3 layers": layered})
    first, second = timings["1"], timings["2"]
    for count in COUNTS:
        timing = timings[str(count)]
        result.add(f"tick with {count}", timing.median_ms, "ms")
        result.add(f"tick with {count}, quickest", timing.least_ms, "ms")
        result.add(f"tick with {count}, CPU of all threads", timing.cpu_ms, "ms")
        result.add(f"tick with {count} and no new picture", still[str(count)].median_ms, "ms")
    for count in COUNTS[1:]:
        result.against(f"{count} displays", "1 display", timings[str(count)].faster_than(first))
    costs = {float(count): timings[str(count)].median_ms for count in COUNTS}
    result.add("growth with displays: cost ~ n^", growth(costs), "")
    extra = 1.0 / second.faster_than(first) - 1.0
    if not quick:
        result.require("what the second adds to the tick", extra, "at most", MOST_SECOND, "of it")
    result.notes.append(
        "a tick: decode a 30 fps file, model, layers, displays, one after the other, and waited for on the GPU"
    )
    if model() is None:
        result.notes.append(
            "no shared media (set SCRIM_MEDIA): keyed instead of by a network, so inferences are not counted"
        )
    return result


def _with_displays(count: int, size: tuple[int, int], folder: Path) -> Entities:
    """Return the show's scene with so many equal displays, its camera a file as of a camera."""
    network, person = model(), clip("thoughtful_35590.mp4")
    neural = network is not None and person is not None
    scene = load_scene(SCENES / "show.toml", [f"guest.mask.model={network}"] if neural else [])
    entities: Entities = {name: dict(parts) for name, parts in scene.entities.items() if "display" not in parts}
    file = (
        camera_file(folder, person, size, 30.0, 2.0) if neural and person else performer_file(folder, size, 30.0, 2.0)
    )
    entities["stage"] = {"stage": Stage(width=size[0], height=size[1])}
    entities["front"]["camera"] = Camera(source=str(file))
    entities["backdrop"]["camera"] = Camera(source=str(still_file(folder, size)))
    if not neural:
        entities["guest"]["key"] = Key()
    return entities | {f"screen{i}": {"display": Display(kind="offscreen")} for i in range(count)}


def _with_three_layers(entities: Entities) -> Entities:
    """Return the scene with two more layers that show the same person."""
    more: Entities = {f"twin{i}": {"layer": Layer(order=3 + i, mask="guest")} for i in range(2)}
    return entities | more


def _count(result: Result, shows: Mapping[str, Stepper]) -> None:
    """Require exactly one inference per picture, by the counters of each show's report."""
    if model() is None:
        return
    for name, stepper in shows.items():
        per_picture = make_report(stepper.show)["cameras"]["front"]["inferences_per_picture"]
        result.require(f"inferences per picture, {name}", per_picture, "exactly", 1.0, "")
