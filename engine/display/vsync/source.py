"""What a source of vsync stamps is, whatever the platform, and the one that has none."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Stamp(NamedTuple):
    """One vsync: when it was, on the clock of `time.perf_counter_ns`, and what was shown first at it.

    It is exact when the display's own hardware took the time; otherwise a program did, some time after the vsync.
    `present` is what `before_present` was told, where the source knows that very picture to have become visible then.
    """

    vsync_ns: int
    exact: bool
    present: int | None = None


class VsyncSource(Protocol):
    """Where one window learns when its display's vsyncs are.

    `name` is short, for reports; `detail` says in one line what its stamps are worth, or why there are none.
    `refresh_hz` is the display's rate with its fraction, None while that is not known.

    Thread: `before_present` and `newest` by the presenter; made and closed by the main thread, closed after the
    presenter has stopped and before the window goes. Blocks: never, but for making one. Owns: what it has opened.
    Fails: never; what goes wrong later leaves the stamps out.
    """

    @property
    def name(self) -> str:
        """What it is."""

    @property
    def detail(self) -> str:
        """What its stamps are worth."""

    @property
    def refresh_hz(self) -> float | None:
        """The display's rate."""

    def before_present(self, present: int) -> None:
        """Hear, just before a swapchain's present, the number of what is about to be presented."""

    def newest(self) -> Stamp | None:
        """Return the newest vsync, or None when there is no other one since it was last asked."""

    def close(self) -> None:
        """Give everything back."""


class NoVsyncError(Exception):
    """A source that does not exist here, and why, in words for a report."""


class Nominal:
    """No source: only the refresh rate is known. A VsyncSource, so that presenters need not ask."""

    name = "nominal"
    refresh_hz: float | None = None

    def __init__(self, detail: str) -> None:
        self.detail = detail

    def before_present(self, present: int) -> None:
        """Do nothing."""

    def newest(self) -> Stamp | None:
        """Return nothing."""
        return None

    def close(self) -> None:
        """Do nothing."""
