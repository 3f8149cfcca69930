"""An overlay is on the display that asked for it, on no other, and nobody waits for it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.components import Overlay
from engine.display.facts import Facts
from engine.display.panel import Panel
from engine.scene.load import load_scene
from engine.timing.clock import RealClock
from systems.overlay import Rate
from systems.show import Show
from tests.engine.models.onnx_models import mixer
from tests.shows import Air, OnAir, the_gpu
from tests.systems.conftest import Still

Picture = NDArray[np.uint8]

SHOW = """
[backdrop.fill]
colour = "#405060"
[backdrop.layer]
order = 0
[front.camera]
source = "synthetic"
backdrop = "room"
width = 320
height = 180
[guest.mask]
camera = "front"
source = "truth"
[guest.layer]
order = 1
[operator.display]
{operator}
[audience.display]
[audience.logo]
file = "logo.png"
"""
OVERLAY = "[operator.overlay]\n"
SIZE = (640, 360)


@pytest.fixture
def logo(still: Still) -> str:
    return still(np.random.default_rng(1).integers(0, 256, (20, 60, 4)), "logo.png")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Facts]:
    """What was drawn, as often as something was."""
    found: list[Facts] = []
    draw = Panel.draw

    def draw_and_tell(panel: Panel, facts: Facts) -> Picture:
        found.append(facts)
        return draw(panel, facts)

    monkeypatch.setattr(Panel, "draw", draw_and_tell)
    return found


def shown(air: Air, overlay: str = "", operator: str = "", size: tuple[int, int] = SIZE, ticks: int = 20) -> OnAir:
    text = SHOW.format(operator=operator) + (OVERLAY + overlay if overlay else "")
    return air(text, *size, ticks=ticks)


def changed(with_overlay: OnAir, without: OnAir, display: str = "operator") -> NDArray[np.bool_]:
    """Return which pixels an overlay has changed."""
    found: NDArray[np.bool_] = (with_overlay.shown(display) != without.shown(display)).any(axis=2)
    return found


@pytest.mark.usefixtures("logo")
def test_the_audience_sees_to_the_last_bit_what_it_would_without_the_operator(air: Air) -> None:
    clean, watched = shown(air), shown(air, "outline = true")
    assert changed(watched, clean).any()
    np.testing.assert_array_equal(watched.shown("audience"), clean.shown("audience"))
    assert (clean.shown("audience") != clean.shown("operator")).any(), "and it sees its logo"


@pytest.mark.usefixtures("logo")
@pytest.mark.parametrize(
    ("corner", "rows", "columns"),
    [
        ("top_left", slice(0, 180), slice(0, 320)),
        ("top_right", slice(0, 180), slice(320, 640)),
        ("bottom_left", slice(180, 360), slice(0, 320)),
        ("bottom_right", slice(180, 360), slice(320, 640)),
    ],
)
def test_the_panel_is_in_its_corner(air: Air, corner: str, rows: slice, columns: slice) -> None:
    found = changed(shown(air, f'corner = "{corner}"'), shown(air))
    assert found[rows, columns].any()
    found[rows, columns] = False
    assert not found.any()


@pytest.mark.usefixtures("logo")
def test_the_panel_is_what_was_painted_pixel_by_pixel(air: Air, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (100, 290, 4), np.uint8)
    noise[..., 3] = 255
    monkeypatch.setattr(Panel, "draw", lambda *_: noise)
    picture = shown(air, 'corner = "top_left"').shown("operator")
    np.testing.assert_array_equal(picture[10:110, 10:300], noise[..., :3])


@pytest.mark.usefixtures("logo")
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_on_a_display_that_hangs_turned_all_is_turned(air: Air, turns: int) -> None:
    text = SHOW.format(operator="").replace("[guest.layer]", "[guest.layer]\nvisible = false")
    said = '[operator.logo]\nfile = "logo.png"\ncorner = "top_right"\n' + OVERLAY + 'corner = "bottom_left"'
    upright = air(text + said, *SIZE, ticks=10)
    size = ", ".join(
        f"{name} = {px}" for name, px in zip(("width", "height"), SIZE[:: -1 if turns % 2 else 1], strict=True)
    )
    turned = f"rotate = {90 * turns}\n" + size.replace(", ", "\n")
    hanging = air(text.replace("[operator.display]\n", f"[operator.display]\n{turned}\n") + said, *SIZE, ticks=10)
    expected = np.rot90(upright.shown("operator"), -turns).astype(int)
    # Filtered or loaded, and dithered in another place: a level or two apart, but for the logo's sampled noise.
    assert (np.abs(hanging.shown("operator") - expected).max(axis=2) <= 3).mean() > 0.999


@pytest.mark.usefixtures("logo")
def test_an_invisible_overlay_changes_nothing(air: Air) -> None:
    clean = shown(air)
    for said in ("opacity = 0.0\noutline = true", "figures = false\nmessages = false", "figures = false"):
        assert not changed(shown(air, said), clean).any()


@pytest.mark.usefixtures("logo")
def test_an_overlay_that_is_taken_away_leaves_nothing(air: Air) -> None:
    clean, watched = shown(air), shown(air, "outline = true")
    watched.show.world.drop("operator", Overlay)
    clean.ticks(2)
    watched.ticks(2)
    assert not changed(watched, clean).any()
    watched.show.world.add("operator", Overlay(corner="bottom_right"))
    clean.ticks(12)
    watched.ticks(12)
    found = changed(watched, clean)
    assert found[180:, 320:].any()
    assert not found[:180, :320].any()


@pytest.mark.usefixtures("logo")
def test_messages_appear_and_age_out(air: Air) -> None:
    clean, watched = shown(air), shown(air, "figures = false\nmessage_s = 1.0")
    assert not changed(watched, clean).any()
    watched.show.notices.say("visible", "camera front", "it went away")
    seen = []
    for _ in range(8):
        clean.ticks(8)
        watched.ticks(8)
        seen.append(bool(changed(watched, clean).any()))
    assert seen == [True] * 4 + [False] * 4
    watched.show.notices.say("visible", "camera front", "it went away")
    clean.ticks(8)
    watched.ticks(8)
    assert changed(watched, clean).any(), "said again it is new again"


@pytest.mark.usefixtures("logo")
def test_figures_are_those_of_the_show(air: Air, told: list[Facts]) -> None:
    on_air = shown(air, "outline = true", operator="rate_hz = 10.0", ticks=90)
    on_air.show.notices.say("noted", "scene", "reloaded")
    on_air.ticks(10)
    facts = told[-1]
    assert facts.rate_hz == pytest.approx(30.0)
    assert facts.wanted_hz == 30.0
    assert (facts.missed, facts.missed_lately) == (0, 0)
    assert facts.stepping
    assert facts.tick_ms == (), "where time steps, durations would differ each time"
    assert [(display.name, round(display.rate_hz or 0)) for display in facts.displays] == [
        ("operator", 10),
        ("audience", 30),
    ]
    assert all(display.delay_ms is not None and 0 <= display.delay_ms < 34 for display in facts.displays)
    assert [(camera.name, camera.status) for camera in facts.cameras] == [("front", "live")]
    assert facts.cameras[0].rate_hz == pytest.approx(30.0, abs=1)
    assert [(mask.name, mask.decided_by) for mask in facts.masks] == [("guest", "truth")]
    assert [message.text for message in facts.messages] == ["reloaded"]
    assert 12 <= len(told) <= 15, "four times a second"


@pytest.mark.usefixtures("logo")
def test_a_lighter_model_that_stands_in_is_named(air: Air, told: list[Facts], tmp_path: Path) -> None:
    model = mixer(tmp_path / "red.onnx", "nhwc", [[1.0, 0.0, 0.0]], size=(256, 144))
    neural = SHOW.format(operator="").replace('"truth"', f'"neural"\nmodel = "{model}"') + OVERLAY
    on_air = air(neural, *SIZE, ticks=10)
    assert [(mask.decided_by, mask.spared) for mask in told[-1].masks] == [("red", False)]
    (worker,) = on_air.show.inference.models.values()
    assert worker.segmenter.lighten(True, 10.0)
    on_air.ticks(10)
    (mask,) = told[-1].masks
    assert (mask.decided_by, mask.spared) == (worker.segmenter.lighter, True)
    assert mask.decided_by != "red"


@pytest.mark.usefixtures("logo")
def test_missed_deadlines_are_counted_and_soon_no_more_of_late(air: Air, told: list[Facts]) -> None:
    on_air = shown(air, "corner = 'top_left'")
    on_air.show.loop.lag += 3
    on_air.ticks(20)
    assert (told[-1].missed, told[-1].missed_lately) == (3, 3)
    on_air.ticks(170)
    assert (told[-1].missed, told[-1].missed_lately) == (3, 0)


@pytest.mark.usefixtures("logo")
def test_stills_are_no_cameras_to_watch(air: Air, still: Still, told: list[Facts]) -> None:
    wall = still(np.zeros((20, 60, 3)), "wall.png")
    air(f'[wall.camera]\nsource = "{wall}"\n[wall.layer]\n[operator.display]\n{OVERLAY}', *SIZE, ticks=20)
    assert told
    assert told[-1].cameras == ()


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (16, 9), (100, 40), (140, 60), (54, 96), (300, 200)])
@pytest.mark.usefixtures("logo")
def test_tiny_displays_have_none_and_do_not_mind(air: Air, size: tuple[int, int]) -> None:
    on_air = shown(air, "outline = true\nscale = 4.0", f"width = {size[0]}\nheight = {size[1]}")
    on_air.show.notices.say("stopped", "everything", "is too much " * 20)
    on_air.ticks(20)
    assert on_air.shown("operator").shape == (size[1], size[0], 3)
    assert not [said for said in on_air.said if said.startswith(("overlays", "present"))]


@pytest.mark.usefixtures("logo")
def test_an_overlay_that_fails_costs_nothing_but_itself(air: Air, monkeypatch: pytest.MonkeyPatch) -> None:
    clean = shown(air)
    monkeypatch.setattr(Panel, "draw", lambda *_: 1 / 0)
    watched = shown(air, "outline = false")
    assert not changed(watched, clean).any()
    assert any(said.startswith("overlays: ZeroDivisionError") for said in watched.said)


# Outlines -------------------------------------------------------------------------------------------------------------


def bars_of(picture: Picture) -> NDArray[np.bool_]:
    """Return where the display shows nothing of the stage."""
    black = (picture == 0).all(axis=2)
    bars: NDArray[np.bool_] = black.all(axis=0)[None, :] | black.all(axis=1)[:, None]
    return bars


def edge_px(picture: Picture, backdrop: tuple[int, int, int] = (0x40, 0x50, 0x60)) -> NDArray[np.float32]:
    """Return how far each pixel is from the edge between person and backdrop."""
    person = (np.abs(picture.astype(int) - backdrop).max(axis=2) > 3) & ~bars_of(picture)
    edge = cv2.morphologyEx(person.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.distanceTransform(1 - edge, cv2.DIST_L2, 5), np.float32)


@pytest.mark.usefixtures("logo")
@pytest.mark.parametrize(
    "said",
    [
        "",
        "rotate = 90\nwidth = 360\nheight = 640",
        "rotate = 180",
        "crop = [0.2, 0.1, 0.1, 0.0]",
        'fit = "contain"\nwidth = 300\nheight = 500',
        'fit = "cover"\nwidth = 300\nheight = 500',
    ],
)
def test_the_outline_runs_along_the_edge_of_the_person(air: Air, said: str) -> None:
    clean = shown(air, operator=said)
    outlined = shown(air, "figures = false\noutline = true\noutline_colour = '#00ff00'", operator=said)
    found = changed(outlined, clean)
    away = edge_px(clean.shown("operator"))
    bars = bars_of(clean.shown("operator"))
    assert not found[bars].any(), "it stays on the stage"
    # A silhouette texel is two to five pixels here.
    assert np.mean(away[found] < 9) > 0.97, "there is a line nowhere else"
    line = (outlined.shown("operator") == (0, 255, 0)).all(axis=2)
    assert line.any()
    reach = cv2.distanceTransform((~found).astype(np.uint8), cv2.DIST_L2, 5)
    assert np.mean(reach[away == 0] < 9) > 0.9, "almost all of the edge has a line"


@pytest.mark.usefixtures("logo")
def test_the_outline_follows_a_place_that_changes_with_time(air: Air) -> None:
    bare = "[operator.logo]\nfile = 'logo.png'\nopacity = 0.0\n[guest.place]\n"
    keyed = bare + "[guest.keyframes]\ntimes_s = [0.0, 0.5]\nplace.x = [0.2, 0.8]\n"
    clean, outlined = shown(air, operator=keyed), shown(air, "figures = false\noutline = true", operator=keyed)
    found = changed(outlined, clean)
    assert found.any()
    assert np.mean(edge_px(clean.shown("operator"))[found] < 9) > 0.97


@pytest.mark.usefixtures("logo")
def test_the_outline_follows_place_crop_and_mirror(air: Air) -> None:
    place = "\n[guest.place]\nx = 0.3\nscale = 0.8\nrotate = 20.0\nmirror = true\ncrop = [0.0, 0.1, 0.1, 0.2]\n"
    clean = shown(air, operator="" + "[operator.logo]\nfile = 'logo.png'\nopacity = 0.0" + place)
    text = "[operator.logo]\nfile = 'logo.png'\nopacity = 0.0" + place
    outlined = shown(air, "figures = false\noutline = true", operator=text)
    found = changed(outlined, clean)
    assert found.any()
    assert np.mean(edge_px(clean.shown("operator"))[found] < 9) > 0.97


@pytest.mark.usefixtures("logo")
def test_an_invisible_layer_has_no_outline(air: Air) -> None:
    hidden = "[guest.layer]\norder = 1\nvisible = false\n"
    text = SHOW.format(operator="").replace("[guest.layer]\norder = 1\n", hidden)
    clean, watched = air(text, *SIZE, ticks=5), air(text + OVERLAY + "figures = false\noutline = true", *SIZE, ticks=5)
    assert not changed(watched, clean).any()


# Rates and priorities -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("logo")
def test_a_display_has_a_rate_of_its_own(air: Air) -> None:
    on_air = shown(air, operator="rate_hz = 12.0", ticks=0)
    operator, audience = on_air.show.present.presenters.values()
    shown_at = []
    for number in range(60):
        before = operator.presents
        on_air.ticks()
        if operator.presents > before:
            shown_at.append(number)
    assert audience.presents == 60
    assert operator.presents == 24
    assert set(np.diff(shown_at)) == {2, 3}


@pytest.mark.usefixtures("logo")
def test_a_display_of_higher_priority_is_served_first(air: Air, monkeypatch: pytest.MonkeyPatch) -> None:
    on_air = shown(air, operator="priority = -1")
    order: list[str] = []
    for presenter in on_air.show.present.presenters.values():
        monkeypatch.setattr(presenter, "present", lambda _, name=presenter.name: order.append(name))
    on_air.ticks()
    assert order == ["display audience", "display operator"]


@pytest.mark.usefixtures("logo")
def test_a_display_of_lower_priority_gives_way_while_time_is_short(air: Air) -> None:
    on_air = shown(air, operator="priority = -1", ticks=4)
    operator, audience = on_air.show.present.presenters.values()
    on_air.show.loop.lag += 1
    on_air.ticks(60)
    assert audience.presents == 64
    assert operator.presents == 34
    assert on_air.said == ["display operator: gives way while the show is short of time"]
    on_air.ticks(30)
    assert audience.presents == 94
    assert operator.presents in (63, 64), "for two seconds"


@pytest.mark.usefixtures("logo")
def test_displays_of_one_priority_are_all_served_however_short_time_is(air: Air) -> None:
    on_air = shown(air, ticks=4)
    on_air.show.loop.lag += 1
    on_air.ticks(20)
    assert {presenter.presents for presenter in on_air.show.present.presenters.values()} == {24}
    assert on_air.said == []


def test_rates_are_counted_over_two_seconds_and_begin_anew_with_a_new_counter() -> None:
    rate, step_ns = Rate(), 250_000_000
    assert rate.of(0, 100) is None
    assert rate.of(step_ns, 108) is None
    assert rate.of(2 * step_ns, 115) == 30.0
    for n in range(3, 30):
        found = rate.of(n * step_ns, 100 + n * 5)
    assert found == 20.0
    assert rate.of(30 * step_ns, 3) is None


# On the real clock ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("logo")
def test_no_text_is_drawn_on_the_tick_or_by_a_presenter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []
    told: list[Facts] = []
    draw = Panel.draw

    def watched(panel: Panel, facts: Facts) -> Any:
        threads.append(threading.current_thread().name)
        told.append(facts)
        return draw(panel, facts)

    monkeypatch.setattr(Panel, "draw", watched)
    scene = tmp_path / "real.toml"
    text = SHOW.format(operator="") + "[stage.stage]\nwidth = 96\nheight = 54\n" + OVERLAY
    scene.write_text(text.replace("[operator.display]\n", "[operator.display]\nwidth = 640\nheight = 360\n"), "utf-8")
    show = Show(load_scene(scene, ()), RealClock(), headless=True, gpu=the_gpu())
    show.open()
    try:
        show.run(20.0, lambda _: setattr(show, "stopping", len(told) > 5))
        show.present.stop()
    finally:
        show.close()
    assert len(told) > 5
    assert set(threads) == {"overlays"}
    facts = told[-1]
    assert not facts.stepping
    assert facts.tick_ms
    assert facts.displays[0].draw_ms
    assert facts.displays[0].delay_ms is not None
    assert "overlays" not in {thread.name for thread in threading.enumerate()}
