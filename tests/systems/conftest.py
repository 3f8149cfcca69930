"""Shows to put on air, and pictures to put into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.picture import save_png
from tests.shows import Air, airing

Still = Callable[..., str]


@pytest.fixture
def air(tmp_path: Path) -> Iterator[Air]:
    """Put a scene on air, headless, on a clock that steps."""
    yield from airing(tmp_path)


@pytest.fixture
def still(tmp_path: Path) -> Still:
    """Write a picture beside the scene; return what `camera.source` must say."""

    def write(pixels: NDArray[Any], name: str = "still.png") -> str:
        save_png(tmp_path / name, pixels.astype(np.uint8))
        return name

    return write
