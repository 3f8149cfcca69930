"""Shows to put on air, with windows where a test asks for a desktop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.scene.load import load_scene
from engine.timing.clock import HandClock
from systems.show import Show
from tests.shows import Air, airing, the_gpu


@pytest.fixture
def air(tmp_path: Path) -> Iterator[Air]:
    """Put a scene on air, headless, on a clock that steps."""
    yield from airing(tmp_path)


Windowed = Callable[[str], Show]


@pytest.fixture
def windowed(tmp_path: Path) -> Iterator[Windowed]:
    """Open a show whose displays may be windows."""
    shows: list[Show] = []

    def open_one(text: str) -> Show:
        scene = tmp_path / "windowed.toml"
        scene.write_text(text, encoding="utf-8")
        show = Show(load_scene(scene), HandClock(), gpu=the_gpu())
        shows.append(show)
        show.open()
        return show

    yield open_one
    for show in shows:
        show.close()
