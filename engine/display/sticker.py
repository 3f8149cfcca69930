"""What is drawn over the stage on one display only: a logo, an operator's overlay, the outlines of persons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from engine.components.logo import Logo
from engine.geometry import Quad, Vector
from engine.gpu.passes import Passes
from engine.gpu.planes import Planes
from engine.gpu.uniforms import Block

Corner = Literal["top_left", "top_right", "bottom_left", "bottom_right"]


class Draw(NamedTuple):
    """One draw of a presenter's pass: the arguments of `Passes.draw`."""

    pipeline: Any
    block: Block
    textures: Any
    instances: int = 1


@dataclass(frozen=True, slots=True)
class Screen:
    """A display as a sticker sees it: its size in pixels, its texture format, and where the stage lies on it.

    Where the picture is turned the display hangs turned, so stickers are turned with it: they are laid on `upright`.
    """

    size: tuple[int, int]
    format: str
    stage: Quad
    quarter_turns: int = 0

    @property
    def upright(self) -> tuple[int, int]:
        """Width and height as people see them."""
        return self.size if self.quarter_turns % 2 == 0 else self.size[::-1]


class Sticker(Protocol):
    """Something over the stage of one display.

    Thread: `lay_out` from the main thread, once a tick, before the uniforms are uploaded; the presenter reads `draws`,
    which is replaced as a whole. Blocks: never. Owns: its blocks. Fails: never.
    """

    draws: tuple[Draw, ...]

    def lay_out(self, screen: Screen) -> None:
        """Say where it lies on the display as it is now."""


class LogoSticker:
    """A picture in a corner. A sticker."""

    def __init__(self, passes: Passes) -> None:
        self.draws: tuple[Draw, ...] = ()
        self._passes = passes
        self._block: Block | None = None
        self._logo: Logo | None = None
        self._planes: Planes | None = None
        self._laid_for: Screen | None = None
        self._moves = False

    def look(self, logo: Logo | None, planes: Planes | None) -> None:
        """Take over what the author says; without planes there is nothing to show."""
        self._logo, self._planes, self._laid_for, self._moves = logo, planes, None, False

    def follow(self, logo: Logo) -> None:
        """Take its height, margin and opacity, which change with time, from this one from now on."""
        self._logo, self._moves = logo, True

    def lay_out(self, screen: Screen) -> None:
        """Put it into its corner, its height a share of the display's."""
        anew = screen != self._laid_for
        if not (anew or self._moves):
            return
        self._laid_for = screen
        logo, planes = self._logo, self._planes
        if logo is None or planes is None:
            self.draws = ()
            return
        self._block = self._block or sticker_block(self._passes)
        height_px = logo.height * screen.upright[1]
        size_px = (height_px * planes.size[0] / planes.size[1], height_px)
        put_in_corner(self._block, screen, size_px, logo.corner, logo.margin * screen.upright[1])
        self._block.data["opacity"] = logo.opacity
        if anew:
            pipeline = self._passes.pipeline("sticker.wgsl", screen.format, mix="normal")
            self.draws = (Draw(pipeline, self._block, self._passes.textures(planes.views[0])),)


def sticker_block(passes: Passes) -> Block:
    """Return a block for shaders/sticker.wgsl that shows a whole picture."""
    block = passes.uniforms.block(passes.shaders.struct("sticker.wgsl", "Sticker"))
    block.data["quad"]["uv_x"] = (1.0, 0.0)
    block.data["quad"]["uv_y"] = (0.0, 1.0)
    return block


def put_in_corner(block: Block, screen: Screen, size_px: tuple[float, float], corner: Corner, margin_px: float) -> None:
    """Write where a sticker of this size lies."""
    width, height = screen.upright
    left = margin_px if "left" in corner else width - margin_px - size_px[0]
    top = margin_px if "top" in corner else height - margin_px - size_px[1]
    put_at(block, screen, size_px, left, top)


def put_at(block: Block, screen: Screen, size_px: tuple[float, float], left: float, top: float) -> None:
    """Write where a sticker of this size lies, in pixels of the display as people see it."""
    width, height = screen.upright
    quad = block.data["quad"]
    across, down = turned((1.0, 0.0), screen.quarter_turns), turned((0.0, 1.0), screen.quarter_turns)
    # From the middle, since that is what everything turns around.
    x, y = left / width - 0.5, top / height - 0.5
    quad["origin"] = [0.5 + x * a + y * d for a, d in zip(across, down, strict=True)]
    quad["axis_x"] = [part * size_px[0] / width for part in across]
    quad["axis_y"] = [part * size_px[1] / height for part in down]


def turned(vector: Vector, quarter_turns: int) -> Vector:
    """Turn a vector clockwise, y down."""
    x, y = vector
    return ((x, y), (-y, x), (-x, -y), (y, -x))[quarter_turns % 4]
