"""Time in one's hand: it stands, steps, goes slowly, goes back, and goes round."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.engine.media.videos import make_video
from tests.shows import the_gpu
from tools.preview.panels.timeline import clock_text, ticks_of, tracks
from tools.preview.player import Player
from tools.preview.session import Session

WIDTH, HEIGHT = 192, 128

SCENE = """[stage.stage]
width = WIDTH
height = HEIGHT
[clip.camera]
source = "clip.mp4"
[clip.layer]
[clip.place]
fit = "stretch"
[clip.keyframes]
times_s = [0.5, 1.5]
layer.opacity = [1.0, 1.0]
"""


@pytest.fixture
def player(tmp_path: Path) -> Iterator[Player]:
    """A film of a second whose pictures bear their numbers, paused at its beginning."""
    make_video(tmp_path / "clip.mp4", 30, WIDTH, HEIGHT)
    path = tmp_path / "show.toml"
    path.write_text(SCENE.replace("WIDTH", f"{WIDTH}").replace("HEIGHT", f"{HEIGHT}"), encoding="utf-8")
    player = Player(Session(path), the_gpu(), stepped=True)
    player.playing = False
    player.open()
    yield player
    player.close()


def seen(player: Player) -> int:
    """Return the number of the picture that is on the stage."""
    assert player.show is not None
    pixels: NDArray[np.float16] = the_gpu().read(player.show.stage_image.texture)
    side = HEIGHT // 8
    return sum(int(pixels[HEIGHT - side // 2, bit * side + side // 2, 0] > 0.2) << bit for bit in range(8))


def test_a_step_is_a_frame_and_back_is_where_it_was(player: Player) -> None:
    assert (player.now_s, seen(player)) == (0.0, 0)
    for number in range(1, 5):
        player.step()
        assert seen(player) == number
    assert player.now_s == pytest.approx(4 / 30)
    player.scrub(2 / 30)
    assert seen(player) == 2
    player.scrub(21 / 30)
    assert seen(player) == 21
    player.scrub(33 / 30)
    assert seen(player) == 3, "round again"


def test_it_plays_as_fast_as_is_asked(player: Player) -> None:
    player.playing = True
    player.speed = 0.5
    now_s = 100.0
    for _ in range(60):
        player.play(now_s)
        now_s += 1 / 60
    assert player.now_s == pytest.approx(15 / 30, abs=0.07), "a second at half the speed"
    player.playing = False
    before = player.now_s
    player.play(now_s + 1)
    assert player.now_s == before


def test_a_part_goes_round(player: Player) -> None:
    player.loop = (0.2, 0.4)
    player.scrub(0.3)
    player.playing = True
    times = []
    for at in range(12):
        player.play(200.0 + at / 20)
        times.append(player.now_s)
    assert min(times) >= 0.2 - 1e-6
    assert max(times) <= 0.4 + 1 / 30
    assert any(after < before for before, after in pairwise(times)), "it went back once"


def test_what_has_a_time_of_its_own_is_found(player: Player) -> None:
    assert player.show is not None
    (track,) = tracks(player.session, player.show)
    assert track.name == "clip"
    assert track.round_s == pytest.approx(1.0, abs=0.1)
    assert track.loops
    assert track.marks_s == (0.5, 1.5)


def test_a_change_is_seen_while_time_stands(player: Player) -> None:
    player.step(20)
    assert seen(player) == 20
    player.session.set(("clip", "layer", "visible"), False)
    player.play(0.0)
    assert seen(player) == 0
    assert player.now_s == pytest.approx(20 / 30)


def test_a_ruler_and_a_clock_are_easy_to_read() -> None:
    named = [second for second, is_named in ticks_of(10.0, 600.0) if is_named]
    assert named == [float(second) for second in range(11)]
    assert len([0 for _, is_named in ticks_of(3600.0, 600.0) if is_named]) <= 8
    assert clock_text(61.5, 30.0) == "01:01 + 15"
