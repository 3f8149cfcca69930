"""What every test may ask for: the shared media, and a clean list of notices."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.notices import Notices

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
