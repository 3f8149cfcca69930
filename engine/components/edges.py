"""The edges of a projector's picture, where another's overlaps it."""

from engine.component import component, field


@component
class Edges:
    """Fades a display's edges out, so that two projectors whose pictures overlap there are as bright as one."""

    left: float = field(0.0, "Width of the overlap at the left, in picture widths.", low=0.0, high=1.0)
    right: float = field(0.0, "Width at the right.", low=0.0, high=1.0)
    top: float = field(0.0, "Height of the overlap at the top, in picture heights.", low=0.0, high=1.0)
    bottom: float = field(0.0, "Height at the bottom.", low=0.0, high=1.0)
    gamma: float = field(2.2, "How the projector makes light of values: the fade is even in light.", low=1.0, high=4.0)
    curve: float = field(2.0, "1 fades evenly; more, softly at both ends.", low=1.0, high=6.0)
