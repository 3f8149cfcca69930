"""What it costs that a model runs in a process of its own: the way there and back, and what a kill does."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import shared_memory
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.media.picture import Picture
from engine.models.process import SegmenterProcess
from engine.models.segmenter import Segmenter
from engine.scene.load import load_scene
from engine.tick import Tick
from engine.timing.clock import RealClock
from systems.show import Show
from tools.bench.result import Result

MODEL = Path(__file__).parents[2] / "engine" / "models" / "scrim_person.onnx"

MOST_HAND_OVER_MS = 2.0
MOST_MESSAGE_MS = 5.0
MOST_BACK_S = 3.0

SIZE = (1920, 1080)

SCENE = f"""
[stage.stage]
width = 640
height = 360
[front.camera]
source = "synthetic"
width = 640
height = 360
[guest.mask]
camera = "front"
source = "neural"
model = "{MODEL}"
run = "process"
[guest.layer]
"""


def run(quick: bool = False) -> Result:
    """Send 1080p pictures to other processes, in turn, by every way; then kill one in the middle of a show."""
    result = Result("ipc")
    _ways(result, 10 if quick else 300)
    _killed(result, quick)
    return result


def _ways(result: Result, rounds: int) -> None:
    rng = np.random.default_rng(1)
    width, height = SIZE
    luma = rng.integers(0, 256, (height, width), np.uint8)
    chroma = rng.integers(0, 256, (height // 2, width // 2, 2), np.uint8)
    picture = Picture(1, 0, width, height, "nv12", (luma, chroma))
    there, here = SegmenterProcess(MODEL), Segmenter(MODEL)
    mask = np.zeros(there.mask_size[::-1], np.uint8)
    taken: dict[str, list[int]] = {}

    def add(name: str, taken_ns: int) -> None:
        taken.setdefault(name, []).append(taken_ns)

    with _echo("queue") as queued, _echo("zeromq") as sent, _echo("shared") as shared:
        for turn in range(rounds + 5):
            ways: dict[str, Callable[[], int]] = {
                "planes by multiprocessing.Queue (pickled)": lambda: queued(picture.planes),
                "planes by ZeroMQ": lambda: sent(picture.planes),
                "planes by shared memory": lambda: shared(picture.planes),
            }
            for name, way in list(ways.items())[turn % 3 :] + list(ways.items())[: turn % 3]:
                add(f"hand-over of {name}", way())
            begun_ns = time.monotonic_ns()
            there.run(picture, mask)
            ended_ns = time.monotonic_ns()
            said = there.heard
            add("hand-over", said.sent_ns - said.took_ns - begun_ns)
            add("mask message", ended_ns - said.sent_ns)
            add("a mask from the process", ended_ns - begun_ns)
            begun_ns = time.monotonic_ns()
            here.shrinker.pixels(picture)
            add("hand-over: of which making the picture small", time.monotonic_ns() - begun_ns)
            begun_ns = time.monotonic_ns()
            here.run(picture, mask)
            add("a mask on a thread", time.monotonic_ns() - begun_ns)
    there.close()
    p50 = {}
    for name, all_ns in taken.items():
        kept_ms = np.array(all_ns[5:]) / 1e6
        p50[name] = float(np.percentile(kept_ms, 50))
        result.add(f"{name}, p50", p50[name], "ms")
        result.add(f"{name}, p99", float(np.percentile(kept_ms, 99)), "ms")
    for rival in ("planes by multiprocessing.Queue (pickled)", "planes by ZeroMQ", "planes by shared memory"):
        result.against("hand-over, made small first", rival, p50[f"hand-over of {rival}"] / p50["hand-over"])
    if rounds > 10:
        result.require("hand-over, p50", p50["hand-over"], "at most", MOST_HAND_OVER_MS, "ms")
        result.require("mask message, p50", p50["mask message"], "at most", MOST_MESSAGE_MS, "ms")


Way = Callable[[tuple[NDArray[np.uint8], ...]], int]


@contextmanager
def _echo(kind: str) -> Iterator[Way]:
    """Give what hands planes to another process, and returns how long it took until that had all of them, in ns."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    size = SIZE[0] * SIZE[1] * 3 // 2
    memory = shared_memory.SharedMemory(create=True, size=size)
    queue = context.Queue()
    with tempfile.TemporaryDirectory() as folder:
        address = f"ipc://{folder}/planes"
        process = context.Process(target=_receive, args=(kind, there, queue, memory.name, address), daemon=True)
        process.start()
        send, close = _sender(kind, here, queue, memory, address)
        here.recv()

        def way(planes: tuple[NDArray[np.uint8], ...]) -> int:
            begun_ns = time.monotonic_ns()
            send(planes)
            had_ns: int = here.recv()
            return had_ns - begun_ns

        yield way
        close()
        process.kill()
        process.join()
    memory.close()
    memory.unlink()


def _sender(
    kind: str, pipe: Any, queue: Any, memory: Any, address: str
) -> tuple[Callable[[Any], None], Callable[[], None]]:
    """Return what sends planes this way, and what ends it."""
    if kind == "queue":
        return queue.put, queue.close
    if kind == "zeromq":
        import zmq

        socket: Any = zmq.Context.instance().socket(zmq.PUSH)
        socket.setsockopt(zmq.LINGER, 0)
        socket.bind(address)
        return lambda planes: socket.send_multipart([plane.reshape(-1).data for plane in planes]), socket.close

    def share(planes: Any) -> None:
        offset = 0
        for plane in planes:
            np.copyto(np.frombuffer(memory.buf, np.uint8, plane.size, offset), plane.reshape(-1))
            offset += plane.size
        pipe.send(0)

    return share, lambda: None


def _receive(kind: str, pipe: Any, queue: Any, name: str, address: str) -> None:
    """In the other process: say when all of each picture was there, one byte of each plane looked at."""
    receive: Callable[[], Any]
    if kind == "queue":
        receive = queue.get
    elif kind == "zeromq":
        import zmq

        socket: Any = zmq.Context.instance().socket(zmq.PULL)
        socket.connect(address)
        receive = socket.recv_multipart
    else:
        memory: Any = shared_memory.SharedMemory(name)
        receive = lambda: (pipe.recv(), memory.buf[-1])  # noqa: E731
    pipe.send(0)
    while True:
        receive()
        pipe.send(time.monotonic_ns())


def _killed(result: Result, quick: bool) -> None:
    """Kill the process in the middle of a show; see when the next mask comes, and whether a tick was missed."""
    with tempfile.TemporaryDirectory() as folder:
        scene = Path(folder) / "show.toml"
        scene.write_text(SCENE, "utf-8")
        show = Show(load_scene(scene, ()), RealClock(), headless=True)
        show.open()
        (worker,) = show.inference.models.values()
        camera = show.world.entity("front")
        assert camera is not None
        there = worker.segmenter
        kills, seconds = (1, 8.0) if quick else (3, 24.0)
        killed_ns: list[int] = []
        back_s: list[float] = []
        lag_before = 0
        done = 0

        def each_tick(tick: Tick) -> None:
            nonlocal done, lag_before
            now_ns = show.clock.now_ns
            inferences = worker.counts(camera).inferences
            if len(back_s) < len(killed_ns):
                if inferences > done:
                    back_s.append((now_ns - killed_ns[-1]) / 1e9)
                    show.stopping = len(back_s) == kills
            elif tick.index and tick.index % (30 if quick else 90) == 0 and len(killed_ns) < kills:
                lag_before = show.loop.lag if not killed_ns else lag_before
                done = inferences + 1  # one may be on its way
                killed_ns.append(now_ns)
                os.kill(there.pid, signal.SIGKILL)

        try:
            show.run(seconds, each_tick)
            missed = show.loop.lag - lag_before
        finally:
            show.close()
    result.add("killed in a show: times", len(killed_ns), "")
    result.add("killed in a show: mask back after, longest", max(back_s, default=seconds), "s")
    result.add("killed in a show: ticks missed before the first time", lag_before, "")
    result.add("killed in a show: ticks missed from then on", missed, "")
    if not quick:
        result.require("mask back", max(back_s, default=seconds), "at most", MOST_BACK_S, "s")
        result.require("ticks missed", missed, "at most", 0, "")
        if len(back_s) < kills:
            result.require("masks that came back", len(back_s), "exactly", kills, "")
