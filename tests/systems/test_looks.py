"""An author's own shader is drawn with a scene's values; a mistake in one is a line, and the last one stays."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import numpy as np
import pytest

from engine.components import Shader
from engine.errors import SceneError, ShaderError
from engine.looks import INCLUDE, parameters_of
from engine.scene.reload import apply_scene
from tests.picture import decode
from tests.shows import Air

LOOKS = Path(__file__).parents[2] / "scenes" / "looks"

PLAIN = f"""{INCLUDE}
struct Parameters {{
    tint: vec3f,    // [#ff0000] Its colour.
    slope: f32,     // [0.0, 0 to 1] How much it rises to the right.
}}
fn look(at: vec2f, time_s: f32) -> vec3f {{
    return given.parameters.tint + vec3f(0.0, 0.0, given.parameters.slope * at.x + 0.1 * time_s);
}}
"""
SCENE = """
[sky.shader]
file = "plain.wgsl"
detail = 1.0
{said}
[sky.layer]
"""


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    file = tmp_path / "plain.wgsl"
    file.write_text(PLAIN, encoding="utf-8")
    return file


def test_it_is_drawn_with_its_defaults_or_the_scenes_values(air: Air, plain: Path) -> None:  # noqa: ARG001
    np.testing.assert_allclose(air(SCENE.format(said="")).light()[20, 20], (1.0, 0.0, 0.0), atol=0.01)
    said = 'parameters.tint = "#008000"\nparameters.slope = 0.5'
    light = air(SCENE.format(said=said)).light()
    assert light[20, 20, 1] == pytest.approx(float(decode(np.array(128 / 255))), abs=0.005)
    at = (np.arange(96) + 0.5) / 96 - 0.5
    np.testing.assert_allclose(light[20, :, 2], np.maximum(0.5 * at * 96 / 54, 0.0), atol=0.01)


def test_its_time_is_the_shows(air: Air, plain: Path) -> None:  # noqa: ARG001
    light = air(SCENE.format(said="speed = 2.0"), ticks=31).light()
    assert light[20, 20, 2] == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("parameters.slop = 0.5", "plain.wgsl has no parameter 'slop' (did you mean 'slope'?)"),
        ("parameters.slope = 2.0", "slope must be 0 to 1, not 2.0"),
        ('parameters.tint = "red"', 'tint must be a colour such as "#ff8800", not "red"'),
        ("parameters = 3", "parameters must be a table of values, not 3"),
    ],
)
def test_a_value_that_does_not_fit_is_said_in_the_scene(air: Air, plain: Path, said: str, words: str) -> None:  # noqa: ARG001
    with pytest.raises(SceneError) as found:
        air(SCENE.format(said=said))
    assert words in str(found.value)
    assert "show0.toml:4" in str(found.value)


def test_a_look_that_loops_for_ever_is_refused_before_the_show(air: Air, plain: Path) -> None:
    plain.write_text(PLAIN.replace("    return", "    while time_s > -1.0 { }\n    return"), encoding="utf-8")
    with pytest.raises(SceneError, match=r"plain\.wgsl:7: a look may loop only as"):
        air(SCENE.format(said=""))


def test_a_look_that_does_not_compile_stops_the_show_in_the_authors_line(air: Air, plain: Path) -> None:
    plain.write_text(PLAIN.replace("at.x", "at.q"), encoding="utf-8")
    with pytest.raises(ShaderError) as found:
        air(SCENE.format(said=""))
    assert found.value.mistake.file == plain
    assert found.value.mistake.line == 7


def test_on_air_the_last_good_look_stays(air: Air, plain: Path, tmp_path: Path) -> None:  # noqa: ARG001
    on_air = air(SCENE.format(said=""))
    (tmp_path / "bad.wgsl").write_text(PLAIN.replace("at.x", "at.q"), encoding="utf-8")
    scene = on_air.show.scene
    entities = {**scene.entities, "sky": {**scene.entities["sky"], "shader": Shader(file=str(tmp_path / "bad.wgsl"))}}
    apply_scene(on_air.show.world, scene, dataclasses.replace(scene, entities=entities))
    on_air.ticks(3)
    np.testing.assert_allclose(on_air.light()[20, 20, :2], (1.0, 0.0), atol=0.01)
    assert [said for said in on_air.said if "bad.wgsl:7" in said and "what is on air stays" in said]


def test_a_saved_look_is_checked_before_it_is_taken_over(air: Air, plain: Path) -> None:
    passes = air(SCENE.format(said="")).show.passes
    plain.write_text(PLAIN.replace("    return", "    loop { }\n    return"), encoding="utf-8")
    with pytest.raises(ShaderError, match="a look may loop only as"):
        passes.compile_anew(str(plain))
    plain.write_text(PLAIN.replace("tint +", "tint * 0.5 +"), encoding="utf-8")
    assert passes.compile_anew(str(plain)) is not None


def test_a_look_may_get_another_parameter_while_it_is_on_air(air: Air, plain: Path) -> None:
    on_air = air(SCENE.format(said=""))
    on_air.show.watch_shaders()
    plain.write_text(
        PLAIN.replace("struct Parameters {", "struct Parameters {\n    more: f32, // [0.25, 0 to 1] Green.").replace(
            "return ", "return vec3f(0.0, given.parameters.more, 0.0) + "
        ),
        encoding="utf-8",
    )
    give_up = time.monotonic() + 20
    while abs(on_air.light()[20, 20, 1] - 0.25) > 0.01:
        assert time.monotonic() < give_up, (on_air.light()[20, 20], on_air.said)
        on_air.ticks()
        time.sleep(0.01)
    assert not on_air.show.shader_mistakes


@pytest.mark.parametrize("look", sorted(LOOKS.glob("*.wgsl")), ids=lambda look: look.stem)
def test_the_examples_say_all_of_their_parameters(look: Path) -> None:
    found = parameters_of(look.read_text(encoding="utf-8"))
    assert len(found) >= 5
    assert all(parameter.help.endswith(".") for parameter in found.values())
