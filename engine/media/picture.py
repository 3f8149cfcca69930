"""One image from a camera, as it came: raw planes, and what is needed to read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.threads.slots import Slot

Plane = NDArray[np.uint8]

Layout = Literal["rgba", "nv12", "light"]
"""rgba: one plane (height, width, 4), sRGB-encoded, alpha straight.
nv12: two planes, luma (height, width) and chroma (⌈height/2⌉, ⌈width/2⌉, 2). 8 bits each.
light: one plane (height, width, 4) of half floats, premultiplied linear light: stills of more than white.
"""


@dataclass(slots=True)
class Picture:
    """One image with its sequence number and capture time. Never changed once it is put into a mailbox, but for stamps.

    `captured_ns` is on the show's clock. `matrix` and `full_range` say how nv12 becomes R'G'B'. The picture is shown
    right way up after turning it clockwise by `quarter_turns` and then, if `mirrored`, flipping it left and right;
    `planes` hold it as it came. `still` says that it is the only one its camera gives; `smaller` are then its halves,
    quarters and so on, for where it is shown smaller. `opaque` says that nothing shows through it. `truth` is the exact
    alpha of a synthetic picture, (height, width), or None.
    `slot` is what holds the planes: whoever keeps a picture retains it, and releases it once.

    Stamps say when what happened to it, on the show's clock, 0 where it did not (yet); each is written once, by whoever
    does it: `delivered_ns` it was there to be taken, `asked_ns` a model got it, `answered_ns` its mask was there,
    `shown_ns` it went to the GPU to be drawn.
    """

    sequence: int
    captured_ns: int
    width: int
    height: int
    layout: Layout
    planes: tuple[Plane, ...]
    matrix: Literal["bt601", "bt709"] = "bt709"
    full_range: bool = False
    quarter_turns: int = 0
    mirrored: bool = False
    truth: Plane | None = None
    still: bool = False
    smaller: tuple[Plane, ...] = ()
    opaque: bool = False
    slot: Slot[PictureBuffer] | None = field(default=None, repr=False)
    delivered_ns: int = 0
    asked_ns: int = 0
    answered_ns: int = 0
    shown_ns: int = 0

    @property
    def ready_ns(self) -> int:
        """When it could have been shown: delivered, and with its mask where it was asked for; 0 for a still."""
        return self.answered_ns or self.delivered_ns

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height as shown."""
        return (self.height, self.width) if self.quarter_turns % 2 else (self.width, self.height)

    def retain(self) -> None:
        """Hold the planes once more."""
        if self.slot is not None:
            self.slot.retain()

    def release(self) -> None:
        """Hold the planes once less."""
        if self.slot is not None:
            self.slot.release()


class PictureBuffer:
    """The memory behind a picture: planes of one layout and size, kept while the size stays the same."""

    __slots__ = ("_key", "planes", "truth")

    def __init__(self) -> None:
        self._key: tuple[Layout, int, int] | None = None
        self.planes: tuple[Plane, ...] = ()
        self.truth: Plane | None = None

    def shape(self, layout: Layout, width: int, height: int) -> tuple[Plane, ...]:
        """Return planes of this layout and size; allocates only when they differ from the last."""
        if self._key != (layout, width, height):
            self._key = (layout, width, height)
            if layout == "light":
                light: Any = np.empty((height, width, 4), np.float16)
                self.planes = (light,)
            elif layout == "rgba":
                self.planes = (np.empty((height, width, 4), np.uint8),)
            else:
                chroma = ((height + 1) // 2, (width + 1) // 2, 2)
                self.planes = (np.empty((height, width), np.uint8), np.empty(chroma, np.uint8))
            self.truth = None
        return self.planes
