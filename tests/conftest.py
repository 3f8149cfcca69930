"""What every test may ask for: the shared media, a clean list of notices, and a virtual desktop."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.notices import Notices
from tests.displays import Desktop

ROOT = Path(__file__).parents[1]
MEDIA = Path(os.environ.get("SCRIM_MEDIA", ROOT.parent / "shared" / "media")).absolute()


@pytest.fixture
def media() -> Callable[[str], Path]:
    """Return the path of a shared media file; without it the test skips, or fails where SCRIM_MEDIA demands it."""

    def find(name: str) -> Path:
        path = MEDIA / name
        if not path.exists():
            if "SCRIM_MEDIA" in os.environ:
                pytest.fail(f"SCRIM_MEDIA is set, but {path} is missing")
            pytest.skip(f"no shared media: {path} is missing")
        return path

    return find


@pytest.fixture
def notices() -> Notices:
    return Notices()


@pytest.fixture(scope="session")
def desktop_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    """One virtual desktop for all tests: glfw stays connected to the first that it sees."""
    import glfw

    desktop = Desktop(tmp_path_factory.mktemp("desktop"))
    desktop.start()
    yield desktop
    glfw.terminate()
    desktop.stop()


@pytest.fixture
def desktop(desktop_server: Desktop, monkeypatch: pytest.MonkeyPatch) -> Desktop:
    """A virtual desktop, for this test the program's own."""
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", desktop_server.name)
    return desktop_server
