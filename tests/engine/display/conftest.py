"""Shows to put on air, with windows on a virtual desktop where a test asks for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import glfw
import pytest

from engine.scene.load import load_scene
from engine.timing.clock import HandClock
from systems.show import Show
from tests.displays import Desktop
from tests.shows import Air, airing, the_gpu


@pytest.fixture
def air(tmp_path: Path) -> Iterator[Air]:
    """Put a scene on air, headless, on a clock that steps."""
    yield from airing(tmp_path)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    """One virtual desktop for all tests: glfw stays connected to the first that it sees."""
    desktop = Desktop(tmp_path_factory.mktemp("desktop"))
    desktop.start()
    yield desktop
    glfw.terminate()
    desktop.stop()


@pytest.fixture
def desktop(server: Desktop, monkeypatch: pytest.MonkeyPatch) -> Desktop:
    """A virtual desktop, for this test the program's own."""
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", server.name)
    return server


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
