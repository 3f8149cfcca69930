"""The picture that all layers are composed into."""

from typing import Literal

from engine.component import Colour, component, field


@component
class Stage:
    """The composed image in linear light, before any display. A scene has one; without it these defaults hold."""

    width: int = field(1280, "Width of the stage.", low=16, high=8192, unit="px")
    height: int = field(720, "Height of the stage.", low=16, high=8192, unit="px")
    rate_hz: float = field(30.0, "Ticks a second.", low=1.0, high=240.0, unit="Hz")
    format: Literal["rgba16float", "rgba8unorm-srgb"] = field(
        "rgba16float", "What a stage pixel is made of: half floats, or 8 bits in half the memory."
    )
    colour: Colour = field(Colour.parse("#000000"), "What is seen where no layer is.")
    seed: int = field(1, "Where the show's random numbers start: another seed, other particles.", low=0, high=2**31 - 1)
