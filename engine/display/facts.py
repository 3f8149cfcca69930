"""What an overlay tells of a running show: plain values, gathered by the main thread, drawn by another."""

from __future__ import annotations

from dataclasses import dataclass

from engine.media.feed import Status
from engine.notices import Severity


@dataclass(frozen=True, slots=True)
class DisplayFacts:
    """One display. `draw_ms` are its newest presents, oldest first; `missed` its vsyncs, or the stages it did not show.

    `is_away`: it waits for its monitor, or its window is hidden.
    """

    name: str
    rate_hz: float | None
    delay_ms: float | None = None  # from a picture's capture to its first present here
    draw_ms: tuple[float, ...] = ()
    missed: int = 0
    is_away: bool = False


@dataclass(frozen=True, slots=True)
class CameraFacts:
    """One camera."""

    name: str
    status: Status
    rate_hz: float | None
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class MaskFacts:
    """One mask: who decides what is person, where that runs, how sure it is, and how old its last answer.

    `moved`: how many pictures were shown with an older mask that was moved to fit; None where masks are not.
    `spared`: it is a lighter model that stands in while the machine is hot or the scene's model late.
    """

    name: str
    decided_by: str
    provider: str = ""
    confidence: float | None = None
    age_ms: float | None = None
    moved: int | None = None
    spared: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A notice, and how long ago it was last said."""

    severity: Severity
    subject: str
    text: str
    count: int
    age_s: float


@dataclass(frozen=True, slots=True)
class Facts:
    """The show at one moment. What is None or empty is not known; where time steps, durations never are."""

    rate_hz: float | None  # ticks
    wanted_hz: float
    missed: int = 0  # deadlines since the show began
    missed_lately: int = 0
    tick_ms: tuple[float, ...] = ()  # the newest, oldest first
    stepping: bool = False
    displays: tuple[DisplayFacts, ...] = ()
    cameras: tuple[CameraFacts, ...] = ()
    masks: tuple[MaskFacts, ...] = ()
    messages: tuple[Message, ...] = ()  # newest first
