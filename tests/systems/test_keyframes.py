"""Numbers and colours change with time, light with that of the picture; what the author wrote stays."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.component import Colour
from engine.components import Fill, Keyframes, Layer, Light, Shader
from engine.errors import SceneError
from engine.gpu.device import Gpu
from engine.scene.load import load_scene
from engine.scene.reload import apply_scene
from systems.drawings.picture import PictureDrawing
from systems.lighting import Lit
from systems.present import Presented
from tests.picture import decode, encode, save_png
from tests.shows import Air

FADE = """
[wall.fill]
colour = "#ffffff"
[wall.layer]
[wall.keyframes]
times_s = [0.0, 1.0]
ease = "linear"
layer.opacity = [0.0, 1.0]
fill.colour = ["#ff0000", "#0000ff"]
"""


def test_what_is_drawn_follows(air: Air) -> None:
    on_air = air(FADE)
    assert on_air.light().max() == 0.0
    on_air.ticks(15)
    np.testing.assert_allclose(on_air.light()[20, 20], (0.25, 0.0, 0.25), atol=0.01)
    on_air.ticks(30)
    np.testing.assert_allclose(on_air.light()[20, 20], (0.0, 0.0, 1.0), atol=0.01)


def test_what_the_author_wrote_stays_and_comes_back(air: Air) -> None:
    on_air = air(FADE, ticks=10)
    show = on_air.show
    wall = show.scene.entities["wall"]
    assert wall["layer"] == Layer()
    assert show.world.get("wall", Layer) is not wall["layer"]
    without = {name: part for name, part in wall.items() if name != "keyframes"}
    entities = {**show.scene.entities, "wall": without}
    changed = dataclasses.replace(show.scene, entities=entities)
    apply_scene(show.world, show.scene, changed)
    show.scene = changed
    on_air.ticks()
    assert show.world.get("wall", Layer) is wall["layer"]
    assert show.world.get("wall", Fill) is wall["fill"]
    np.testing.assert_allclose(on_air.light()[20, 20], 1.0, atol=0.01)


def test_a_place_moves_a_picture(air: Air) -> None:
    scene = """
    [front.camera]
    source = "synthetic"
    width = 96
    height = 54
    [front.layer]
    [front.keyframes]
    times_s = [0.0, 1.0]
    ease = "linear"
    place.x = [-0.5, 0.5]
    [front.place]
    """
    on_air = air(scene, ticks=16)
    light = on_air.light().sum(axis=2)
    assert light[:, :46].min() > 0.0
    assert light[:, 50:].max() == 0.0


def test_lamps_are_those_of_when_the_picture_was_taken(air: Air) -> None:
    scene = """
    [front.camera]
    source = "synthetic"
    width = 96
    height = 54
    rate_hz = 3.0
    [guest.mask]
    camera = "front"
    source = "truth"
    [guest.layer]
    [guest.lighting]
    ambience = 0.0
    rim = 0.0
    matching = 0.0
    wrap = 0.0
    [lamp.light]
    kind = "ambient"
    [lamp.keyframes]
    times_s = [0.0, 1.0]
    ease = "linear"
    light.strength = [0.0, 1.0]
    """
    on_air = air(scene)
    lit = on_air.show.world.get("guest", Lit)
    assert lit is not None
    for _ in range(25):
        on_air.ticks()
        assert lit.shade is not None
        taken_s = lit.time_ns / 1e9
        assert taken_s == pytest.approx(int((on_air.clock.now_ns / 1e9 + 0.001) * 3) / 3, abs=1e-6)
        assert lit.shade.data["lamps"][0, 0]["colour"][0] == pytest.approx(taken_s, abs=1e-5)


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("times_s = [1.0, 1.0]\nlight.strength = [1.0, 2.0]", ":3:1: times_s must rise from each to the next"),
        (
            "times_s = [1.0]\nlight.strength = [1.0, 2.0]",
            ":4:1: light.strength has 2 values for 1 times; give one for each",
        ),
        ("light.strength = [99.0]", ":3:7: light.strength[0] must be at most 20, not 99.0"),
        (
            "light.strenght = [9.0]",
            ":3:7: light has no number, point or colour 'strenght' to key (did you mean 'strength'?)",
        ),
        ("light.kind = ['spot']", ":3:7: light has no number, point or colour 'kind' to key"),
        ("place.x = [0.1]", ":3:1: place: this entity has no place whose fields could change; add its table"),
        ('light.colour = ["red"]', ':3:7: light.colour[0] must be a colour such as "#ff8800", not "red"'),
        ("grade.exposure = [9.0]", ":3:7: grade.exposure[0] must be at most 8, not 9.0"),
        ("mask.fill_holes = [0.01]", ":3:6: mask.fill_holes cannot be keyed, since what it stands for is made once"),
        ("camera.speed = [9.0]", ":3:1: nothing of camera can be keyed; of edges, environment, fill, grade, key, "),
        ("warp.top_left = [0.1]", ":3:6: warp.top_left[0] must be 2 numbers in brackets, not 0.1"),
        ("warp.top_left = [[0.0, 3.0]]", ":3:6: warp.top_left[0][1] must be at most 2, not 3.0"),
        ("sound.delay_ms = [9.0]", ":3:7: sound.delay_ms cannot be keyed, since what it stands for is made once"),
        ("shader.height = 1.0", ":3:8: shader.height must be numbers in brackets, not 1.0"),
        ("light.x = []", ":3:7: light.x must be numbers in brackets, one at least, not []"),
    ],
)
def test_a_mistake_is_said_in_its_place(air: Air, said: str, complaint: str) -> None:
    with pytest.raises(Exception, match=r"show0\.toml") as found:
        air(f"[lamp.light]\n[lamp.keyframes]\n{said}\n")
    assert complaint in str(found.value)


LOOK = """
#include "common/look.wgsl"
struct Parameters {
    level: f32,   // [0.5, 0 to 1] How bright it is.
    tint: vec3f,  // [#ffffff] Its colour.
}
fn look(at: vec2f, time_s: f32) -> vec3f {
    return given.parameters.level * given.parameters.tint;
}
"""
LOOKED_AT = """
[wall.shader]
file = "level.wgsl"
parameters.level = 1.0
[wall.layer]
[wall.keyframes]
times_s = [0.0, 1.0]
ease = "linear"
"""


def test_the_parameters_of_a_look_change_with_time(air: Air, tmp_path: Path) -> None:
    (tmp_path / "level.wgsl").write_text(LOOK, encoding="utf-8")
    on_air = air(LOOKED_AT + 'shader.tint = ["#ff0000", "#0000ff"]\nshader.level = [0.0, 1.0]\n', ticks=16)
    np.testing.assert_allclose(on_air.light()[20, 20], (0.25, 0.0, 0.25), atol=0.01)
    on_air.ticks(30)
    np.testing.assert_allclose(on_air.light()[20, 20], (0.0, 0.0, 1.0), atol=0.01)
    written = on_air.show.scene.entities["wall"]["shader"]
    assert isinstance(written, Shader)
    assert written.parameters == {"level": 1.0}, "what the author wrote stays"


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("shader.levle = [0.0, 1.0]", ":8:1: level.wgsl has no parameter 'levle' (did you mean 'level'?)"),
        ("shader.level = [0.0, 2.0]", ":8:1: level must be 0 to 1, not 2.0"),
        ("shader.tint = [0.0, 1.0]", ':8:1: tint must be a colour such as "#ff8800", not 0.0'),
        ("shader.level = [0.0]", ":8:1: shader.level has 1 values for 2 times; give one for each"),
    ],
)
def test_a_mistake_about_a_look_is_said_in_its_place(air: Air, tmp_path: Path, said: str, complaint: str) -> None:
    (tmp_path / "level.wgsl").write_text(LOOK, encoding="utf-8")
    with pytest.raises(SceneError) as found:
        air(LOOKED_AT + said + "\n")
    assert complaint in str(found.value)


def test_the_grade_of_a_camera_and_of_a_display_change_with_time(air: Air, tmp_path: Path) -> None:
    save_png(tmp_path / "grey.png", np.full((54, 96, 3), 128, np.uint8))
    keyed = "keyframes]\ntimes_s = [0.0, 1.0]\nease = 'linear'\ngrade.exposure = [0.0, -2.0]\n"
    on_air = air(
        f"[front.camera]\nsource = 'grey.png'\n[front.layer]\n[front.grade]\n[front.{keyed}"
        f"[plain.display]\ndither = false\n[wall.display]\ndither = false\n[wall.grade]\n[wall.{keyed}"
    )
    grey = float(decode(np.array(128 / 255)))
    for ticks, stops in ((0, 0.0), (15, -1.0), (30, -2.0)):
        on_air.ticks(ticks)
        np.testing.assert_allclose(on_air.light()[20, 20], grey * 2**stops, rtol=0.005)
        np.testing.assert_allclose(on_air.shown("plain")[20, 20], 255 * encode(np.array(grey * 2**stops)), atol=1)
        np.testing.assert_allclose(on_air.shown("wall")[20, 20], 255 * encode(np.array(grey * 4**stops)), atol=1)


WHITE = "[wall.fill]\ncolour = '#ffffff'\n[wall.layer]\n[wall.place]\n"
BENT = "[d.display]\ndither = false\n[d.warp]\n[d.edges]\n"
FROM_0_TO_1 = "times_s = [0.0, 1.0]\nease = 'linear'\n"


def test_corners_and_edges_of_a_display_change_with_time(air: Air) -> None:
    keyed = "warp.top_left = [[0.0, 0.0], [0.5, 0.0]]\nwarp.bottom_left = [[0.0, 1.0], [0.5, 1.0]]\n"
    on_air = air(f"{WHITE}{BENT}[d.keyframes]\n{FROM_0_TO_1}{keyed}")
    assert on_air.shown().min() == 255
    on_air.ticks(15)
    assert on_air.shown()[27, :, 0].tolist() == [0] * 24 + [255] * 72
    on_air.ticks(30)
    assert on_air.shown()[27, :, 0].tolist() == [0] * 48 + [255] * 48
    faded = air(f"{WHITE}{BENT}[d.keyframes]\n{FROM_0_TO_1}edges.left = [0.0, 0.5]\n", ticks=31)
    left = BENT + "left = 0.5\n"
    np.testing.assert_array_equal(faded.shown(), air(WHITE + left).shown())
    assert faded.shown()[27, 4, 0] < 128


def test_a_logo_fades_in_and_grows(air: Air, tmp_path: Path) -> None:
    save_png(tmp_path / "logo.png", np.full((8, 8, 3), 255, np.uint8))
    logo = "[d.display]\ndither = false\n[d.logo]\nfile = 'logo.png'\nmargin = 0.0\nheight = 0.5\n"
    keyed = f"[d.keyframes]\n{FROM_0_TO_1}logo.opacity = [0.0, 1.0]\nlogo.height = [0.5, 1.0]\n"
    on_air = air(f"[a.fill]\ncolour = '#000000'\n[a.layer]\n{logo}{keyed}")
    assert on_air.shown().max() == 0
    on_air.ticks(15)
    assert int(on_air.shown()[-1, -1, 0]) == pytest.approx(127, abs=3)
    assert (on_air.shown()[:, -1, 0] > 0).mean() == pytest.approx(0.75, abs=0.03)
    on_air.ticks(16)
    assert on_air.shown()[:, -50:].min() == 255


def test_what_a_display_was_made_of_is_not_made_anew_by_an_edit_elsewhere(air: Air) -> None:
    on_air = air(f"{WHITE}{BENT}[d.keyframes]\n{FROM_0_TO_1}edges.left = [0.0, 0.5]\n", ticks=20)
    show = on_air.show

    def warping() -> object:
        presented = show.world.get("d", Presented)
        assert presented is not None
        return presented.warping

    before = warping()
    show.change("wall", Fill(colour=Colour.parse("#808080")))
    on_air.ticks()
    assert warping() is before
    assert on_air.shown()[27, 4, 0] < 60, "it is faded"
    show.world.drop("d", Keyframes)
    on_air.ticks()
    assert on_air.shown()[27, 4, 0] == on_air.shown()[27, 90, 0], "and is no longer, without its keyframes"


def test_corners_that_would_fold_the_picture_over_are_refused(air: Air) -> None:
    with pytest.raises(SceneError, match=r"12:1: warp: at 1 s the corners fold the picture over"):
        air(f"{WHITE}{BENT}[d.keyframes]\n{FROM_0_TO_1}warp.top_left = [[0.0, 0.0], [1.5, 1.5]]\n")


def test_the_part_of_a_picture_that_is_shown_changes_with_time(air: Air, tmp_path: Path) -> None:
    picture = np.zeros((54, 96, 3), np.uint8)
    picture[:, :48, 0] = picture[:, 48:, 2] = 255
    save_png(tmp_path / "halves.png", picture)
    keyed = f"[a.keyframes]\n{FROM_0_TO_1}place.crop = [[0.0, 0.0, 0.5, 0.0], [0.5, 0.0, 0.0, 0.0]]\n"
    on_air = air(f"[a.camera]\nsource = 'halves.png'\n[a.layer]\n[a.place]\n{keyed}")
    red = [on_air.ticks(ticks).light()[27, :, 0] > 0.5 for ticks in (0, 15, 16)]
    assert [columns.mean() for columns in red] == [1.0, pytest.approx(0.5, abs=0.02), 0.0]
    assert red[1][:45].all(), "half way, what was on the left is leaving there"


@pytest.mark.parametrize("shape", ["gauss", "disc"])
def test_a_picture_goes_out_of_focus_evenly(air: Air, tmp_path: Path, shape: str) -> None:
    picture = np.zeros((108, 192, 3), np.uint8)
    picture[:, 96:] = 180
    save_png(tmp_path / "edge.png", picture)
    text = f"[front.camera]\nsource = 'edge.png'\n[front.layer]\nblur_shape = '{shape}'\n"
    keyed = "[front.keyframes]\ntimes_s = [0.0, 2.0]\nease = 'linear'\nlayer.blur_px = [0.0, 24.0]\n"
    on_air = air(text + keyed, 192, 108)

    def steepest() -> float:
        return float(np.diff(on_air.light()[54, :, 0]).max() / on_air.light().max())

    slopes = [steepest()]
    for _ in range(30):
        on_air.ticks(2)
        slopes.append(steepest())
    assert slopes[0] > 0.4, "it begins sharp"
    assert slopes[-1] < 0.03
    # An edge's slope is one over the blur: no step of it may stand out, whatever size it is drawn at.
    widths = 1 / np.array(slopes[2:])
    assert (np.diff(widths) > -0.06 * widths[1:]).all()
    assert np.abs(np.diff(widths, 2)).max() < 0.15 * widths.max()
    still = air(text.replace("blur_shape", "blur_px = 24.0\nblur_shape"), 192, 108, ticks=2)
    np.testing.assert_allclose(on_air.light()[54], still.light()[54], atol=0.02)


@pytest.mark.parametrize("shape", ["gauss", "disc"])
def test_a_tick_makes_no_texture_for_a_blur_that_changes(
    air: Air, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    save_png(tmp_path / "grey.png", np.full((54, 96, 3), 90, np.uint8))
    text = f"[front.camera]\nsource = 'grey.png'\n[front.layer]\nblur_shape = '{shape}'\n"
    keyed = "[front.keyframes]\ntimes_s = [0.0, 1.0]\nrepeat = 'swing'\nlayer.blur_px = [0.5, 48.0]\n"
    on_air = air(text + keyed)
    made: list[str] = []
    texture = Gpu.texture

    def noted(gpu: Gpu, label: str, *how: Any, **more: Any) -> Any:
        made.append(label)
        return texture(gpu, label, *how, **more)

    monkeypatch.setattr(Gpu, "texture", noted)
    sizes = set()
    for _ in range(65):
        on_air.ticks()
        (drawing,) = on_air.show.layers.drawings
        assert isinstance(drawing, PictureDrawing)
        sizes.add(id(drawing._blur))
    assert made == []
    assert len(sizes) == {"gauss": 4, "disc": 6}[shape], "from the picture's to an eighth, and to a 32nd"


def test_the_edge_of_a_mask_changes_with_time(air: Air) -> None:
    on_air = air(
        """
        [front.camera]
        source = "synthetic"
        backdrop = "green"
        width = 96
        height = 54
        [guest.mask]
        camera = "front"
        source = "key"
        [guest.key]
        [guest.layer]
        [guest.keyframes]
        times_s = [0.0, 0.2]
        mask.choke_px = [0.0, 4.0]
        """,
        ticks=2,
    )
    before = float((on_air.light().sum(axis=2) > 0).mean())
    after = float((on_air.ticks(8).light().sum(axis=2) > 0).mean())
    assert after < 0.85 * before


def test_a_whole_scene_of_keyframes_loads_as_it_is_written(air: Air) -> None:
    on_air = air(
        '[a.light]\n[a.keyframes]\ntimes_s = [0, 2.5]\nlight.colour = ["#fff", "#f80"]\nlight.x = [0.0, 1.0]\n'
    )
    said = on_air.show.world.get("a", Keyframes)
    assert said is not None
    assert said.times_s == (0.0, 2.5)
    assert on_air.show.world.get("a", Light) is not None
    assert load_scene(on_air.path).entities["a"]["keyframes"] == said
