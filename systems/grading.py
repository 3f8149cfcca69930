"""Grading: the colour of cameras and displays, and the look-up tables that it takes."""

from __future__ import annotations

import threading
from pathlib import Path

from engine.component import state
from engine.components import Grade
from engine.errors import ShowError
from engine.gpu.grading import Grading as GpuGrading
from engine.gpu.passes import Passes
from engine.media.cube import Cube, read_cube
from engine.notices import Notices
from engine.tick import Tick
from engine.world import World


@state(Grade)
class Graded:
    """What grades this entity's pictures; None while its table has not been read. Written by Grading.

    `version` counts how often it became another.
    """

    grading: GpuGrading | None = None
    version: int = 0


class Grading:
    """Keeps what is needed to grade, and reads tables beside the running show: until then the last grade stays.

    Reads: Grade. Writes: Graded. Sends: nothing.
    """

    def __init__(self, world: World, passes: Passes, notices: Notices) -> None:
        self._world = world
        self._gpu = passes.gpu
        self._notices = notices
        self._seen = (-1, -1)
        self._cubes: dict[str, Cube | None] = {}  # None: being read, or refused
        self._answers = 0
        self.revision = 0

    def open(self) -> None:
        """Read every table: before the show is on air, so that a bad one stops it."""
        for _, (grade,) in self._world.each(Grade):
            if grade.lut:
                self._cubes[grade.lut] = read_cube(Path(grade.lut))

    def process(self, tick: Tick) -> None:  # noqa: ARG002 - grades stand still in time
        """Take over what the author has changed, and tables that have been read."""
        now = (self._world.revision, self._answers)
        if self._seen == now:
            return
        self._seen = now
        for _, (grade, graded) in self._world.each(Grade, Graded):
            if grade.lut and grade.lut not in self._cubes:
                self._cubes[grade.lut] = None
                threading.Thread(target=self._read, args=(grade.lut,), name=f"reading {grade.lut}", daemon=True).start()
            cube = self._cubes.get(grade.lut)
            if grade.lut and cube is None:
                continue
            if graded.grading is None or graded.grading.grade != grade:
                graded.grading = GpuGrading(self._gpu, grade, cube)
                graded.version += 1
                self.revision += 1

    def _read(self, file: str) -> None:
        try:
            self._cubes[file] = read_cube(Path(file))
        except ShowError as error:
            self._notices.say("visible", "grade", f"{error}; the last grade stays")
        self._answers += 1
