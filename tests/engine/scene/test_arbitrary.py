"""Thousands of random scenes: valid ones load, spoilt ones are refused in words, and nothing else happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

from engine.component import FileKind, components
from engine.errors import SceneError
from engine.scene.arbitrary import mutate, scene_text
from engine.scene.load import load_scene
from tests.conftest import ROOT


def test_random_scenes_load_and_meet_every_component(tmp_path: Path) -> None:
    path = tmp_path / "show.toml"
    (tmp_path / "file").touch()
    look = str(ROOT / "scenes" / "looks" / "silk.wgsl")
    files: Mapping[FileKind, Sequence[str]] = {
        "camera": ("synthetic",), "picture": ("file",), "model": ("file",), "shader": (look,),
    }  # fmt: skip
    met: set[str] = set()
    for seed in range(200):
        path.write_text(scene_text(Random(seed), files))
        met.update(name for parts in load_scene(path).entities.values() for name in parts)
    assert met == set(components())


def test_random_scenes_come_again_with_their_seed() -> None:
    assert scene_text(Random(3)) == scene_text(Random(3))
    assert scene_text(Random(3)) != scene_text(Random(4))


def test_spoilt_scenes_never_crash(tmp_path: Path) -> None:
    path = tmp_path / "show.toml"
    refused = 0
    for seed in range(2500):
        random = Random(seed)
        spoilt = mutate(random, scene_text(random))
        path.write_bytes(spoilt if isinstance(spoilt, bytes) else spoilt.encode())
        error = _refusal(path)
        if error is not None:
            refused += 1
            assert error.mistakes, f"seed {seed}"
            assert all(mistake.message for mistake in error.mistakes), f"seed {seed}"
            assert len(str(error).splitlines()) == len(error.mistakes), f"seed {seed}"
    assert 500 < refused < 2500


def _refusal(path: Path) -> SceneError | None:
    try:
        load_scene(path)
    except SceneError as error:
        return error
    return None
