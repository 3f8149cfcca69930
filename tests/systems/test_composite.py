"""The composite: what has not changed is not drawn again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from systems.composite import Composite
from tests.shows import Air

HALF_RATE = """
[stage.stage]
rate_hz = 60.0
width = 96
height = 54
[wall.fill]
[wall.layer]
[guest.camera]
source = "synthetic"
width = 96
height = 54
rate_hz = 30.0
[guest.layer]
order = 1
"""


def test_a_tick_without_a_new_picture_draws_nothing_and_leaves_the_base(
    air: Air, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[int] = []
    paint = Composite._paint

    def counting(self: Composite, encoder: Any, canvas: Any, drawings: Any, *, clear: bool = False) -> None:
        painted.append(len(drawings))
        paint(self, encoder, canvas, drawings, clear=clear)

    monkeypatch.setattr(Composite, "_paint", counting)
    on_air = air(HALF_RATE, ticks=9)
    seen = []
    for _ in range(4):
        painted.clear()
        on_air.ticks()
        seen.append((list(painted), on_air.light()))
    assert [drawn for drawn, _ in seen] in ([[1], [], [1], []], [[], [1], [], [1]]), "the guest, with each picture"
    first = 0 if seen[0][0] else 1
    np.testing.assert_array_equal(seen[first][1], seen[first + 1][1])
    assert (seen[0][1] != seen[3][1]).any(), "the guest moves"


def test_what_could_not_be_drawn_is_drawn_in_the_next_tick_though_nothing_changes(
    air: Air, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw, failures = Composite._draw, [ValueError("lost")]

    def sometimes(self: Composite, *arguments: Any, **named: Any) -> None:
        if failures:
            raise failures.pop()
        draw(self, *arguments, **named)

    monkeypatch.setattr(Composite, "_draw", sometimes)
    on_air = air('[a.fill]\ncolour = "#ff0000"\n[a.layer]\n', ticks=2)
    assert "composite: ValueError: lost" in on_air.said
    np.testing.assert_allclose(on_air.light()[0, 0], [1, 0, 0], atol=0.001)
