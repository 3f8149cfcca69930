"""An output's worker: from a display's tap to a server, a file or a virtual camera, and back to it when it is lost."""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.display.tap import Tap
from engine.errors import OutputError
from engine.media.encoder import EncoderError
from engine.media.output import Settings, Steady
from engine.media.output_process import DiedError, OutputProcess
from engine.media.sound import SoundReader
from engine.notices import Notices
from engine.threads.worker import Worker
from engine.timing.clock import Clock
from engine.trace import Trace

POLL_S = 0.001
"""How often a copy that is not there yet is asked for: far below a picture's time, far above what asking costs."""

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 8.0

STEADY_S = 5.0
"""A connection that lasted so long was a good one: after it the pauses begin small again."""

LATE_S = 0.5
"""With no new picture for so long the last one is repeated, so that no server takes the stream for dead."""

MOST_FILES = 20
"""A recording that was broken off goes on in another file, but not for ever."""


@dataclass(slots=True)
class Written:
    """What came of an output so far."""

    path: str
    """Where it goes, without passwords and stream keys; of a recording that was broken off, the newest file."""
    encoder: str = ""
    frames: int = 0
    repeated: int = 0
    dropped: int = 0
    left_out: int = 0
    """Places that have no picture, since encoder or server were too slow."""
    reconnects: int = 0
    silent_blocks: int = 0


class Recorder(Worker):
    """Writes what a tap copies, at a constant rate, with its sound.

    What is written to a server or a virtual camera is tried again with growing pauses; a recording that is killed, or
    whose encoder fails, goes on in another file; one on a full disk ends.

    Thread: its own; `wait_for_room`, `wait_until_ready` and `finish` from the main thread. Blocks: on its process.
    Owns: the process, the sound's reader. Fails: OutputError is said once an outage; the show goes on.
    """

    def __init__(
        self,
        name: str,
        tap: Tap,
        settings: Settings,
        clock: Clock,
        notices: Notices,
        trace: Trace,
        *,
        stage_rate_hz: float = 0.0,
        sound: SoundReader | None = None,
    ) -> None:
        address = settings.address
        subject = f"recording {Path(address.url).name}" if not address.comes_back else f"{address.kind} of {name}"
        super().__init__(subject, notices)
        self.tap = tap
        self.settings = settings
        self.sound = sound
        self.failed_for_good = False
        self._clock = clock
        self._span = trace.span(self.name)
        self._thins = 0 < settings.rate_hz < stage_rate_hz
        self._process: OutputProcess | None = None
        self._steady: Steady | None = None
        self._written = Written(address.shown)
        self._connected_s = 0.0
        self._outage = False
        self._ever = False
        self._retry_s = 0.0
        self._pause_s = FIRST_PAUSE_S
        self._files = 1
        self._newest_ns = 0
        self._picture: NDArray[np.uint8] = np.empty(settings.shape, np.uint8)

    @property
    def file(self) -> Written:
        """What came of it so far."""
        written, steady = self._written, self._steady
        if steady is None:
            return written
        return replace(
            written,
            frames=written.frames + steady.frames,
            repeated=written.repeated + steady.repeated,
            dropped=written.dropped + (0 if self._thins else steady.dropped),
            left_out=written.left_out + steady.left_out,
            silent_blocks=written.silent_blocks + steady.silent_blocks,
        )

    @property
    def ready(self) -> bool:
        """Whether pictures are wanted now."""
        return self.tap.wanted

    @property
    def process_id(self) -> int | None:
        """The number of the process that encodes, while there is one."""
        process = self._process
        return process.pid if process is not None else None

    def turn(self) -> None:
        """Write the oldest copy, or repeat the last picture, or connect."""
        if self.failed_for_good:
            self._drain()
            self.pause(0.1)
        elif self._process is None:
            self._drain()
            if time.monotonic() < self._retry_s:
                self.pause(0.01)
            else:
                self._connect()
        else:
            try:
                if not self._write_one():
                    self._keep_up()
                    self.pause(POLL_S)
            except OutputError as error:
                self._lose(error)

    def close(self) -> None:
        """Write the end."""
        if self._process is None:
            return
        try:
            if self._steady is not None and not self.failed_for_good:
                self._steady.end()
        except OutputError as error:
            self._lose(error)
        self._disconnect()

    def wait_until_ready(self, timeout_s: float = 15.0) -> bool:
        """Wait until it takes pictures, or it is known that it does not; return whether it does."""
        deadline_s = time.monotonic() + timeout_s
        while not self.ready and not self._hopeless and time.monotonic() < deadline_s:
            time.sleep(POLL_S)
        return self.ready

    def wait_for_room(self) -> None:
        """Wait until a copy can be reserved, so that a clock that steps loses none."""
        while not self._hopeless and not (self.ready and self.tap.readback.has_room):
            time.sleep(POLL_S)

    def finish(self) -> None:
        """Write what is still on its way, end the thread, and the file. A second call does nothing."""
        self.tap.wanted = False
        patience_s = 10.0 if self._clock.steps or not self.settings.address.comes_back else 1.0
        deadline_s = time.monotonic() + patience_s
        while self._process is not None and self.tap.readback.pending and time.monotonic() < deadline_s:
            time.sleep(POLL_S)
        self.stop(timeout_s=12.0)
        if self.sound is not None:
            self.sound.close()

    @property
    def _hopeless(self) -> bool:
        """Whether nobody should wait for it: it failed, or its server is away."""
        return self.failed_for_good or self._outage or self._thread is None or not self._thread.is_alive()

    def _connect(self) -> None:
        process = OutputProcess(self.settings)
        try:
            if not process.wait_until_ready(lambda: self.stopping):
                process.kill()
                process.close()
                return
        except OutputError as error:
            process.close()
            self._lose(error)
            return
        written, wanted = self._written, self.settings.encoder
        if wanted not in ("auto", process.encoder) and process.encoder != "none" and process.encoder != written.encoder:
            self.notices.say("noted", self.name, f"{wanted} does not work here; {process.encoder} encodes instead")
        written.encoder = process.encoder
        if self._ever and self.settings.address.comes_back:
            written.reconnects += 1
        if self._outage:
            self.notices.say("noted", self.name, f"{self.settings.address.shown} is back")
        self._ever, self._outage = True, False
        self._connected_s = time.monotonic()
        self._steady = Steady(process, self.settings.rate_hz, self.sound)
        if self.sound is not None:
            self.sound.restart()
        self._process = process
        self.tap.wanted = True

    def _write_one(self) -> bool:
        process, steady = self._process, self._steady
        assert process is not None
        assert steady is not None
        # Out of the ring first: what is mapped is not held while a server makes us wait.
        with self.tap.readback.read() as copy:
            if copy is None:
                return False
            pixels, time_ns = copy
            np.copyto(self._picture, pixels)
        left_out = steady.left_out
        with self._span:
            if steady.first_ns is None:
                process.begin(self._timecode(time_ns))
            steady.write(self._picture, time_ns)
        self._newest_ns = time_ns
        if steady.left_out > left_out:
            slow = f"its encoder, {'server' if self.settings.address.comes_back else 'disk'} or machine is too slow"
            remedy = "make the display smaller, or its rate lower"
            self.notices.say("visible", self.name, f"{slow}, so pictures are left out; {remedy}")
        return True

    def _keep_up(self) -> None:
        if self._clock.steps or self._steady is None:
            return
        late_ns = round(1e9 * max(LATE_S, 2.5 / self.settings.rate_hz))
        due_ns = self._clock.now_ns - late_ns
        if due_ns > self._newest_ns:
            self._steady.keep_up(due_ns)

    def _lose(self, error: OutputError) -> None:
        """Say it, unless it is still the same outage, and see whether it can be tried again."""
        lasted_s = time.monotonic() - self._connected_s if self._process is not None else 0.0
        self._disconnect()
        comes_back = self.settings.address.comes_back
        another = isinstance(error, EncoderError) and self._written.encoder not in self.settings.without
        goes_on = comes_back or another or (isinstance(error, DiedError) and self._ever and self._files < MOST_FILES)
        text = str(error)
        if another:
            self.settings = replace(self.settings, without=(*self.settings.without, self._written.encoder))
            text += "; another encoder goes on"
        if not comes_back and goes_on:
            self._take_next_file()
            text += f"; it goes on in {Path(self.settings.address.url).name}"
        elif not goes_on:
            self.failed_for_good = True
        if not self._outage:
            self.notices.say("visible" if goes_on else "stopped", self.name, text)
        if another:
            self._retry_s = 0.0
            return
        self._outage = True
        self._pause_s = FIRST_PAUSE_S if lasted_s > STEADY_S else self._pause_s
        self._retry_s = time.monotonic() + self._pause_s
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)

    def _take_next_file(self) -> None:
        self._files += 1
        path = Path(self.settings.address.url)
        first = path.stem.removesuffix(f"-{self._files - 1}") if self._files > 2 else path.stem
        following = str(path.with_name(f"{first}-{self._files}{path.suffix}"))
        self.settings = replace(self.settings, address=replace(self.settings.address, url=following, shown=following))
        self._written.path = following

    def _disconnect(self) -> None:
        """End the process, and count what it did."""
        self.tap.wanted = False
        process, self._process = self._process, None
        try:
            if process is not None:
                process.close()
        except OutputError as error:
            self.notices.say("visible", self.name, str(error))
        finally:
            self._written, self._steady = self.file, None

    def _drain(self) -> None:
        """Let go of pictures that nobody wants any more."""
        with self.tap.readback.read():
            pass

    def _timecode(self, time_ns: int) -> str:
        """Return the time of day of a picture, or with a clock that steps its time in the show."""
        if self._clock.steps:
            seconds = time_ns / 1e9
        else:
            now = datetime.datetime.now()
            today = datetime.timedelta(hours=now.hour, minutes=now.minute, seconds=now.second + now.microsecond / 1e6)
            seconds = today.total_seconds() - (self._clock.now_ns - time_ns) / 1e9
        whole = int(seconds) % 86_400
        frame = int(seconds % 1.0 * self.settings.rate_hz)
        return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}:{frame:02}"
