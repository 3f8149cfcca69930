"""Displays tell which they are when somebody asks, and only those who stand before them see it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.display.name_tag import tag
from engine.scene.load import load_scene
from engine.timing.clock import HandClock
from systems.show import Show
from tests.shows import Air, the_gpu

SCENE = """
[sky.fill]
colour = "#305070"
[sky.layer]
[wall.display]
width = 160
height = 90
dither = false
[side.display]
width = 90
height = 160
rotate = 90
dither = false
"""


def test_every_display_shows_its_number_and_name_for_a_while(air: Air, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [100.0]
    monkeypatch.setattr("engine.display.name_tag.time.monotonic", lambda: now_s[0])
    on_air = air(SCENE)
    clean = {name: on_air.shown(name) for name in ("wall", "side")}
    on_air.show.present.identify(4.0)
    on_air.ticks()
    upright = {"wall": on_air.shown("wall"), "side": np.rot90(on_air.shown("side"))}
    for number, (name, found) in enumerate(upright.items(), 1):
        expected = tag(number, name, (160, 90))
        height, width = expected.shape[:2]
        top, left = (90 - height) // 2, (160 - width) // 2
        behind = clean[name][45, 5].astype(float)
        blended = expected[..., :3] + behind * (1.0 - expected[..., 3:] / 255.0)
        np.testing.assert_allclose(found[top : top + height, left : left + width], blended, atol=1.01)
    now_s[0] += 3.9
    assert (on_air.ticks().shown("wall") != clean["wall"]).any()
    now_s[0] += 0.2
    np.testing.assert_array_equal(on_air.ticks().shown("wall"), clean["wall"])


def test_a_display_that_is_recorded_does_not_show_it(air: Air, tmp_path: Path) -> None:
    on_air = air(SCENE)
    clean = on_air.shown("wall")
    on_air.show.record(tmp_path / "wall.mp4", "wall")
    on_air.show.present.identify(60.0)
    on_air.ticks(2)
    np.testing.assert_array_equal(on_air.shown("wall"), clean)
    assert len(np.unique(on_air.shown("side").reshape(-1, 3), axis=0)) > 1


def test_a_tag_is_never_larger_than_its_display() -> None:
    for width in (1, 30, 200, 1920):
        for height in (1, 20, 160, 1080):
            found = tag(12, "a display with a long name indeed", (width, height))
            assert found.shape[0] <= max(1, height)
            assert found.shape[1] <= max(1, width)
            assert (found[..., :3] <= found[..., 3:]).all()


def test_a_show_that_is_not_to_send_leaves_the_scenes_streams_alone(tmp_path: Path) -> None:
    scene = tmp_path / "show.toml"
    scene.write_text(SCENE + f'[wall.stream]\nurl = "{tmp_path}/film.mp4"\n', encoding="utf-8")
    show = Show(load_scene(scene), HandClock(), headless=True, sends=False, gpu=the_gpu())
    show.open()
    show.run(0.1)
    show.close()
    assert not show.present.outputs.recorders
    assert not (tmp_path / "film.mp4").exists()
