"""A feed keeps time, loops without a seam, and gets lost cameras back."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from engine.errors import CameraError
from engine.media import feed as feed_module
from engine.media.feed import SLOTS, Feed
from engine.media.picture import Picture, PictureBuffer
from engine.media.shot import SECOND_NS, Shot, Source
from engine.notices import Notices
from engine.timing.clock import HandClock, RealClock
from tests.engine.media.conftest import OpenFeed
from tests.engine.media.videos import make_still, make_video, number_of
from tests.engine.media.waiting import collect, wait_for


def play(feed: Feed, clock: HandClock, seconds: float, rate_hz: float = 30.0) -> list[tuple[int, int, int]]:
    """Tick through some seconds; return (number, sequence, capture time) of every new picture."""
    found = []
    for index in range(round(seconds * rate_hz)):
        clock.wait_until(int(index * SECOND_NS / rate_hz))
        picture = feed.newest(clock.now_ns)
        if picture is not None:
            found.append((number_of(picture), picture.sequence, picture.captured_ns))
            picture.release()
    return found


def test_a_file_plays_at_its_own_rate(tmp_path: Path, clock: HandClock, open_feed: OpenFeed) -> None:
    make_video(tmp_path / "a.mp4", count=20, rate_hz=15)
    feed = open_feed(source=str(tmp_path / "a.mp4"))
    found = play(feed, clock, 1.0)
    assert [number for number, _, _ in found] == list(range(15))
    assert [sequence for _, sequence, _ in found] == list(range(1, 16))
    assert all(abs(at - number * SECOND_NS / 15) < 2 for number, _, at in found)
    assert (feed.status, feed.delivered, feed.dropped) == ("live", 15, 0)


def test_the_same_times_give_the_same_pictures(tmp_path: Path, open_feed: OpenFeed) -> None:
    make_video(tmp_path / "a.mkv", count=20)  # Matroska rounds its times to a millisecond
    clocks = HandClock(), HandClock()
    runs = [play(open_feed(on=clock, source=str(tmp_path / "a.mkv")), clock, 1.5) for clock in clocks]
    assert runs[0] == runs[1]
    assert [number for number, _, _ in runs[0]] == [index % 20 for index in range(45)]


def test_a_slow_tick_takes_the_last_picture_that_is_due(tmp_path: Path, clock: HandClock, open_feed: OpenFeed) -> None:
    make_video(tmp_path / "a.mp4", count=30)
    assert [number for number, _, _ in play(open_feed(source=str(tmp_path / "a.mp4")), clock, 1.0, 10)] == list(
        range(0, 30, 3)
    )


def test_a_file_that_does_not_loop_ends_with_its_last_picture(
    tmp_path: Path, clock: HandClock, open_feed: OpenFeed
) -> None:
    make_video(tmp_path / "a.mp4", count=5)
    feed = open_feed(source=str(tmp_path / "a.mp4"), loop=False)
    assert [number for number, _, _ in play(feed, clock, 1.0)] == [0, 1, 2, 3, 4]
    assert feed.status == "ended"


@pytest.mark.parametrize("kind", ["still", "video of one picture"])
def test_one_picture_comes_once(tmp_path: Path, clock: HandClock, open_feed: OpenFeed, kind: str) -> None:
    path = tmp_path / ("a.png" if kind == "still" else "a.mp4")
    make_still(path) if kind == "still" else make_video(path, count=1)
    feed = open_feed(source=str(path))
    assert [sequence for _, sequence, _ in play(feed, clock, 1.0)] == [1]
    assert feed.status == "live"


def test_mirror_and_rotation_of_camera_and_file_add_up(tmp_path: Path, open_feed: OpenFeed) -> None:
    make_video(tmp_path / "a.mp4", count=2, rotation=180)
    picture = open_feed(source=str(tmp_path / "a.mp4"), mirror=True, rotate=270).newest(0)
    assert picture is not None
    assert picture.mirrored
    assert picture.quarter_turns == 1
    assert picture.upright_size == (picture.height, picture.width)
    picture.release()


def test_with_all_slots_held_pictures_are_dropped_and_counted(
    tmp_path: Path, clock: HandClock, open_feed: OpenFeed
) -> None:
    make_video(tmp_path / "a.mp4", count=20)
    feed = open_feed(source=str(tmp_path / "a.mp4"))
    held = []
    for index in range(SLOTS + 3):
        clock.wait_until(index * SECOND_NS // 30)
        held.append(feed.newest(clock.now_ns))
    assert held[SLOTS:] == [None] * 3
    assert (feed.delivered, feed.dropped) == (SLOTS, 3)
    for picture in held[:SLOTS]:
        assert picture is not None
        picture.release()
    clock.wait_until(SECOND_NS // 2)
    after = feed.newest(clock.now_ns)
    assert after is not None
    assert after.sequence == SLOTS + 1
    after.release()


def test_errors_come_when_it_is_opened_and_name_the_camera(tmp_path: Path, open_feed: OpenFeed) -> None:
    with pytest.raises(CameraError, match=r"camera front: .*a\.mp4 does not exist"):
        open_feed(source=str(tmp_path / "a.mp4"))


def test_the_worker_delivers_and_loops(tmp_path: Path, open_feed: OpenFeed) -> None:
    make_video(tmp_path / "a.mp4", count=6, rate_hz=60)
    feed = open_feed(on=RealClock(), source=str(tmp_path / "a.mp4"))
    feed.start()
    numbers = collect(feed, lambda numbers: numbers.count(0) >= 3 and numbers.count(5) >= 2)
    assert set(numbers) <= set(range(6))
    assert feed.status == "live"
    feed.close()
    picture = feed.newest(0)
    assert picture is None


def test_the_worker_stops_at_the_end(tmp_path: Path, open_feed: OpenFeed) -> None:
    make_video(tmp_path / "a.mp4", count=4, rate_hz=60)
    feed = open_feed(on=RealClock(), source=str(tmp_path / "a.mp4"), loop=False)
    feed.start()
    assert collect(feed, lambda numbers: feed.status == "ended" and 3 in numbers)[-1] == 3


def test_what_nobody_took_is_dropped_and_counted(tmp_path: Path, open_feed: OpenFeed) -> None:
    make_video(tmp_path / "a.mp4", count=10, rate_hz=60)
    feed = open_feed(on=RealClock(), source=str(tmp_path / "a.mp4"))
    feed.start()
    wait_for(lambda: feed.delivered > 2 * SLOTS)
    assert feed.dropped >= SLOTS


class Slow(Source):
    """A hundred pictures a second, each of which takes thirty milliseconds to write."""

    interval_ns = SECOND_NS // 100

    def __init__(self, *_arguments: object) -> None:
        self._index = -1

    def next(self) -> Shot | None:
        self._index += 1
        return Shot(self._index * self.interval_ns, self._write)

    def _write(self, buffer: PictureBuffer) -> Picture:
        time.sleep(0.03)
        return Picture(0, 0, 16, 16, "rgba", buffer.shape("rgba", 16, 16))


def test_a_source_too_slow_for_its_rate_skips_and_does_not_fall_behind(
    monkeypatch: pytest.MonkeyPatch, open_feed: OpenFeed
) -> None:
    monkeypatch.setattr(feed_module, "open_source", Slow)
    clock = RealClock()
    feed = open_feed(on=clock)
    feed.start()
    captured: list[int] = []
    while len(captured) < 20:
        if (picture := feed.newest(0)) is not None:
            captured.append(picture.captured_ns)
            picture.release()
        time.sleep(0.005)
    feed.close()
    assert clock.now_ns - captured[-1] < 2 * SECOND_NS
    assert feed.dropped >= 20  # one in three or four was shown


class Flaky(Source):
    """Gives three pictures, then is gone; opens again only at the third attempt."""

    live = True
    paced = False
    attempts = 0

    def __init__(self, *_arguments: object) -> None:
        type(self).attempts += 1
        if self.attempts in (2, 3):
            raise CameraError("the cable is out; plug it in")
        self._left = 3 if self.attempts == 1 else 10**9

    def next(self) -> Shot | None:
        time.sleep(0.002)
        self._left -= 1
        if self._left < 0:
            raise CameraError("no more pictures came; plug it in")
        return Shot(0, self._write)

    def _write(self, buffer: PictureBuffer) -> Picture:
        planes = buffer.shape("rgba", 16, 16)
        return Picture(0, 0, 16, 16, "rgba", planes)


def test_a_lost_camera_is_said_once_and_comes_back(
    monkeypatch: pytest.MonkeyPatch, notices: Notices, open_feed: OpenFeed
) -> None:
    monkeypatch.setattr(Flaky, "attempts", 0)
    monkeypatch.setattr(feed_module, "open_source", Flaky)
    feed = open_feed(on=RealClock())
    feed.start()
    wait_for(lambda: feed.status == "lost")
    assert feed.lost_at_ns is not None
    wait_for(lambda: feed.status == "live")
    assert feed.lost_at_ns is None
    assert feed.reopened == 1
    assert feed.delivered > 3
    assert [(notice.severity, notice.text) for notice in notices.all()] == [
        ("visible", "no more pictures came; plug it in"),
        ("noted", "is back"),
    ]


def test_a_camera_lost_in_steps_stays_lost(
    monkeypatch: pytest.MonkeyPatch, clock: HandClock, open_feed: OpenFeed
) -> None:
    monkeypatch.setattr(Flaky, "attempts", 0)
    monkeypatch.setattr(feed_module, "open_source", Flaky)
    feed = open_feed()
    assert len(play(feed, clock, 1.0)) == 3
    assert feed.status == "lost"
    assert feed.lost_at_ns is not None


def test_auto_without_a_webcam_is_the_performer_and_says_so(
    monkeypatch: pytest.MonkeyPatch, notices: Notices, open_feed: OpenFeed
) -> None:
    monkeypatch.setattr("engine.media.source.list_devices", list)
    feed = open_feed(source="auto", width=64, height=36)
    assert feed.description.startswith("synthetic")
    assert "the synthetic performer stands in" in notices.all()[0].text


def test_a_part_shorter_than_a_picture_stands_still_and_that_is_said(
    tmp_path: Path, clock: HandClock, open_feed: OpenFeed, notices: Notices
) -> None:
    make_video(tmp_path / "a.mp4", count=30)
    feed = open_feed(source=str(tmp_path / "a.mp4"), from_s=0.5, to_s=0.51)
    assert [number for number, _, _ in play(feed, clock, 1.0)] == [15]
    assert [notice.text for notice in notices.all() if "it stands still" in notice.text]


def test_a_part_loops_without_a_seam(tmp_path: Path, clock: HandClock, open_feed: OpenFeed) -> None:
    make_video(tmp_path / "a.mp4", count=30)
    found = play(open_feed(source=str(tmp_path / "a.mp4"), from_s=0.2, to_s=0.4), clock, 0.8)
    assert [number for number, _, _ in found] == [6 + index % 6 for index in range(24)]
