"""The previewer: what its open window costs the show's ticks."""

from __future__ import annotations

import statistics
import time

from engine.display.target import OffscreenTarget
from engine.gpu.device import Gpu, open_gpu
from tools.bench.result import Result
from tools.cli import HELLO
from tools.preview.app import SIZE, Previewer
from tools.preview.session import Session

SCENE = HELLO.with_name("green_screen.toml")

DRAWS = 40

SECONDS = 6.0
ROUNDS = 5
MOST_SLOWER = 1.10


def run(quick: bool = False) -> Result:
    """Let one show run with and without its window, in turn, on the real clock."""
    result = Result("preview")
    gpu = open_gpu()
    size = (640, 400) if quick else SIZE
    session = Session(SCENE)
    previewer = Previewer(session, gpu, OffscreenTarget(gpu, "preview", size), None, stepped=False)
    try:
        previewer.player.open()
        show = previewer.player.show
        assert show is not None, previewer.player.trouble
        ticks: dict[bool, list[float]] = {False: [], True: []}
        late: dict[bool, int] = {False: 0, True: 0}
        python: dict[bool, list[float]] = {False: [], True: []}
        seconds = 0.5 if quick else SECONDS
        rounds = 1 if quick else ROUNDS
        for turn in range(2 * rounds):
            is_open = (turn + turn // 2) % 2 == 1  # each first as often as the other
            show.trace.clear()
            frames, lag = previewer.frames, show.loop.lag
            show.run(seconds, between=previewer.between if is_open else None)
            spans = show.trace.summaries()
            ticks[is_open].append(spans["tick"].p50)
            python[is_open].append(spans["tick python"].p50)
            late[is_open] += show.loop.lag - lag
            if is_open:
                drawn_hz = (previewer.frames - frames) / seconds
        cost_ms = previewer.slack.cost_ns / 1e6
    finally:
        previewer.close()
    _by_itself(result, gpu, size, 3 if quick else DRAWS)
    for is_open, words in ((False, "without the window"), (True, "with the window")):
        result.add(f"tick p50 {words}", statistics.median(ticks[is_open]), "ms")
        result.add(f"Python in a tick p50 {words}", statistics.median(python[is_open]), "ms")
        result.add(f"ticks missed {words}", late[is_open], "")
    slower = statistics.median(with_it / without for with_it, without in zip(ticks[True], ticks[False], strict=True))
    result.add("a tick with the window, against one without", slower, "×")
    result.add("the window is drawn", drawn_hz, "Hz")
    result.add("a draw of the window, waited for where a CPU draws", cost_ms, "ms")
    if not quick:
        result.require("a tick with the window", slower, "at most", MOST_SLOWER, "×")
    result.notes.append(f"a window of {size[0]}×{size[1]}, offscreen; the show's stage is 1280×720 at 30 Hz")
    return result


def _by_itself(result: Result, gpu: Gpu, size: tuple[int, int], draws: int) -> None:
    """Draw the window while time stands still, and count what of the CPU that takes, whatever else the machine does."""
    target = OffscreenTarget(gpu, "preview", size)
    previewer = Previewer(Session(SCENE), gpu, target, None, stepped=True)
    try:
        previewer.player.playing = False
        for _ in range(5):
            previewer.turn()
        for words, draw in (("built", False), ("built and drawn", True)):
            python_s, all_s = time.thread_time(), time.process_time()
            for _ in range(draws):
                previewer.frame(draw=draw)
            gpu.wait(previewer.canvas.submission)
            python_ms, all_ms = (
                1000 * (now - then) / draws
                for now, then in ((time.thread_time(), python_s), (time.process_time(), all_s))
            )
            result.add(f"a frame of the window {words}: Python", python_ms, "ms")
            result.add(f"a frame of the window {words}: CPU of all threads", all_ms, "ms")
    finally:
        previewer.close()
