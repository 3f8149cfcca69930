"""Composite: all layers back to front onto the stage."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from engine.components import Lighting
from engine.gpu.passes import Passes
from engine.gpu.stage import StageImage
from engine.tick import Tick
from systems.layers import Drawing, Layers, PictureDrawing
from systems.lighting import AMBIENCE_FORMAT, Lit


class Composite:
    """Draws what lies behind each lit person, small, for its light; then the stage.

    The layers at the bottom that have not changed for two ticks (a still, a gradient) are kept as the stage's base:
    from then on a tick begins with a copy of it, and draws only what lies above.

    Reads: what Layers packed. Writes: the stage, the ambience of Lit. Sends: nothing.
    """

    def __init__(self, passes: Passes, stage: StageImage, layers: Layers) -> None:
        self._passes = passes
        self._stage = stage
        self._layers = layers
        self._steady: list[Drawing] = []  # the layers at the bottom that were the same in the last tick
        self._base: list[Drawing] = []  # those that the kept base shows

    def process(self, tick: Tick) -> None:
        """Record the draws."""
        stage, encoder = self._stage, tick.encoder
        visible = [drawing for drawing in self._layers.drawings if drawing.visible]
        for position, person in enumerate(visible):
            if isinstance(person, PictureDrawing) and person.lighting is not None and person.lit is not None:
                self._light(encoder, person, person.lighting, person.lit, visible[:position])

        steady = list(takewhile(lambda drawing: not drawing.changed, visible))
        drawn = 0
        if steady and steady == self._base:
            stage.restore_base(encoder)
            drawn = len(steady)
        elif steady and steady == self._steady:
            self._draw(encoder, steady, clear=True)
            stage.keep_base(encoder)
            self._base = steady
            drawn = len(steady)
        else:
            self._base = []
        self._steady = steady
        self._draw(encoder, visible[drawn:], clear=not drawn)

    def _draw(self, encoder: Any, drawings: Sequence[Drawing], *, clear: bool) -> None:
        """Draw onto the stage, in one pass where it can be one."""
        passes, stage = self._passes, self._stage
        render = passes.begin(encoder, stage.view, clear=stage.colour if clear else None)
        for drawing in drawings:
            if drawing.needs_backdrop:
                # What is behind it must be finished before it can be read: a copy, and a pass that goes on.
                render.end()
                stage.copy_to_backdrop(encoder)
                render = passes.begin(encoder, stage.view)
            drawing.draw(render, stage.format)
        render.end()

    def _light(
        self, encoder: Any, person: PictureDrawing, lighting: Lighting, lit: Lit, behind: Sequence[Drawing]
    ) -> None:
        """Work out the light on one person from what is drawn behind them."""
        if lit.ambience is None or lit.shade is None:
            return
        render = self._passes.begin(encoder, lit.ambience.behind_view, clear=self._stage.colour)
        for drawing in behind:
            drawing.draw(render, AMBIENCE_FORMAT, small=True)
        render.end()
        lit.ambience.spread(encoder)
        lit.shade.draw(encoder, person.quad, lighting)
