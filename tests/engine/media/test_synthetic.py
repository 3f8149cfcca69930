"""The performer is always the same, stays in the picture, and their mask is exact."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from engine.components.camera import Camera
from engine.media.performer import ROUND_S, appearance_of, pose_at
from engine.media.picture import Picture, PictureBuffer
from engine.media.shot import SECOND_NS
from engine.media.synthetic import Synthetic

COLOURS: tuple[Any, ...] = ("green", "blue")

SOME_TIMES_S = (0.0, 1.7, 4.0, 6.3, 9.0, 12.4, 15.0, 100.3)


def picture_at(seconds: float, **camera: Any) -> Picture:
    size = {"width": 320, "height": 180}
    return Synthetic(Camera(**(size | camera))).picture_at(int(seconds * SECOND_NS), PictureBuffer())


@pytest.mark.parametrize("backdrop", ["green", "blue", "room"])
def test_the_same_seed_and_time_give_the_same_picture(backdrop: str) -> None:
    one, other = picture_at(3.3, backdrop=backdrop), picture_at(3.3, backdrop=backdrop)
    assert (one.planes[0] == other.planes[0]).all()
    assert one.truth is not None
    assert other.truth is not None
    assert (one.truth == other.truth).all()
    assert (one.planes[0][..., 3] == 255).all()


def test_a_buffer_that_is_used_again_keeps_nothing() -> None:
    source, buffer = Synthetic(Camera(width=320, height=180)), PictureBuffer()
    source.picture_at(0, buffer)
    again = source.picture_at(9 * SECOND_NS, buffer)
    fresh = picture_at(9.0)
    assert again.truth is not None
    assert fresh.truth is not None
    assert (again.planes[0] == fresh.planes[0]).all()
    assert (again.truth == fresh.truth).all()


@pytest.mark.parametrize("seconds", SOME_TIMES_S)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_truth_is_the_exact_alpha(seconds: float, seed: int) -> None:
    """Two backdrops differ behind the performer by what the mask leaves of them: (1 − alpha) × difference."""
    green, blue = (picture_at(seconds, seed=seed, backdrop=colour) for colour in COLOURS)
    empty_green, empty_blue = (
        Synthetic(Camera(width=320, height=180, seed=seed, backdrop=colour)).backdrop for colour in COLOURS
    )
    assert green.truth is not None
    left = 1 - green.truth[..., None] / 255
    seen = green.planes[0].astype(float) - blue.planes[0]
    expected = left * (empty_green.astype(float) - empty_blue)
    assert np.abs(seen - expected)[..., :3].max() <= 1.01


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(("width", "height"), [(320, 180), (180, 320), (160, 160), (129, 67)])
def test_the_performer_stays_in_the_picture(seed: int, width: int, height: int) -> None:
    source, buffer = Synthetic(Camera(width=width, height=height, seed=seed)), PictureBuffer()
    reached = np.zeros((height, width), bool)
    for step in range(64):
        truth = source.picture_at(step * SECOND_NS // 4, buffer).truth
        assert truth is not None
        assert 0.04 < (truth > 127).mean() < 0.6
        reached |= truth > 0
    assert not reached[0].any()
    assert not reached[:, 0].any()
    assert not reached[:, -1].any()
    assert reached[-1].any()


def test_the_smallest_picture_is_drawn() -> None:
    assert picture_at(0.0, width=16, height=16).planes[0].shape == (16, 16, 4)


def test_edges_are_soft_and_the_middle_is_solid() -> None:
    truth = picture_at(0.0, width=640, height=360).truth
    assert truth is not None
    soft = ((truth > 0) & (truth < 255)).mean()
    assert 0.001 < soft < 0.05
    assert len(np.unique(truth)) > 50
    assert (truth == 255).mean() > 0.1


def test_performers_differ() -> None:
    people = [appearance_of(seed) for seed in range(12)]
    for one, next_one in pairwise(people):
        assert (one.skin, one.hair_style, one.top_style) != (next_one.skin, next_one.hair_style, next_one.top_style)
    assert len({(one.skin, one.hair, one.hair_style, one.top) for one in people}) == 12


@pytest.mark.parametrize("seed", [0, 1, 2, 2**31 - 1])
def test_poses_are_smooth_even_where_a_round_ends(seed: int) -> None:
    for start_s in (*SOME_TIMES_S, ROUND_S - 0.5, 2 * ROUND_S - 0.5):
        poses = [pose_at(seed, int((start_s + step / 100) * SECOND_NS)) for step in range(100)]
        for one, other in pairwise(poses):
            assert abs(one.x - other.x) < 0.02
            assert abs(one.turn - other.turn) < 0.06
            assert abs(one.waving - other.waving) < 0.06


def test_they_walk_turn_and_wave() -> None:
    poses = [pose_at(1, int(step * SECOND_NS / 10)) for step in range(int(ROUND_S * 10))]
    assert min(pose.x for pose in poses) < -0.8
    assert max(pose.x for pose in poses) > 0.8
    assert max(pose.turn for pose in poses) > 0.8
    assert min(pose.turn for pose in poses) < -0.8
    assert poses[0].waving == 1.0


@pytest.mark.parametrize(("backdrop", "channel"), [("green", 1), ("blue", 2)])
def test_a_screen_is_its_colour_slightly_uneven(backdrop: Any, channel: int) -> None:
    screen = Synthetic(Camera(width=320, height=180, backdrop=backdrop)).backdrop[..., :3].astype(float)
    assert (screen[..., channel] > 1.5 * np.delete(screen, channel, axis=2).max(axis=2)).all()
    assert 1 < screen[..., channel].std() < 12
