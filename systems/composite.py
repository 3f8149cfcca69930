"""Composite: all layers back to front onto the stage."""

from __future__ import annotations

from engine.gpu.passes import Passes
from engine.gpu.stage import StageImage
from engine.tick import Tick
from systems.layers import Layers
from systems.lighting import AMBIENCE_FORMAT


class Composite:
    """Draws what lies behind each lit person, small, for its light; then the stage, in one pass where it can be one.

    Reads: what Layers packed. Writes: the stage, the ambience of Lit. Sends: nothing.
    """

    def __init__(self, passes: Passes, stage: StageImage, layers: Layers) -> None:
        self._passes = passes
        self._stage = stage
        self._layers = layers

    def process(self, tick: Tick) -> None:
        """Record the draws."""
        passes, stage, encoder = self._passes, self._stage, tick.encoder
        visible = [drawing for drawing in self._layers.drawings if drawing.visible]
        for position, person in enumerate(visible):
            if person.lit is None or person.lit.ambience is None:
                continue
            render = passes.begin(encoder, person.lit.ambience.behind_view, clear=stage.colour)
            for drawing in visible[:position]:
                drawing.draw(render, AMBIENCE_FORMAT, small=True)
            render.end()
            person.lit.ambience.spread(encoder)

        render = passes.begin(encoder, stage.view, clear=stage.colour)
        for drawing in visible:
            if drawing.needs_backdrop:
                # What is behind it must be finished before it can be read: a copy, and a pass that goes on.
                render.end()
                stage.copy_to_backdrop(encoder)
                render = passes.begin(encoder, stage.view)
            drawing.draw(render, stage.format)
        render.end()
