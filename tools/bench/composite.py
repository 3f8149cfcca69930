"""What layers cost: how many, how large, how blended; against OpenCV on 8 bits and numpy on floats."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from engine.components import Cue, Display, Edges, Grade, Group, Layer, Warp
from engine.components.layer import Blend
from systems.drawings.drawing import BLENDS
from tools.bench.blends import mixed
from tools.bench.measure import Work, growth, interleave
from tools.bench.media import still_file
from tools.bench.opencv import decoded
from tools.bench.result import Result
from tools.bench.stages import picture_layer, stage_of, stepping

SIZES = ((1280, 720), (1920, 1080))
COUNTS = (1, 2, 4, 8)
OPACITY = 0.5

RIVALS = {
    "OpenCV": "OpenCV in linear light (LUT, addWeighted on floats)",
    "OpenCV 8 bits": "OpenCV addWeighted on encoded 8 bits",
    "numpy": "numpy in linear light (take, float32)",
}

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
        _groups(result, sizes[0], Path(folder), rounds)
        _displays(result, sizes[0], Path(folder), rounds)
    result.notes.append("full-size pictures at half opacity; ours on a stage of 16-bit floats, waited for")
    return result


def _layers(result: Result, size: tuple[int, int], folder: Path, rounds: int) -> dict[int, float]:
    """Time each number of layers; return ours in ms."""
    room = still_file(folder, size)
    picture: Any = cv2.imread(str(room))
    light_of = decoded(np.arange(256) / 255).astype(np.float32)
    with ExitStack() as opened:
        contenders: dict[str, Work] = {}
        for count in COUNTS:
            entities: Entities = {
                f"layer{i}": picture_layer(room, Layer(order=i, opacity=OPACITY)) for i in range(count)
            }
            stepper = opened.enter_context(stepping({"stage": stage_of(size), **entities}))
            contenders[f"ours {count}"] = stepper.draw_anew
            contenders[f"OpenCV {count}"] = _opencv(count, picture, light_of)
            contenders[f"OpenCV 8 bits {count}"] = _opencv_8_bits(count, picture)
            contenders[f"numpy {count}"] = _numpy(count, picture, light_of)
        timings = interleave(contenders, rounds, warm_up=1)
    where = f"{size[1]}p"
    for count in COUNTS:
        ours = timings[f"ours {count}"]
        result.add(f"{where}, {count} layers", ours.median_ms, "ms")
        result.add(f"{where}, {count} layers, quickest", ours.least_ms, "ms")
        for rival, words in RIVALS.items():
            result.against(f"{where}, {count} layers", words, ours.faster_than(timings[f"{rival} {count}"]))
    return {count: timings[f"ours {count}"].median_ms for count in COUNTS}


def _opencv(count: int, picture: Any, light_of: Any) -> Work:
    """Return what does the same as ours: decode, and mix in linear light."""
    stage, light = (np.empty(picture.shape, np.float32) for _ in range(2))

    def work() -> None:
        stage[:] = 0
        for _ in range(count):
            cv2.LUT(picture, light_of.reshape(1, 256), dst=light)
            cv2.addWeighted(stage, 1 - OPACITY, light, OPACITY, 0, dst=stage)

    return work


def _opencv_8_bits(count: int, picture: Any) -> Work:
    stage = np.empty_like(picture)

    def work() -> None:
        stage[:] = 0
        for _ in range(count):
            cv2.addWeighted(stage, 1 - OPACITY, picture, OPACITY, 0, dst=stage)

    return work


def _numpy(count: int, picture: Any, light_of: Any) -> Work:
    """Return what does the same as ours, in numpy."""
    stage, light = (np.empty(picture.shape, np.float32) for _ in range(2))

    def work() -> None:
        stage[:] = 0
        for _ in range(count):
            np.take(light_of, picture, out=light, mode="clip")
            np.multiply(stage, 1 - OPACITY, out=stage)
            np.multiply(light, OPACITY, out=light)
            np.add(stage, light, out=stage)

    return work


def _blends(result: Result, size: tuple[int, int], folder: Path, rounds: int) -> None:
    """Time a layer of each blend mode over another, against the same formula in numpy."""
    room = still_file(folder, size)
    picture: Any = cv2.imread(str(room))
    light_of = decoded(np.arange(256) / 255).astype(np.float32)
    with ExitStack() as opened:
        contenders: dict[str, Work] = {}
        for blend in BLENDS:
            entities: Entities = {
                "below": picture_layer(room, Layer(order=0)),
                "above": picture_layer(room, Layer(order=1, blend=blend, opacity=OPACITY)),
            }
            contenders[blend] = opened.enter_context(stepping({"stage": stage_of(size), **entities})).draw_anew
            contenders[f"numpy {blend}"] = _formula(blend, picture, light_of)
        timings = interleave(contenders, rounds, warm_up=1)
    for blend in BLENDS:
        name = f"{size[1]}p, {blend} over a picture"
        result.add(name, timings[blend].median_ms, "ms")
        result.against(name, "numpy float32, same formula", timings[blend].faster_than(timings[f"numpy {blend}"]))
        if blend != "normal":
            result.against(name, "normal", timings[blend].faster_than(timings["normal"]))


def _formula(blend: Blend, picture: Any, light_of: Any) -> Work:
    """Return what decodes two pictures and mixes them by the formula of the specification."""
    half = np.float32(OPACITY)

    def work() -> None:
        below, above = np.take(light_of, picture, mode="clip"), np.take(light_of, picture, mode="clip")
        _ = below * (1 - half) + mixed(blend, below, above) * half

    return work


def _groups(result: Result, size: tuple[int, int], folder: Path, rounds: int) -> None:
    """Time two pictures by themselves, in groups of each kind, clipped, and dissolving; against themselves alone."""
    room = still_file(folder, size)
    two = {f"layer{i}": picture_layer(room, Layer(order=i, opacity=OPACITY)) for i in range(2)}
    grouped = {f"layer{i}": picture_layer(room, Layer(order=i, opacity=OPACITY, group="g")) for i in range(2)}
    coming = {f"layer{i}": picture_layer(room, Layer(order=i, visible=i == 0)) for i in range(2)}
    cue = Cue(key="x", show=("layer1",), hide=("layer0",), fade_s=600.0)
    scenes: dict[str, Entities] = {
        "two pictures": two,
        "… in a group": {**grouped, "g": {"group": Group(), "layer": Layer()}},
        "… in a group that is not isolated": {**grouped, "g": {"group": Group(isolated=False), "layer": Layer()}},
        "… in a knockout group": {**grouped, "g": {"group": Group(knockout=True), "layer": Layer()}},
        "… dissolving into each other": {**coming, "cue": {"cue": cue}},
    }
    with ExitStack() as opened:
        contenders: dict[str, Work] = {}
        for name, entities in scenes.items():
            stepper = opened.enter_context(stepping({"stage": stage_of(size), **entities}))
            stepper.show.cues.press("x")
            stepper.tick()
            contenders[name] = stepper.draw_anew
        timings = interleave(contenders, rounds, warm_up=1)
    for name in scenes:
        result.add(f"{size[1]}p, {name}", timings[name].median_ms, "ms")
        if name != "two pictures":
            result.against(f"{size[1]}p, {name}", "by themselves", timings[name].faster_than(timings["two pictures"]))


def _displays(result: Result, size: tuple[int, int], folder: Path, rounds: int) -> None:
    """Time a whole tick of a still picture with a display that does nothing to it, and with one that does."""
    room = still_file(folder, size)
    picture: Any = cv2.imread(str(room))
    table = folder / "look.cube"
    colours = np.stack(np.meshgrid(*[np.linspace(0, 1, 33)] * 3, indexing="ij"), axis=-1)[..., ::-1].reshape(-1, 3)
    table.write_text("LUT_3D_SIZE 33\n" + "\n".join(" ".join(f"{v:.5f}" for v in row) for row in colours))
    pinned = Warp(top_left=(0.1, 0.05), top_right=(0.85, 0.2), bottom_right=(0.95, 0.9), bottom_left=(0.02, 0.8))
    displays: dict[str, dict[str, object]] = {
        "plain": {},
        "with pinned corners": {"warp": pinned},
        "with a mesh of 9 × 9": {"warp": Warp(columns=9, rows=9)},
        "with faded edges": {"edges": Edges(left=0.2, right=0.2)},
        "with a table": {"grade": Grade(lut=str(table))},
    }
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32) * np.array(size, np.float32)
    moved = np.array((pinned.top_left, pinned.top_right, pinned.bottom_right, pinned.bottom_left), np.float32)
    matrix = cv2.getPerspectiveTransform(corners, moved * np.array(size, np.float32))
    warped = np.empty_like(picture)
    with ExitStack() as opened:
        contenders: dict[str, Work] = {"OpenCV": lambda: cv2.warpPerspective(picture, matrix, size, dst=warped)}
        for name, parts in displays.items():
            entities = {"front": picture_layer(room, Layer()), "wall": {"display": Display(kind="offscreen"), **parts}}
            stepper = opened.enter_context(stepping({"stage": stage_of(size), **entities}, ticks=4))
            contenders[name] = stepper.same_tick
        timings = interleave(contenders, rounds, warm_up=1)
    for name in displays:
        result.add(f"{size[1]}p, tick and display {name}", timings[name].median_ms, "ms")
        if name != "plain":
            result.against(f"{size[1]}p, display {name}", "one without", timings[name].faster_than(timings["plain"]))
    ratio = timings["with pinned corners"].faster_than(timings["OpenCV"])
    result.against(f"{size[1]}p, tick and display with pinned corners", "OpenCV warpPerspective alone, 8 bits", ratio)
