"""Composite: all layers back to front onto the stage, those in groups by themselves first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import numpy as np

from engine.gpu.light import ADAPT_S, LIGHT_FORMAT
from engine.gpu.passes import Mix, Passes
from engine.gpu.stage import Canvas, StageImage
from engine.tick import Tick
from systems.cues import Cues
from systems.drawings.drawing import Drawing, Footprint
from systems.drawings.group import GroupDrawing
from systems.drawings.picture import PictureDrawing
from systems.layers import Layers
from systems.lighting import Lighting

SETTLED = 6.0
"""Time constants after which smoothing has arrived: what is left is a quarter of a level."""


class Composite:
    """Draws what lies behind each lit person, small, for its light; then the stage.

    The layers at the bottom that have not changed for two ticks (a still, a gradient) are kept as the stage's base:
    from then on a tick begins with a copy of it, and draws only what lies above. A tick in which nothing has changed,
    as every other one of a 60 Hz stage with a 30 Hz camera, draws nothing, and leaves the base to the next.

    Reads: what Layers and Lighting packed. Writes: the stage, the light around of Lit. Sends: nothing.
    """

    def __init__(self, passes: Passes, stage: StageImage, layers: Layers, lighting: Lighting, cues: Cues) -> None:
        self._passes = passes
        self._stage = stage
        self._layers = layers
        self._lighting = lighting
        self._cues = cues
        self._differing: frozenset[int] = frozenset()  # the entities whose layers are just coming or going
        self._steady: list[Drawing] = []  # the layers at the bottom that were the same in the last tick
        self._base: list[Drawing] = []  # those that the kept base shows
        self._above: list[tuple[Drawing, Footprint | None]] = []  # what was drawn on it in the last tick, and where
        self._shown: tuple[Any, list[Drawing]] | None = None  # what the stage shows: its colour, and drawings
        self._nothing = passes.uniforms.block(np.dtype(np.float32))

    def process(self, tick: Tick) -> None:
        """Record the draws."""
        stage, encoder = self._stage, tick.encoder
        visible = [drawing for drawing in self._layers.drawings if drawing.visible]
        self._differing = self._cues.differing
        before, self._shown = self._shown, None  # until it is drawn, which may fail
        self._make_ready(tick, visible, [])
        steady = list(takewhile(lambda each: not (each.changed or each.entity in self._differing), visible))
        if steady == visible and before == (stage.colour, visible):
            self._shown = before
            return
        drawn = 0
        over: list[tuple[Drawing, Footprint]] = []
        if steady and steady == self._base:
            drawn = len(steady)
            over = self._erasable(visible[drawn:])
            if not over:
                stage.restore(encoder, "base")
        elif steady and steady == self._steady:
            self._draw(encoder, stage, steady, clear=True)
            stage.keep(encoder, "base")
            self._base = steady
            drawn = len(steady)
        else:
            self._base = []
        self._steady = steady
        if over:
            self._paint(encoder, stage, visible[drawn:], over=over)
        else:
            self._draw(encoder, stage, visible[drawn:], clear=not drawn)
        self._above = [(drawing, drawing.footprint) for drawing in visible[drawn:]] if drawn else []
        for drawing in visible[drawn : drawn + 1]:
            drawing.behind = None
        self._shown = (stage.colour, visible)

    def _erasable(self, drawings: list[Drawing]) -> list[tuple[Drawing, Footprint]]:
        """Return what the last tick drew on the base and where, if all that is known: a person is a quarter of it, and
        only there the base is put back."""
        if [drawing for drawing, _ in self._above] != drawings or not self._differing.isdisjoint(
            drawing.entity for drawing in drawings
        ):
            return []
        known = []
        for drawing, last in self._above:
            now = drawing.footprint
            if (
                last is None
                or now is None
                or (last.tiles, last.laid) != (now.tiles, now.laid)
                or now.turn > last.turn + 1
            ):
                return []
            known.append((drawing, last))
        for drawing in drawings[:1]:
            drawing.behind = self._stage.kept("base")
        return known

    def _make_ready(self, tick: Tick, drawings: list[Drawing], beneath: list[Drawing]) -> None:
        """Compose the isolated groups that have changed, and work out the light on every person, back to front."""
        going = self._differing & self._cues.selections[-1].hidden
        for position, drawing in enumerate(drawings):
            behind = beneath + [each for each in drawings[:position] if each.entity not in going]
            if isinstance(drawing, GroupDrawing):
                members = [member for member in drawing.members if member.visible]
                self._make_ready(tick, members, behind)
                if drawing.isolated and drawing.stale:
                    self._draw(tick.encoder, drawing.image, members, clear=True)
                    drawing.stale = False
            elif isinstance(drawing, PictureDrawing) and drawing.is_lit:
                self._light(tick, drawing, behind)

    def _draw(self, encoder: Any, canvas: Canvas, drawings: Sequence[Drawing], *, clear: bool) -> None:
        """Draw onto the stage or into a group. While selections dissolve, what differs is drawn once for each.

        What was drawn before that, and what comes after, is drawn once: the selections are mixed as whole pictures in
        between, A·(1 − t) + B·t, so that nothing dims or shines through on the way.
        """
        differing = [position for position, drawing in enumerate(drawings) if drawing.entity in self._differing]
        if not differing:
            self._paint(encoder, canvas, drawings, clear=clear)
            return
        first, last = differing[0], differing[-1] + 1
        self._paint(encoder, canvas, drawings[:first], clear=clear)
        canvas.keep(encoder, "before selections")
        left: Canvas | None = None
        for selection in self._cues.selections:
            if left is not None:
                canvas.restore(encoder, "before selections")
            self._paint(encoder, canvas, [each for each in drawings[first:last] if each.entity not in selection.hidden])
            if left is not None:
                self._lay(encoder, canvas, left, "dissolve", share=1.0 - selection.share)
            if selection is not self._cues.selections[-1]:
                left = canvas.leave(encoder)
        self._paint(encoder, canvas, drawings[last:])

    def _paint(
        self,
        encoder: Any,
        canvas: Canvas,
        drawings: Sequence[Drawing],
        *,
        clear: bool = False,
        over: Sequence[tuple[Drawing, Footprint]] = (),
    ) -> None:
        """Draw in one pass where it can be one; first put the base back where these were drawn `over` it."""
        if not (drawings or clear):
            return
        passes = self._passes
        render = passes.begin(encoder, canvas.view, clear=canvas.colour if clear else None)
        for drawing, last in over:
            drawing.erase(render, canvas.format, self._stage.kept("base"), last)
        for drawing in drawings:
            through = drawing if isinstance(drawing, GroupDrawing) and not drawing.isolated else None
            if through is not None or drawing.needs_backdrop:
                # What is behind it must be finished before it can be read: a copy, and a pass that goes on.
                render.end()
                if through is not None:
                    self._compose_through(encoder, through)
                if drawing.needs_backdrop:
                    canvas.copy_to_backdrop(encoder)
                render = passes.begin(encoder, canvas.view)
            if isinstance(drawing, PictureDrawing):
                drawing.cast_shadow(render, canvas.format)
            drawing.draw(render, canvas.format)
        render.end()

    def _compose_through(self, encoder: Any, group: GroupDrawing) -> None:
        """Compose a group whose layers mix with what is beneath it, now that this is drawn."""
        flat, onto = group.image.beneath, group.image.onto
        if flat is not onto and flat is not None and onto is not None and onto.beneath is not None:
            # It lies in another such group: beneath it are what that holds and what is beneath that, together.
            self._lay(encoder, flat, onto.beneath, "replace")
            self._lay(encoder, flat, onto, "normal")
        members = [member for member in group.members if member.visible]
        self._draw(encoder, group.image, members, clear=True)

    def _lay(self, encoder: Any, canvas: Canvas, other: Canvas, mix: Mix, *, share: float = 1.0) -> None:
        """Lay one canvas over another; where it dissolves, this share of it."""
        passes = self._passes
        pipeline = passes.pipeline("copy.wgsl", canvas.format, mix=mix)
        render = passes.begin(encoder, canvas.view)
        render.set_blend_constant((share,) * 4)
        passes.draw(render, pipeline, self._nothing, other.textures(passes))
        render.end()

    def _light(self, tick: Tick, person: PictureDrawing, behind: list[Drawing]) -> None:
        """Work out the light on one person from what is drawn behind them, where anything of it has changed."""
        lit, encoder, lighting = person.lit, tick.encoder, self._lighting
        assert lit is not None
        assert lit.around is not None
        assert lit.shade is not None
        assert lit.planes is not None
        around = lit.around
        quad = person.quad
        if lit.changed:
            grain = bool(lit.shade.data["grain"])
            around.sample(encoder, lit.planes, lit.silhouette, self._stage.view, quad, grain=grain)
        smooth_s = lighting.environment.smooth_s
        moved = behind != lit.behind or any(drawing.changed for drawing in behind)
        if moved:
            lit.behind = behind
            lit.settled_ns = tick.now_ns + round(SETTLED * max(smooth_s, ADAPT_S) * 1e9)
            render = self._passes.begin(encoder, around.behind, clear=self._stage.colour)
            for drawing in behind:
                drawing.draw(render, LIGHT_FORMAT, small=True)
            render.end()
        estimated = moved or lit.changed or tick.now_ns < lit.settled_ns
        if estimated:
            around.estimate(encoder, tick.now_ns, smooth_s, lighting.panorama)
        data = lit.shade.data
        data["quad"] = quad
        row, next_row, between = around.rows(lit.time_ns)
        data["rows"], data["between"] = (row, next_row), between
        lit.shade.draw(encoder, anew=estimated or lit.changed)
