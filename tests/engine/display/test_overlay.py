"""An overlay's panel: it fits, it can be read, it says what is wrong, and it is painted where nobody waits for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.components.overlay import Overlay
from engine.display.facts import CameraFacts, DisplayFacts, Facts, MaskFacts, Message
from engine.display.overlay import OverlayPainter, OverlaySticker, Painting
from engine.display.panel import ALARM, CALM, REGULAR, VALUE, WARN, Ink, Panel, Pen, most_size, text_px, width_of
from engine.display.sticker import Screen
from engine.geometry import WHOLE
from engine.gpu.passes import Passes
from engine.gpu.shader import Shaders
from engine.gpu.uniforms import Uniforms
from engine.notices import Notices
from engine.trace import Trace
from tests.shows import the_gpu

HD = (1280, 720)

LOST = Message("visible", "camera side", "the device went away; its last picture fades", 3, 2.0)
STOPPED = Message("stopped", "particles", "switched off after 10 failures in a row", 1, 1000.0)
NOTED = Message("noted", "scene", "reloaded", 1, 0.0)

CALM_SHOW = Facts(
    rate_hz=30.0,
    wanted_hz=30.0,
    tick_ms=(12.0, 13.0, 11.0) * 20,
    displays=(DisplayFacts("operator", 30.0, 41.0, (3.0, 2.5) * 20), DisplayFacts("audience", 30.0, 38.0)),
    cameras=(CameraFacts("front", "live", 30.0),),
    masks=(MaskFacts("guest", "selfie_landscape", "cpu", 0.94, 48.0), MaskFacts("anna", "key")),
)
TROUBLED = replace(
    CALM_SHOW,
    rate_hz=21.0,
    missed=9,
    missed_lately=4,
    tick_ms=(40.0,) * 60,
    displays=(
        DisplayFacts("a display with a name that is far too long for its column", 8.0, 1000.0, (90.0,), 77, True),
    ),
    cameras=(CameraFacts("side", "lost", None, 12),),
    masks=(MaskFacts("guest", "a_model_with_a_long_name_of_its_own", "tensorrt", 0.4, 4800.0, spared=True),),
    messages=(STOPPED, LOST, NOTED),
)


def drawn(facts: Facts, size: tuple[int, int] = HD, **said: Any) -> NDArray[np.uint8]:
    return Panel(Overlay(**said), size).draw(facts).copy()


def holds(picture: NDArray[np.uint8], ink: Ink) -> bool:
    return bool((picture == (*ink, 255)).all(axis=2).any())


def test_digits_have_one_width_so_that_numbers_do_not_dance() -> None:
    assert len({width_of(digit * 8, 13) for digit in "0123456789"}) == 1


def test_the_same_facts_give_the_same_picture_and_others_another() -> None:
    np.testing.assert_array_equal(drawn(CALM_SHOW), drawn(CALM_SHOW))
    panel = Panel(Overlay(), HD)
    first = panel.draw(CALM_SHOW).copy()
    second = panel.draw(replace(CALM_SHOW, rate_hz=29.9)).copy()
    assert (first != second).any()
    np.testing.assert_array_equal(panel.draw(CALM_SHOW), first)


def test_a_calm_show_looks_calm_and_a_troubled_one_does_not() -> None:
    calm, troubled = drawn(CALM_SHOW), drawn(TROUBLED)
    assert holds(calm, VALUE)
    assert holds(calm, CALM)
    assert not holds(calm, WARN)
    assert not holds(calm, ALARM)
    assert holds(troubled, WARN)
    assert holds(troubled, ALARM)


@pytest.mark.parametrize("scale", [0.5, 1.0, 4.0])
def test_it_fits_on_every_display_or_is_not_there(scale: float) -> None:
    overlay = Overlay(scale=scale)
    for width in (1, 16, 95, 120, 200, 333, 640, 1920):
        for height in (1, 9, 31, 54, 90, 160, 360, 1080):
            picture = Panel(overlay, (width, height)).draw(TROUBLED)
            margin = 2 * text_px(overlay, height)
            assert len(picture) == 0 or (len(picture) <= height - margin and picture.shape[1] <= width - margin)
            assert most_size(overlay, (width, height)) != (0, 0) or len(picture) == 0


@pytest.mark.parametrize("size", [(640, 360), HD, (1920, 1080), (540, 960)])
def test_colour_is_premultiplied_and_corners_are_clear(size: tuple[int, int]) -> None:
    picture = drawn(TROUBLED, size, backing=0.5).astype(int)
    assert (picture[..., :3] <= picture[..., 3:]).all()
    assert picture[0, 0, 3] == picture[-1, -1, 3] == 0
    assert picture[2, picture.shape[1] // 2, 3] == 128


def test_text_is_whole_where_it_is_on_a_clear_ground() -> None:
    pen = Pen(60, 30, (0, 0, 0, 0))
    pen.text(5, 20, "H", (200, 100, 50), 20)
    assert holds(pen.pixels, (200, 100, 50))
    np.testing.assert_allclose(pen.pixels[..., 0], pen.pixels[..., 3] * (200 / 255), atol=1)


def test_what_is_too_long_is_cut_or_wrapped() -> None:
    pen = Pen(400, 100, (0, 0, 0, 255))
    words = "The device went away (No such device); its last picture fades, and it is opened again"
    assert pen.cut("short", 100, 13) == "short"
    cut = pen.cut(words, 100, 13)
    assert cut.endswith("…")
    assert width_of(cut, 13) <= 100
    assert pen.cut(words, 3, 13) == ""
    for lines in (1, 2, 9):
        wrapped = pen.wrapped(words, 120, 13, lines)
        assert len(wrapped) <= lines
        assert all(width_of(line, 13, REGULAR) <= 120 for line in wrapped)
    assert " ".join(pen.wrapped(words, 120, 13, 9)) == words
    assert pen.wrapped("", 120, 13, 2) == []
    assert width_of(pen.wrapped("Wörter" * 50, 120, 13, 2)[0], 13) <= 120


def test_messages_age_out_but_for_what_is_off_the_air() -> None:
    young = replace(CALM_SHOW, messages=(replace(LOST, age_s=5.0),))
    old = replace(CALM_SHOW, messages=(replace(LOST, age_s=21.0),))
    np.testing.assert_array_equal(drawn(old), drawn(CALM_SHOW))
    assert len(drawn(young)) > len(drawn(old))
    assert len(drawn(old, message_s=30.0)) > len(drawn(old))
    assert holds(drawn(replace(CALM_SHOW, messages=(STOPPED,))), ALARM)


def test_parts_can_be_left_out() -> None:
    assert len(drawn(CALM_SHOW, figures=False)) == 0, "without figures and messages there is nothing"
    assert len(drawn(TROUBLED, figures=False, messages=False)) == 0
    only_messages = drawn(TROUBLED, figures=False)
    assert 0 < len(only_messages) < len(drawn(TROUBLED))
    np.testing.assert_array_equal(drawn(TROUBLED, messages=False), drawn(replace(TROUBLED, messages=())))


def test_unknown_figures_are_left_out() -> None:
    nothing = Facts(
        rate_hz=None,
        wanted_hz=30.0,
        stepping=True,
        displays=(DisplayFacts("wall", None),),
        cameras=(CameraFacts("front", "ended", None),),
        masks=(MaskFacts("guest", "truth"),),
    )
    assert len(drawn(nothing)) > 0
    assert not holds(drawn(nothing), WARN)


# The sticker and its painter ------------------------------------------------------------------------------------------


@pytest.fixture
def sticker() -> OverlaySticker:
    gpu = the_gpu()
    made = OverlaySticker(Passes(gpu, Shaders(gpu), Uniforms(gpu)), "operator", steps=False)
    made.look(Overlay())
    return made


SCREEN = Screen((640, 360), "rgba8unorm", WHOLE)


def test_what_is_painted_is_shown_a_tick_after_it_was_laid_out(sticker: OverlaySticker) -> None:
    assert sticker.begin() is None, "before it is known how large the display is"
    sticker.lay_out(SCREEN)
    canvas = sticker.begin()
    assert canvas is not None
    assert sticker.begin() is None, "one picture at a time"
    sticker.lay_out(SCREEN)
    sticker.paint(canvas, CALM_SHOW)
    assert not any(sticker.draws)
    sticker.lay_out(SCREEN)
    assert not any(sticker.draws), "where it lies has not reached the GPU yet"
    sticker.lay_out(SCREEN)
    (draw,) = sticker.draws
    assert sticker.begin() is canvas
    sticker.paint(canvas, TROUBLED)
    assert list(sticker.draws) == [draw], "the side that is shown stays as it is"
    sticker.lay_out(SCREEN)
    sticker.lay_out(SCREEN)
    (other,) = sticker.draws
    assert other.block is not draw.block
    assert other.textures is not draw.textures


def test_what_was_painted_for_another_size_or_wish_is_not_shown(sticker: OverlaySticker) -> None:
    sticker.lay_out(SCREEN)
    canvas = sticker.begin()
    assert canvas is not None
    sticker.paint(canvas, CALM_SHOW)
    sticker.lay_out(replace(SCREEN, size=(320, 180)))
    sticker.lay_out(replace(SCREEN, size=(320, 180)))
    assert not any(sticker.draws)
    canvas = sticker.begin()
    assert canvas is not None
    assert canvas.screen.size == (320, 180)
    sticker.look(None)
    sticker.paint(canvas, CALM_SHOW)
    for _ in range(3):
        sticker.lay_out(SCREEN)
    assert not any(sticker.draws)
    assert sticker.begin() is None


def test_one_panel_that_fails_stays_as_it_is_and_keeps_no_other_from_being_painted(
    sticker: OverlaySticker, monkeypatch: pytest.MonkeyPatch
) -> None:
    sticker.lay_out(SCREEN)
    canvas = sticker.begin()
    assert canvas is not None
    painter = OverlayPainter(Notices(), Trace())
    broken = Panel(Overlay(), (640, 360))
    monkeypatch.setattr(broken, "draw", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        painter.paint(Painting(CALM_SHOW, ((sticker, replace(canvas, panel=broken)), (sticker, canvas))))
    sticker.lay_out(SCREEN)
    sticker.lay_out(SCREEN)
    assert len(sticker.draws) == 1


def test_what_waits_too_long_to_be_painted_is_given_up(sticker: OverlaySticker) -> None:
    sticker.lay_out(SCREEN)
    canvas = sticker.begin()
    assert canvas is not None
    painter = OverlayPainter(Notices(), Trace())
    painter.put(Painting(CALM_SHOW, ((sticker, canvas),)))
    assert sticker.begin() is None
    painter.put(Painting(CALM_SHOW, ()))
    assert sticker.begin() is canvas
