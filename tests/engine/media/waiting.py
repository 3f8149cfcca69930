"""Waiting for what a worker does: as long as it takes, within reason."""

from __future__ import annotations

import time
from collections.abc import Callable

from engine.media.feed import Feed
from tests.engine.media.videos import number_of

WAIT_S = 20.0


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)


def collect(feed: Feed, enough: Callable[[list[int]], bool]) -> list[int]:
    """Take pictures as they come; return their numbers."""
    numbers: list[int] = []

    def taken() -> bool:
        picture = feed.newest(0)
        if picture is not None:
            numbers.append(number_of(picture))
            picture.release()
        return enough(numbers)

    wait_for(taken)
    return numbers
