"""The show that must run in real time: a 30 fps camera, a neural mask, a background, particles, two displays."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tools.bench.media import MEDIA, NO_MEDIA, camera_file, clip, model, still_file
from tools.bench.result import Result
from tools.bench.stages import SCENES

SIZE = (1280, 720)
RATE_HZ = 30.0
SECONDS = 10.0

MOST_PYTHON_MS = 3.0
MOST_LAG = 0.01
"""Share of the ticks that may be missed: a machine shared with others loses some to them."""


def run(quick: bool = False) -> Result:
    """Put it on the air in a process of its own, once before a still and once before a video."""
    result = Result("show")
    with tempfile.TemporaryDirectory() as folder:
        for background in ("still", "video"):
            report = on_air(Path(folder), background, 0.5 if quick else SECONDS, quick)
            _report(result, f"before a {background}", report, quick)
    if model() is None:
        result.notes.append(NO_MEDIA)
    result.notes.append("tick: from its start until its work is submitted, waits for a busy software queue included")
    result.notes.append("Python: what the main thread itself used of a CPU in a tick, driver and uploads included")
    return result


def on_air(folder: Path, background: str, seconds: float, quick: bool) -> dict[str, Any]:
    """Run `scrim run` for some seconds of the real clock; return its report."""
    report = folder / "report.json"
    size = (320, 180) if quick else SIZE
    settings = [f"stage.stage.width={size[0]}", f"stage.stage.height={size[1]}"]
    network, person = model(), clip("thoughtful_35590.mp4")
    behind = MEDIA / "images" / "bg_architecture-5082700_1280.jpg"
    passers_by = clip("one-by-one-person-detection.mp4")
    if background == "still":
        settings.append(f"backdrop.camera.source={behind if behind.is_file() else still_file(folder, size)}")
    elif passers_by is not None:
        settings.append(f"backdrop.camera.source={camera_file(folder, passers_by, size, 10.0, 5.0)}")
    if network is not None and person is not None:
        settings += [
            f"front.camera.source={camera_file(folder, person, size, RATE_HZ, min(seconds, 5.0))}",
            f"guest.mask.model={network}",
        ]
    command = [sys.executable, "-m", "tools.cli", "run", str(SCENES / "show.toml"), "--headless"]
    command += ["--seconds", str(seconds), "--report", str(report)]
    for setting in settings:
        command += ["--set", setting]
    subprocess.run(command, check=True, capture_output=True, text=True)
    data: dict[str, Any] = json.loads(report.read_text("utf-8"))
    return data


def _report(result: Result, where: str, report: dict[str, Any], quick: bool) -> None:
    spans, ticks, lag = report["spans_ms"], report["ticks"], report["lag"]
    tick, python = spans["tick"], spans["tick python"]
    front = report["cameras"]["front"]
    result.add(f"{where}: ticks", ticks, "")
    result.add(f"{where}: ticks missed (lag)", lag, "")
    for percentile in ("p50", "p95", "p99"):
        result.add(f"{where}: tick {percentile}", tick[percentile], "ms")
    for percentile in ("p50", "p99"):
        result.add(f"{where}: Python in a tick {percentile}", python[percentile], "ms")
    if front["inferences"]:
        result.add(f"{where}: inferences per picture", front["inferences_per_picture"], "")
        network = next(span for name, span in spans.items() if name.startswith("model "))
        result.add(f"{where}: inference p50", network["p50"], "ms")
    result.add(f"{where}: pictures shown without their own mask", front["shown_without_own_mask"], "")
    for name, display in report["displays"].items():
        delay = display["delay_ms"].get("front")
        if delay is not None:
            result.add(f"{where}: delay on {name} p50", delay["p50"], "ms")
            result.add(f"{where}: delay on {name} p99", delay["p99"], "ms")
    result.add(f"{where}: time to first frame", report["time_to_first_frame_s"], "s")
    result.add(f"{where}: peak memory", report["peak_memory_mb"], "MB")
    if quick:
        return
    result.require(f"{where}: share of ticks missed", lag / max(1, ticks + lag), "at most", MOST_LAG, "")
    result.require(f"{where}: tick p99", tick["p99"], "at most", round(1000 / RATE_HZ, 1), "ms")
    result.require(f"{where}: Python in a tick p50", python["p50"], "at most", MOST_PYTHON_MS, "ms")
