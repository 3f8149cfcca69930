"""A recording: the worker between a display's tap and a video file."""

from __future__ import annotations

import time

from engine.display.tap import Tap
from engine.media.recording import VideoFile
from engine.notices import Notices
from engine.threads.worker import Worker
from engine.trace import Trace

POLL_S = 0.001
"""How often a copy that is not there yet is asked for: far below a picture's time, far above what asking costs."""


class Recorder(Worker):
    """Writes what a tap copies.

    Thread: its own; `wait_for_room` from the main thread with a clock that steps. Blocks: on the codec and the disk.
    Owns: the file. Fails: OutputError is said, the file is closed playable, and the rest of the show goes on.
    """

    def __init__(self, tap: Tap, file: VideoFile, notices: Notices, trace: Trace) -> None:
        super().__init__(f"recording {file.path.name}", notices)
        self.tap = tap
        self.file = file
        self.failed_for_good = False
        self._span = trace.span(self.name)

    def turn(self) -> None:
        """Write the oldest copy, if it is there."""
        if not self._write_one():
            self.pause(POLL_S)

    def failed(self, error: Exception) -> None:
        """Close the file: what was written stays."""
        super().failed(error)
        self.failed_for_good = True
        self.file.close()

    def wait_for_room(self) -> None:
        """Wait until a copy can be reserved, so that a clock that steps loses none."""
        while not self.tap.readback.has_room and not self.failed_for_good:
            time.sleep(POLL_S)

    def finish(self) -> None:
        """Write what is still on its way, end the thread, and close the file. A second call does nothing."""
        deadline = time.monotonic() + 10.0
        while self.tap.readback.pending and not self.failed_for_good and time.monotonic() < deadline:
            time.sleep(POLL_S)
        self.stop()
        self.file.close()

    def _write_one(self) -> bool:
        with self.tap.readback.read() as copy:
            if copy is None:
                return False
            if not self.failed_for_good:
                pixels, time_ns = copy
                with self._span:
                    self.file.write(pixels, time_ns)
        return True
