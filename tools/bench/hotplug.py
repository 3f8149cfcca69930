"""Three monitors at 60, 50 and 144 Hz, one of which is pulled out and put back: what returns when, what stays."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tools.bench.measure import memory_mb
from tools.bench.monitors import MOVING, THREE, MissingError, Output, Xorg, running, xorg
from tools.bench.result import Result

SCENE = f"""{MOVING}[stage.stage]
width = 320
height = 180
rate_hz = 15
[left.display]
monitor = "DUMMY0"
fullscreen = true
[middle.display]
monitor = "serial:HALL-7"
fullscreen = true
[right.display]
monitor = "2"
fullscreen = true
"""

CYCLES, SECONDS = 5, 60.0
MOST_BACK_S = 0.5
MOST_GROWTH_MB = 8.0
"""What an X server's and a driver's buffers come to when two of three are drawn at different moments."""

LOOK_S = 0.02
PART = (160, 90)
"""How much of each monitor is looked at: a whole one costs the X server as much as a present does."""

BLACK = 4.0
"""Mean of 0 to 255 below which a monitor shows nothing."""


@dataclass(slots=True)
class Seen:
    """What one monitor showed, as of a moment."""

    lit: bool = False
    since: float = 0.0  # when that began
    changed: float = 0.0  # when the picture last changed
    blacks: int = 0  # how often it went black
    frozen_s: float = 0.0  # the longest that it did not change while lit
    looks: int = 0


class Watcher(threading.Thread):
    """Looks at monitors again and again, as an audience does: from outside the program."""

    def __init__(self, server: Xorg, outputs: tuple[Output, ...]) -> None:
        super().__init__(name="watcher", daemon=True)
        self.seen = {output.name: Seen() for output in outputs}
        self._server = server
        self._outputs = outputs
        self._ending = threading.Event()

    def __enter__(self) -> Watcher:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ending.set()
        self.join()

    def run(self) -> None:
        """Look until the end."""
        with ExitStack() as stack:
            looks = {o.name: stack.enter_context(self._server.watch(o, PART)) for o in self._outputs}
            before: dict[str, Any] = dict.fromkeys(looks)
            while not self._ending.wait(LOOK_S):
                for name, look in looks.items():
                    picture = look()
                    self._note(self.seen[name], picture, before[name])
                    before[name] = picture

    def wait_until(self, name: str, lit: bool, seconds: float) -> bool:
        """Wait until a monitor is lit, or is not; return whether it came to that."""
        give_up = time.monotonic() + seconds
        while self.seen[name].lit != lit:
            if time.monotonic() > give_up:
                return False
            time.sleep(0.002)
        return True

    def _note(self, seen: Seen, picture: Any, before: Any) -> None:
        now = time.monotonic()
        lit = float(picture.mean()) > BLACK
        seen.looks += 1
        if lit != seen.lit:
            seen.blacks += not lit
            seen.lit, seen.since, seen.changed = lit, now, now
        elif before is None or not np.array_equal(picture, before):
            seen.changed = now
        elif lit:
            seen.frozen_s = max(seen.frozen_s, now - seen.changed)


@dataclass(slots=True)
class Run:
    """How it went."""

    back_s: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)  # after each return
    never_back: int = 0
    seen: dict[str, Seen] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)
    words: str = ""
    status: int = 0


def run(quick: bool = False) -> Result:
    """Run `scrim run` on a virtual X server for a minute, and pull the middle monitor's plug five times."""
    result = Result("hotplug")
    try:
        with tempfile.TemporaryDirectory() as folder:
            done = on_air(Path(folder), 1 if quick else CYCLES, 4.0 if quick else SECONDS)
    except MissingError as missing:
        result.skipped = str(missing)
        return result
    back_s = done.back_s or [float("nan")]
    result.add("times unplugged", len(done.back_s) + done.never_back, "")
    result.add("picture back after the plug, median", float(np.median(back_s)), "s")
    result.add("picture back after the plug, longest", max(back_s), "s")
    for name in ("left", "right"):
        output = THREE[0] if name == "left" else THREE[2]
        result.add(f"{name}: presents", done.report["displays"][name]["presents"], "")
        result.add(f"{name}: longest without change", done.seen[output.name].frozen_s, "s")
    desktop, tick = done.report["spans_ms"]["desktop"], done.report["spans_ms"]["tick"]
    result.add("the desktop's part of a tick p50", desktop["p50"], "ms")
    result.add("the desktop's part of a tick, most", desktop["most"], "ms")
    result.add("tick p50", tick["p50"], "ms")
    result.add("memory after the first return", done.memory_mb[0] if done.memory_mb else 0.0, "MB")
    result.add("memory after the last", done.memory_mb[-1] if done.memory_mb else 0.0, "MB")
    result.against("picture back", "starting the show", done.report["time_to_first_frame_s"] / float(np.median(back_s)))
    result.require("exit status", done.status, "exactly", 0, "")
    result.require("exceptions", done.words.count("Traceback"), "exactly", 0, "")
    result.require("others gone black", sum(done.seen[THREE[i].name].blacks for i in (0, 2)), "exactly", 0, "")
    result.require("pictures that never came back", done.never_back, "exactly", 0, "")
    if not quick:
        result.require("picture back, longest", max(back_s), "at most", MOST_BACK_S, "s")
        more_mb = done.memory_mb[-1] - done.memory_mb[0] if done.memory_mb else 0.0
        result.require("memory more", more_mb, "at most", MOST_GROWTH_MB, "MB")
    result.notes.append("Xorg's dummy driver, lavapipe; pictures are taken off the X server, 20 ms apart")
    return result


def on_air(folder: Path, cycles: int, seconds: float) -> Run:
    """Put a show on three monitors, unplug the middle one so many times, spread over the time, and watch."""
    from tools.bench.monitors import make_edid

    done = Run()
    scene, report = folder / "show.toml", folder / "report.json"
    scene.write_text(SCENE, encoding="utf-8")
    with xorg(folder) as server:
        server.identify(THREE[1], make_edid("HALL", "HALL-7"))
        with running(scene, server.environment, "--report", str(report)) as process, Watcher(server, THREE) as watcher:
            for output in THREE:
                if not watcher.wait_until(output.name, True, 30.0):
                    raise RuntimeError(f"{output.name} never showed anything: {(folder / 'words.txt').read_text()}")
            time.sleep(1.0)
            for seen in watcher.seen.values():
                seen.frozen_s = 0.0
            middle, each_s = THREE[1], seconds / cycles
            for _ in range(cycles):
                begun = time.monotonic()
                server.unplug(middle)
                watcher.wait_until(middle.name, False, 5.0)
                time.sleep(max(0.0, each_s / 3 - (time.monotonic() - begun)))
                plugged = time.monotonic()
                server.plug(middle)
                if watcher.wait_until(middle.name, True, 5.0):
                    done.back_s.append(watcher.seen[middle.name].since - plugged)
                else:
                    done.never_back += 1
                time.sleep(max(0.0, each_s - (time.monotonic() - begun)))
                done.memory_mb.append(memory_mb(process.pid))
            done.seen = watcher.seen
        done.status = process.returncode
        done.words = (folder / "words.txt").read_text("utf-8")
        done.report = json.loads(report.read_text("utf-8"))
    return done
