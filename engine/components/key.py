"""A chroma key: the screen's colour is background."""

from engine.component import Colour, component, field


@component
class Key:
    """How far from the screen's colour, in hue, saturation and value, a pixel must be to count as person."""

    screen: Colour = field(Colour.parse("#00b140"), "Colour of the screen.")
    tolerance: float = field(0.25, "HSV distance that is still screen.", low=0.0, high=1.0)
    softness: float = field(0.15, "HSV distance from screen to person; 0 is a hard cut.", low=0.0, high=1.0)
    despill: float = field(1.0, "How much of the screen's light is taken off the person.", low=0.0, high=1.0)
