"""Panels draw every component, thousands of entities, and the same picture every time: without a desktop."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from imgui_bundle import imgui

from engine.component import components
from engine.display.input import Button, Key, Moved, Text
from engine.display.target import OffscreenTarget
from engine.geometry import lay
from engine.timing.clock import RealClock
from tests.conftest import ROOT
from tests.shows import the_gpu
from tools.cli import main
from tools.preview.app import Previewer
from tools.preview.handles import from_target, handles_of, layer_at, to_target
from tools.preview.panels.costs import CostsPanel, gather, save_trace
from tools.preview.panels.view import View
from tools.preview.session import Selection, Session
from tools.preview.steps import STEPS

SMALL = """[stage.stage]
width = 160
height = 90
[front.camera]
source = "synthetic"
width = 160
height = 90
[guest.mask]
camera = "front"
source = "truth"
[guest.layer]
order = 1
[guest.lighting]
[dust.particles]
count = 50
[dust.layer]
order = 2
"""

Offscreen = Callable[[str], Previewer]


@pytest.fixture
def offscreen(tmp_path: Path) -> Iterator[Offscreen]:
    """Open a previewer without a window, its time standing still."""
    previewers: list[Previewer] = []

    def open_one(text: str) -> Previewer:
        path = tmp_path / "show.toml"
        path.write_text(text, encoding="utf-8")
        target = OffscreenTarget(the_gpu(), "preview", (960, 640))
        previewer = Previewer(Session(path), the_gpu(), target, None, stepped=True)
        previewer.player.playing = False
        previewers.append(previewer)
        frames(previewer, 3)
        return previewer

    yield open_one
    for previewer in previewers:
        previewer.close()


def frames(previewer: Previewer, count: int = 2) -> None:
    for _ in range(count):
        previewer.turn()
    assert not previewer.workspace.troubles


def test_every_component_has_a_place_in_the_inspector(offscreen: Offscreen) -> None:
    # Together they make no scene that could be shown, so nothing but the inspector costs time.
    previewer = offscreen("".join(f"[all.{component}]\n" for component in components()))
    assert previewer.player.show is None
    for component in components():
        previewer.session.selection = Selection("all", component)
        frames(previewer)
    assert set(previewer.session.parts("all")) == set(components())


def test_every_step_can_be_seen(offscreen: Offscreen) -> None:
    previewer = offscreen(SMALL)
    previewer.player.step(3)
    picture = previewer.workspace.picture
    picture.compare = "wipe"
    for step in (step.name for step in STEPS):
        picture.sources[0] = step
        frames(previewer)
        assert picture.steps is not None
        target = picture.steps.draw(step, "guest")
        assert target is not None
        pixels = the_gpu().read(target.texture)[..., :3].astype(int)
        assert pixels.max() - pixels.min() > 40, f"there is something to see of {step}"
        if step in ("Mask", "Raw mask"):
            assert (pixels[..., 0] == pixels[..., 1]).all()
            assert 0.05 < (pixels[..., 0] > 128).mean() < 0.6, "a person, and what is not"


def test_points_that_change_with_time_have_their_numbers_in_the_inspector(offscreen: Offscreen) -> None:
    keyed = "times_s = [0.0, 1.0]\nwarp.top_left = [[0.0, 0.0], [0.1, 0.2]]\n"
    previewer = offscreen(f"{SMALL}[d.display]\n[d.warp]\n[d.keyframes]\n{keyed}[d.place]\n")
    session = previewer.session
    session.selection = Selection("d", "keyframes")
    frames(previewer, 3)
    session.set(("d", "keyframes", "place", "crop"), [session.value(("d", "place", "crop"))] * 2)
    frames(previewer, 3)
    assert not session.mistakes
    assert b"place.crop = [[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]" in session.document.text


def test_a_show_may_be_opened_anew_while_its_picture_is_being_drawn(offscreen: Offscreen) -> None:
    previewer = offscreen(SMALL)

    class Button:
        title = "Button"

        def draw(self, session: Session) -> None:
            assert session.scene is not None
            previewer.player.open()

    previewer.workspace.bottom.append(Button())
    before = previewer.player.show
    frames(previewer, 2)
    previewer.workspace.bottom.pop()
    frames(previewer, 2)
    assert previewer.player.show is not before


def test_a_scene_of_2000_entities_draws_only_the_rows_that_are_seen(
    offscreen: Offscreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = "".join(f'[lamp_{at}.light]\nkind = "ambient"\nstrength = 0.0\n' for at in range(2000))
    previewer = offscreen(SMALL + many)
    assert len(previewer.session.tables) == 2004
    drawn: list[str] = []
    original = imgui.tree_node_ex

    def tree_node_ex(label: str, flags: int) -> bool:
        drawn.append(label)
        return original(label, flags)

    monkeypatch.setattr(imgui, "tree_node_ex", tree_node_ex)
    previewer.session.selection = Selection("lamp_1900")
    frames(previewer, 3)
    drawn.clear()
    frames(previewer, 1)
    assert len(drawn) < 60
    assert any("lamp_1900" in label for label in drawn), "what is chosen is scrolled to"


def test_a_screenshot_is_the_same_every_time_and_wants_no_desktop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    scene = tmp_path / "show.toml"
    scene.write_text(SMALL, encoding="utf-8")
    for name in ("one.png", "two.png"):
        arguments = ["preview", str(scene), "--screenshot", str(tmp_path / name), "--at", "0.2", "--size", "640x400"]
        assert main(arguments) == 0
    one, two = (cv2.imread(str(tmp_path / name)) for name in ("one.png", "two.png"))
    assert one is not None
    assert one.shape == (400, 640, 3)
    assert (one == two).all()
    assert len(np.unique(one.reshape(-1, 3), axis=0)) > 200


def test_without_a_desktop_there_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert main(["preview", str(ROOT / "scenes" / "hello.toml")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "no desktop" in line
    assert "--screenshot" in line


def test_a_panel_that_fails_says_so_and_the_others_go_on(offscreen: Offscreen, monkeypatch: pytest.MonkeyPatch) -> None:
    previewer = offscreen(SMALL)
    monkeypatch.setattr(Session, "mistakes_at", lambda *_: 1 / 0)
    for _ in range(2):
        previewer.turn()
    assert "ZeroDivisionError" in previewer.workspace.troubles["Inspector"]
    monkeypatch.undo()
    before = previewer.frames
    for _ in range(2):
        previewer.turn()
    assert previewer.frames == before + 2


def test_keys_and_mouse_reach_it_without_a_desktop(offscreen: Offscreen) -> None:
    previewer = offscreen(SMALL)
    previewer.session.set(("guest", "layer", "opacity"), 0.5)
    previewer.canvas.hear([Key("left_control", down=True), Key("z", down=True)])
    frames(previewer)
    assert previewer.session.value(("guest", "layer", "opacity")) == 1.0
    previewer.canvas.hear([Key("z", down=False), Key("left_control", down=False), Moved(60, 60), Button(0, down=True)])
    previewer.canvas.hear([Text("x")])
    frames(previewer)


def test_zooming_holds_what_is_under_the_pointer() -> None:
    view = View()
    panel, size, at = (400.0, 300.0), (160, 90), (100.0, 120.0)
    corner, drawn = view.lay(panel, size)
    before = ((at[0] - corner[0]) / drawn[0], (at[1] - corner[1]) / drawn[1])
    view.zoom_at(1.7, at, panel, size)
    corner, drawn = view.lay(panel, size)
    after = ((at[0] - corner[0]) / drawn[0], (at[1] - corner[1]) / drawn[1])
    assert after == pytest.approx(before, abs=1e-6)
    view.pan((10.0, -5.0), size)
    moved, _ = view.lay(panel, size)
    assert (moved[0] - corner[0], moved[1] - corner[1]) == pytest.approx((10.0, -5.0), abs=0.5)
    view.fit()
    assert view.lay(panel, size)[1] == pytest.approx((400.0, 225.0))


def test_costs_are_those_of_a_live_show(tmp_path: Path) -> None:
    path = tmp_path / "show.toml"
    path.write_text(SMALL, encoding="utf-8")
    gpu = the_gpu()
    previewer = Previewer(Session(path), gpu, OffscreenTarget(gpu, "preview", (960, 640)), None, stepped=False)
    try:
        previewer.player.open()
        show = previewer.player.show
        assert show is not None
        show.run(0.4, between=previewer.between)
        assert gpu.texture_bytes >= 160 * 90 * 8, "the stage at least"
        tables = {title: {name: cells for name, cells, _ in lines} for title, _, lines in gather(show)}
        assert float(tables["Ticks, 30 Hz"]["tick"][0]) > 0
        assert tables["Cameras"]["front"][0] == "live"
        previewer.workspace.show_panel("Costs")
        for _ in range(3):
            previewer.frame(draw=True)
        assert not previewer.workspace.troubles
        costs = next(panel for panel in previewer.workspace.bottom if panel.title == "Costs")
        assert isinstance(costs, CostsPanel)
        assert "show.trace.json" in save_trace(previewer.session, show)
        assert json.loads((tmp_path / "show.trace.json").read_text("utf-8"))["traceEvents"]

        def until_drawn() -> None:
            if previewer.frames > drawn and previewer.player.show is not None:
                previewer.player.show.stopping = True
            previewer.between()

        clock = show.clock
        assert isinstance(clock, RealClock)
        clock._zero_ns -= 10**12  # it is on air for a quarter of an hour
        show.run(0.2, between=previewer.between)
        previewer.player.open()
        drawn = previewer.frames
        assert previewer.player.show is not None
        previewer.player.show.run(10.0, between=until_drawn)
        assert previewer.frames > drawn, "the window goes on when the show begins anew"
    finally:
        previewer.close()


def test_without_its_fonts_it_has_imguis_own(
    offscreen: Offscreen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.preview.theme.FONTS", tmp_path / "none")
    offscreen(SMALL)


def test_the_corners_of_a_warp_are_handles_on_its_own_display(offscreen: Offscreen) -> None:
    previewer = offscreen(SMALL + "[wall.display]\nwidth = 90\nheight = 90\n[wall.warp]\ntop_left = [0.1, 0.2]\n")
    previewer.session.selection = Selection("wall")
    frames(previewer)
    assert previewer.workspace.picture.sources[0] == "wall"
    show = previewer.player.show
    assert show is not None
    quad = lay((90, 90), (160, 90), fit="contain")
    handles, outlines = handles_of(previewer.session, show, "wall", quad)
    assert [handle.name for handle in handles] == ["top_left", "top_right", "bottom_right", "bottom_left"]
    assert to_target(quad, handles[0].at) == pytest.approx((0.1, 0.2))
    assert len(outlines[0].points) == 4
    moved = handles[0].move(from_target(quad, (0.25, 0.15)))
    assert moved == {("wall", "warp", "top_left"): [pytest.approx(0.25), pytest.approx(0.15)]}
    for path, value in moved.items():
        previewer.session.turn(path, value)
    previewer.session.finish()
    assert not previewer.session.mistakes
    assert b"top_left = [0.25, 0.15]" in previewer.session.document.text
    assert handles_of(previewer.session, show, "Stage") == ([], [])


def test_a_layer_in_a_group_is_found_and_moved_where_the_group_shows_it(offscreen: Offscreen) -> None:
    previewer = offscreen(
        "[stage.stage]\nwidth = 160\nheight = 90\n[box.fill]\ncolour = '#ffffff'\n"
        "[box.layer]\ngroup = 'all'\n[box.place]\nscale = 0.5\n"
        "[all.group]\n[all.layer]\n[all.place]\nx = 0.25\ny = 0.5\nscale = 0.5\n"
    )
    previewer.player.step()
    show, session = previewer.player.show, previewer.session
    assert show is not None
    assert layer_at(show, (0.25, 0.5)) == ["box", "all"]
    assert layer_at(show, (0.05, 0.5)) == [], "beside the box there is nothing of the group"
    session.selection = Selection("box")
    frames(previewer)
    picture = previewer.workspace.picture
    picture.sources[0] = "Layer"
    frames(previewer)
    assert picture.steps is not None
    alone = picture.steps.draw("Layer", "box")
    assert alone is not None
    assert the_gpu().read(alone.texture)[45, 80, :3].min() > 250, "it is seen by itself as well"
    handles, outlines = handles_of(session, show)
    assert handles[0].at == pytest.approx((0.25, 0.5))
    assert outlines[0].points[0] == pytest.approx((0.125, 0.375))
    assert handles[0].move((0.3, 0.55)) == {
        ("box", "place", "x"): pytest.approx(0.6),
        ("box", "place", "y"): pytest.approx(0.6),
    }
