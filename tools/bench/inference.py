"""What a network costs a show: its own time, the picture made small for it, and the tick beside it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from engine.models.edged import EDGES, SegmenterEdged
from engine.models.manifest import BUILT_IN
from engine.models.runner import Runner
from engine.models.segmenter import Segmenter
from engine.models.shrink import Shrinker
from tools.bench.measure import interleave
from tools.bench.media import as_nv12, model, performer
from tools.bench.result import Result
from tools.cli import HELLO

MOST_MS = 5.0
"""Of one core, for Scrim's own network."""

MOST_TIMES = 4.0
"""As long as mp_selfie_landscape."""

MOST_RISE = 0.10
"""Of the tick, with inference on a thread beside it."""

OWN = BUILT_IN.with_name("scrim_person.onnx")
EDGED = f"{OWN.stem} and {EDGES.stem} behind it"
INPUT = (256, 144)
PAIRS = 3
SECONDS = 8.0


def run(quick: bool = False) -> Result:
    """Time networks and the preparing of pictures in turn, then ticks of a show with and without a network."""
    result = Result("inference")
    _networks(result, quick)
    _preparing(result, quick)
    _ticks(result, quick)
    return result


def _networks(result: Result, quick: bool) -> None:
    nv12, _ = as_nv12(performer((1280, 720)))
    files = {path.stem: path for path in (OWN, model()) if path is not None}
    segmenters: dict[str, Runner] = {name: Segmenter(path, threads=1) for name, path in files.items()}
    segmenters[EDGED] = SegmenterEdged(Segmenter(OWN, threads=1))
    mask = np.empty(INPUT[::-1], np.uint8)
    works = {name: lambda segmenter=segmenter: segmenter.run(nv12, mask) for name, segmenter in segmenters.items()}
    timings = interleave(works, 5 if quick else 300)
    for name, timing in timings.items():
        result.add(f"{name}, one thread, the picture's preparing included", timing.median_ms, "ms")
    own = timings[OWN.stem]
    if not quick:
        result.require(f"{OWN.stem}, one thread", own.median_ms, "at most", MOST_MS, "ms")
    rival = next((timing for name, timing in timings.items() if name not in (OWN.stem, EDGED)), None)
    if rival is None:
        result.notes.append("no shared media (set SCRIM_MEDIA): there is no mp_selfie_landscape to compare with")
        return
    times = 1 / own.faster_than(rival)
    result.against(OWN.stem, "mp_selfie_landscape", 1 / times)
    if not quick:
        result.require(f"{OWN.stem}, times of mp_selfie_landscape", times, "at most", MOST_TIMES, "×")


def _preparing(result: Result, quick: bool) -> None:
    """Make the model's input of a 1080p camera picture: ours, and what OpenCV's own calls come to."""
    nv12, memory = as_nv12(performer((1920, 1080)))
    shrinker = Shrinker(INPUT, INPUT, "rgb")

    def plain() -> object:
        rgb = cv2.cvtColor(memory, cv2.COLOR_YUV2RGB_NV12)
        small: Any = cv2.resize(rgb, INPUT, interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(small.transpose(2, 0, 1), np.float32) / 255

    timings = interleave({"ours": lambda: shrinker.pixels(nv12), "OpenCV": plain}, 5 if quick else 100)
    result.add("1080p NV12 to 256×144 RGB levels", timings["ours"].median_ms, "ms")
    result.add("the same and floats with cvtColor, INTER_AREA and numpy", timings["OpenCV"].median_ms, "ms")
    result.against("preparing", "OpenCV's plain way", timings["ours"].faster_than(timings["OpenCV"]))


def _ticks(result: Result, quick: bool) -> None:
    """Put hello.toml on the air with the performer's truth and with the network, in turn."""
    taken: dict[str, list[float]] = {"truth": [], "neural": []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(1 if quick else PAIRS):
            for source, ticks_ms in taken.items():
                report = _on_air(Path(folder), source, 0.5 if quick else SECONDS)
                ticks_ms.append(report["spans_ms"]["tick"]["p50"])
                if source == "neural":
                    camera = report["cameras"]["front"]
                    counted, pictures = camera["inferences_per_picture"], camera["pictures"]
    off_ms, on_ms = (float(np.median(ticks_ms)) for ticks_ms in taken.values())
    result.add("tick p50 without a network (the true mask), real clock", off_ms, "ms")
    result.add("tick p50 with the network on its thread", on_ms, "ms")
    result.add("inferences per picture", counted, "")
    if not quick:
        result.require("what the network adds to the tick", on_ms / off_ms - 1, "at most", MOST_RISE, "of it")
        # Fewer where cores are short, since the newest picture wins; `displays` requires exactly one, where time steps.
        # One more may be of a picture that came before counting began.
        result.require("inferences per picture", counted, "at most", 1 + 1.5 / pictures, "")
    result.notes.append("the tick with a network also has the passes that refine its mask, and a smaller upload")


def _on_air(folder: Path, source: str, seconds: float) -> dict[str, Any]:
    report = folder / "report.json"
    command = [sys.executable, "-m", "tools.cli", "run", str(HELLO), "--headless", "--seconds", str(seconds)]
    command += ["--report", str(report), "--set", f"guest.mask.source={source}", "--set", f"guest.mask.model={OWN}"]
    command += ["--set", "stage.stage.width=640", "--set", "stage.stage.height=360"]
    subprocess.run(command, check=True, capture_output=True, text=True)
    data: dict[str, Any] = json.loads(report.read_text("utf-8"))
    return data
