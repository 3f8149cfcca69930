"""A thread that may wait, so that the tick never does."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod

from engine.notices import Notices, log


class Worker(ABC):
    """A named thread that runs `turn` until it is stopped; a failure costs this worker a pause, never the show.

    `turn` may block for at most a second or so, since `stop` waits for it; it should sleep with `pause`.

    Thread: `start` and `stop` from the owner; `turn` runs on its own. Blocks: `stop` until the thread ended.
    Owns: what its subclass opens in `open` and closes in `close`, both on the worker's thread.
    Fails: an exception in `turn` is said once, `close` is called, and after a growing pause `open` and `turn` again.
    """

    FIRST_PAUSE_S = 0.25
    LONGEST_PAUSE_S = 8.0

    def __init__(self, name: str, notices: Notices) -> None:
        self.name = name
        self.notices = notices
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self) -> None:  # noqa: B027 - optional
        """Get what `turn` needs."""

    @abstractmethod
    def turn(self) -> None:
        """Do one piece of work."""

    def close(self) -> None:  # noqa: B027 - optional
        """Give back what `open` got. Called after a failure too, so it must not assume that `open` succeeded."""

    def failed(self, error: Exception) -> None:
        """Say what went wrong."""
        self.notices.say("visible", self.name, f"{error}" or type(error).__name__)

    def start(self) -> None:
        """Start the thread."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End the thread and wait for it; one that does not end in time is named and left behind."""
        self._stopping.set()
        self.wake()
        thread = self._thread  # another stop may end meanwhile
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout_s)
            if thread.is_alive():
                self.notices.say("noted", self.name, f"did not stop within {timeout_s:g} s and was left behind")
            self._thread = None

    def wake(self) -> None:  # noqa: B027 - optional
        """Interrupt what `turn` waits for."""

    @property
    def stopping(self) -> bool:
        """Whether `turn` should come to an end."""
        return self._stopping.is_set()

    def pause(self, seconds: float) -> None:
        """Sleep, but not beyond a stop."""
        self._stopping.wait(seconds)

    def _run(self) -> None:
        pause_s = self.FIRST_PAUSE_S
        while not self.stopping:
            try:
                self.open()
                while not self.stopping:
                    self.turn()
                    pause_s = self.FIRST_PAUSE_S
            except Exception as error:
                log.debug("%s failed", self.name, exc_info=True)
                self.failed(error)
            finally:
                self._close()
            if not self.stopping:
                self.pause(pause_s)
                pause_s = min(2 * pause_s, self.LONGEST_PAUSE_S)

    def _close(self) -> None:
        try:
            self.close()
        except Exception:
            log.debug("%s failed to close", self.name, exc_info=True)
