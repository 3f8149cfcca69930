"""A shader that is saved is drawn with; one with a mistake changes nothing and is said at its line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.gpu.device import Gpu
from engine.gpu.reload import Saved, ShaderWatcher
from engine.notices import Notices
from tests.engine.gpu.harness import Harness

WAIT_S = 20.0

SHADER = """
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/test_level.wgsl"
struct Test {
    level: f32,
}
@group(1) @binding(0) var<uniform> test: Test;
override GAIN: f32 = 1.0;
@vertex fn vs_main(@builtin(vertex_index) index: u32) -> Corner { return whole(index); }
@fragment fn fs_main(corner: Corner) -> @location(0) vec4f {
    return vec4f(GAIN * test.level, level(), 0.0, 1.0);
}
"""


class Bench:
    """A shader that is drawn with, its files, and who watches them."""

    def __init__(self, gpu: Gpu, folder: Path, notices: Notices) -> None:
        self.harness = Harness(gpu, folder)
        self.include = folder / "common" / "test_level.wgsl"
        self.include.write_text("fn level() -> f32 { return 0.5; }\n")
        self.name = self.harness.file(SHADER)
        self.file = folder / self.name
        passes = self.harness.passes
        self.block = self.harness.uniforms.block(passes.shaders.struct(self.name, "Test"))
        self.block.data["level"] = 0.25
        self.pipelines = [passes.pipeline(self.name, "rgba32float", constants={"GAIN": gain}) for gain in (1.0, 2.0)]
        self.watcher = ShaderWatcher(passes, notices)

    def drawn(self, which: int = 0) -> tuple[float, float]:
        """Return red and green as a pipeline that was kept draws them."""
        target = self.harness.texture((1, 1), "rgba32float")
        self.harness.fill(self.pipelines[which], target, self.block, ())
        red, green, *_ = self.harness.gpu.read(target)[0, 0]
        return float(red), float(green)

    def saved(self, file: Path, text: str) -> Saved:
        """Save a file, whole at once; return what the watcher says of it, after it was taken over."""
        beside = file.with_suffix(".new")
        beside.write_text(text)
        beside.replace(file)
        saved = self.watcher.changes.wait(WAIT_S)
        assert saved is not None
        for compiled in saved.compiled:
            self.harness.passes.take_over(compiled)
        return saved


@pytest.fixture
def bench(gpu: Gpu, tmp_path: Path, notices: Notices) -> Iterator[Bench]:
    bench = Bench(gpu, tmp_path / "shaders", notices)
    bench.watcher.start()
    yield bench
    bench.watcher.stop()
    assert not notices.all()


def test_a_saved_shader_and_a_saved_include_are_drawn_with_by_whoever_kept_a_pipeline(bench: Bench) -> None:
    assert bench.drawn() == (0.25, 0.5)
    saved = bench.saved(bench.file, SHADER.replace("GAIN * test.level", "GAIN * test.level + 0.5"))
    assert [compiled.shader for compiled in saved.compiled] == [bench.name]
    assert not saved.mistakes
    assert (bench.drawn(), bench.drawn(1)) == ((0.75, 0.5), (1.0, 0.5))
    bench.saved(bench.include, "fn level() -> f32 { return 0.75; }\n")
    assert bench.drawn() == (0.75, 0.75)


def test_a_mistake_leaves_all_as_it_was_and_is_said_in_the_authors_file(bench: Bench) -> None:
    saved = bench.saved(bench.include, "// One line more.\nfn level() -> f32 { return half; }\n")
    (mistake,) = saved.mistakes
    assert not saved.compiled
    assert (mistake.file, mistake.line) == (bench.include, 2)
    assert mistake.column > 1
    assert "half" in mistake.message
    assert bench.drawn() == (0.25, 0.5)
    saved = bench.saved(bench.include, "fn level() -> f32 { return 0.5; }\n")
    assert not saved.mistakes, "as it was before is no mistake any more, and nothing new either"
    assert not saved.compiled


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("level: f32,", "level: vec4f,", 5, "struct Test has other fields than the show fills"),
        ("struct Test", "struct Other", 0, "no struct Test; there are"),
        ("fn fs_main", "fn fs_other", 0, "fs_main"),
        ("override GAIN", "const GAIN", 0, "GAIN"),
    ],
)
def test_what_the_show_relies_on_has_to_stay(bench: Bench, old: str, new: str, line: int, words: str) -> None:
    saved = bench.saved(
        bench.file, SHADER.replace(old, new).replace(": Test;", ": Other;" if "Other" in new else ": Test;")
    )
    (mistake,) = saved.mistakes
    assert (mistake.file, mistake.line) == (bench.file, line)
    assert words in mistake.message
    assert bench.drawn() == (0.25, 0.5)


def test_an_include_that_is_missing_is_waited_for(bench: Bench) -> None:
    new = bench.include.with_name("test_new.wgsl")
    text = SHADER.replace("test_level.wgsl", "test_new.wgsl")
    (mistake,) = bench.saved(bench.file, text).mistakes
    assert (mistake.line, mistake.message[:24]) == (4, "cannot read common/test_")
    assert not bench.saved(new, "fn level() -> f32 { return 1.0; }\n").mistakes
    assert bench.drawn() == (0.25, 1.0)


def test_pipelines_that_were_asked_for_meanwhile_are_made_of_the_new_text(bench: Bench) -> None:
    bench.file.write_text(SHADER.replace("GAIN * test.level", "GAIN * test.level + 0.5"))
    saved = bench.watcher.changes.wait(WAIT_S)
    assert saved is not None
    bench.pipelines.append(bench.harness.passes.pipeline(bench.name, "rgba32float", constants={"GAIN": 3.0}))
    np.testing.assert_allclose(bench.drawn(2), (0.75, 0.5))
    bench.harness.passes.take_over(saved.compiled[0])
    np.testing.assert_allclose(bench.drawn(2), (1.25, 0.5))
