"""A show stays on air: what fails costs its part, what is edited is taken over, and nothing piles up."""

from __future__ import annotations

import dataclasses
import gc
import logging
import shutil
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import systems.show
from engine.errors import CameraError, ModelError, SceneError, ShowError
from engine.gpu.device import Gpu
from engine.gpu.shader import FOLDER, Shaders
from engine.gpu.uniforms import BLOCK_BYTES
from engine.media.feed import SLOTS, Feed
from engine.scene.load import load_scene
from engine.scene.reload import apply_scene
from engine.tick import Tick
from engine.timing.clock import HandClock
from systems.capture import Captured
from systems.composite import Composite
from systems.inference import Inferred, Shown
from systems.lighting import Lighting
from systems.present import Present
from systems.show import Show
from tests.engine.models.onnx_models import mixer
from tests.shows import Air, OnAir, the_gpu
from tests.systems.conftest import Still

PLAIN = '[a.fill]\ncolour = "#ff0000"\n[a.layer]\norder = 1\n'


def test_a_scene_without_stage_and_display_gets_one_of_each(air: Air) -> None:
    on_air = air("[a.fill]\n[a.layer]\n[d.display]\nwidth = 64\nheight = 36\n[s.stage]\nwidth = 32\nheight = 18\n")
    assert list(on_air.show.present.presenters) == ["d"]
    scene = load_scene(on_air.path)
    bare = dataclasses.replace(scene, entities={"a": scene.entities["a"]})
    defaults = Show(bare, HandClock(), headless=True, gpu=the_gpu())
    defaults.open()
    try:
        assert defaults.stage_image.size == (1280, 720)
        assert list(defaults.present.presenters) == ["display"]
    finally:
        defaults.close()


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ('[c.camera]\nsource = "bad.mp4"\n[c.layer]\n', CameraError, "camera c: .*is not a video"),
        ('[c.camera]\n[c.mask]\nsource = "neural"\nmodel = "bad.onnx"\n[c.layer]\n', ModelError, "bad.onnx"),
    ],
)
def test_what_cannot_be_opened_stops_the_show_before_any_display_opens(
    air: Air, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, error: type[ShowError], words: str
) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"no video at all" * 100)
    (tmp_path / "bad.onnx").write_bytes(b"no model at all" * 100)
    opened: list[object] = []
    monkeypatch.setattr(Present, "open", opened.append)
    text = text.replace("[c.camera]\n[c.mask]", '[c.camera]\nsource = "synthetic"\n[c.mask]')
    with pytest.raises(error, match=words):
        air(text)
    assert not opened


# Failures -------------------------------------------------------------------------------------------------------------


def test_a_system_that_raises_is_said_and_the_rest_of_the_tick_goes_on(
    air: Air, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_self: Lighting, _tick: Tick) -> None:
        raise ValueError("no lamp")

    monkeypatch.setattr(Lighting, "process", fail)
    with caplog.at_level(logging.ERROR):
        on_air = air(PLAIN, ticks=4)
    assert "lighting: ValueError: no lamp" in on_air.said
    np.testing.assert_allclose(on_air.light()[0, 0], [1, 0, 0], atol=0.001)
    assert on_air.show.present.presenters["display"].presents == 4
    assert sum("lighting failed" in record.message for record in caplog.records) == 1, "in full only once"


def test_a_system_that_fails_ten_times_in_a_row_is_switched_off(air: Air, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def fail(_self: Lighting, tick: Tick) -> None:
        calls.append(tick.index)
        raise ValueError("no lamp")

    monkeypatch.setattr(Lighting, "process", fail)
    on_air = air(PLAIN, ticks=14)
    assert calls == list(range(10))
    assert any(text.startswith("lighting: switched off after 10 failures in a row") for text in on_air.said)
    assert on_air.show.present.presenters["display"].presents == 14


def test_a_stage_that_cannot_be_composed_is_held_and_not_black(air: Air, monkeypatch: pytest.MonkeyPatch) -> None:
    on_air = air(PLAIN)

    def fail(_self: Composite, _tick: Tick) -> None:
        raise ValueError("lost")

    monkeypatch.setattr(Composite, "process", fail)
    on_air.ticks(3)
    np.testing.assert_allclose(on_air.light()[0, 0], [1, 0, 0], atol=0.001)
    assert on_air.shown()[0, 0].tolist()[0] >= 254


def test_a_system_that_fails_now_and_then_stays_on(air: Air, monkeypatch: pytest.MonkeyPatch) -> None:
    process = Lighting.process

    def sometimes(self: Lighting, tick: Tick) -> None:
        if tick.index % 2:
            raise ValueError("loose contact")
        process(self, tick)

    monkeypatch.setattr(Lighting, "process", sometimes)
    on_air = air(PLAIN, ticks=30)
    (notice,) = [n for n in on_air.show.notices.all() if n.subject == "lighting"]
    assert (notice.severity, notice.count) == ("visible", 15)


# Reload ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def edit() -> Callable[[OnAir, str, str], None]:
    """Edit the scene file of a show that watches it, and go on until the show has noticed."""

    def edit(on_air: OnAir, before: str, after: str) -> None:
        text = on_air.path.read_text(encoding="utf-8")
        assert before in text
        scene, said = on_air.show.scene, len(on_air.said)
        on_air.path.write_text(text.replace(before, after), encoding="utf-8")
        give_up = time.monotonic() + 20
        while on_air.show.scene is scene and len(on_air.said) == said:
            assert time.monotonic() < give_up, "the edit was never noticed"
            on_air.ticks()
            time.sleep(0.01)
        on_air.ticks()

    return edit


Edit = Callable[[OnAir, str, str], None]


def test_an_edit_is_taken_over_while_the_rest_stays_on_air(air: Air, edit: Edit) -> None:
    on_air = air(
        '[cam.camera]\nsource = "synthetic"\nwidth = 64\nheight = 36\n[cam.layer]\n'
        '[over.fill]\ncolour = "#0000ff"\n[over.layer]\norder = 1\nopacity = 0.25\n'
        "[one.display]\n[two.display]\n"
    )
    on_air.show.watch(())
    captured = on_air.show.world.get("cam", Captured)
    assert captured is not None
    feed, presenters = captured.feed, dict(on_air.show.present.presenters)
    edit(on_air, "opacity = 0.25", "opacity = 1.0")
    np.testing.assert_allclose(on_air.light()[5, 5], [0, 0, 1], atol=0.001)
    assert captured.feed is feed, "the camera went on"
    assert on_air.show.present.presenters == presenters, "so did the displays"
    assert all(presenter.presents == on_air.ticked for presenter in presenters.values())


def test_a_bad_edit_changes_nothing_and_says_where(air: Air, edit: Edit) -> None:
    on_air = air(PLAIN)
    on_air.show.watch(())
    edit(on_air, "order = 1", "ordre = 1")
    (said,) = on_air.said
    assert "no field 'ordre' (did you mean 'order'?)" in said
    assert ".toml:4:1" in said
    assert "what is on air stays" in said
    np.testing.assert_allclose(on_air.light()[0, 0], [1, 0, 0], atol=0.001)
    edit(on_air, "ordre = 1", "order = 2\nopacity = 0.5")
    np.testing.assert_allclose(on_air.light()[0, 0], [0.5, 0, 0], atol=0.001)


def test_displays_and_layers_come_and_go_with_an_edit(air: Air, edit: Edit) -> None:
    on_air = air(PLAIN + "[one.display]\n# more\n")
    on_air.show.watch(())
    edit(on_air, "# more", '[two.display]\nwidth = 48\nheight = 27\n[b.fill]\ncolour = "#0f0"\n[b.layer]\norder = 2\n#')
    assert list(on_air.show.present.presenters) == ["one", "two"]
    assert on_air.shown("two").shape == (27, 48, 3)
    assert on_air.shown("two")[13, 24].tolist()[1] >= 254
    edit(on_air, "[one.display]\n", "")
    assert list(on_air.show.present.presenters) == ["two"]
    edit(on_air, "[b.layer]", "[b.layer]\nvisible = false")
    assert on_air.shown("two")[13, 24].tolist()[0] >= 254


def test_a_new_stage_size_waits_for_a_restart_and_says_so(air: Air, edit: Edit) -> None:
    on_air = air(PLAIN)
    on_air.show.watch(())
    edit(on_air, "width = 96", "width = 128")
    assert "scene: the stage's new size, rate or format needs a restart" in on_air.said
    assert on_air.light().shape == (54, 96, 3)


def test_a_saved_shader_is_on_air_from_the_next_tick_on_and_a_mistake_is_not(
    air: Air, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(FOLDER, tmp_path / "shaders")
    monkeypatch.setattr(systems.show, "Shaders", partial(Shaders, folder=folder))
    on_air = air(PLAIN).ticks(4)  # the fill is a kept base by now
    on_air.show.watch_shaders()
    file = folder / "fill.wgsl"
    text = file.read_text(encoding="utf-8")
    main = text.index("fn fs_main")
    there = text.index("return", main)

    def save(text: str, seen: Callable[[], bool]) -> None:
        file.write_text(text, encoding="utf-8")
        give_up = time.monotonic() + 20
        while not seen():
            assert time.monotonic() < give_up, "it was never noticed"
            on_air.ticks()
            time.sleep(0.01)

    save(text[:there] + "return lost;\n" + text[there:], lambda: bool(on_air.show.shader_mistakes))
    line = text.count("\n", 0, there) + 1
    (said,) = on_air.said
    assert f"{file}:{line}:" in said
    assert "what is on air stays" in said
    np.testing.assert_allclose(on_air.light()[0, 0], [1, 0, 0], atol=0.001)
    save(text[:there] + "return vec4f(0.0, 0.5, 0.0, 1.0);\n" + text[there:], lambda: on_air.light()[0, 0, 1] > 0.4)
    assert not on_air.show.shader_mistakes
    np.testing.assert_allclose(on_air.light()[20, 20], [0, 0.5, 0], atol=0.001)


# Nothing piles up -----------------------------------------------------------------------------------------------------

EVERYTHING = """
[front.camera]
source = "synthetic"
width = 96
height = 54
[wall.camera]
source = "wall.png"
[wall.layer]
blur_px = 4.0
[guest.mask]
camera = "front"
source = "neural"
model = "red.onnx"
[guest.layer]
order = 2
[guest.lighting]
[keyed.mask]
camera = "front"
source = "key"
[keyed.key]
[keyed.layer]
order = 3
blend = "soft_light"
[lamp.light]
[snow.particles]
count = 200
[snow.layer]
order = 4
blend = "add"
[sparks.particles]
count = 100
emit = "edge"
mask = "keyed"
[sparks.layer]
order = 5
[eye.viewpoint]
sway_x = 0.1
[one.display]
[one.logo]
file = "wall.png"
[two.display]
rotate = 90
"""


def gpu_objects() -> dict[str, int]:
    """Count what wgpu holds, by kind."""
    import wgpu

    return {name: row["count"] for name, row in wgpu.diagnostics.object_counts.get_dict().items()}


def python_objects() -> Counter[str]:
    """Count what is alive, by type, leaving out what Python itself does behind the scenes."""
    gc.collect()
    return Counter(type(thing).__qualname__ for thing in gc.get_objects())


def test_three_hundred_ticks_leave_nothing_behind(air: Air, still: Still, tmp_path: Path) -> None:
    still(np.random.default_rng(1).integers(0, 256, (54, 96, 3)), "wall.png")
    mixer(tmp_path / "red.onnx", "nhwc", [[1.0, 0.0, 0.0]])
    on_air = air(EVERYTHING, 64, 36, ticks=10)
    assert on_air.show.layers.complete
    python_objects()
    on_air.ticks(50)  # what is made once is made by now
    before, native = python_objects(), gpu_objects()
    on_air.ticks(300)
    after = python_objects()
    assert gpu_objects() == native
    more = {name: count - before[name] for name, count in after.items() if count > before[name]}
    # A handful may be another thread's; what every tick leaves behind is hundreds.
    assert {name: count for name, count in more.items() if count > 20} == {}


def test_a_closed_show_gives_back_every_slot_and_every_gpu_object(still: Still, tmp_path: Path) -> None:
    still(np.random.default_rng(1).integers(0, 256, (54, 96, 3)), "wall.png")
    mixer(tmp_path / "red.onnx", "nhwc", [[1.0, 0.0, 0.0]])
    gc.collect()
    native = gpu_objects()
    scene = tmp_path / "closing.toml"
    scene.write_text("[s.stage]\nwidth = 96\nheight = 54\n" + EVERYTHING, encoding="utf-8")
    on_air = OnAir(scene, ()).ticks(20)
    feeds: list[Feed] = list(on_air.show.capture._feeds.values())
    (model,) = on_air.show.inference.models.values()
    masks = [desk.slots for desk in model._desks.values()]
    held = on_air.show.world.get("guest", Inferred)
    assert held is not None
    assert held.answer is not None
    on_air.show.close()
    assert [len(feed._slots.free) for feed in feeds] == [SLOTS, SLOTS]
    assert all(len(slots.free) == slots.count for slots in masks)
    del on_air, feeds, model, masks, held
    gc.collect()
    assert gpu_objects() == native


def test_scenes_that_come_and_go_leave_nothing_behind(air: Air, still: Still, tmp_path: Path) -> None:
    still(np.random.default_rng(1).integers(0, 256, (54, 96, 3)), "wall.png")
    mixer(tmp_path / "red.onnx", "nhwc", [[1.0, 0.0, 0.0]])
    on_air = air(EVERYTHING, 64, 36)
    plain = tmp_path / "plain.toml"
    plain.write_text("[stage.stage]\nwidth = 64\nheight = 36\n[one.display]\n" + PLAIN, encoding="utf-8")
    full, less = on_air.show.scene, load_scene(plain)
    uniforms = on_air.show.passes.uniforms
    seen = []
    for _ in range(4):
        apply_scene(on_air.show.world, full, less)
        on_air.ticks(2)
        apply_scene(on_air.show.world, less, full)
        on_air.ticks(2)
        gc.collect()
        seen.append((uniforms._used - BLOCK_BYTES * len(uniforms._free), gpu_objects()))
    assert seen[1:] == seen[:-1]


def test_two_shows_do_not_see_each_other(air: Air) -> None:
    red = air(PLAIN)
    blue = air(PLAIN.replace("ff0000", "0000ff"))
    red.ticks(2)
    blue.ticks(2)
    np.testing.assert_allclose(red.light()[0, 0], [1, 0, 0], atol=0.001)
    np.testing.assert_allclose(blue.light()[0, 0], [0, 0, 1], atol=0.001)


def test_a_show_on_the_real_clock_goes_on_air_complete_and_stops(tmp_path: Path) -> None:
    from engine.timing.clock import RealClock

    scene = tmp_path / "show.toml"
    scene.write_text(
        "[s.stage]\nwidth = 64\nheight = 36\n"
        '[front.camera]\nsource = "synthetic"\nwidth = 64\nheight = 36\n'
        '[guest.mask]\ncamera = "front"\nsource = "truth"\n[guest.layer]\n[a.display]\n[b.display]\n',
        encoding="utf-8",
    )
    show = Show(load_scene(scene), RealClock(), headless=True, gpu=the_gpu())
    show.open()
    try:
        assert show.layers.complete, "rehearsed"
        ticks: list[int] = []

        def each(tick: Tick) -> None:
            ticks.append(tick.index)
            show.stopping = len(ticks) == 8

        show.run(20.0, each)
        assert ticks == list(range(8))
        shown = show.world.get("front", Shown)
        assert shown is not None
        assert shown.picture is not None
        show.present.stop()
        assert all(presenter.presents > 0 for presenter in show.present.presenters.values())
        assert not [notice for notice in show.notices.all() if notice.severity != "noted"]
    finally:
        show.close()


def test_a_gpu_is_described_for_the_report() -> None:
    gpu: Gpu = the_gpu()
    said = systems.show.describe_gpu(gpu)
    assert said["device"] == gpu.info["device"]
    assert said["backend"] == "Vulkan"


def test_mistakes_in_a_scene_are_a_scene_error(tmp_path: Path) -> None:
    scene = tmp_path / "show.toml"
    scene.write_text("[a.layer]\n", encoding="utf-8")
    with pytest.raises(SceneError):
        load_scene(scene)
