"""A cloud of small moving things."""

from typing import Literal

from engine.component import Colour, component, field


@component
class Particles:
    """An emitter whose particles live on the GPU: snow, dust, confetti, embers, stars, ribbons."""

    shape: Literal["disc", "square", "streak", "ribbon"] = field(
        "disc", "A soft disc; a paper square that tumbles; a streak along its way; or a ribbon that follows its end."
    )
    count: int = field(5000, "How many there are at most.", low=1, high=1_000_000)
    emit: Literal["area", "top", "point", "edge"] = field(
        "area", "Where they are born: in the box, on its upper side, at its centre, or along a mask's edge."
    )
    mask: str = field("", "The entity along whose mask they are born, for edge.", refers="mask")
    x: float = field(0.5, "Centre of the box from the left of the stage.", low=-4.0, high=5.0)
    y: float = field(0.5, "Centre of the box from the top of the stage.", low=-4.0, high=5.0)
    width: float = field(1.0, "Width of the box in stage widths.", low=0.0, high=8.0)
    height: float = field(1.0, "Height of the box in stage heights.", low=0.0, high=8.0)
    life_s: float = field(4.0, "How long one lives; each varies by a third.", low=0.05, high=120.0, unit="s")
    size_px: float = field(4.0, "Diameter on a stage 720 px high.", low=0.5, high=400.0, unit="px")
    size_end: float = field(1.0, "Size at the end of its life, relative to the start.", low=0.0, high=8.0, unit="×")
    speed: float = field(0.1, "Speed at birth, in stage heights a second.", low=0.0, high=10.0, unit="1/s")
    direction: float = field(
        90.0, "Where they go at birth: 0 is to the right, 90 down.", low=-360.0, high=360.0, unit="°"
    )
    spread: float = field(20.0, "How far directions differ, to either side.", low=0.0, high=180.0, unit="°")
    gravity: float = field(0.0, "Pull downwards, in stage heights a second squared.", low=-10.0, high=10.0, unit="1/s²")
    drag: float = field(0.2, "Share of the speed lost in a second.", low=0.0, high=20.0, unit="1/s")
    turbulence: float = field(0.05, "Strength of the swirling air.", low=0.0, high=5.0)
    eddy: float = field(0.4, "Size of its swirls, in stage heights.", low=0.02, high=10.0)
    pull: float = field(0.0, "Pull towards the box's centre; below 0 away from it.", low=-10.0, high=10.0, unit="1/s²")
    spin: float = field(0.5, "How fast squares tumble and ribbons turn.", low=0.0, high=20.0, unit="1/s")
    stretch: float = field(
        0.1, "Length of a streak or ribbon, as the time it takes to go that far.", low=0.01, high=20.0, unit="s"
    )
    depth: float = field(
        0.0, "How far some are before others: near ones are larger, faster and out of focus.", low=0.0, high=1.0
    )
    colour: Colour = field(Colour.parse("#ffffff"), "Colour at birth.")
    to: Colour = field(Colour.parse("#ffffff"), "Colour at the end.")
    hue: float = field(0.0, "How far hues differ from one to the other; 1 is all of them.", low=0.0, high=1.0)
    twinkle: float = field(0.0, "How much they twinkle.", low=0.0, high=1.0)
    glow: float = field(1.0, "Brightness; above 1 it shines.", low=0.0, high=50.0)
    soft: float = field(0.6, "0 is a hard disc, 1 fades from its centre.", low=0.0, high=1.0)
    seed: int = field(1, "Which cloud.", low=0, high=2**31 - 1)
