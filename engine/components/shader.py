"""A picture that a shader makes."""

from typing import Any

from engine.component import component, field


@component
class Shader:
    """A background made by an author's own WGSL file (a look), anew for each tick; scenes/looks/ has examples."""

    file: str = field("", "The look: a .wgsl file that includes common/look.wgsl.", file="shader")
    speed: float = field(1.0, "How fast its time goes.", low=-10.0, high=10.0, unit="×")
    detail: float = field(
        0.5, "Size at which it is drawn, relative to the stage; half the size is a quarter of the work.",
        low=0.05, high=1.0, unit="×",
    )  # fmt: skip
    parameters: dict[str, Any] = field(
        {}, "What its struct Parameters declares, such as parameters.NAME = VALUE: numbers, and colours as text."
    )
