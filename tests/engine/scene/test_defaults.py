"""A scene without a stage or a display has one of each, under names that are the author's to take."""

from __future__ import annotations

from pathlib import Path

from engine.components import Display, Fill, Layer, Stage
from engine.scene.defaults import with_defaults
from engine.scene.load import Scene, load_scene
from engine.scene.reload import apply_scene
from engine.world import World


def scene(tmp_path: Path, text: str) -> Scene:
    path = tmp_path / "scene.toml"
    path.write_text(text, encoding="utf-8")
    return with_defaults(load_scene(path))


LAYER = "[a.fill]\n[a.layer]\n"


def test_what_is_missing_is_there(tmp_path: Path) -> None:
    found = scene(tmp_path, LAYER).entities
    assert found["stage"] == {"stage": Stage()}
    assert found["display"] == {"display": Display()}
    assert set(found["a"]) == {"fill", "layer"}


def test_what_is_there_stays(tmp_path: Path) -> None:
    found = scene(tmp_path, LAYER + '[s.stage]\nwidth = 64\n[d.display]\nkind = "offscreen"\n').entities
    assert list(found) == ["a", "s", "d"]


def test_an_author_may_take_the_names_for_something_else(tmp_path: Path) -> None:
    found = scene(tmp_path, "[stage.fill]\n[stage.layer]\n[display.fill]\n[display.layer]\n").entities
    assert found["stage_"] == {"stage": Stage()}
    assert found["display_"] == {"display": Display()}


def test_a_stage_that_comes_while_on_air_takes_the_place_of_the_default(tmp_path: Path) -> None:
    world, before = World(), scene(tmp_path, LAYER)
    apply_scene(world, None, before)
    after = scene(tmp_path, LAYER + "[stage.stage]\nwidth = 640\n[other.display]\n")
    apply_scene(world, before, after)
    assert [stage.width for _, (stage,) in world.each(Stage)] == [640]
    assert [world.name(entity) for entity, _ in world.each(Display)] == ["other"]
    assert world.get("a", Fill) is not None
    assert world.get("a", Layer) is not None
    world.close()
