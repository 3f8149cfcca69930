"""How a person takes the light of the scene."""

from engine.component import component, field


@component
class Lighting:
    """How much of the scene's light reaches this person. All at 0 leave the picture as it was."""

    exposure: float = field(0.0, "Darken or brighten the camera's own light.", low=-8.0, high=4.0, unit="stops")
    lights: float = field(1.0, "How much the scene's lamps do.", low=0.0, high=1.0)
    ambience: float = field(0.5, "How much the background's mean light colours the person.", low=0.0, high=1.0)
    wrap: float = field(0.3, "How much of the background's light creeps over the edge.", low=0.0, high=1.0)
    wrap_px: float = field(16.0, "How far it creeps, on the stage.", low=1.0, high=200.0, unit="px")
