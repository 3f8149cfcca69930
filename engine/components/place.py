"""Where a layer lies on the stage."""

from typing import Literal

from engine.component import Fraction, component, field


@component
class Place:
    """Where and how large a layer lies on the stage, in fractions of the stage."""

    x: float = field(0.5, "Centre from the left; 0 is the left edge, 1 the right.", low=-4.0, high=5.0)
    y: float = field(0.5, "Centre from the top; 0 is the top edge, 1 the bottom.", low=-4.0, high=5.0)
    scale: float = field(1.0, "Size after fitting.", low=0.01, high=20.0, unit="×")
    rotate: float = field(0.0, "Turn clockwise.", low=-360.0, high=360.0, unit="°")
    fit: Literal["cover", "contain", "stretch", "none"] = field(
        "cover", "Fill the stage, fit inside it, take its shape, or keep the picture's own pixels."
    )
    crop: tuple[Fraction, Fraction, Fraction, Fraction] = field(
        (0.0, 0.0, 0.0, 0.0), "Cut off from the left, top, right and bottom, in fractions of the picture."
    )
    mirror: bool = field(False, "Flip left and right.")
    depth: float = field(
        0.0, "How far behind the stage it is: 0 stays, 1 moves most with the viewpoint.", low=-1.0, high=1.0
    )
