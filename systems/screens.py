"""What keys know of their screens beyond a colour: one that is found in the picture, and plates."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.components import Key
from engine.errors import CameraError
from engine.gpu.device import Gpu, Usage
from engine.gpu.planes import Planes
from engine.media.picture import Picture, Plane
from engine.media.screen import find_screen
from engine.media.stills import read_rgba
from engine.notices import Notices
from engine.timing.clock import Clock

LOOK_EACH_NS = 1_000_000_000
"""How often a screen's colour is looked for: lamps warm up, nobody repaints a screen."""

STEADY = 0.06
"""How far a channel must be off before a found colour gives way to a new one, so that noise does not make it waver."""

SHAPE_OFF = 0.02
"""How much a plate's proportions may differ from its camera's."""


@dataclass(slots=True)
class Known:
    """What is known of one key's screen. What workers find is left in `found` and `read`; ticks take it from there."""

    colour: NDArray[np.float64] | None = None
    looked_ns: int | None = None
    found: list[NDArray[np.float64] | None] = field(default_factory=list)
    looking: bool = False
    plate_file: str = ""
    read: list[Plane] = field(default_factory=list)
    plate: Any = None  # a view


class Screens:
    """Looks for screens and reads plates beside the tick; where time steps, in it.

    Thread: main; workers only add to lists. Blocks: never, unless time steps. Owns: textures of plates.
    Fails: never: it is said, and what was known stays.
    """

    def __init__(self, gpu: Gpu, clock: Clock, notices: Notices) -> None:
        self._gpu = gpu
        self._clock = clock
        self._notices = notices
        self._known: dict[str, Known] = {}

    def colour(self, name: str, key: Key, picture: Picture, now_ns: int) -> NDArray[np.float64] | None:
        """Return a key's screen, encoded, (3,); None where it has not been found yet."""
        if not key.screen.is_auto:
            return np.array([int(key.screen.hex()[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        known = self._known.setdefault(name, Known())
        if not known.looking and (known.looked_ns is None or now_ns - known.looked_ns >= LOOK_EACH_NS):
            known.looked_ns, known.looking = now_ns, True
            picture.retain()
            self._beside(self._look, known, picture)
        while known.found:
            new = known.found.pop(0)
            if new is None:
                stays = "the last one stays" if known.colour is not None else "nothing is cut out"
                words = f"{name}: no screen at the borders of the picture; {stays}; name its colour with key.screen"
                self._notices.say("visible", "masks", words)
            elif known.colour is None or np.abs(new - known.colour).max() > STEADY:
                known.colour = new
        return known.colour

    def plate(self, name: str, key: Key, planes: Planes) -> Any:
        """Return the view of a key's plate, or None."""
        known = self._known.setdefault(name, Known())
        if key.plate != known.plate_file:
            known.plate_file = key.plate
            known.plate = None if not key.plate else known.plate
            if key.plate:
                self._beside(self._read, known, key.plate)
        while known.read:
            known.plate = self._taken(name, known.read.pop(0), planes)
        return known.plate

    def _beside(self, work: Any, *arguments: Any) -> None:
        if self._clock.steps:
            work(*arguments)
        else:
            threading.Thread(target=work, args=arguments, name="screens", daemon=True).start()

    def _look(self, known: Known, picture: Picture) -> None:
        try:
            known.found.append(find_screen(picture))
        finally:
            picture.release()
            known.looking = False

    def _read(self, known: Known, file: str) -> None:
        try:
            known.read.append(read_rgba(Path(file)))
        except CameraError as error:
            self._notices.say("visible", "masks", f"plate: {error}; keyed without it")

    def _taken(self, name: str, rgba: Plane, planes: Planes) -> Any:
        height, width = rgba.shape[:2]
        across, down = planes.size
        if abs(width * down / (height * across) - 1.0) > SHAPE_OFF:
            words = f"{name}: the plate is {width}×{height} px, its camera {across}×{down}: it is stretched over it; "
            self._notices.say("visible", "masks", words + "take one with this camera")
        if rgba[..., 3].min() < 255:
            words = f"{name}: the plate has transparent parts, whose colours count as they are; save it without alpha"
            self._notices.say("visible", "masks", words)
        usage = Usage.TEXTURE_BINDING | Usage.COPY_DST
        texture = self._gpu.texture(f"{name} plate", width, height, "rgba8unorm", usage)
        self._gpu.upload(texture, rgba)
        return texture.create_view()
