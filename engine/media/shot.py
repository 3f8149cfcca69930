"""What every picture source is: something that has one shot after another."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from engine.media.picture import Picture, PictureBuffer

SECOND_NS = 1_000_000_000

Say = Callable[[str], None]
"""Tells people one sentence about a source that goes on all the same."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture that is decoded or decided, but not yet written anywhere: whoever skips it saves that work.

    `write` puts it into a buffer and returns it as a picture without sequence number and time.
    """

    time_ns: int
    write: Callable[[PictureBuffer], Picture]


class Source(ABC):
    """Gives shots one after another, stamped with their time since the source's start.

    Thread: one at a time, whichever. Blocks: `next` for decoding, or on a device for a few seconds at most.
    Owns: its file, device or connection, until `close`. Fails: CameraError, when made and in `next`.
    """

    live = False
    """Its pictures are gone when they are not taken, and an end is a loss: a webcam, a stream."""

    paced = True
    """Its time stamps say when a picture is due; otherwise it is due when it comes."""

    interval_ns = SECOND_NS // 30
    """About how long a picture lasts."""

    length_ns = 0
    """When the newest shot ends: there a loop goes on."""

    promised_ns = 0
    """How long its file says that it is; 0 where it has no end or does not say."""

    description = ""
    """What really opened, for a report."""

    which = ""
    """What a camera's `source` would be to get this very one; "" where it is that already."""

    @abstractmethod
    def next(self) -> Shot | None:
        """Return the next shot, or None at the end."""

    def stamp(self, picture: Picture, time_ns: int) -> None:  # noqa: B027 - nothing to do for most
        """Write the show's time of a picture into it, where a camera is asked to."""

    def rewind(self) -> None:  # noqa: B027 - nothing to do where there is no end
        """Start again from the first shot."""

    def close(self) -> None:  # noqa: B027 - optional
        """Give everything back. May be called twice."""
