"""Every example scene looks as it did when somebody last looked: `python -m tools.golden` renders what is right."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests import picture
from tests.picture import Difference, leave
from tests.shows import the_gpu
from tools.golden import GOLDEN, SCENES, Picture, UntaggedError, load, render, scenes, times_of

MOST_MEAN = 0.6
"""Levels of 255. Another build of the same software rasteriser differs by a tenth of this."""

MOST_BAD = 0.004
"""Share of the pixels. A layer that is missing, moved or of another colour is above one in a hundred."""


@cache
def rendered(name: str) -> dict[str, Picture]:
    scene = SCENES / f"{name}.toml"
    return render(scene, times_of(scene), the_gpu())


@pytest.mark.parametrize("scene", scenes(), ids=lambda scene: scene.stem)
def test_every_scene_says_when_it_is_to_be_looked_at(scene: Path) -> None:
    assert times_of(scene) or "# golden: off " in scene.read_text(encoding="utf-8")


@pytest.mark.parametrize("scene", scenes(), ids=lambda scene: scene.stem)
def test_every_scene_looks_as_it_did(scene: Path) -> None:
    if "llvmpipe" not in the_gpu().info["device"]:
        pytest.skip("golden pictures are compared on lavapipe only")
    times = times_of(scene)
    if not times:
        pytest.skip(f"{scene.name} is not compared")
    different = []
    for name, actual in rendered(scene.stem).items():
        expected = load(name)
        assert expected is not None, f"no tests/golden/{name}: run python -m tools.golden {scene.stem} and look at it"
        assert actual.shape == expected.shape, f"{name} has another size"
        difference = Difference.between(actual, expected)
        if difference.mean > MOST_MEAN or difference.bad > MOST_BAD:
            folder = leave(name.removesuffix(".png"), actual, expected)
            different.append(f"{name}: mean {difference.mean:.2f}, bad {difference.bad:.2%}; look into {folder}")
    assert not different


def test_no_golden_picture_is_left_from_a_scene_or_time_that_is_gone() -> None:
    wanted = {f"{scene.stem}@{time:g}" for scene in scenes() for time in times_of(scene)}
    there = {re.sub(r"\.\w+(?=@)", "", path.stem): path.name for path in GOLDEN.iterdir()}
    assert {name for key, name in there.items() if key not in wanted} == set()


def test_golden_pictures_are_small() -> None:
    assert [path.name for path in GOLDEN.iterdir() if path.stat().st_size > 60_000] == []


def test_the_same_scene_is_rendered_to_the_same_bytes_again() -> None:
    scene = SCENES / "particles.toml"
    first, second = (render(scene, [0.2], the_gpu()) for _ in range(2))
    assert list(first) == list(second) == ["particles@0.2.png"]
    np.testing.assert_array_equal(first["particles@0.2.png"], second["particles@0.2.png"])


# The comparison itself ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "times"),
    [("# golden: 0.5 2.0", [0.5, 2.0]), ("# golden: 3", [3.0]), ("# golden: off a camera is needed", [])],
)
def test_a_scene_is_tagged_with_times_or_a_reason(tmp_path: Path, line: str, times: list[float]) -> None:
    scene = tmp_path / "show.toml"
    scene.write_text(f"#:schema scene.schema.json\n{line}\n# A scene.\n", encoding="utf-8")
    assert times_of(scene) == times


@pytest.mark.parametrize("line", ["", "# golden:", "# golden: off", "# golden: soon", "# golden 0.5"])
def test_a_scene_without_a_tag_is_told_how_to_write_one(tmp_path: Path, line: str) -> None:
    scene = tmp_path / "show.toml"
    scene.write_text(f"{line}\n[sky.layer]\n", encoding="utf-8")
    with pytest.raises(UntaggedError, match=r"show\.toml: add `# golden: TIMES` or `# golden: off REASON`"):
        times_of(scene)


def test_a_comparison_forgives_noise_and_finds_what_is_missing_moved_or_tinted() -> None:
    (name, right) = next(iter((path.name, load(path.name)) for path in sorted(GOLDEN.glob("one_camera@*.png"))))
    assert right is not None, name
    rng = np.random.default_rng(1)
    noise = rng.integers(-1, 2, right.shape) * (rng.random(right.shape) < 0.5)
    noisy = np.clip(right + noise, 0, 255).astype(np.uint8)
    missing = right.copy()
    missing[20:80, 120:150] = right[20:80, 20:50]
    moved = np.roll(right, 2, axis=1)
    tinted = np.clip(right * np.array([1.03, 1.0, 0.97]), 0, 255).astype(np.uint8)

    def fails(actual: Picture) -> bool:
        difference = Difference.between(actual, right)
        return difference.mean > MOST_MEAN or difference.bad > MOST_BAD

    assert not fails(right)
    assert not fails(noisy)
    assert fails(missing)
    assert fails(moved)
    assert fails(tinted)


def test_a_failure_leaves_actual_expected_and_a_magnified_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture, "FAILED", tmp_path / "failed")
    expected = np.full((4, 4, 3), 100, np.uint8)
    actual = expected.copy()
    actual[0, 0] = 101
    folder = leave("show@1", actual, expected)
    assert sorted(path.name for path in folder.iterdir()) == [
        "show@1.actual.png",
        "show@1.difference.png",
        "show@1.expected.png",
    ]
    magnified = picture.magnified(actual, expected)
    assert magnified[0, 0].tolist() == [64, 64, 64], "a single level can be seen"
    assert magnified[1:].max() == 0
