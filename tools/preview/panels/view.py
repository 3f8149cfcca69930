"""What a panel shows, and where it lies there: to fit, or at a zoom, moved about."""

from __future__ import annotations

from typing import Any, NamedTuple

from engine.geometry import Quad

NEAREST = 64.0
FARTHEST = 1 / 16

Vector = tuple[float, float]


class Seen(NamedTuple):
    """A display's or step's picture, its size in pixels, and how the stage lies on it, where it shows the stage."""

    name: str
    view: Any
    texture: Any
    size: tuple[int, int]
    quad: Quad | None


class View:
    """`zoom` pixels of the screen to one of the picture, or as large as fits."""

    def __init__(self) -> None:
        self.fits = True
        self.zoom = 1.0
        self.centre: Vector = (0.5, 0.5)  # what lies in the middle of the panel, in fractions of the picture

    def fit(self) -> None:
        """Show all of it."""
        self.fits = True

    def whole(self) -> None:
        """Show it at its own pixels."""
        self.fits, self.zoom, self.centre = False, 1.0, (0.5, 0.5)

    def lay(self, panel: Vector, size: tuple[int, int]) -> tuple[Vector, Vector]:
        """Return the picture's top left corner in the panel, and how large it is drawn."""
        if self.fits:
            self.zoom = min(panel[0] / size[0], panel[1] / size[1])
            self.centre = (0.5, 0.5)
        drawn = (size[0] * self.zoom, size[1] * self.zoom)
        corner = (panel[0] / 2 - self.centre[0] * drawn[0], panel[1] / 2 - self.centre[1] * drawn[1])
        if self.zoom == round(self.zoom):  # whole pixels on whole pixels
            corner = (float(round(corner[0])), float(round(corner[1])))
        return corner, drawn

    def zoom_at(self, factor: float, at: Vector, panel: Vector, size: tuple[int, int]) -> None:
        """Go nearer by a factor, with what lies at a place of the panel staying there."""
        corner, drawn = self.lay(panel, size)
        held = ((at[0] - corner[0]) / drawn[0], (at[1] - corner[1]) / drawn[1])
        self.fits = False
        self.zoom = min(NEAREST, max(FARTHEST, self.zoom * factor))
        drawn = (size[0] * self.zoom, size[1] * self.zoom)
        self.centre = (held[0] - (at[0] - panel[0] / 2) / drawn[0], held[1] - (at[1] - panel[1] / 2) / drawn[1])

    def pan(self, by: Vector, size: tuple[int, int]) -> None:
        """Move the picture with the pointer."""
        self.fits = False
        across, down = by[0] / (size[0] * self.zoom), by[1] / (size[1] * self.zoom)
        self.centre = (self.centre[0] - across, self.centre[1] - down)
