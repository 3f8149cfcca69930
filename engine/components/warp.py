"""A display's picture, bent to the wall it falls on."""

from typing import Annotated

from pydantic import Field

from engine.component import component, field

Spot = Annotated[float, Field(ge=-1.0, le=2.0)]

Point = tuple[Spot, Spot]


@component
class Warp:
    """Bends what a display shows: its corners, as perspective does, and a mesh of points. A logo stays as it is."""

    top_left: Point = field((0.0, 0.0), "Where that corner of the display goes, in fractions of it.")
    top_right: Point = field((1.0, 0.0), "Where that corner goes.")
    bottom_right: Point = field((1.0, 1.0), "Where that corner goes.")
    bottom_left: Point = field((0.0, 1.0), "Where that corner goes.")
    columns: int = field(2, "Points of the mesh from left to right.", low=2, high=32)
    rows: int = field(2, "Points of the mesh from top to bottom.", low=2, high=32)
    points: tuple[Spot, ...] = field(
        (), "x and y of each point, row by row, in fractions of the picture before its corners move; empty is even."
    )

    @property
    def corners(self) -> tuple[Point, Point, Point, Point]:
        """All four, clockwise from the top left."""
        return self.top_left, self.top_right, self.bottom_right, self.bottom_left
