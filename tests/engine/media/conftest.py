"""Feeds on a clock that is turned by hand, closed when the test is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from engine.components.camera import Camera
from engine.media.feed import Feed
from engine.notices import Notices
from engine.timing.clock import Clock, HandClock
from engine.trace import Trace

OpenFeed = Callable[..., Feed]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def open_feed(clock: HandClock, notices: Notices) -> Iterator[OpenFeed]:
    """Return a function that opens a feed: `open_feed(source=..., loop=...)`; `on` is another clock."""
    feeds = []

    def open_one(on: Clock = clock, **camera: object) -> Feed:
        feed = Feed("front", Camera(**camera), on, notices, Trace())  # type: ignore[arg-type]
        feed.open()
        feeds.append(feed)
        return feed

    yield open_one
    for feed in feeds:
        feed.close()
