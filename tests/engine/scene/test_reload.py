"""A reload touches only what differs, and a watched scene is loaded again when its files change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.components import Camera, Display, Fill, Layer, Light
from engine.errors import SceneError
from engine.notices import Notices
from engine.scene.load import Scene, load_scene
from engine.scene.reload import Difference, SceneWatcher, apply_scene, difference
from engine.world import World
from tests.engine.scene.conftest import Write

SKY = "[sky.layer]\n[sky.fill]\n"
WAIT_S = 20.0


def _scene(**entities: list[object]) -> Scene:
    named = {name: {type(part).__name__.lower(): part for part in parts} for name, parts in entities.items()}
    return Scene(Path("show.toml"), named, frozenset())


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


def test_a_scene_without_change_touches_nothing(world: World) -> None:
    scene = _scene(sky=[Layer(), Fill()])
    apply_scene(world, None, scene)
    revision = world.revision
    changes = apply_scene(world, scene, _scene(sky=[Layer(), Fill()]))
    assert changes == Difference(removed=[], dropped=[], added=[], spawned=[])
    assert world.revision == revision
    assert world.get("sky", Layer) is scene.entities["sky"]["layer"]


def test_only_what_differs_is_touched(world: World) -> None:
    old = _scene(gone=[Light()], sky=[Layer(), Fill()], wall=[Display()])
    new = _scene(sky=[Layer(order=1), Fill(), Camera()], wall=[Light()], come=[Light()])
    changes = difference(old, new)
    assert changes.removed == ["gone"]
    assert changes.dropped == [("wall", Display)]
    assert changes.added == [("sky", Layer(order=1)), ("sky", Camera()), ("wall", Light())]
    assert changes.spawned == ["come"]

    apply_scene(world, None, old)
    apply_scene(world, old, new)
    assert world.names() == ["sky", "wall", "come"]
    assert world.get("sky", Layer) == Layer(order=1)
    assert world.get("sky", Fill) is old.entities["sky"]["fill"]
    assert world.get("wall", Display) is None


def test_the_order_of_the_file_is_kept(world: World) -> None:
    old = _scene(one=[Light()], three=[Light()])
    new = _scene(one=[Light()], two=[Light()], three=[Light()])
    apply_scene(world, None, old)
    apply_scene(world, old, new)
    assert world.names() == ["one", "two", "three"]


@pytest.fixture
def watched(write: Write, notices: Notices) -> Iterator[Callable[..., SceneWatcher]]:
    """Start watching a scene of this text; stop at the end, when nothing may have failed."""
    watchers: list[SceneWatcher] = []

    def start(text: str, *overrides: str, name: str = "show.toml") -> SceneWatcher:
        watchers.append(SceneWatcher(load_scene(write(text, name), overrides), overrides, notices))
        watchers[-1].start()
        return watchers[-1]

    yield start
    for watcher in watchers:
        watcher.stop()
    assert not notices.all()


def test_an_edit_arrives_as_a_scene(write: Write, watched: Callable[..., SceneWatcher]) -> None:
    watcher = watched(SKY, "sky.layer.opacity=0.5")
    write(SKY + "[lamp.light]")
    scene = watcher.changes.wait(WAIT_S)
    assert isinstance(scene, Scene)
    assert scene.entities["lamp"] == {"light": Light()}
    assert scene.entities["sky"]["layer"] == Layer(opacity=0.5)


def test_a_file_put_in_place_of_the_scene_arrives(
    write: Write, tmp_path: Path, watched: Callable[..., SceneWatcher]
) -> None:
    watcher = watched(SKY)
    write(SKY + "[lamp.light]", "show.toml.new").replace(tmp_path / "show.toml")
    assert isinstance(watcher.changes.wait(WAIT_S), Scene)


def test_a_bad_edit_and_a_deleted_file_are_said_and_watching_goes_on(
    write: Write, tmp_path: Path, watched: Callable[..., SceneWatcher]
) -> None:
    watcher = watched(SKY)
    write("[sky.layer]\nordr = 1\n[sky.fill]")
    error = watcher.changes.wait(WAIT_S)
    assert isinstance(error, SceneError)
    assert "did you mean 'order'?" in str(error)
    (tmp_path / "show.toml").unlink()
    error = watcher.changes.wait(WAIT_S)
    assert isinstance(error, SceneError)
    assert "there is no file" in str(error)
    write(SKY)
    assert isinstance(watcher.changes.wait(WAIT_S), Scene)


def test_a_folder_put_in_place_of_the_scenes_is_watched(
    write: Write, tmp_path: Path, watched: Callable[..., SceneWatcher]
) -> None:
    watcher = watched(SKY, name="scenes/show.toml")
    (tmp_path / "scenes").rename(tmp_path / "old")
    assert isinstance(watcher.changes.wait(WAIT_S), SceneError)
    write(SKY, "scenes/show.toml")
    assert isinstance(watcher.changes.wait(WAIT_S), Scene)
    write(SKY + "[lamp.light]", "scenes/show.toml")
    assert isinstance(watcher.changes.wait(WAIT_S), Scene)


def test_a_file_that_a_scene_waited_for_ends_its_mistake(write: Write, watched: Callable[..., SceneWatcher]) -> None:
    watcher = watched(SKY)
    write('[front.camera]\nsource = "clips/clip.mp4"')
    assert isinstance(watcher.changes.wait(WAIT_S), SceneError)
    write(b"", "clips/clip.mp4")
    assert isinstance(watcher.changes.wait(WAIT_S), Scene)


def test_a_new_include_in_another_folder_is_watched(write: Write, watched: Callable[..., SceneWatcher]) -> None:
    watcher = watched(SKY)
    write("[lamp.light]", "parts/lamp.toml")
    write(f'include = ["parts/lamp.toml"]\n{SKY}')
    assert isinstance(watcher.changes.wait(WAIT_S), Scene)
    write("[lamp.light]\nstrength = 2.0", "parts/lamp.toml")
    scene = watcher.changes.wait(WAIT_S)
    assert isinstance(scene, Scene)
    assert scene.entities["lamp"]["light"] == Light(strength=2.0)


def test_an_edit_of_a_file_beside_the_scene_is_no_change(write: Write, watched: Callable[..., SceneWatcher]) -> None:
    watcher = watched(SKY)
    write("[other.light]", "other.toml")
    write(SKY + "[lamp.light]")
    assert isinstance(watcher.changes.wait(WAIT_S), Scene)
    assert watcher.changes.put_count == 1
