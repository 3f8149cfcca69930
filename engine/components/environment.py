"""The light that comes from all around."""

from engine.component import component, field


@component
class Environment:
    """The light around people: that of what is drawn behind each of them, or of a panorama. A scene has one at most."""

    file: str = field(
        "", "A panorama of light (.hdr), its middle behind the stage; empty: what is drawn behind.", file="panorama"
    )
    rotate: float = field(0.0, "Turn the panorama to the right.", low=-360.0, high=360.0, unit="°")
    smooth_s: float = field(
        0.4,
        "How slowly light follows what moves behind: the time to get two thirds of the way.",
        low=0.0,
        high=30.0,
        unit="s",
    )
