"""An operator's overlay on one display: a panel that a worker draws, put over the stage by the presenter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.components.overlay import Overlay
from engine.display.facts import Facts
from engine.display.panel import Panel, text_px
from engine.display.sticker import Draw, Screen, put_in_corner, sticker_block
from engine.gpu.device import Usage
from engine.gpu.passes import Passes
from engine.gpu.uniforms import Block
from engine.notices import Notices
from engine.threads.mailbox import Mailbox
from engine.threads.worker import Worker
from engine.trace import Trace


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """What a panel is painted on, for one size of display and one wish of the author."""

    screen: Screen
    panel: Panel
    pipeline: Any
    textures: list[Any]
    sources: list[Any]
    margin_px: int


class OverlaySticker:
    """A panel in a corner. A sticker, of two sides: one is shown while the other is drawn.

    A picture goes round like this: `idle`, until the main thread sends facts (`begin`); `painting`, until a worker has
    drawn them into the hidden side (`paint`); `painted`, until the main thread has written where that side lies;
    `laid`, until a tick later, when that has reached the GPU and the sides are swapped. So a presenter that draws at
    any moment sees the old panel or the new one, whole and in its place.

    Thread: main; `paint` on a worker, or on the main thread where time steps. Blocks: never. Owns: two textures and two
    blocks. Fails: never.
    """

    def __init__(self, passes: Passes, name: str, *, steps: bool) -> None:
        self.draws: tuple[Draw, ...] = ()
        self.overlay: Overlay | None = None
        self._passes = passes
        self._name = name
        self._steps = steps
        self._blocks: list[Block] = []
        self._canvas: Canvas | None = None
        self._shown = 0  # the side
        self._state = "idle"
        self._painted: tuple[Canvas, int | None] | None = None  # by the worker: where, how high; None: it failed

    def look(self, overlay: Overlay | None) -> None:
        """Take over what the author says; None takes the panel away."""
        self.overlay = overlay if overlay is not None and (overlay.figures or overlay.messages) else None
        self._canvas = None
        if self.overlay is None:
            self.draws = ()

    def begin(self) -> Canvas | None:
        """Return what facts can be painted on now, or None."""
        if self._state != "idle" or self._canvas is None:
            return None
        self._state = "painting"
        self._painted = None
        return self._canvas

    def give_up(self) -> None:
        """Say that what was begun will not be painted."""
        self._state = "idle"

    def paint(self, canvas: Canvas, facts: Facts) -> None:
        """Draw facts on a canvas that `begin` gave, and upload it. Thread: the worker's."""
        height = None
        try:
            pixels = canvas.panel.draw(facts)
            if len(pixels):
                self._passes.gpu.upload(canvas.textures[1 - self._shown], pixels)
            height = len(pixels)
        finally:
            self._painted = (canvas, height)

    def lay_out(self, screen: Screen) -> None:
        """Bring on what was painted."""
        if self.overlay is not None and (self._canvas is None or self._canvas.screen != screen):
            self._canvas = self._make_canvas(self.overlay, screen)
        if self._painted is None:
            return
        canvas, height = self._painted
        if canvas is not self._canvas or height is None:
            self._state, self._painted = "idle", None  # for a display or a wish that is no more, or it failed
            return
        if self._state == "painting":
            self._lay(canvas, height)
            self._state = "laid"
            if not self._steps:
                return
        if self._state == "laid":
            self._shown = 1 - self._shown
            draw = Draw(canvas.pipeline, self._blocks[self._shown], canvas.sources[self._shown])
            self.draws = (draw,) if height else ()
            self._state, self._painted = "idle", None

    def _lay(self, canvas: Canvas, height: int) -> None:
        """Say where the hidden side lies."""
        assert self.overlay is not None
        block = self._blocks[1 - self._shown]
        size = canvas.panel.size
        put_in_corner(block, canvas.screen, (size[0], height), self.overlay.corner, canvas.margin_px)
        block.data["quad"]["uv_y"] = (0.0, height / max(1, size[1]))
        block.data["opacity"] = self.overlay.opacity

    def _make_canvas(self, overlay: Overlay, screen: Screen) -> Canvas:
        passes = self._passes
        self._blocks = self._blocks or [sticker_block(passes), sticker_block(passes)]
        panel = Panel(overlay, screen.upright)
        size = (max(1, panel.size[0]), max(1, panel.size[1]))
        usage = Usage.TEXTURE_BINDING | Usage.COPY_DST
        textures = [passes.gpu.texture(f"{self._name} overlay", *size, "rgba8unorm", usage) for _ in (0, 1)]
        return Canvas(
            screen,
            panel,
            passes.pipeline("sticker.wgsl", screen.format, mix="normal", constants={"PANEL": 1.0}),
            textures,
            [passes.textures(texture.create_view()) for texture in textures],
            text_px(overlay, screen.upright[1]),
        )


@dataclass(frozen=True, slots=True)
class Painting:
    """Facts, and the panels that shall show them."""

    facts: Facts
    canvases: tuple[tuple[OverlaySticker, Canvas], ...]


class OverlayPainter(Worker):
    """Paints the panels of all displays.

    Thread: its own; `put` from the main thread. Blocks: never. Owns: nothing. Fails: as every Worker; panels stay.
    """

    def __init__(self, notices: Notices, trace: Trace) -> None:
        super().__init__("overlays", notices)
        self._wanted: Mailbox[Painting | None] = Mailbox()
        self._span = trace.span("overlays")

    def put(self, painting: Painting) -> None:
        """Have something painted; what still waited to be is given up."""
        displaced = self._wanted.put(painting)
        for sticker, _ in displaced.canvases if displaced is not None else ():
            sticker.give_up()

    def wake(self) -> None:
        """End the wait for something to paint."""
        self._wanted.put(None)

    def turn(self) -> None:
        """Paint what is wanted."""
        painting = self._wanted.wait(0.5)
        if painting is not None:
            self.paint(painting)

    def paint(self, painting: Painting) -> None:
        """Paint, on the caller's thread. One panel that fails does not keep the others from being painted."""
        failure: Exception | None = None
        with self._span:
            for sticker, canvas in painting.canvases:
                try:
                    sticker.paint(canvas, painting.facts)
                except Exception as error:
                    failure = error
        if failure is not None:
            raise failure
