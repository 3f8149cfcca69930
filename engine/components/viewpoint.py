"""From where the stage is seen."""

from engine.component import component, field


@component
class Viewpoint:
    """A viewpoint that sways or follows a person: layers of different depth move against each other (parallax)."""

    sway_x: float = field(0.0, "How far it sways to either side, in stage widths at depth 1.", low=0.0, high=1.0)
    sway_y: float = field(0.0, "How far it sways up and down, in stage heights at depth 1.", low=0.0, high=1.0)
    period_s: float = field(8.0, "Time from left to right and back.", low=0.1, high=600.0, unit="s")
    follow: str = field("", "The entity whose person it follows.", refers="mask")
    follow_x: float = field(
        0.04, "How far it goes when the person is at their picture's edge, in stage widths.", low=-1.0, high=1.0
    )
    follow_y: float = field(0.0, "The same up and down, in stage heights.", low=-1.0, high=1.0)
    smooth_s: float = field(0.5, "How slowly it follows.", low=0.0, high=30.0, unit="s")
