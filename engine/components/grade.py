"""Colour, corrected and graded."""

from engine.component import component, field


@component
class Grade:
    """Corrects the colour of this entity's camera, wherever it is drawn, or of its display. Masks see it ungraded."""

    exposure: float = field(0.0, "Darken or brighten, in light.", low=-8.0, high=8.0, unit="stops")
    temperature_k: float = field(
        6504.0,
        "White balance: the temperature of the light that is to look white. Below 6504 makes colder, above warmer.",
        low=1667.0,
        high=25000.0,
        unit="K",
    )
    tint: float = field(0.0, "White balance across that: below 0 greener, above more magenta.", low=-1.0, high=1.0)
    lut: str = field("", "A look-up table (.cube, of one or three dimensions), for sRGB-encoded values.", file="lut")
    lut_share: float = field(1.0, "How much of it is taken.", low=0.0, high=1.0)
