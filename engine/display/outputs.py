"""Every output of a show: the streams that its scene asks for, and the recordings of the command line."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Literal

from engine.components.sound import Sound
from engine.components.stream import Stream
from engine.display.presenter import Presenter
from engine.display.recorder import Recorder
from engine.display.tap import Tap
from engine.display.target import OffscreenTarget
from engine.errors import OutputError, ShowError
from engine.gpu.passes import Passes
from engine.media.address import parse_address
from engine.media.output import Settings
from engine.media.sound import Clicks, FileSound, Microphone, SoundReader, SoundSource
from engine.notices import Notices
from engine.timing.clock import Clock
from engine.timing.keyframes import Timeline
from engine.trace import Trace

STREAM_KBPS = 6000
"""What 1080p30 wants, and what the large services take."""

READY_S = 5.0
"""How long going on air waits for a recording's process, so that its first pictures are in it."""


class CameraTimes:
    """When a camera's pictures were captured, and how long after that they were on the stage.

    Thread: main writes, any reads. Blocks: never. Owns: the newest delays. Fails: never.
    """

    def __init__(self) -> None:
        self.began_ns: int | None = None  # when its first picture was captured; of a file, when it was started
        self._delays_ns: deque[int] = deque([0], maxlen=121)  # a few seconds: what a viewer's ear takes for constant
        self._first: tuple[int, int] | None = None
        self._newest = -1

    def saw(self, sequence: int, captured_ns: int, now_ns: int) -> None:
        """Take that this picture is on the stage of a tick; only the first tick that shows it counts."""
        if sequence == self._newest:
            return
        if self._newest < 0:
            self._delays_ns.clear()
        self._newest = sequence
        self._delays_ns.append(now_ns - captured_ns)
        if self._first is None:
            self._first = (sequence, captured_ns)
            if sequence == 1:
                self.began_ns = captured_ns
        elif self.began_ns is None and sequence >= self._first[0] + 10:
            # The first ones went by unseen while pipelines were compiled.
            first, first_ns = self._first
            self.began_ns = first_ns - (captured_ns - first_ns) * (first - 1) // (sequence - first)

    @property
    def delay_ns(self) -> int:
        """The usual delay: half of the newest pictures took longer."""
        return round(median(self._delays_ns.copy()))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What an output was made from: another of any of these is another output."""

    stream: Stream
    sound: Sound | None
    presenter: Presenter


class Outputs:
    """Starts, restarts and ends outputs, each with a worker and a process of its own.

    Thread: main. Blocks: `finish` until files have their end; `wait_for_room` with a clock that steps.
    Owns: recorders, microphones. Fails: `check` and `record` with ShowError, the rest never: on air it is said.
    """

    def __init__(
        self, passes: Passes, clock: Clock, notices: Notices, trace: Trace, tappable: Callable[[str, int], Presenter]
    ) -> None:
        self.recorders: list[Recorder] = []  # also those that have ended, for the report
        self._passes = passes
        self._clock = clock
        self._notices = notices
        self._trace = trace
        self._tappable = tappable
        # By display, and 0 for the scene's stream of it, else the number of a recording that the command line asks for.
        self._running: dict[tuple[str, int], tuple[_Wanted, Recorder]] = {}
        self._asked: list[tuple[str, Stream]] = []
        self._microphones: dict[tuple[str, str], Microphone] = {}
        self._sounds: dict[str, Sound] = {}
        self._timelines: Mapping[str, Timeline] = {}  # of sounds that change with time
        self._cameras: dict[str, CameraTimes] = {}
        self._on_air_ns: int | None = None
        self._paths: set[str] = set()

    def check(self, streams: Mapping[str, Stream], sounds: Mapping[str, Sound]) -> None:
        """See what can be seen before a window opens: addresses, and files with sound. Fails: ShowError."""
        for name, stream in streams.items():
            if stream.url:
                try:
                    parse_address(stream.url)
                except OutputError as error:
                    raise OutputError(f"{name}.stream: {error}") from error
        for name, sound in sounds.items():
            if _is_file(sound):
                self._source(name, sound).close()

    def reconcile(
        self,
        displays: Collection[str],
        streams: Mapping[str, Stream],
        sounds: Mapping[str, Sound],
        rate_hz: float,
        timelines: Mapping[str, Timeline],
    ) -> None:
        """Start what is new, end what is gone, restart what is different. `displays` are those that there are."""
        self._sounds, self._timelines = dict(sounds), timelines
        named = [(name, 0, stream) for name, stream in streams.items()]
        named += [(name, number, stream) for number, (name, stream) in enumerate(self._asked, 1)]
        wanted = {
            (name, number): _Wanted(stream, sounds.get(stream.sound), self._tappable(name, stream.depth_bits))
            for name, number, stream in named
            if stream.url and name in displays
        }
        for key in [key for key, (made_from, _) in self._running.items() if wanted.get(key) != made_from]:
            made_from, recorder = self._running.pop(key)
            presenter = made_from.presenter
            presenter.taps = [tap for tap in presenter.taps if tap is not recorder.tap]
            if key[0] not in displays:
                self._notices.say("visible", recorder.name, f"display {key[0]} is gone, so it ended")
            # On air nobody waits for a file's end.
            threading.Thread(target=recorder.finish, name=f"ending {recorder.name}", daemon=True).start()
        for key, made_from in wanted.items():
            if key in self._running:
                continue
            try:
                recorder = self._start(key[0], made_from.presenter, made_from.stream, rate_hz)
            except ShowError as error:
                self._notices.say("visible", f"stream of {key[0]}", str(error))
                continue
            self._run(key, made_from, recorder)

    def record(self, path: Path, name: str, rate_hz: float, depth_bits: Literal[8, 10] = 8) -> Recorder:
        """Record a display from the next tick on, with the scene's first sound. Fails: OutputError."""
        stream = Stream(url=str(path), sound=next(iter(self._sounds), ""), depth_bits=depth_bits)
        made_from = _Wanted(stream, self._sounds.get(stream.sound), self._tappable(name, depth_bits))
        recorder = self._start(name, made_from.presenter, stream, rate_hz)
        if not recorder.wait_until_ready():
            said = [notice.text for notice in self._notices.all() if notice.subject == recorder.name]
            recorder.finish()
            raise OutputError(said[-1] if said else f"{path} was not ready in time; try again")
        self._asked.append((name, stream))
        self._run((name, len(self._asked)), made_from, recorder)
        return recorder

    def is_unused(self, presenter: Presenter) -> bool:
        """Whether what a presenter draws into may be replaced: nothing is made of it, and nobody sees it yet."""
        return self._on_air_ns is None and all(made.presenter is not presenter for made, _ in self._running.values())

    def _run(self, key: tuple[str, int], made_from: _Wanted, recorder: Recorder) -> None:
        self._running[key] = (made_from, recorder)
        if self._on_air_ns is not None:
            made_from.presenter.taps = [*made_from.presenter.taps, recorder.tap]

    def saw(self, camera: str, sequence: int, captured_ns: int, now_ns: int) -> None:
        """Take that a camera's picture is on the stage of a tick."""
        times = self._cameras.get(camera)
        if times is None:
            times = self._cameras[camera] = CameraTimes()
        times.saw(sequence, captured_ns, now_ns)

    def get_ready(self) -> None:
        """Wait for the processes of recordings, in a rehearsal; a server is not waited for."""
        for _, recorder in self._running.values():
            if not recorder.settings.address.comes_back:
                recorder.wait_until_ready(READY_S)

    def go_on_air(self, now_ns: int) -> None:
        """Let pictures come: what was composed for a rehearsal goes nowhere."""
        if self._on_air_ns is None:
            self._on_air_ns = now_ns
            for made_from, recorder in self._running.values():
                made_from.presenter.taps = [*made_from.presenter.taps, recorder.tap]

    def wait_for_room(self) -> None:
        """Wait until none would drop a picture, with a clock that steps."""
        for recorder in self.recorders:
            recorder.wait_for_room()

    def finish(self) -> None:
        """End every output. A second call does nothing."""
        for recorder in self.recorders:
            recorder.tap.wanted = False
        for recorder in self.recorders:
            recorder.finish()
        for microphone in self._microphones.values():
            microphone.stop()
        self._microphones.clear()

    def _start(self, name: str, presenter: Presenter, stream: Stream, rate_hz: float) -> Recorder:
        address = parse_address(self._fresh(stream.url))
        assert isinstance(presenter.target, OffscreenTarget)
        tap = Tap(self._passes, name, presenter.target, stream.depth_bits)
        rate_hz = presenter.pictures_hz(rate_hz)
        sound = self._reader(stream.sound)
        settings = Settings(
            address,
            *tap.size,
            rate_hz=stream.rate_hz or rate_hz,
            bitrate_kbps=stream.bitrate_kbps or (STREAM_KBPS if address.kind in ("stream", "hls") else 0),
            encoder=stream.encoder,
            depth_bits=stream.depth_bits,
            sound_kbps=stream.sound_kbps if sound is not None and address.kind != "virtual-camera" else 0,
        )
        recorder = Recorder(
            name, tap, settings, self._clock, self._notices, self._trace,
            stage_rate_hz=rate_hz, sound=sound if settings.sound_kbps else None,
        )  # fmt: skip
        self.recorders.append(recorder)
        recorder.start()
        return recorder

    def _fresh(self, url: str) -> str:
        """Return a recording's path, or one like it when this show has written there already."""
        if "://" in url or Path(url).suffix.lower() not in (".mp4", ".mkv"):
            return url
        path, number = Path(url), 1
        while str(path) in self._paths:
            number += 1
            path = Path(url).with_stem(f"{Path(url).stem}-{number}")
        self._paths.add(str(path))
        if number > 1:
            self._notices.say("noted", f"recording {Path(url).name}", f"it goes on in {path.name}")
        return str(path)

    def _reader(self, name: str) -> SoundReader | None:
        sound = self._sounds.get(name)
        if sound is None:
            return None
        try:
            source = self._source(name, sound)
        except ShowError as error:
            self._notices.say("visible", f"sound {name}", f"{error}; it is silent")
            return None
        own = not isinstance(source, Microphone)

        def gain_db(time_ns: int) -> float:
            timeline = self._timelines.get(name)
            keyed = dict(timeline.at("sound", time_ns)) if timeline is not None else {}
            return float(keyed.get("gain_db", sound.gain_db))

        def delay_ns() -> int:
            return self._delay_ns(name, sound)

        return SoundReader(source, sound, delay_ns, exact=self._clock.steps, own=own, gain_db=gain_db)

    def _source(self, name: str, sound: Sound) -> SoundSource:
        if sound.source == "synthetic":
            return Clicks()
        if _is_file(sound):
            return FileSound(Path(sound.source), lambda: self._began_ns(name, sound), loop=sound.loop)
        microphone = self._microphones.get((name, sound.source))
        if microphone is None:
            if self._clock.steps:
                raise OutputError("a microphone cannot be heard with --clock step")
            microphone = self._microphones[name, sound.source] = Microphone(
                name, sound.source, self._clock, self._notices
            )
            microphone.start()
        return microphone

    def _camera_of(self, name: str, sound: Sound) -> CameraTimes | None:
        return self._cameras.get(sound.camera or name)

    def _began_ns(self, name: str, sound: Sound) -> int | None:
        times = self._camera_of(name, sound)
        return times.began_ns if times is not None else self._on_air_ns

    def _delay_ns(self, name: str, sound: Sound) -> int:
        times = self._camera_of(name, sound)
        if times is not None:
            return times.delay_ns
        return max((times.delay_ns for times in list(self._cameras.values())), default=0)


def _is_file(sound: Sound) -> bool:
    return sound.source not in ("", "auto", "synthetic") and not sound.source.startswith("device:")
