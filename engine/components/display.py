"""One output: a window on a monitor, or an offscreen target."""

from typing import Literal

from engine.component import Fraction, component, field


@component
class Display:
    """One output of the show. Without a desktop a window becomes an offscreen display of the same size."""

    kind: Literal["window", "offscreen"] = field("window", "A window, or a target without one.")
    width: int = field(0, "Width; 0 takes the stage's.", low=0, high=16384, unit="px")
    height: int = field(0, "Height; 0 takes the stage's.", low=0, high=16384, unit="px")
    monitor: int = field(-1, "Which monitor, from 0 at the left; -1 lets the desktop choose.", low=-1, high=63)
    fullscreen: bool = field(False, "Cover the monitor without a frame; its mode stays as it is.")
    title: str = field("", "Window title; empty takes the entity's name.")
    fit: Literal["contain", "cover", "stretch"] = field("contain", "How the stage fits a display of another shape.")
    crop: tuple[Fraction, Fraction, Fraction, Fraction] = field(
        (0.0, 0.0, 0.0, 0.0), "Cut off the stage's left, top, right and bottom, in fractions of the stage."
    )
    rotate: Literal[0, 90, 180, 270] = field(0, "Turn the picture clockwise.", unit="°")
    gamma: float = field(1.0, "Bend the tones of this display: above 1 brighter, below 1 darker.", low=0.2, high=5.0)
    dither: bool = field(True, "Hide the steps of 8-bit gradients in noise of half a step.")
