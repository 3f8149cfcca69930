"""What an operator wants to know, drawn over one display."""

from typing import Literal

from engine.component import Colour, component, field


@component
class Overlay:
    """Figures, messages and outlines over one display only, for those who run the show; every other stays clean."""

    figures: bool = field(True, "Show rates, delays, missed deadlines, cameras and masks.")
    messages: bool = field(True, "Show what the show has to say, newest first.")
    outline: bool = field(False, "Draw a thin line around every person.")
    corner: Literal["top_left", "top_right", "bottom_left", "bottom_right"] = field("top_left", "Which corner.")
    scale: float = field(1.0, "Size of the text: at 1 a 54th of the display's height, but 10 px.", low=0.5, high=4.0)
    opacity: float = field(1.0, "0 is invisible, 1 is opaque.", low=0.0, high=1.0)
    backing: float = field(0.8, "How dark it is behind the text: 0 is clear, 1 is opaque.", low=0.0, high=1.0)
    outline_colour: Colour = field(Colour.parse("#4de1ff"), "Colour of the line around persons.")
    message_s: float = field(
        20.0, "How long a message stays; one of something that is off the air stays for good.", low=1.0, high=600.0,
        unit="s",
    )  # fmt: skip
