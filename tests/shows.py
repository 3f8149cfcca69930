"""Shows in tests: a scene in a string, a clock turned by hand, no window; and what is on its stage and displays."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.display.target import OffscreenTarget
from engine.gpu.device import Gpu, open_gpu
from engine.scene.load import load_scene
from engine.tick import Tick
from engine.timing.clock import HandClock, RealClock
from systems.show import Show

RATE_HZ = 30.0


@cache
def the_gpu() -> Gpu:
    """Open the GPU once for all tests: a device costs half a second."""
    return open_gpu()


class OnAir:
    """An open show on a hand clock."""

    def __init__(self, scene: Path, overrides: tuple[str, ...]) -> None:
        self.path = scene
        self.clock = HandClock()
        self.show = Show(load_scene(scene, overrides), self.clock, headless=True, gpu=the_gpu())
        self.ticked = 0
        self.show.open()

    def ticks(self, count: int = 1) -> OnAir:
        """Go on for so many ticks, each an interval after the last."""
        for _ in range(count):
            if self.ticked:
                self.clock.wait_until(round(self.ticked * 1e9 / self.show.stage.rate_hz))
            self.show.loop.run(lambda: False, 0.0)
            self.ticked += 1
        return self

    def light(self) -> NDArray[np.float32]:
        """Return the stage: linear light (height, width, 3)."""
        return self.show.gpu.read(self.show.stage_image.texture)[..., :3].astype(np.float32)

    def shown(self, display: str = "") -> NDArray[np.uint8]:
        """Return what a display (the first, unless named) shows: (height, width, 3)."""
        presenters = self.show.present.presenters
        target = presenters[display or next(iter(presenters))].target
        assert isinstance(target, OffscreenTarget)
        return np.ascontiguousarray(self.show.gpu.read(target.texture)[..., :3])

    @property
    def said(self) -> list[str]:
        """Every notice."""
        return said_by(self.show)


class Live:
    """An open show on a clock that runs."""

    LONGEST_S = 60.0

    def __init__(self, folder: Path, text: str) -> None:
        scene = folder / "live.toml"
        scene.write_text(text, encoding="utf-8")
        self.show = Show(load_scene(scene), RealClock(), headless=True, gpu=the_gpu())
        self.ticks = 0
        self.show.open()

    def until(self, happened: Callable[[], object], what: str = "it") -> int:
        """Stay on air until something has happened; return how many ticks that took."""
        self.show.stopping = False
        begun, deadline_s = self.ticks, time.monotonic() + self.LONGEST_S

        def look(_: Tick) -> None:
            self.ticks += 1
            assert time.monotonic() < deadline_s, f"{what} never came; said {self.said}"
            self.show.stopping = bool(happened())

        self.show.run(None, look)
        return self.ticks - begun

    @property
    def said(self) -> list[str]:
        """Every notice."""
        return said_by(self.show)


def said_by(show: Show) -> list[str]:
    """Return every notice of a show as `subject: text`."""
    return [f"{notice.subject}: {notice.text}" for notice in show.notices.all()]


Air = Callable[..., OnAir]


def airing(folder: Path) -> Iterator[Air]:
    """Give a function that puts a scene on air: `air(text, width, height, "entity.component.field=value")`.

    The scene lies in `folder`, gets a small stage unless it has one, and one tick unless `ticks` says else.
    """
    open_shows: list[OnAir] = []

    def air(text: str, width: int = 96, height: int = 54, *overrides: str, ticks: int = 1) -> OnAir:
        text = inspect.cleandoc(text) + "\n"
        if ".stage]" not in text:
            text += f"[stage.stage]\nwidth = {width}\nheight = {height}\n"
        scene = folder / f"show{len(open_shows)}.toml"
        scene.write_text(text, encoding="utf-8")
        on_air = OnAir(scene, overrides)
        open_shows.append(on_air)
        return on_air.ticks(ticks)

    yield air
    for on_air in open_shows:
        on_air.show.close()
