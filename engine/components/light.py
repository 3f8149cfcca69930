"""A lamp on the stage."""

from typing import Literal

from engine.component import Colour, component, field


@component
class Light:
    """A lamp that shines on every person with a lighting component."""

    kind: Literal["point", "ambient"] = field(
        "point", "point: from one place, weaker with distance; ambient: everywhere."
    )
    colour: Colour = field(Colour.parse("#ffffff"), "Colour of the light.")
    strength: float = field(1.0, "How much light.", low=0.0, high=20.0)
    x: float = field(0.5, "From the left of the stage.", low=-4.0, high=5.0)
    y: float = field(0.5, "From the top of the stage.", low=-4.0, high=5.0)
    z: float = field(
        0.3, "In front of the stage (behind it, when negative: a rim light), in stage heights.", low=-4.0, high=4.0
    )
    reach: float = field(0.6, "Distance at which it has half its strength, in stage heights.", low=0.01, high=10.0)
