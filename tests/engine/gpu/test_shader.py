"""Shaders compile, are in use, name the author's lines in their errors, and lie in memory as numpy thinks they do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import Mistake, ShaderError
from engine.gpu.device import Gpu
from engine.gpu.shader import FOLDER, Shaders, read, structs
from engine.gpu.uniforms import BLOCK_BYTES, FRAME_BYTES
from tests.engine.gpu.harness import EACH_VALUE, Harness

ROOT = Path(__file__).parents[3]
SHADERS = sorted(path.name for path in FOLDER.glob("*.wgsl"))
INCLUDED = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("*/*.wgsl"))
LOOKS = sorted((ROOT / "scenes" / "looks").glob("*.wgsl"))
UNIFORM = re.compile(r"@group\(1\) @binding\(0\) var<uniform> (\w+): (\w+);")


@pytest.mark.parametrize("name", SHADERS)
def test_every_shader_compiles(gpu: Gpu, name: str) -> None:
    assert Shaders(gpu).module(name)._internal


@pytest.mark.parametrize("name", SHADERS)
def test_every_shader_is_used_by_the_program(name: str) -> None:
    sources = [path for part in ("engine", "systems", "tools") for path in (ROOT / part).rglob("*.py")]
    assert any(f'"{name}"' in path.read_text(encoding="utf-8") for path in sources), f"nothing draws with {name}"


@pytest.mark.parametrize("name", INCLUDED)
def test_every_common_file_is_included_by_a_shader(name: str) -> None:
    line = f'#include "{name}"'
    users = [*FOLDER.rglob("*.wgsl"), *LOOKS]
    assert any(line in path.read_text(encoding="utf-8") for path in users), f"nobody includes {name}"


def test_no_shader_defines_what_it_does_not_use() -> None:
    everything = "\n".join(path.read_text(encoding="utf-8") for path in [*FOLDER.rglob("*.wgsl"), *LOOKS])
    code = re.sub(r"//.*", "", everything)
    names = re.findall(r"\bfn (\w+)\(", code)
    entries = set(re.findall(r"@(?:vertex|fragment|compute)(?:\s*@\w+\([^)]*\))*\s*fn (\w+)", code))
    unused = [name for name in names if name not in entries and len(re.findall(rf"\b{name}\(", code)) < 2]
    assert not unused


# Includes and errors --------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "one.wgsl").write_text("fn one() -> f32 {\n    return 1.0;\n}\n")
    (tmp_path / "common" / "two.wgsl").write_text(
        '#include "common/one.wgsl"\nfn two() -> f32 {\n    return one() + one();\n}\n'
    )
    return tmp_path


def test_an_include_is_put_in_once_and_every_line_knows_its_file(folder: Path) -> None:
    (folder / "main.wgsl").write_text(
        '// The main.\n#include "common/two.wgsl"\n#include "common/one.wgsl"\nconst three = 3.0;\n'
    )
    source = read(folder, "main.wgsl")
    assert source.text.count("fn one()") == 1
    lines = source.text.splitlines()
    places = {text: source.mistake("wrong", number, 5) for number, text in enumerate(lines, start=1)}
    assert places["fn one() -> f32 {"] == Mistake(folder / "common" / "one.wgsl", 1, 5, "wrong")
    assert places["    return one() + one();"] == Mistake(folder / "common" / "two.wgsl", 3, 5, "wrong")
    assert places["const three = 3.0;"] == Mistake(folder / "main.wgsl", 4, 5, "wrong")
    assert source.mistake("wrong", 999) == Mistake(folder / "main.wgsl", 0, 0, "wrong")


def test_an_error_names_the_file_and_line_that_the_author_wrote(gpu: Gpu, folder: Path) -> None:
    (folder / "main.wgsl").write_text(
        '#include "common/two.wgsl"\n\nfn wrong() -> f32 {\n    return two() + missing;\n}\n'
    )
    with pytest.raises(ShaderError, match=r"/main\.wgsl:4:\d+: .*missing"):
        Shaders(gpu, folder).module("main.wgsl")


def test_an_error_in_an_include_names_the_include(gpu: Gpu, folder: Path) -> None:
    (folder / "common" / "one.wgsl").write_text("fn one() -> f32 {\n\n    return 1u;\n}\n")
    (folder / "main.wgsl").write_text('// A first line.\n#include "common/one.wgsl"\n')
    with pytest.raises(ShaderError, match=r"/common/one\.wgsl:[13]:\d+: "):
        Shaders(gpu, folder).module("main.wgsl")


def test_a_syntax_error_names_its_line(gpu: Gpu, folder: Path) -> None:
    (folder / "main.wgsl").write_text('#include "common/two.wgsl"\nfn f() {\n    let x = ;\n}\n')
    with pytest.raises(ShaderError, match=r"/main\.wgsl:3:\d+: ") as found:
        Shaders(gpu, folder).module("main.wgsl")
    words = found.value.mistake.message.split("; ")
    assert not any(word in other for word in words for other in words if other is not word), "nothing is said twice"


def test_a_missing_include_is_said_where_it_is_asked_for(gpu: Gpu, folder: Path) -> None:
    (folder / "main.wgsl").write_text('// Here.\n#include "common/three.wgsl"\n')
    with pytest.raises(ShaderError, match=r"/main\.wgsl:2:1: cannot read common/three\.wgsl"):
        Shaders(gpu, folder).module("main.wgsl")


def test_a_missing_shader_is_one_sentence(gpu: Gpu, folder: Path) -> None:
    with pytest.raises(ShaderError, match=r"cannot read none\.wgsl"):
        Shaders(gpu, folder).module("none.wgsl")


def test_a_module_is_compiled_once(gpu: Gpu) -> None:
    shaders = Shaders(gpu)
    assert shaders.module("fill.wgsl") is shaders.module("fill.wgsl")


# Structs --------------------------------------------------------------------------------------------------------------

LAYOUT_RULES = """
struct Inner {
    a: f32,          // 0
    b: vec3f,        // 16: aligned to 16, 12 long
    c: u32,          // 28: behind it
}
struct Outer {
    flag: i32,                  // 0
    pair: vec2f,                // 8
    inner: Inner,               // 16, 32 long
    row: array<vec4f, 3>,       // 48
    many: array<Inner, 2>,      // 96
    matrix: mat3x4f,            // 160
    last: f32,                  // 208
    colour: vec3f,              // 224
    counts: vec2u,              // 240
}
"""


def test_offsets_follow_the_layout_rules_of_wgsl() -> None:
    dtypes = structs(LAYOUT_RULES)
    inner, outer = dtypes["Inner"], dtypes["Outer"]
    assert [inner.fields[name][1] for name in inner.names or ()] == [0, 16, 28]  # type: ignore[index]
    assert inner.itemsize == 32
    offsets = {name: outer.fields[name][1] for name in outer.names or ()}  # type: ignore[index]
    assert offsets == {
        "flag": 0, "pair": 8, "inner": 16, "row": 48, "many": 96, "matrix": 160, "last": 208, "colour": 224,
        "counts": 240,
    }  # fmt: skip
    assert outer.itemsize == 256


def leaves(dtype: np.dtype[Any], path: str) -> list[tuple[str, Any]]:
    """Return (WGSL expression, how to find it in an array) of every scalar in a struct."""
    found: list[tuple[str, Any]] = []
    for name in dtype.names or ():
        field: Any = dtype[name]
        base, shape = field, ()
        while base.subdtype:
            base, inner_shape = base.subdtype
            shape += inner_shape
        for index in np.ndindex(shape):
            expression = f"{path}.{name}" + "".join(f"[{i}]" for i in index)
            if base.names:
                found += [(inner, (name, index, way)) for inner, way in leaves(base, expression)]
            else:
                found.append((expression, (name, index, None)))
    return found


def pick(data: Any, way: Any) -> float:
    """Follow a way that `leaves` has found."""
    while way is not None:
        name, index, way = way
        data = data[name][index] if index else data[name]
    return float(data)


def check_round_trip(harness: Harness, text: str, variable: str, dtype: np.dtype[Any]) -> None:
    """Write another number into every scalar, and read each on the GPU by its name."""
    expressions = leaves(dtype, variable)
    # A name such as `pad` may be a float, an index a whole number: small whole numbers are exact in all.
    block = harness.uniforms.block(dtype)
    block.data.view(np.uint8)[...] = 0
    numbers = iter(range(1, 10_000))

    def number(part: Any) -> None:
        for name in part.dtype.names:
            value = part[name]
            if value.dtype.names:
                for each in value.reshape(-1):
                    number(each)
            else:
                part[name] = np.array([next(numbers) for _ in range(value.size)]).reshape(value.shape)

    number(block.data[0])
    body = "\n".join(f"    test_out[{i}] = f32({expression});" for i, (expression, _) in enumerate(expressions))
    shader = harness.file(
        f"{text}\n@group(3) @binding(0) var<storage, read_write> test_out: array<f32>;\n"
        f"@compute @workgroup_size(1) fn test_main() {{\n{body}\n}}\n"
    )
    answer = harness.compute(shader, "test_main", np.zeros(len(expressions), np.float32), 1, block)
    expected = [pick(block.data[0], way) for _, way in expressions]
    block.free()
    assert len(set(expected)) == len(expected)
    assert list(answer) == expected


def test_what_numpy_writes_into_a_struct_is_what_a_shader_reads(harness: Harness) -> None:
    text = LAYOUT_RULES + "@group(1) @binding(0) var<uniform> it: Outer;\n"
    check_round_trip(harness, text, "it", structs(LAYOUT_RULES)["Outer"])


BLOCKS = [(name, *found) for name in SHADERS for found in UNIFORM.findall((FOLDER / name).read_text(encoding="utf-8"))]


@pytest.mark.parametrize(("name", "variable", "struct"), BLOCKS)
def test_every_uniform_block_is_read_as_it_is_written(harness: Harness, name: str, variable: str, struct: str) -> None:
    dtype = harness.shaders.struct(name, struct)
    assert dtype.itemsize <= BLOCK_BYTES
    check_round_trip(harness, f'#include "{name}"', variable, dtype)


def test_the_lamps_of_a_shade_lie_side_by_side(harness: Harness) -> None:
    assert harness.shaders.struct("layer.wgsl", "Frame").itemsize <= FRAME_BYTES
    block = harness.uniforms.block(harness.shaders.struct("shade.wgsl", "Shade"))
    for index in range(16):
        block.data["lamps"][0][index]["colour"] = (index, index + 0.25, index + 0.5)
        block.data["lamps"][0][index]["outer"] = -index - 0.75
    rows = np.zeros((16, 4), np.float32)
    rows[:, 0] = np.arange(16)
    text = '#include "shade.wgsl"\n' + EACH_VALUE.replace(
        "EXPRESSION", "vec4f(shade.lamps[u32(v.x)].colour, shade.lamps[u32(v.x)].outer)"
    )
    found = harness.compute(harness.file(text), "test_main", rows.ravel(), 16, block).reshape(-1, 4)
    np.testing.assert_array_equal(found, rows[:, :1] * [1, 1, 1, -1] + np.array([0, 0.25, 0.5, -0.75]))


def test_a_struct_that_is_not_there_is_named_with_those_that_are(gpu: Gpu) -> None:
    with pytest.raises(ShaderError, match=r"fill\.wgsl: no struct Full; there are .*Fill"):
        Shaders(gpu).struct("fill.wgsl", "Full")


def test_a_struct_whose_array_would_be_padded_is_refused_rather_than_misread() -> None:
    assert "Bad" not in structs("struct Bad { a: array<vec3f, 2>, }")


# Constants that stand in two languages --------------------------------------------------------------------------------


def constants(name: str) -> dict[str, int]:
    text = (FOLDER / name).read_text(encoding="utf-8")
    return {key: int(value) for key, value in re.findall(r"const (\w+) = (\d+)u;", text)}


def test_python_and_wgsl_count_alike() -> None:
    from engine.gpu import keyer, tiles
    from engine.gpu.planes import LAYOUTS
    from systems import lighting, particles
    from systems.drawings import drawing

    blends = constants("common/blend.wgsl")
    named = [*drawing.BLENDS.items(), ("unclipped", 0), *drawing.CLIP_SIDES.items()]
    assert {name.upper(): int(value) for name, value in named} == blends
    mattes = constants("common/matte.wgsl")
    assert mattes == {"NONE": tiles.NONE, "TEXTURE": tiles.TEXTURE, "GUIDED": tiles.GUIDED, "KEY": tiles.KEY}
    assert {name.upper(): value for name, value in LAYOUTS.items()} == constants("common/picture.wgsl")
    ours = {**particles.EMIT, **particles.SHAPE, "ribbon_points": particles.RIBBON_POINTS}
    assert {name.upper(): value for name, value in ours.items()} == constants("particles.wgsl")
    kinds = constants("common/tile.wgsl")
    named_tiles = [kinds[f"{name}_TILE"] for name in ("EDGE", "SOLID", "AROUND", "PAST", "CALM")]
    assert [*named_tiles, kinds["LISTS"]] == [*range(1, 6), tiles.LISTS]
    assert tuple(named_tiles) == (tiles.EDGE, tiles.SOLID, tiles.AROUND, tiles.PAST, tiles.CALM)
    sorting = (FOLDER / "tiles.wgsl").read_text(encoding="utf-8")
    assert f"@workgroup_size({tiles.GROUP}, {tiles.GROUP})" in sorting
    assert f"@workgroup_size({tiles.COLUMNS})" in sorting
    grid = structs((FOLDER / "common/tile.wgsl").read_text(encoding="utf-8"))["Grid"]
    assert grid == tiles.GRID
    quads = re.search(r"QUADS = vec2u\((\d+)u, (\d+)u\)", (FOLDER / "key.wgsl").read_text(encoding="utf-8"))
    assert quads is not None
    assert int(quads[1]) * int(quads[2]) == keyer.QUADS
    assert f"array<Lamp, {lighting.MOST_LAMPS}>" in (FOLDER / "shade.wgsl").read_text(encoding="utf-8")
    assert f"@workgroup_size({particles.GROUP})" in (FOLDER / "particles.wgsl").read_text(encoding="utf-8")
