"""One output: a window on a monitor, or an offscreen target."""

from typing import Literal

from engine.component import Fraction, component, field


@component
class Display:
    """One output of the show. Without a desktop a window becomes an offscreen display of the same size."""

    kind: Literal["window", "offscreen"] = field("window", "A window, or a target without one.")
    width: int = field(0, "Width; 0 takes the stage's.", low=0, high=16384, unit="px")
    height: int = field(0, "Height; 0 takes the stage's.", low=0, high=16384, unit="px")
    monitor: str = field(
        "",
        'Which monitor: its connector or model ("HDMI-1", "DELL U2412M"), "serial:…", "edid:…", "at:X,Y", or its '
        'number from the left, such as "0"; empty lets the desktop choose. `scrim doctor` lists them.',
    )
    absent: Literal["window", "offscreen", "wait"] = field(
        "window",
        "What it is without its monitor: a window elsewhere, offscreen, or nothing. It returns to its monitor by "
        "itself. One that goes while on air leaves no window behind, since it would cover something else.",
    )
    fullscreen: bool = field(False, "Cover the monitor without a frame; its mode stays as it is.")
    title: str = field("", "Window title; empty takes the entity's name.")
    fit: Literal["contain", "cover", "stretch"] = field("contain", "How the stage fits a display of another shape.")
    crop: tuple[Fraction, Fraction, Fraction, Fraction] = field(
        (0.0, 0.0, 0.0, 0.0), "Cut off the stage's left, top, right and bottom, in fractions of the stage."
    )
    rotate: Literal[0, 90, 180, 270] = field(0, "Turn the picture clockwise.", unit="°")
    gamma: float = field(1.0, "Bend the tones of this display: above 1 brighter, below 1 darker.", low=0.2, high=5.0)
    tone: Literal["clip", "reinhard", "aces"] = field(
        "clip",
        "What becomes of light beyond white: it is cut off, or all is bent to make room for it, softly or as film.",
    )
    depth_bits: Literal[0, 8, 10] = field(
        0,
        "Bits of each colour. 10 is taken where a window's surface offers it, and said where not; 0 takes it where the "
        "desktop, too, has more than 8. A cable and a monitor of 8 bits make bands of it.",
    )
    dither: bool = field(True, "Hide the steps of gradients in noise of half a step, however many bits there are.")
    rate_hz: float = field(
        0.0,
        "At most so many pictures a second, evenly spaced; 0 shows every stage. More than the stage has need fill.",
        low=0.0,
        high=240.0,
        unit="Hz",
    )
    fill: Literal["hold", "blend", "motion"] = field(
        "hold",
        "What a display shows between two stages that shows more a second than there are: the last one again, a fade, "
        "or things on their way. It delays the picture by up to a stage. How many: its vsyncs, or rate_hz.",
    )
    pace: bool = field(False, "Let the ticks follow this display's vsyncs, where they are known; one display may.")
    priority: int = field(
        0, "With less than another, it shows every second stage while the show is short of time.", low=-100, high=100
    )
