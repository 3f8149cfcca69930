"""What the tests of scenes share: writing a scene, and reading what is wrong with it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import SceneError
from engine.scene.load import load_scene

Write = Callable[..., Path]
Wrong = Callable[..., list[str]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file into the test's own folder; the scene is show.toml."""

    def write(text: str | bytes, name: str = "show.toml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else inspect.cleandoc(text).encode())
        return path

    return write


@pytest.fixture
def wrong(write: Write) -> Wrong:
    """Load a scene that is wrong; return its mistakes as `line:column: message`, other files with their name."""

    def wrong(text: str | bytes, *overrides: str) -> list[str]:
        path = write(text)
        with pytest.raises(SceneError) as caught:
            load_scene(path, overrides)
        assert len(str(caught.value).splitlines()) == len(caught.value.mistakes)
        prefix = f"{path.parent}/"
        return [
            re.sub(r"^show\.toml:(?=\d)", "", str(mistake).removeprefix(prefix)) for mistake in caught.value.mistakes
        ]

    return wrong
