"""Half an hour of two displays, a recording and a stream: memory, and whether sound and picture stay together."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from engine.media.output import SOUND_RATE_HZ
from engine.media.timecode import decode
from engine.scene.load import load_scene
from engine.tick import Tick
from engine.timing.clock import Clock, HandClock, RealClock
from systems.show import Show
from tools.bench.measure import growth, memory_mb
from tools.bench.monitors import MissingError
from tools.bench.result import Result
from tools.bench.servers import RtmpServer
from tools.bench.stages import SCENES, drain, shared_gpu

MINUTES = 30.0

EARLY_S = 60.0
"""By then all has happened once."""

READ_S = 20.0
"""How much of each end of a film is decoded."""

LOUD = 0.15
"""Where a click begins, of 1."""

WHOLE_S = 0.1
"""A click nearer than this to where reading began may have lost its beginning."""

MOST_GROWTH = 1.0
MOST_APART_MS = 20.0


@dataclass(slots=True)
class Film:
    """Where pictures and clicks are in one stretch of a film, against the show's time that they tell of themselves."""

    pictures: int = 0
    unread: int = 0
    late_ms: list[float] = field(default_factory=list)  # of each picture: its first place less the time on it
    newest_ms: int = -1
    apart_ms: list[float] = field(default_factory=list)  # of each click: how much later than its picture it is heard


@dataclass(slots=True)
class Run:
    """How it went."""

    show_mb: dict[float, float] = field(default_factory=dict)  # memory, by the show's minute
    encoders_mb: dict[float, float] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)
    films: dict[str, tuple[Film, Film]] = field(default_factory=dict)  # its beginning and its end


def run(quick: bool = False) -> Result:
    """Broadcast for half an hour of the show's time, as fast as that goes; with SCRIM_BENCH_REAL=1 of the clock's."""
    result = Result("broadcast")
    real = os.environ.get("SCRIM_BENCH_REAL") == "1"
    seconds, early_s = (4.0, 2.0) if quick else (60 * MINUTES, EARLY_S)
    try:
        with tempfile.TemporaryDirectory() as folder:
            done = broadcast(Path(folder), seconds, early_s, RealClock() if real else HandClock())
    except MissingError as missing:
        result.skipped = str(missing)
        return result
    result.add("minutes of the show", seconds / 60, "")
    total_mb = {minute: show_mb + done.encoders_mb[minute] for minute, show_mb in done.show_mb.items()}
    for name, memory in (("the show", done.show_mb), ("its encoders", done.encoders_mb), ("all", total_mb)):
        early_mb, late_mb = memory[min(memory)], memory[max(memory)]
        result.add(f"memory of {name}, early", early_mb, "MB")
        result.add(f"memory of {name}, late", late_mb, "MB")
    result.add("growth with time: memory ~ t^", growth(total_mb), "")
    if not quick:
        result.require("memory more", 100 * (late_mb / early_mb - 1), "at most", MOST_GROWTH, "%")
    for name, (first, last) in done.films.items():
        result.add(f"{name}: pictures read at its end", last.pictures, "")
        result.add(f"{name}: sound after picture, at its beginning", median(first.apart_ms), "ms")
        result.add(f"{name}: one click or picture, at most", max(map(abs, last.apart_ms)), "ms")
        apart_ms = median(last.apart_ms)
        result.require(f"{name}: sound after picture, at its end", apart_ms, "at most", MOST_APART_MS, "ms")
        result.require(f"{name}: sound after picture, at its end", apart_ms, "at least", -MOST_APART_MS, "ms")
        result.require(f"{name}: time codes that cannot be read", first.unread + last.unread, "exactly", 0, "")
    for name, recorder in done.report.items():
        for what, value in recorder.items():
            result.add(f"{name}: {what}", value, "")
    result.notes.append("on the real clock" if real else "on a clock that steps: SCRIM_BENCH_REAL=1 takes the time")
    return result


def broadcast(folder: Path, seconds: float, early_s: float, clock: Clock, *overrides: str) -> Run:
    """Send and record for so long, and read the beginning and the end of what came of it."""
    done = Run()
    film = folder / "film.mp4"
    with _serving(folder) as server:
        places = [f"left.stream.url={server.url}", f"right.stream.url={film}"]
        scene = load_scene(SCENES / "broadcast.toml", [*places, *overrides])
        show = Show(scene, clock, headless=True, gpu=shared_gpu())
        show.open()
        due_ns = round(early_s * 1e9)

        def look(tick: Tick) -> None:
            nonlocal due_ns
            if tick.now_ns >= due_ns:
                due_ns += round(max(early_s, seconds / 20) * 1e9)
                drain(show.gpu)
                processes = [recorder.process_id for recorder in show.present.outputs.recorders]
                done.show_mb[tick.now_ns / 60e9] = memory_mb()
                done.encoders_mb[tick.now_ns / 60e9] = sum(memory_mb(each) for each in processes if each)

        try:
            show.run(seconds, look)
        finally:
            show.close()
        for recorder in show.present.outputs.recorders:
            written = recorder.file
            done.report[recorder.name] = {
                "pictures": written.frames,
                "repeated": written.repeated,
                "dropped": written.dropped + recorder.tap.dropped,
                "reconnects": written.reconnects,
            }
        server.stop()  # so that it writes what it still holds
        (received,) = server.recorded
        for name, path in (("the film", film), ("what the server got", received)):
            done.films[name] = (read(path, 0.0), read(path, seconds - READ_S))
    return done


def read(path: Path, from_s: float) -> Film:
    """Read READ_S of a film from some time on, and say what its pictures and clicks tell.

    A click is heard at each full second of the show; the picture beside it has the show's time written on it.
    """
    film = Film()
    sound: list[NDArray[np.float32]] = []
    sound_s: float | None = None
    with av.open(str(path)) as container:
        pictures, samples = container.streams.video[0], container.streams.audio[0]
        begun = False
        for packet in container.demux(pictures, samples):
            if packet.dts is None or packet.time_base is None or float(packet.dts * packet.time_base) < from_s:
                continue
            if float(packet.dts * packet.time_base) > from_s + READ_S:
                break
            begun = begun or (packet.stream is pictures and packet.is_keyframe)
            for frame in packet.decode() if begun else ():
                assert isinstance(frame, av.VideoFrame | av.AudioFrame)
                assert frame.time is not None
                if isinstance(frame, av.VideoFrame):
                    _take(film, frame.to_ndarray(format="gray").astype(np.uint8, copy=False), frame.time)
                else:
                    sound_s = frame.time if sound_s is None else sound_s
                    sound.append(frame.to_ndarray()[0].astype(np.float32, copy=False))
    usual_ms = median(film.late_ms) if film.late_ms else float("nan")
    if sound_s is not None:
        for click_s in _clicks(np.concatenate(sound)):
            own_ms = 1e3 * (sound_s + click_s) - usual_ms  # the time on the picture that is seen with it
            film.apart_ms.append(own_ms - 1e3 * round(own_ms / 1e3))
    return film


def _take(film: Film, luma: NDArray[np.uint8], place_s: float) -> None:
    film.pictures += 1
    time_ms = decode(luma)
    if time_ms is None:
        film.unread += 1
    elif time_ms != film.newest_ms:  # else it only repeats the last one, and is later by as much
        film.newest_ms = time_ms
        film.late_ms.append(1e3 * place_s - time_ms - 0.5)  # it tells whole milliseconds that are over


def _clicks(sound: NDArray[np.float32]) -> list[float]:
    """Return how many seconds after the first sample the sound begins after silence."""
    loud = np.flatnonzero(np.abs(sound) > LOUD)
    first = loud[np.diff(loud, prepend=-SOUND_RATE_HZ) > WHOLE_S * SOUND_RATE_HZ]
    return [float(place) / SOUND_RATE_HZ for place in first if place > WHOLE_S * SOUND_RATE_HZ]


@contextmanager
def _serving(folder: Path) -> Iterator[RtmpServer]:
    server = RtmpServer(folder)
    try:
        yield server
    finally:
        server.stop()
