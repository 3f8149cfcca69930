"""How long a start takes: from the command to the first picture, and of a command that only looks at a file."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from tools.bench.measure import interleave
from tools.bench.result import Result
from tools.cli import HELLO

MOST_S = 3.0


def run(quick: bool = False) -> Result:
    """Start `scrim run` in fresh processes, the first only so that files and pipelines are in their caches."""
    result = Result("start")
    starts = [_first_frame(0.1 if quick else 1.0) for _ in range(2 if quick else 4)]
    result.add("first start: first frame", starts[0][0], "s")
    result.add("warm start: first frame, median", sorted(starts[1:])[len(starts[1:]) // 2][0], "s")
    result.add("warm start: first frame, quickest", min(starts[1:])[0], "s")
    result.add("warm start: the whole run less its length", min(whole for _, whole in starts[1:]), "s")
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "scrim --help": [sys.executable, "-m", "tools.cli", "--help"],
        "scrim check": [sys.executable, "-m", "tools.cli", "check", str(HELLO)],
    }
    timings = interleave({name: partial(_call, command) for name, command in commands.items()}, 2 if quick else 8, 1)
    for name, timing in timings.items():
        result.add(name, timing.median_ms, "ms")
    result.add(
        "scrim check, less an idle Python", timings["scrim check"].least_ms - timings["python -c pass"].least_ms, "ms"
    )
    if not quick:
        result.require("warm start: first frame", sorted(starts[1:])[len(starts[1:]) // 2][0], "at most", MOST_S, "s")
    return result


def _first_frame(seconds: float) -> tuple[float, float]:
    """Return the time to the first frame, and what the run took beyond the seconds it was asked for."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "tools.cli", "run", str(HELLO), "--headless", "--seconds", str(seconds)]
        begun = time.perf_counter()
        _call([*command, "--report", str(report)])
        whole_s = time.perf_counter() - begun - seconds
        return float(json.loads(report.read_text("utf-8"))["time_to_first_frame_s"]), whole_s


def _call(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)
