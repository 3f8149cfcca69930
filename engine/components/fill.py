"""A colour or a gradient."""

from typing import Literal

from engine.component import Colour, component, field


@component
class Fill:
    """A plain colour, or a gradient between two, mixed in linear light."""

    shape: Literal["plain", "linear", "radial"] = field("plain", "One colour, a straight gradient, or a round one.")
    colour: Colour = field(Colour.parse("#203040"), "The colour, or where the gradient starts.")
    to: Colour = field(Colour.parse("#000000"), "Where the gradient ends.")
    angle: float = field(
        90.0, "Direction of a straight gradient: 0 is to the right, 90 down.", low=-360.0, high=360.0, unit="°"
    )
