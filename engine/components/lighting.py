"""How a person takes the light of the scene."""

from engine.component import component, field


@component
class Lighting:
    """How much of the scene's light reaches this person."""

    strength: float = field(
        1.0, "How much of all of this; 0 leaves the picture as it was, to the last bit.", low=0.0, high=1.0
    )
    exposure: float = field(0.0, "Darken or brighten the camera's own light.", low=-8.0, high=4.0, unit="stops")
    lights: float = field(1.0, "How much the scene's lamps do.", low=0.0, high=1.0)
    ambience: float = field(
        0.5, "How much the light around colours and models the person, from where it comes.", low=0.0, high=1.0
    )
    rim: float = field(0.25, "How much of it grazes the person from behind.", low=0.0, high=2.0)
    matching: float = field(
        0.25, "How far exposure and white balance are drawn to those of what is behind.", low=0.0, high=1.0
    )
    grain: float = field(0.0, "How much of the grain that what is behind has, and the person lacks.", low=0.0, high=1.0)
    wrap: float = field(0.3, "How much of the background's light creeps over the edge.", low=0.0, high=1.0)
    wrap_px: float = field(16.0, "How far it creeps, on the stage.", low=1.0, high=200.0, unit="px")
    shadow: float = field(0.0, "How dark a soft shadow the person casts on what is behind.", low=0.0, high=1.0)
