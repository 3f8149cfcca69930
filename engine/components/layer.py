"""Something drawn on the stage."""

from typing import Literal

from engine.component import component, field

Blend = Literal[
    "normal", "add", "multiply", "screen", "overlay", "darken", "lighten", "color_dodge", "color_burn", "hard_light",
    "soft_light", "difference", "exclusion", "hue", "saturation", "color", "luminosity",
]  # fmt: skip
"""The modes of W3C Compositing and Blending Level 1, in the order of shaders/common/blend.wgsl; add is plus-lighter."""


@component
class Layer:
    """Something drawn on the stage: its entity's group, person (mask), picture (camera), particles or fill."""

    order: int = field(0, "Back to front: lower is drawn first; equal orders draw as they stand in the file.")
    blend: Blend = field("normal", "How it mixes with what is behind it; add is plus-lighter.")
    space: Literal["linear", "srgb"] = field(
        "linear", "Mix linear light, as lamps and lenses do, or sRGB-encoded values, as picture editors do."
    )
    opacity: float = field(1.0, "0 is invisible, 1 is opaque.", low=0.0, high=1.0)
    visible: bool = field(True, "Whether it is drawn at all.")
    camera: str = field("", "Draw another entity's camera.", refers="camera")
    mask: str = field("", "Draw another entity's person.", refers="mask")
    group: str = field("", "Compose it into another entity's group instead of onto the stage.", refers="group")
    clip: str = field("", "Draw it only where another entity's person is, at that entity's place.", refers="mask")
    clip_side: Literal["inside", "outside"] = field("inside", "Which side of that person's outline it is drawn on.")
    blur_px: float = field(
        0.0, "Blur of a camera's picture, as the standard deviation in its own pixels.", low=0.0, high=200.0, unit="px"
    )
    blur_shape: Literal["gauss", "disc"] = field(
        "gauss", "Soft, or as a lens does it: points become discs, and bright ones are seen as such (bokeh)."
    )
    blur_without: str = field(
        "", "The entity whose person a disc blur leaves out: nothing of them bleeds into what is behind.", refers="mask"
    )
