"""Anything that delivers pictures."""

from typing import Literal

from engine.component import component, field


@component
class Camera:
    """A webcam, video file, network stream, still picture or the synthetic performer: anything that gives pictures."""

    source: str = field(
        "auto",
        'Where pictures come from: "auto" (first webcam, else synthetic), "synthetic", "test-card", "device:0", a '
        "file, or a URL.",
        file="camera",
    )
    width: int = field(1280, "Width asked of a webcam, and drawn by synthetic.", low=16, high=8192, unit="px")
    height: int = field(720, "Height asked of a webcam, and drawn by synthetic.", low=16, high=8192, unit="px")
    rate_hz: float = field(30.0, "Rate asked of a webcam, and drawn by synthetic.", low=1.0, high=240.0, unit="Hz")
    loop: bool = field(True, "Start a file again at its end; otherwise its last picture stays.")
    speed: float = field(1.0, "How fast a file is played.", low=0.05, high=20.0, unit="×")
    from_s: float = field(0.0, "Where a file begins, and its loop.", low=0.0, high=86400.0, unit="s")
    to_s: float = field(0.0, "Where a file ends, or its loop; 0: at its end.", low=0.0, high=86400.0, unit="s")
    mirror: bool = field(False, "Show it as a mirror does.")
    rotate: Literal[0, 90, 180, 270] = field(0, "Turn clockwise, after what the file itself says.", unit="°")
    matrix: Literal["auto", "bt601", "bt709"] = field("auto", "Colour matrix of YUV pictures, where the file is wrong.")
    levels: Literal["auto", "full", "limited"] = field("auto", "Level range of YUV pictures, where the file is wrong.")
    alpha: Literal["straight", "premultiplied", "ignored"] = field(
        "straight",
        "What the alpha of a file is: beside its colours, in them already, or nothing to go by. Where a person is "
        "cut out of it, what is transparent is cut off as well.",
    )
    backdrop: Literal["green", "blue", "wall", "room"] = field(
        "green", "What stands behind the synthetic performer: a screen to key, a plain wall, or a room full of things."
    )
    seed: int = field(1, "Which synthetic performer, and how they move.", low=0, high=2**31 - 1)
    timecode: bool = field(False, "Draw the show's time into synthetic's picture, for machines to read.")
    fade_s: float = field(
        1.0, "How long the last picture of a lost camera takes to fade.", low=0.0, high=60.0, unit="s"
    )
