"""Virtual monitors in tests: plugged and unplugged on Xorg's dummy driver, or with true vsync on headless sway."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from tools.bench import monitors
from tools.bench.monitors import THREE, MissingError, Output, Sway, Xorg, clean_environment, make_edid, running, until

__all__ = [
    "THREE",
    "Output",
    "Sway",
    "Xorg",
    "clean_environment",
    "make_edid",
    "running",
    "skip_or_fail",
    "sway",
    "until",
    "xorg",
]


@contextmanager
def xorg(folder: Path) -> Iterator[Xorg]:
    """Start an X server with three monitors, and end it; without one the test skips, or fails in CI."""
    with _or_skip(), monitors.xorg(folder) as server:
        yield server


@contextmanager
def sway() -> Iterator[Sway]:
    """Start a Wayland compositor with two monitors, and end it; without one the test skips, or fails in CI."""
    with _or_skip(), monitors.sway() as compositor:
        yield compositor


@contextmanager
def _or_skip() -> Iterator[None]:
    try:
        yield
    except MissingError as missing:
        skip_or_fail(str(missing))


def skip_or_fail(why: str) -> NoReturn:
    """Skip a test, or fail it where a complete machine is demanded."""
    if os.environ.get("SCRIM_REQUIRE_LAVAPIPE"):
        pytest.fail(why)
    pytest.skip(why)
