"""A chroma key: the screen's colour is background."""

from engine.component import Colour, component, field


@component
class Key:
    """How far from the screen, in hue, saturation and value, a pixel must be to be person; 1 is as far as grey is."""

    screen: Colour = field(Colour.parse("#00b140"), "Colour of the screen.")
    tolerance: float = field(0.2, "Distance that is still screen.", low=0.0, high=2.0)
    softness: float = field(0.6, "Distance from there to all person; 0 is a hard cut.", low=0.0, high=2.0)
    even: bool = field(True, "Learn how the screen is lit, and even that out.")
    darkness: float = field(0.25, "How much being darker than the screen counts.", low=0.0, high=2.0)
    despill: float = field(1.0, "How much of the screen's light is taken off the person.", low=0.0, high=1.0)
