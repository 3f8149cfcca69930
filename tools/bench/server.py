"""What it costs, and brings, that a model runs on a server: a real Triton on loopback, also when it dies."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.media.picture import Picture
from engine.models.address import parse_server
from engine.models.process import SegmenterProcess
from engine.models.runner import Runner
from engine.models.segmenter import Segmenter
from engine.models.server import ServerSession
from engine.models.session import Session
from engine.scene.load import load_scene
from engine.tick import Tick
from engine.timing.clock import RealClock
from systems.show import Show
from tools.bench.ipc import MODEL, SCENE, SIZE
from tools.bench.measure import interleave
from tools.bench.monitors import MissingError
from tools.bench.result import Result
from tools.bench.triton import TritonServer

CLIENTS = (1, 2, 4, 8)
PATIENCE_S = 10.0


def run(quick: bool = False) -> Result:
    """Ask for masks here, in a process and on a server, in turn; then from many shows; then kill the server."""
    try:
        triton = TritonServer(MODEL)
    except MissingError as missing:
        result = Result("server")
        result.skipped = str(missing)
        return result
    try:
        return measure(triton, quick)
    finally:
        triton.stop()


def measure(triton: TritonServer, quick: bool = False) -> Result:
    """Do all that with a server that runs; it is killed in the end."""
    result = Result("server")
    _call(result, triton, 5 if quick else 200)
    _contexts(result, 5 if quick else 60)
    _batches(result, 5 if quick else 60)
    for clients in CLIENTS[-1:] if quick else CLIENTS:
        _clients(result, triton, clients, 8 if quick else 80)
    _lost(result, triton, quick)
    return result


def _picture() -> Picture:
    rng = np.random.default_rng(1)
    width, height = SIZE
    luma = rng.integers(0, 256, (height, width), np.uint8)
    return Picture(1, 0, width, height, "nv12", (luma, rng.integers(0, 256, (height // 2, width // 2, 2), np.uint8)))


def _there(triton: TritonServer) -> Segmenter:
    return Segmenter(MODEL, session=ServerSession(parse_server(triton.url), MODEL.stem, PATIENCE_S))


def _work(runner: Runner) -> Callable[[], None]:
    mask = np.zeros(runner.mask_size[::-1], np.uint8)
    picture = _picture()
    return lambda: runner.run(picture, mask)


def _call(result: Result, triton: TritonServer, rounds: int) -> None:
    process = SegmenterProcess(MODEL)
    contenders = {"thread": Segmenter(MODEL), "process": process, "server": _there(triton)}
    timings = interleave({name: _work(runner) for name, runner in contenders.items()}, rounds)
    process.close()
    for name, timing in timings.items():
        result.add(f"a mask of a 1080p picture, {name}, p50", timing.median_ms, "ms")
        result.add(f"a mask of a 1080p picture, {name}, p99", float(np.percentile(timing.rounds_ms, 99)), "ms")
    result.against("thread", "the same model on the server", timings["thread"].faster_than(timings["server"]))
    result.against("process", "the same model on the server", timings["process"].faster_than(timings["server"]))


def _contexts(result: Result, rounds: int) -> None:
    """Two cameras: one context for both, as shows have it, or one for each; and the cores that a run may use."""
    shared, wide = Segmenter(MODEL), Segmenter(MODEL, threads=2)
    one, other = _work(Segmenter(MODEL)), _work(Segmenter(MODEL))
    first, second = _work(shared), _work(wide)

    def each() -> None:
        thread = threading.Thread(target=other)
        thread.start()
        one()
        thread.join()

    timings = interleave(
        {
            "one context": lambda: (first(), first()),
            "one context of two threads": lambda: (second(), second()),
            "a context for each": each,
        },
        rounds,
    )
    for name, timing in timings.items():
        result.add(f"two cameras, {name}, p50", timing.median_ms, "ms")
        result.add(f"two cameras, {name}, CPU", timing.cpu_ms, "ms")


def _batches(result: Result, rounds: int) -> None:
    """Give the network several pictures at once, here: a copy of it that allows that."""
    try:
        import onnx
    except ImportError:
        result.notes.append("batches here were not measured: that needs the package onnx")
        return
    with tempfile.TemporaryDirectory() as folder:
        model = onnx.load(MODEL)
        for value in (*model.graph.input, *model.graph.output):
            value.type.tensor_type.shape.dim[0].dim_param = "pictures"
        path = Path(folder) / "batches.onnx"
        onnx.save(model, path)
        sessions = {count: Session(path) for count in CLIENTS}
        for count, session in sessions.items():
            session.bind((count, 3, 144, 256))
        timings = interleave({f"{count}": session.run for count, session in sessions.items()}, rounds)
    for count in CLIENTS:
        each_ms = timings[f"{count}"].median_ms / count
        result.add(f"a batch of {count} here, network alone: a picture, p50", each_ms, "ms")


def _clients(result: Result, triton: TritonServer, clients: int, calls: int) -> None:
    """So many shows ask as fast as they get answers."""
    works = [_work(_there(triton)) for _ in range(clients)]
    begun = len(triton.batches)
    taken_ms: list[float] = []

    def ask(work: Callable[[], None]) -> None:
        for _ in range(calls):
            begun_ns = time.perf_counter_ns()
            work()
            taken_ms.append((time.perf_counter_ns() - begun_ns) / 1e6)

    threads = [threading.Thread(target=ask, args=(work,)) for work in works]
    began_ns = time.perf_counter_ns()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = (time.perf_counter_ns() - began_ns) / 1e9
    batches = triton.batches[begun:]
    what = f"{clients} client{'s' if clients > 1 else ''}"
    result.add(f"{what}: a mask, p50", float(np.median(taken_ms)), "ms")
    result.add(f"{what}: masks a second", clients * calls / seconds, "")
    result.add(f"{what}: pictures a batch, mean", float(np.mean(batches)), "")
    result.add(f"{what}: pictures a batch, most", max(batches), "")
    if clients == CLIENTS[-1]:
        result.require(f"{what}: pictures a batch, most", max(batches), "at least", 2, "")


def _lost(result: Result, triton: TritonServer, quick: bool) -> None:
    """Freeze the server in the middle of a show, let it go on, kill it; see what the show misses."""
    with tempfile.TemporaryDirectory() as folder:
        scene = Path(folder) / "show.toml"
        scene.write_text(SCENE.replace('run = "process"', f'run = "{triton.url}"'), "utf-8")
        show = Show(load_scene(scene, ()), RealClock(), headless=True)
        show.open()
        (worker,) = show.inference.models.values()
        camera = show.world.entity("front")
        assert camera is not None
        lags: dict[str, int] = {}
        done: dict[str, int] = {}
        thirds = 30 if quick else 120
        states = ("served", "frozen", "killed")

        def each_tick(tick: Tick) -> None:
            if tick.index % thirds:
                return
            state = tick.index // thirds
            lags[f"{state}"] = show.loop.lag
            done[f"{state}"] = worker.counts(camera).inferences
            if state == 1:
                helper.start()
            if state == 2:
                end.set()

        end = threading.Event()

        def freeze_and_kill() -> None:
            with triton.frozen():
                end.wait(60)
            triton.kill()

        helper = threading.Thread(target=freeze_and_kill)
        try:
            show.run(3 * thirds / 30 + 0.1, each_tick)
            lags["3"], done["3"] = show.loop.lag, worker.counts(camera).inferences
        finally:
            end.set()
            show.close()
            helper.join()
        for index, state in enumerate(states):
            result.add(f"a show, {state}: ticks missed", lags[f"{index + 1}"] - lags[f"{index}"], "")
            result.add(f"a show, {state}: masks of {thirds} ticks", done[f"{index + 1}"] - done[f"{index}"], "")
        if not quick:
            result.require("ticks missed, frozen and killed", lags["3"] - lags["1"], "at most", 0, "")
