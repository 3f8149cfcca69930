"""A picture in the corner of one display."""

from typing import Literal

from engine.component import component, field


@component
class Logo:
    """A picture laid over one display only, after everything else."""

    file: str = field("", "A PNG; its alpha is kept.", file="picture")
    corner: Literal["top_left", "top_right", "bottom_left", "bottom_right"] = field("bottom_right", "Which corner.")
    height: float = field(0.12, "Height in display heights.", low=0.01, high=1.0)
    margin: float = field(0.04, "Distance from both edges in display heights.", low=0.0, high=0.5)
    opacity: float = field(1.0, "0 is invisible, 1 is opaque.", low=0.0, high=1.0)
