"""Cues change what is seen at a time or on a key, and what dissolves is a mix of whole pictures."""

from __future__ import annotations

import numpy as np
import pytest

from engine.components.cue import Key
from engine.errors import SceneError
from tests.picture import decode
from tests.shows import Air, OnAir

RATE = "[stage.stage]\nwidth = 32\nheight = 18\nrate_hz = 10.0\n"

SELECTIONS = (
    RATE
    + """
[floor.fill]
colour = "#0000ff"
[floor.layer]
order = -1
[red.fill]
colour = "#ff0000"
[red.layer]
group = "morning"
[morning.group]
[morning.layer]
[green.fill]
colour = "#00ff00"
[green.layer]
group = "evening"
[evening.group]
[evening.layer]
order = {order}
visible = false
[logo.fill]
colour = "#ffffff"
[logo.layer]
order = 9
opacity = 0.5
[second.cue]
show = ["evening"]
hide = ["morning"]
"""
)


def middle(on_air: OnAir) -> list[float]:
    return [float(part) for part in on_air.light()[9, 16]]


def under_logo(*colour: float) -> list[float]:
    return [0.5 + 0.5 * part for part in colour]


@pytest.mark.parametrize("order", [1, -0])
def test_a_cue_cuts_at_its_time(air: Air, order: int) -> None:
    on_air = air(SELECTIONS.format(order=order) + "at_s = 0.2\n")
    assert middle(on_air) == pytest.approx(under_logo(1, 0, 0), abs=0.002)
    on_air.ticks()
    assert middle(on_air) == pytest.approx(under_logo(1, 0, 0), abs=0.002)
    on_air.ticks()
    assert middle(on_air) == pytest.approx(under_logo(0, 1, 0), abs=0.002)
    on_air.ticks(3)
    assert middle(on_air) == pytest.approx(under_logo(0, 1, 0), abs=0.002)


@pytest.mark.parametrize("order", [1, -1])
def test_a_fade_is_a_dissolve_that_dims_nothing_and_lets_nothing_through(air: Air, order: int) -> None:
    on_air = air(SELECTIONS.format(order=order) + "at_s = 0.1\nfade_s = 1.0\n", ticks=2)
    for step in range(12):
        share = min(1.0, step / 10)
        assert middle(on_air) == pytest.approx(under_logo(1 - share, share, 0), abs=0.003), step
        on_air.ticks()


def test_what_is_transparent_dissolves_as_seen_with_what_is_beneath(air: Air) -> None:
    text = SELECTIONS.format(order=1).replace('group = "evening"', 'group = "evening"\nopacity = 0.5')
    on_air = air(text + 'key = "e"\nfade_s = 0.4\n')
    on_air.show.cues.press("e")
    on_air.ticks(3)  # half way: half of red, half of what half green over blue is
    assert middle(on_air) == pytest.approx(under_logo(0.5, 0.25, 0.25), abs=0.003)


def test_a_key_calls_a_cue_each_time_and_another_does_not(air: Air) -> None:
    back = '[first.cue]\nkey = "1"\nshow = ["morning"]\nhide = ["evening"]\n'
    on_air = air(SELECTIONS.format(order=1) + 'key = "2"\n' + back)
    for key, colour in (("x", (1, 0, 0)), ("2", (0, 1, 0)), ("2", (0, 1, 0)), ("1", (1, 0, 0)), ("2", (0, 1, 0))):
        on_air.show.cues.press(key)
        on_air.ticks()
        assert middle(on_air) == pytest.approx(under_logo(*colour), abs=0.002)


def test_a_cue_in_the_middle_of_a_fade_goes_on_from_what_is_seen(air: Air) -> None:
    """Nothing jumps, however fast keys are pressed; in the end the last one holds."""
    back = '[first.cue]\nkey = "1"\nshow = ["morning"]\nhide = ["evening"]\nfade_s = 1.0\n'
    on_air = air(SELECTIONS.format(order=1) + 'key = "2"\nfade_s = 1.0\n' + back)
    last = np.array(middle(on_air))
    for key in "2121212.............................":
        on_air.show.cues.press(key)
        on_air.ticks()
        now = np.array(middle(on_air))
        assert np.abs(now - last).max() < 0.11
        last = now
    assert last == pytest.approx(under_logo(0, 1, 0), abs=0.003)


def test_a_layer_inside_a_group_dissolves_there(air: Air) -> None:
    text = (
        RATE
        + """
    [back.fill]
    colour = "#808080"
    [back.layer]
    order = -1
    [pair.group]
    [pair.layer]
    blend = "multiply"
    [red.fill]
    colour = "#ff0000"
    [red.layer]
    group = "pair"
    [green.fill]
    colour = "#00ff00"
    [green.layer]
    group = "pair"
    visible = false
    [swap.cue]
    key = "space"
    show = ["green"]
    hide = ["red"]
    fade_s = 0.4
    """
    )
    on_air = air(text, ticks=3)
    on_air.show.cues.press("space")
    on_air.ticks(3)
    grey = float(decode(np.array(128 / 255)))
    assert middle(on_air) == pytest.approx([grey / 2, grey / 2, 0], abs=0.003)
    on_air.ticks(3)
    assert middle(on_air) == pytest.approx([0, grey, 0], abs=0.003)


def test_a_cue_comes_again_every_so_often(air: Air) -> None:
    text = SELECTIONS.format(order=1) + "at_s = 0.2\nevery_s = 0.4\n"
    on_air = air(text + '[first.cue]\nat_s = 0.4\nevery_s = 0.4\nshow = ["morning"]\nhide = ["evening"]\n')
    seen = ""
    for _ in range(11):
        seen += "r" if middle(on_air)[0] > 0.9 else "g"
        on_air.ticks()
    assert seen == "rrggrrggrrg"


def test_what_no_look_shows_is_not_drawn(air: Air) -> None:
    on_air = air(SELECTIONS.format(order=1) + 'key = "2"\n', ticks=2)
    visible = {on_air.show.world.name(each.entity): each.visible for each in on_air.show.layers.drawings}
    assert visible == {"floor": True, "morning": True, "evening": False, "logo": True}


@pytest.mark.parametrize(
    ("cue", "said"),
    [
        ('show = ["red"]', "cue never happens"),
        ("at_s = 1.0", "cue changes nothing"),
        ('key = "spce"\nshow = ["red"]', r"key: there is no \"spce\" \(did you mean 'space'\?\)"),
        ('key = "1"\nshow = ["red", "gren"]', r"show: 'gren' is no entity \(did you mean 'green'\?\)"),
    ],
)
def test_a_cue_that_cannot_be_meant_is_refused(air: Air, cue: str, said: str) -> None:
    text = SELECTIONS.format(order=1).split("[second.cue]")[0]
    with pytest.raises(SceneError, match=said):
        air(f"{text}[second.cue]\n{cue}\n")


def test_every_key_of_a_cue_is_one_that_windows_tell() -> None:
    from typing import get_args

    from engine.display.input import KEYS

    assert set(get_args(Key)) - set(KEYS.values()) == {""}
