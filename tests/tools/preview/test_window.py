"""A person uses the previewer: in a real window, with mouse and keys, and looks at what comes of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from imgui_bundle import imgui

import systems.show
from engine.gpu.shader import FOLDER, Shaders
from tests.tools.preview.conftest import Hands, Open
from tools.preview.session import Selection, Session

SCENE = """# A test.
[stage.stage]
width = 160
height = 90

[back.fill]
colour = "#204060"  # blue
[back.layer]
order = 0

[box.fill]
colour = "#ff8000"
[box.layer]
order = 1
opacity = 1.0
[box.place]
x = 0.25
scale = 0.5

[lamp.light]
x = 0.75
y = 0.5
"""


def shown(hands: Hands, at: tuple[float, float]) -> tuple[int, int, int]:
    """Return the colour that the monitor shows at a place of the stage, in fractions of it."""
    left, top, right, bottom = next(place for (name, _), place in hands.items.items() if "picture" in name)
    scale = min((right - left) / 160, (bottom - top) / 90)
    x = (left + right) / 2 + (at[0] - 0.5) * 160 * scale
    y = (top + bottom) / 2 + (at[1] - 0.5) * 90 * scale
    red, green, blue = hands.screen[round(y), round(x)]
    return int(red), int(green), int(blue)


def is_near(one: tuple[int, int, int], other: tuple[int, int, int], most: int = 3) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= most


ORANGE, BLUE = (255, 128, 0), (32, 64, 96)


def save(hands: Hands) -> str:
    hands.keys("ctrl+s")
    hands.until(lambda: not hands.session.document.is_changed, "saved")
    return hands.session.path.read_text("utf-8")


def write_outside(hands: Hands, change: Callable[[str], str]) -> None:
    path = hands.session.path
    path.write_text(change(path.read_text("utf-8")), "utf-8")
    os.utime(path, ns=(path.stat().st_mtime_ns + 10**9,) * 2)


def test_a_slider_is_dragged_taken_back_and_saved(opened: Open) -> None:
    hands = opened(SCENE)
    hands.session.selection = Selection("box", "layer")
    hands.turns(4)
    assert is_near(shown(hands, (0.1, 0.4)), ORANGE)
    path = ("box", "layer", "opacity")
    held: list[tuple[int, int, int]] = []

    def look() -> None:
        hands.previewer.player.step()
        hands.turns(2)
        held.append(shown(hands, (0.1, 0.4)))
        assert hands.session.document.text.decode() == SCENE, "while it is held nothing is written"

    hands.drag(hands.at("slider_float", path, 0.95), hands.at("slider_float", path, 0.5), look)
    assert is_near(held[0], (180, 100, 68), 16), "half of orange over blue, in linear light"
    opacity = hands.session.value(path)
    assert 0.45 < opacity < 0.55
    hands.keys("ctrl+z")
    assert hands.session.value(path) == 1.0
    hands.keys("ctrl+y")
    assert save(hands) == SCENE.replace("opacity = 1.0", f"opacity = {opacity}")


def test_a_colour_is_taken_from_the_picture(opened: Open) -> None:
    hands = opened(SCENE)
    hands.session.selection = Selection("back")
    hands.turns(4)
    path = ("back", "fill", "colour")
    hands.click("dropper", path)
    assert hands.session.picking == path
    hands.session.selection = Selection("lamp")
    hands.turns(2)
    left, top, right, bottom = next(place for (name, _), place in hands.items.items() if "picture" in name)
    hands.point(round(left + 0.25 * (right - left)), (top + bottom) // 2)
    hands.turns(6)
    hands.press()
    assert hands.session.value(path) == "#ff8000"
    assert save(hands) == SCENE.replace('"#204060"  # blue', '"#ff8000"  # blue')
    hands.previewer.player.step()
    hands.turns(2)
    assert is_near(shown(hands, (0.9, 0.2)), ORANGE)


def test_a_layer_and_a_lamp_are_dragged_in_the_picture(opened: Open) -> None:
    hands = opened(SCENE)
    hands.session.selection = Selection("box")
    hands.turns(3)
    left, top, right, bottom = next(place for (name, _), place in hands.items.items() if "picture" in name)
    width, middle = right - left, (top + bottom) // 2
    hands.drag((left + round(0.25 * width), middle), (left + round(0.7 * width), middle))
    assert abs(hands.session.value(("box", "place", "x")) - 0.7) < 0.04
    hands.previewer.player.step()
    hands.turns(2)
    assert is_near(shown(hands, (0.8, 0.4)), ORANGE)
    assert is_near(shown(hands, (0.1, 0.5)), BLUE)
    hands.session.selection = Selection("lamp")
    hands.turns(3)
    hands.drag((left + round(0.75 * width), middle), (left + round(0.5 * width) + 2, middle))
    assert hands.session.value(("lamp", "light", "x")) == 0.5, "it snaps to the middle"
    before = hands.session.value(("lamp", "light", "y"))
    hands.keys("Down")
    assert hands.session.value(("lamp", "light", "y")) == round(before + 1 / 90, 5)


def test_a_layer_is_dragged_by_its_body_and_what_nobody_has_placed_stays(opened: Open) -> None:
    hands = opened(SCENE)
    hands.session.selection = Selection("lamp")
    hands.turns(3)
    left, top, right, bottom = next(place for (name, _), place in hands.items.items() if "picture" in name)
    width, middle = right - left, (top + bottom) // 2
    start = (left + round(0.12 * width), middle + 5)
    hands.drag(start, (start[0] + round(0.3 * width), start[1]))
    assert hands.session.selection.entity == "box", "it is chosen on the way"
    assert abs(hands.session.value(("box", "place", "x")) - 0.55) < 0.04
    hands.keys("ctrl+z")
    assert hands.session.value(("box", "place", "x")) == 0.25
    start = (left + round(0.9 * width), middle + round(0.2 * (bottom - top)))
    hands.drag(start, (start[0] - 60, start[1]))
    assert hands.session.document.text.decode() == SCENE
    hands.point(*start)
    hands.press()
    assert hands.session.selection.entity == "back", "a click chooses it all the same"


def test_what_an_editor_does_comes_in_and_a_break_changes_nothing_on_air(opened: Open) -> None:
    hands = opened(SCENE)
    write_outside(hands, lambda text: text.replace('"#204060"', '"#00ff00"'))
    hands.until(lambda: hands.session.value(("back", "fill", "colour")) == "#00ff00", "the change came in")
    hands.previewer.player.step()
    hands.turns(2)
    assert is_near(shown(hands, (0.9, 0.2)), (0, 255, 0))
    write_outside(hands, lambda text: text.replace("order = 1", "order = \n"))
    hands.until(lambda: len(hands.session.mistakes) == 1, "the mistake is listed")
    hands.previewer.player.step()
    hands.turns(2)
    assert is_near(shown(hands, (0.9, 0.2)), (0, 255, 0)), "what is on air stays"
    assert any("line" in name for name, _ in hands.items), "the list of problems has a line to click"
    write_outside(hands, lambda text: text.replace("order = \n", "order = 1").replace('"#00ff00"', '"#0000ff"'))
    hands.until(lambda: not hands.session.mistakes, "it is mended")
    hands.previewer.player.step()
    hands.turns(2)
    assert is_near(shown(hands, (0.9, 0.2)), (0, 0, 255))


def test_a_shader_is_broken_and_mended_beside_a_show_whose_time_stands_still(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(FOLDER, tmp_path / "shaders")
    monkeypatch.setattr(systems.show, "Shaders", partial(Shaders, folder=folder))
    monkeypatch.setenv("VISUAL", "true")
    hands = opened(SCENE)
    problems = hands.previewer.workspace.problems
    file = folder / "fill.wgsl"
    text = file.read_text("utf-8")
    there = text.index("return", text.index("fn fs_main"))
    file.write_text(text[:there] + "return lost;\n" + text[there:], "utf-8")
    hands.until(lambda: problems.count(hands.session) == 1, "the mistake is listed")
    hands.turns(2)
    assert is_near(shown(hands, (0.9, 0.2)), BLUE), "what is on air stays"
    hands.click("##line")
    assert hands.session.said == f"opened fill.wgsl at line {text.count(chr(10), 0, there) + 1}"
    file.write_text(text[:there] + "return vec4f(0.0, 1.0, 0.0, 1.0);\n" + text[there:], "utf-8")
    hands.until(lambda: problems.count(hands.session) == 0, "it is mended")
    hands.turns(2)
    assert is_near(shown(hands, (0.9, 0.2)), (0, 255, 0))


def test_a_display_is_dragged_onto_a_monitor_and_off_it_and_tells_which_it_is(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.preview.panels.displays.IDENTIFY_S", 600.0)
    hands = opened(SCENE + "[wall.display]\n")
    imgui.set_window_focus("###Displays")
    hands.turns(3)
    (left, _, right, bottom), *_ = hands.previewer.workspace.displays.boxes.values()
    monitor = (round((left + right) / 2), round(bottom - 5))
    hands.drag(hands.at("display wall"), monitor)
    name = hands.session.value(("wall", "display", "monitor"))
    assert [monitor.name for monitor in hands.previewer.workspace.displays.desktop.monitors] == [name]
    assert hands.session.value(("wall", "display", "fullscreen")) is True
    hands.drag(hands.at("display wall"), (round(left - 20), round(bottom)))
    assert hands.session.document.text.decode() == SCENE + "[wall.display]\n"
    hands.keys("ctrl+z")
    assert hands.session.value(("wall", "display", "monitor")) == name
    hands.session.selection = Selection("back")
    hands.click("display wall")
    assert hands.session.selection == Selection("wall", "display")

    hands.session.selection = Selection("lamp")
    hands.turns(3)
    before = shown(hands, (0.5, 0.3))
    hands.click("Identify")
    hands.turns(2)
    assert not is_near(shown(hands, (0.5, 0.3)), before), "its number is on it"
    hands.click("Identify")
    hands.turns(2)
    assert is_near(shown(hands, (0.5, 0.3)), before)


def test_snow_is_added_from_the_menu(opened: Open) -> None:
    hands = opened(SCENE)
    hands.click("##add")
    hands.click("Snow")
    assert hands.session.selection.entity == "snow"
    assert not hands.session.mistakes
    assert save(hands).startswith(SCENE)
    before = hands.screen.copy()
    hands.previewer.player.step(30)
    hands.turns(2)
    assert np.abs(before.astype(int) - hands.screen).max() > 60, "flakes are seen"


def test_a_scene_that_is_broken_from_the_start_opens_and_can_be_mended(opened: Open) -> None:
    hands = opened(SCENE.replace("order = 0", "ordr = 0"))
    assert hands.previewer.player.show is None
    assert hands.previewer.workspace.problems.count(hands.session) == 1
    write_outside(hands, lambda text: text.replace("ordr", "order"))
    hands.until(lambda: hands.previewer.player.show is not None, "the show opens")
    hands.previewer.player.step()
    hands.turns(3)
    assert is_near(shown(hands, (0.9, 0.2)), BLUE)


def test_closing_with_changes_asks(opened: Open) -> None:
    hands = opened(SCENE)
    workspace = hands.previewer.workspace
    hands.session.set(("box", "layer", "opacity"), 0.5)
    hands.previewer.workspace.ask_to_close(hands.session)
    hands.turns(3)
    assert not workspace.closing
    hands.click("Save and close")
    assert workspace.closing
    assert "opacity = 0.5" in hands.session.path.read_text("utf-8")


def test_another_scene_is_begun_from_an_example(opened: Open) -> None:
    hands = opened(SCENE)
    hands.keys("ctrl+n")
    hands.click("invisible_button aurora")
    hands.click("Begin like aurora")
    workspace = hands.previewer.workspace
    assert workspace.closing
    assert workspace.next_scene == hands.session.path.parent / "my_show.toml"
    assert Session(workspace.next_scene).scene is not None
