"""A lamp on the stage."""

from typing import Literal

from engine.component import Colour, component, field


@component
class Light:
    """A lamp that shines on every person with a lighting component."""

    kind: Literal["point", "spot", "ambient"] = field(
        "point", "point: from one place, weaker with distance; spot: a cone of that; ambient: everywhere."
    )
    colour: Colour = field(Colour.parse("#ffffff"), "Colour of the light, as a filter before the lamp.")
    temperature_k: float = field(
        6504.0, "Colour temperature: 3200 is tungsten, 5600 daylight, 6504 white.", low=1667.0, high=25000.0, unit="K"
    )
    strength: float = field(1.0, "How much light.", low=0.0, high=20.0)
    x: float = field(0.5, "From the left of the stage.", low=-4.0, high=5.0)
    y: float = field(0.5, "From the top of the stage.", low=-4.0, high=5.0)
    z: float = field(
        0.3, "In front of the stage (behind it, when negative: a rim light), in stage heights.", low=-4.0, high=4.0
    )
    reach: float = field(0.6, "Distance at which it has half its strength, in stage heights.", low=0.01, high=10.0)
    aim_x: float = field(0.5, "Where on the stage a spot is aimed, from its left.", low=-4.0, high=5.0)
    aim_y: float = field(0.5, "Where on the stage a spot is aimed, from its top.", low=-4.0, high=5.0)
    angle: float = field(40.0, "Width of a spot's cone.", low=1.0, high=175.0, unit="°")
    soft: float = field(0.5, "Share of the cone in which a spot fades.", low=0.0, high=1.0)
