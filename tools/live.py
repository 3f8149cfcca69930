"""`scrim run`: a show on the air, from a scene file to its report."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
from pathlib import Path
from types import FrameType

from tqdm import tqdm

from engine.errors import OutputError
from engine.media.address import parse_address
from engine.notices import log
from engine.scene.defaults import with_defaults
from engine.scene.load import load_scene
from engine.tick import Tick
from engine.timing.clock import HandClock, RealClock
from systems.show import Show
from tools.report import make_report


def run(arguments: argparse.Namespace) -> int:
    """Run the show that `arguments` ask for; return the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("watchfiles").setLevel(logging.WARNING)  # it tells of every save; what comes of it, we say
    if arguments.clock == "step" and arguments.seconds is None:
        raise OutputError("--clock step renders as fast as it goes, so it wants to know how far: add --seconds N")
    recordings = [_recording(text) for text in arguments.record]
    written = (arguments.report, arguments.record_timing, arguments.trace)
    _check_outputs([path for path, _ in recordings] + [path for path in written if path is not None])
    scene = load_scene(arguments.scene, arguments.overrides)
    displays = [name for name, parts in with_defaults(scene).entities.items() if "display" in parts]
    for _, name in recordings:
        if name and name not in displays:
            raise OutputError(f"cannot record {name!r}: there is no such display; there are {', '.join(displays)}")
    clock = HandClock() if arguments.clock == "step" else RealClock()
    show = Show(scene, clock, headless=arguments.headless)
    show.open()
    log.info("on air: %s, %s", arguments.scene, show.gpu.info["device"])
    try:
        for path, display in recordings:
            show.record(path, display, arguments.depth_bits)
        show.watch(arguments.overrides)
        if arguments.record_timing is not None:
            show.log_timing()
        _on_air(show, arguments.seconds)
        show.present.stop()
        for recorder in show.present.recorders:
            log.info("recorded %s: %d frames, %s", recorder.file.path, recorder.file.frames, recorder.file.encoder)
        if arguments.record_timing is not None:
            show.save_timing(arguments.record_timing)
            log.info("timing: %s", arguments.record_timing)
        if arguments.trace is not None:
            arguments.trace.write_text(json.dumps(show.trace.as_chrome()) + "\n", encoding="utf-8")
            log.info("trace: %s (open it in ui.perfetto.dev or chrome://tracing)", arguments.trace)
        if arguments.report is not None:
            arguments.report.write_text(json.dumps(make_report(show), indent=2) + "\n", encoding="utf-8")
            log.info("report: %s", arguments.report)
    finally:
        show.close()
    return 0


def _on_air(show: Show, seconds: float | None) -> None:
    """Run until the end, or until somebody presses Ctrl-C or sends SIGTERM."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        show.stopping = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        if seconds is None:
            show.run()
            return
        with tqdm(total=seconds, unit="s", disable=None, bar_format="{l_bar}{bar}| {n:.1f}/{total:.1f} s") as bar:
            began_ns = show.clock.now_ns

            def advance(tick: Tick) -> None:
                done = min(seconds, (tick.now_ns - began_ns) / 1e9)
                if done - bar.n >= 0.25:
                    bar.update(done - bar.n)

            show.run(seconds, advance)
            bar.update(seconds - bar.n)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _recording(text: str) -> tuple[Path, str]:
    """Read FILE[=DISPLAY]; the display is "" where it is not named."""
    path, _, display = text.partition("=")
    parse_address(path)
    return Path(path), display


def _check_outputs(paths: list[Path]) -> None:
    """Refuse files that cannot be written before anything opens."""
    for path in paths:
        if path.is_dir():
            raise OutputError(f"{path} is a folder; name a file in it")
        if not path.absolute().parent.is_dir():
            raise OutputError(f"cannot write {path}: there is no folder {path.parent}; make it first")
        existed = path.exists()
        try:
            path.open("ab").close()
        except OSError as error:
            raise OutputError(f"cannot write {path}: {error.strerror}; choose another place") from error
        if not existed:
            path.unlink()
