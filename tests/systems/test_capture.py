"""Capture: the newest picture, held while it is needed, fading when its camera is lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.media.feed import SLOTS
from engine.scene.load import load_scene
from engine.scene.reload import apply_scene
from systems.capture import Captured
from systems.inference import Shown
from tests.shows import Air, OnAir
from tests.systems.conftest import Still

SCENE = """
[front.camera]
source = "synthetic"
width = 64
height = 36
rate_hz = {hz}
fade_s = {fade}
[front.layer]
"""


def captured_of(on_air: OnAir, name: str = "front") -> Captured:
    captured = on_air.show.world.get(name, Captured)
    assert captured is not None
    return captured


def test_a_picture_arrives_once(air: Air) -> None:
    on_air = air(SCENE.format(hz=15.0, fade=1.0), 64, 36)
    arrivals = []
    for _ in range(6):
        arrivals.append(captured_of(on_air).arrived)
        on_air.ticks()
    assert arrivals == [True, False, True, False, True, False]


def test_a_picture_is_stamped_with_the_time_of_its_tick(air: Air) -> None:
    on_air = air(SCENE.format(hz=30.0, fade=1.0), 64, 36, ticks=7)
    newest = captured_of(on_air).newest
    assert newest is not None
    assert newest.captured_ns == pytest.approx(on_air.show.loop.tick.now_ns, abs=2)
    assert newest.sequence == 7


def test_no_more_slots_are_held_than_the_show_needs(air: Air) -> None:
    on_air = air(SCENE.format(hz=30.0, fade=1.0), 64, 36, ticks=20)
    feed = captured_of(on_air).feed
    assert feed is not None
    # The newest, which is also the one that is shown.
    assert len(feed._slots.free) == SLOTS - 1
    on_air.show.close()
    assert len(feed._slots.free) == SLOTS


def test_a_lost_camera_fades_and_comes_back(air: Air, still: Still) -> None:
    still(np.full((36, 64, 3), 255, np.uint8))
    on_air = air('[front.camera]\nsource = "still.png"\nfade_s = 1.0\n[front.layer]\n', 64, 36)
    feed = captured_of(on_air).feed
    assert feed is not None
    assert on_air.light().mean() == pytest.approx(1.0, abs=0.01)
    feed.lost_at_ns = on_air.show.loop.tick.now_ns
    on_air.ticks(15)
    assert captured_of(on_air).presence == pytest.approx(0.5)
    assert on_air.light().mean() == pytest.approx(0.5, abs=0.01)
    on_air.ticks(20)
    assert on_air.light().max() == 0
    feed.lost_at_ns = None
    on_air.ticks()
    assert on_air.light().mean() == pytest.approx(1.0, abs=0.01)


def test_a_lost_camera_without_a_fade_goes_at_once(air: Air, still: Still) -> None:
    still(np.full((36, 64, 3), 255, np.uint8))
    on_air = air('[front.camera]\nsource = "still.png"\nfade_s = 0.0\n[front.layer]\n', 64, 36)
    feed = captured_of(on_air).feed
    assert feed is not None
    feed.lost_at_ns = on_air.show.loop.tick.now_ns
    on_air.ticks()
    assert on_air.light().max() == 0


def test_a_still_is_uploaded_once(air: Air, still: Still) -> None:
    still(np.full((36, 64, 3), 255, np.uint8))
    on_air = air('[front.camera]\nsource = "still.png"\n[front.layer]\n', 64, 36, ticks=10)
    shown = on_air.show.world.get("front", Shown)
    assert shown is not None
    assert (shown.count, captured_of(on_air).taken) == (1, 1)


def test_a_camera_that_is_changed_on_air_is_opened_anew(air: Air, still: Still, tmp_path: Path) -> None:
    still(np.full((36, 64, 3), (255, 0, 0), np.uint8), "red.png")
    still(np.full((36, 64, 3), (0, 0, 255), np.uint8), "blue.png")
    text = '[front.camera]\nsource = "{}.png"\n[front.layer]\n'
    on_air = air(text.format("red"), 64, 36)
    before = on_air.show.scene
    edited = tmp_path / "edited.toml"
    edited.write_text(on_air.path.read_text(encoding="utf-8").replace("red.png", "blue.png"), encoding="utf-8")
    apply_scene(on_air.show.world, before, load_scene(edited))
    on_air.ticks(3)
    np.testing.assert_allclose(on_air.light()[18, 32], [0, 0, 1], atol=0.01)
