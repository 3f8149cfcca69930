"""How old a picture is when a display shows it, and where that time went: read off the displays, by a time code."""

from __future__ import annotations

import queue
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.components import Camera
from engine.display.presenter import Presenter
from engine.display.tap import Tap
from engine.display.target import OffscreenTarget
from engine.gpu.device import Gpu
from engine.gpu.readback import Copy, Readback
from engine.media.feed import Feed
from engine.media.picture import Picture, Plane
from engine.media.recording import VideoFile
from engine.media.timecode import AREA, MILLISECOND_NS, Area, Pixels, decode
from engine.models.segmenter import Segmenter
from engine.notices import Notices
from engine.scene.load import Scene, load_scene
from engine.threads.worker import Worker
from engine.tick import Tick
from engine.timing.clock import Clock, RealClock
from engine.trace import Trace
from systems.inference import Shown
from systems.show import Show
from tools.bench.media import model, still_file
from tools.bench.result import Result
from tools.bench.stages import SCENES, shared_gpu

SECONDS = 12.0

WARM_UP_S = 1.0
"""Not counted."""

FOLLOWED_S = 9.0
"""Not counted with a camera of the show's rate: by then ticks have moved to its phase."""

POLL_S = 0.001
"""How often a copy is asked for: as much later than it was there may it be seen."""

MOST_P95_MS = 80.0

PERCENTILES = (50, 95, 99)

CAMERA = "front"

RATE_HZ, CAMERA_HZ = 30.0, 30.5
"""Those of scenes/latency.toml: at any time pictures lie otherwise between ticks, all cases within two seconds."""

SAME_RATE = f"front.camera.rate_hz={RATE_HZ:g}"

QUEUE = 3
"""Pictures that the naive pipeline keeps waiting, as drivers and programs do by default."""

STAGES = ("capture", "hand-over", "inference", "wait for a tick", "compose and submit", "wake", "present", "GPU")
"""Where the time goes, in this order: each begins where the last one ended."""

Milliseconds = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Turn:
    """What one tick submitted: the stamps of the picture on it, and its own."""

    captured_ns: int
    delivered_ns: int
    asked_ns: int
    answered_ns: int
    shown_ns: int
    submitted_ns: int


@dataclass(frozen=True, slots=True)
class Sight:
    """What a display showed: the tick it was woken for, the time on it, and when it was drawn, sent and there."""

    tick_ns: int
    time_ms: int | None
    begun_ns: int
    sent_ns: int
    there_ns: int


class Strip(Readback):
    """Copies back only the part of a display where the time code is: 0.3 MB of 3.7, and no pass."""

    def __init__(self, gpu: Gpu, texture: Any, buffers: int = 6) -> None:
        left, top, right, bottom = AREA.box_px(texture.width, texture.height)
        self._picture = texture
        self._origin, self._size = (left, top, 0), (right - left, bottom - top, 1)
        super().__init__(gpu, SimpleNamespace(width=right - left, height=bottom - top, format=texture.format), buffers)

    def copy(self, encoder: Any, copy: Copy) -> None:
        """Record a copy of the strip as it is at this point of the encoder."""
        encoder.copy_texture_to_buffer(
            {"texture": self._picture, "origin": self._origin},
            {"buffer": copy.buffer, "bytes_per_row": self._pitch, "rows_per_image": self._size[1]},
            self._size,
        )


class Glass:
    """Stands where a recording's tap stands, and sees what its display shows.

    Thread: `record` and `sent` by the presenter, `look` by one worker. Blocks: never. Owns: its ring.
    Fails: with no room in the ring it counts what it missed.
    """

    def __init__(self, gpu: Gpu, presenter: Presenter, clock: Clock) -> None:
        assert isinstance(presenter.target, OffscreenTarget)
        self.missed = 0
        self.sights: list[Sight] = []
        self._clock = clock
        self._strip = Strip(gpu, presenter.target.texture)
        self._begun_ns = 0
        self._stamps: dict[int, tuple[int, int]] = {}

    def record(self, encoder: Any) -> Copy | None:
        """Record the copy."""
        self._begun_ns = self._clock.now_ns
        copy = self._strip.reserve()
        if copy is None:
            self.missed += 1
            return None
        self._strip.copy(encoder, copy)
        return copy

    def sent(self, copy: Copy | None, time_ns: int) -> None:
        """Note when it was submitted: that is when a presenter takes its picture for presented."""
        if copy is not None:
            self._stamps[time_ns] = (self._begun_ns, self._clock.now_ns)
            self._strip.sent(copy, time_ns)

    def look(self) -> bool:
        """Read the oldest copy, if it is there."""
        with self._strip.read() as got:
            if got is None:
                return False
            there_ns = self._clock.now_ns
            pixels, tick_ns = got
            height, width = pixels.shape
            time_ms = decode(pixels.reshape(height, width // 4, 4), Area(0, 0, 1, 1))
        self.sights.append(Sight(tick_ns, time_ms, *self._stamps.pop(tick_ns), there_ns))
        return True


class Watcher(Worker):
    """Looks at all glasses, so that neither tick nor presenters wait for the measurement."""

    def __init__(self, glasses: Sequence[Glass], notices: Notices) -> None:
        super().__init__("watcher", notices)
        self._glasses = glasses

    def turn(self) -> None:
        """Read what is there."""
        seen = [glass.look() for glass in self._glasses]
        if not any(seen):
            self.pause(POLL_S)


class Encoder(Worker):
    """Encodes what a tap copies into a file, and notes how old each picture is once it is written."""

    def __init__(self, path: Path, tap: Tap, rate_hz: float, clock: Clock, notices: Notices) -> None:
        super().__init__("encoder", notices)
        self.ages_ns: dict[int, int] = {}
        self.encode_ns: list[int] = []
        self.from_ns = 0
        self._tap = tap
        self._file = VideoFile(path, *tap.size, rate_hz)
        self._clock = clock

    def turn(self) -> None:
        """Write the oldest copy, if it is there."""
        with self._tap.readback.read() as got:
            if got is not None:
                self._write(*got)
                return
        self.pause(POLL_S)

    def finish(self) -> None:
        """End, and close the file."""
        self.stop()
        self._file.close()

    def _write(self, i420: Pixels, time_ns: int) -> None:
        begun_ns = self._clock.now_ns
        self._file.write(i420, time_ns)
        done_ns = self._clock.now_ns
        time_ms = decode(i420[: self._tap.size[1]])
        if time_ms is not None and done_ns > self.from_ns:
            self.ages_ns.setdefault(time_ms, done_ns - time_ms * MILLISECOND_NS)
            self.encode_ns.append(done_ns - begun_ns)


@dataclass(slots=True)
class Seen:
    """What one show's displays showed."""

    totals: dict[str, Milliseconds] = field(default_factory=dict)
    stages: dict[str, Milliseconds] = field(default_factory=dict)
    unread: int = 0
    """Presents whose time code could not be read."""
    untrue: int = 0
    """Presents that showed another picture than the show's own stamps say."""
    missed: int = 0
    ticks: int = 0
    lag: int = 0
    tick_ms: tuple[float, float] = (0.0, 0.0)
    without_mask: int = 0
    encoded: Milliseconds = field(default_factory=lambda: np.zeros(0))
    encode_ms: Milliseconds = field(default_factory=lambda: np.zeros(0))


def run(quick: bool = False) -> Result:
    """Put the show on the air with a network's mask, with a true one, and recorded; then the rivals."""
    result = Result("latency")
    size = (640, 360) if quick else (1280, 720)
    seconds = 2.0 if quick else SECONDS
    network = model()
    masks = {"neural": [f"guest.mask.model={network}"]} if network is not None else {}
    masks["truth"] = ["guest.mask.source=truth"]
    first: Seen | None = None
    with tempfile.TemporaryDirectory() as folder:
        for name, settings in masks.items():
            seen = on_air(latency_scene(settings, size), seconds)
            _report(result, name, seen, quick)
            first = first or seen
        _report_followed(result, "truth", latency_scene([*masks["truth"], SAME_RATE], size), seen, quick)
        first_name = next(iter(masks))
        recorded = on_air(latency_scene(masks[first_name], size), seconds, Path(folder) / "recorded.mp4")
        _report(result, f"{first_name}, recorded", recorded, quick)
        assert first is not None
        background = cv2.imread(str(still_file(Path(folder), size)))
        rivals: dict[str, Callable[..., Milliseconds]] = {
            "an OpenCV loop": opencv_loop,
            f"one thread behind a queue of {QUEUE}": naive_pipeline,
        }
        for rival, plain in rivals.items():
            ages = plain(size, background, network, seconds)
            ours = np.concatenate(list(first.totals.values()))
            _percentiles(result, rival, ages)
            for percentile in (50, 95) if len(ages) and len(ours) else ():
                times = float(np.percentile(ages, percentile) / np.percentile(ours, percentile))
                result.against(f"{first_name}, p{percentile}", rival, times)
    result.notes.append("milliseconds from a picture's capture until a display's pixels of it are there, read off them")
    if network is None:
        result.notes.append("no shared media (set SCRIM_MEDIA): true masks only, so no inference is in it")
    return result


def latency_scene(settings: Sequence[str], size: tuple[int, int]) -> Scene:
    """Return the scene, at a size."""
    sizes = [
        f"{name}.{axis}={px}"
        for name in ("stage.stage", "front.camera")
        for axis, px in zip(("width", "height"), size, strict=True)
    ]
    return load_scene(SCENES / "latency.toml", [*sizes, *settings])


def on_air(scene: Scene, seconds: float, recording: Path | None = None, warm_up_s: float = WARM_UP_S) -> Seen:
    """Run the show for so long on the real clock, and look at its displays."""
    clock = RealClock()
    show = Show(scene, clock, headless=True, gpu=shared_gpu())
    show.open()
    turns: dict[int, Turn] = {}
    encoder: Encoder | None = None
    presenters = show.present.presenters
    glasses = {name: Glass(show.gpu, presenter, clock) for name, presenter in presenters.items()}
    watcher = Watcher(list(glasses.values()), show.notices)
    shown = show.world.get(CAMERA, Shown)
    assert shown is not None

    def note(_tick: Tick) -> None:
        picture = shown.picture
        if shown.changed and picture is not None:
            turns[picture.captured_ns // MILLISECOND_NS] = Turn(
                picture.captured_ns, picture.delivered_ns, picture.asked_ns, picture.answered_ns, picture.shown_ns,
                clock.now_ns,
            )  # fmt: skip

    try:
        for name, presenter in presenters.items():
            presenter.taps.append(glasses[name])  # type: ignore[arg-type] # it stands where a tap stands
        if recording is not None:
            presenter = next(iter(presenters.values()))
            assert isinstance(presenter.target, OffscreenTarget)
            tap = Tap(show.passes, "recorded", presenter.target)
            tap.wanted = True
            encoder = Encoder(recording, tap, show.stage.rate_hz, clock, show.notices)
            presenter.taps.append(tap)
            encoder.start()
        watcher.start()
        from_ns = clock.now_ns + round(min(warm_up_s, seconds / 2) * 1e9)
        if encoder is not None:
            encoder.from_ns = from_ns
        show.run(seconds, note)
        show.present.stop()
        time.sleep(50 * POLL_S)
        if encoder is not None:
            encoder.finish()
        watcher.stop()
        seen = _analyse(turns, {name: glass.sights for name, glass in glasses.items()}, from_ns)
        seen.missed = sum(glass.missed for glass in glasses.values())
        seen.ticks, seen.lag = show.loop.tick.index, show.loop.lag
        tick = show.trace.span("tick").summary()
        seen.tick_ms = (tick.p50, tick.p95)
        seen.without_mask = shown.unaligned
        if encoder is not None:
            seen.encoded = np.array(list(encoder.ages_ns.values())) / 1e6
            seen.encode_ms = np.array(encoder.encode_ns) / 1e6
        return seen
    finally:
        show.close()


def _analyse(turns: Mapping[int, Turn], sights: Mapping[str, Sequence[Sight]], from_ns: int) -> Seen:
    """Work out how old each picture was when each display first showed it."""
    seen = Seen()
    rows: list[tuple[int, ...]] = []
    for display, seen_here in sights.items():
        ages: list[int] = []
        before: int | None = None
        for sight in seen_here:
            if sight.there_ns < from_ns:
                continue
            if sight.time_ms is None:
                seen.unread += 1
            elif sight.time_ms != before:
                before = sight.time_ms
                ages.append(sight.there_ns - sight.time_ms * MILLISECOND_NS)
                turn = turns.get(sight.time_ms)
                if turn is None:
                    seen.untrue += 1
                else:
                    rows.append(_between(turn, sight))
        seen.totals[display] = np.array(ages) / 1e6
    table = np.array(rows).reshape(-1, len(STAGES)) / 1e6
    seen.stages = {name: table[:, place] for place, name in enumerate(STAGES)}
    return seen


def _between(turn: Turn, sight: Sight) -> tuple[int, ...]:
    """Return how long each stage took. Without a model there is neither hand-over nor inference."""
    asked_ns = turn.asked_ns or turn.delivered_ns
    answered_ns = turn.answered_ns if turn.answered_ns and turn.answered_ns <= turn.shown_ns else asked_ns
    ends = (
        turn.captured_ns, turn.delivered_ns, asked_ns, answered_ns, turn.shown_ns, turn.submitted_ns, sight.begun_ns,
        sight.sent_ns, sight.there_ns,
    )  # fmt: skip
    return tuple(max(0, after - before) for before, after in pairwise(ends))


def _percentiles(result: Result, name: str, took_ms: Milliseconds) -> None:
    for percentile in PERCENTILES if len(took_ms) else ():
        result.add(f"{name}: p{percentile}", np.percentile(took_ms, percentile), "ms")


def _report(result: Result, name: str, seen: Seen, quick: bool) -> None:
    for display, ages in seen.totals.items():
        _percentiles(result, f"{name}, {display}", ages)
    for stage, took in seen.stages.items():
        _percentiles(result, f"{name}, {stage}", took)
    _percentiles(result, f"{name}, in the file", seen.encoded)
    _percentiles(result, f"{name}, encode", seen.encode_ms)
    pictures = sum(map(len, seen.totals.values()))
    result.add(f"{name}: pictures seen on displays", pictures, "")
    result.add(f"{name}: tick p50", seen.tick_ms[0], "ms")
    result.add(f"{name}: ticks missed (lag)", seen.lag, "")
    result.add(f"{name}: pictures shown without their own mask", seen.without_mask, "")
    if seen.unread or seen.missed:
        result.notes.append(f"{name}: {seen.unread} presents could not be read, {seen.missed} were not looked at")
    if seen.untrue:
        result.notes.append(f"{name}: {seen.untrue} presents showed another picture than the show's stamps say")
    if quick or "recorded" in name:
        return
    camera_ms, tick_ms = 1000 / CAMERA_HZ, 1000 / RATE_HZ
    for display, ages in seen.totals.items():
        p95 = float(np.percentile(ages, 95))
        result.require(f"{name}, {display}: p95", p95, "at most", MOST_P95_MS, "ms")
        inference_ms = float(np.percentile(seen.stages["inference"], 95))
        result.require(
            f"{name}, {display}: p95 beside camera interval + inference + tick + display interval",
            p95, "at most", round(camera_ms + inference_ms + tick_ms + tick_ms, 1), "ms",
        )  # fmt: skip


def _report_followed(result: Result, name: str, scene: Scene, swept: Seen, quick: bool) -> None:
    """Measure a camera of the show's rate, whose phase ticks follow, against one whose phase comes round."""
    followed = on_air(scene, SECONDS + FOLLOWED_S if not quick else 2.0, warm_up_s=FOLLOWED_S)
    _report(result, f"{name}, the show's rate", followed, quick)
    ours, others = (np.concatenate(list(seen.totals.values())) for seen in (followed, swept))
    if len(ours) and len(others):
        times = float(np.percentile(others, 95) / np.percentile(ours, 95))
        result.against(f"{name}, the show's rate, p95", "a camera of another rate, in every phase", times)


# The rivals ----------------------------------------------------------------------------------------------------------


class _OpenCv:
    """What both rivals do with a picture: cut out, lay before a background, and copy to two windows."""

    def __init__(self, size: tuple[int, int], background: Plane, network: Path | None) -> None:
        self._size = size
        self._background = background
        self._segmenter = Segmenter(network, threads=1) if network is not None else None
        self._windows = [np.empty_like(background) for _ in range(2)]
        if self._segmenter is not None:
            width, height = self._segmenter.mask_size
            self._mask = np.zeros((height, width), np.uint8)

    def show(self, picture: Picture) -> int | None:
        """Do it; return the time code that the windows show then."""
        if self._segmenter is not None:
            self._segmenter.run(picture, self._mask)
            alpha = cv2.resize(self._mask, self._size, interpolation=cv2.INTER_LINEAR)
            left, top, right, bottom = AREA.box_px(*self._size)
            alpha[top:bottom, left:right] = 255
        else:
            assert picture.truth is not None
            alpha = np.asarray(picture.truth)
        alphas = cv2.merge([alpha] * 3)
        person = cv2.cvtColor(picture.planes[0], cv2.COLOR_RGBA2BGR)
        front = cv2.multiply(person, alphas, scale=1 / 255)
        behind = cv2.multiply(self._background, 255 - alphas, scale=1 / 255)
        composed = cv2.add(front, behind)
        for window in self._windows:
            np.copyto(window, composed)
        return decode(self._windows[-1])


def _camera(size: tuple[int, int], clock: Clock) -> Feed:
    scene = latency_scene([], size)
    camera = scene.entities[CAMERA]["camera"]
    assert isinstance(camera, Camera)
    return Feed(CAMERA, camera, clock, Notices(), Trace())


def opencv_loop(size: tuple[int, int], background: Pixels, network: Path | None, seconds: float) -> Milliseconds:
    """Take the newest picture whenever there is one, show it, and begin again: no clock, no vsync, one thread."""
    clock = RealClock()
    opencv, feed = _OpenCv(size, background, network), _camera(size, clock)
    feed.open()
    feed.start()
    ages: list[int] = []
    from_ns = clock.now_ns + round(min(WARM_UP_S, seconds / 4) * 1e9)
    try:
        while clock.now_ns < from_ns + seconds * 1e9:
            picture = feed.newest(clock.now_ns)
            if picture is None:
                time.sleep(POLL_S)
                continue
            time_ms = opencv.show(picture)
            now_ns = clock.now_ns
            picture.release()
            if time_ms is not None and now_ns > from_ns:
                ages.append(now_ns - time_ms * MILLISECOND_NS)
    finally:
        feed.close()
    return np.array(ages) / 1e6


def naive_pipeline(size: tuple[int, int], background: Pixels, network: Path | None, seconds: float) -> Milliseconds:
    """Put pictures into a queue, and have one thread take the oldest at each vsync of a 30 Hz display, and show it."""
    clock = RealClock()
    opencv, feed = _OpenCv(size, background, network), _camera(size, clock)
    waiting: queue.Queue[Picture] = queue.Queue(QUEUE)
    ended = threading.Event()
    feed.open()
    feed.start()

    def fill() -> None:
        while not ended.is_set():
            picture = feed.newest(clock.now_ns)
            if picture is None:
                time.sleep(POLL_S)
                continue
            try:
                waiting.put_nowait(picture)
            except queue.Full:
                picture.release()

    filler = threading.Thread(target=fill, name="filler", daemon=True)
    filler.start()
    ages: list[int] = []
    vsync = 0
    from_ns = clock.now_ns + round(min(WARM_UP_S, seconds / 4) * 1e9)
    try:
        while clock.now_ns < from_ns + seconds * 1e9:
            vsync = max(vsync + 1, int(clock.now_ns * RATE_HZ / 1e9))
            clock.wait_until(round(vsync * 1e9 / RATE_HZ))
            with suppress(queue.Empty):
                picture = waiting.get(timeout=0.1)
                time_ms = opencv.show(picture)
                now_ns = clock.now_ns
                picture.release()
                if time_ms is not None and now_ns > from_ns:
                    ages.append(now_ns - time_ms * MILLISECOND_NS)
    finally:
        ended.set()
        filler.join()
        feed.close()
    return np.array(ages) / 1e6
