"""What the menu "Add" offers: entities that make a good picture as they are, written as a scene would."""

from __future__ import annotations

from dataclasses import dataclass

from tools.preview.session import Session
from tools.preview.theme import Icon


@dataclass(frozen=True, slots=True)
class Preset:
    """One thing to add. In `text`, {name} is its entity, {camera} and {mask} are the scene's first, {order} the top."""

    group: str
    name: str
    sign: str
    entity: str
    help: str
    text: str

    def text_for(self, session: Session) -> str:
        """Return the tables to add to this scene; the entity's own name is still to be put in."""
        cameras, masks = session.entities_with("camera"), session.entities_with("mask")
        return (
            self.text.strip()
            .replace("{camera}", cameras[0] if cameras else "")
            .replace("{mask}", masks[0] if masks else "")
            .replace("{order}", str(top_order(session) + 1))
        )


def top_order(session: Session) -> int:
    """Return the order of the frontmost layer."""
    orders = [session.value((name, "layer", "order")) for name in session.entities_with("layer")]
    return max((order for order in orders if isinstance(order, int)), default=-1)


PRESETS = (
    Preset(
        "Picture", "Picture or video", Icon.PICTURE, "picture", "A still or a clip as a layer; choose its file.",
        '[{name}.camera]\nsource = "synthetic"\nbackdrop = "room"\n[{name}.layer]\norder = {order}\n[{name}.place]\n'
        "scale = 0.5",
    ),
    Preset(
        "Picture", "Camera", Icon.CAMERA, "camera", "A webcam, or the synthetic performer where there is none.",
        '[{name}.camera]\nsource = "auto"',
    ),
    Preset(
        "Picture", "Colour", Icon.FILL, "colour", "A plain colour over the whole stage.",
        '[{name}.fill]\ncolour = "#203040"\n[{name}.layer]\norder = {order}',
    ),
    Preset(
        "Picture", "Gradient", Icon.FILL, "gradient", "A gradient, mixed softly with what is behind it.",
        '[{name}.fill]\nshape = "linear"\ncolour = "#ffffff"\nto = "#30355c"\n[{name}.layer]\norder = {order}\n'
        'blend = "soft_light"\nspace = "srgb"\nopacity = 0.6',
    ),
    Preset(
        "Person", "Performer on green", Icon.PERSON, "performer", "The synthetic performer, cut out of a green screen.",
        '[{name}.camera]\nsource = "synthetic"\n[{name}.mask]\nsource = "key"\n[{name}.key]\n[{name}.layer]\n'
        "order = {order}\n[{name}.lighting]\nambience = 0.4\nwrap = 0.4",
    ),
    Preset(
        "Person", "Webcam on green", Icon.PERSON, "guest", "Your first webcam, cut out of a green screen.",
        '[{name}.camera]\nsource = "auto"\n[{name}.mask]\nsource = "key"\n[{name}.key]\n[{name}.layer]\n'
        "order = {order}\n[{name}.lighting]",
    ),
    Preset(
        "Air", "Snow", Icon.SNOW, "snow", "Flakes that sink and swirl.",
        "[{name}.particles]\ncount = 3000\ny = 0.4\nheight = 1.3\nlife_s = 8.0\nsize_px = 5.0\nspeed = 0.07\n"
        "turbulence = 0.06\n[{name}.layer]\norder = {order}\nopacity = 0.8",
    ),
    Preset(
        "Air", "Fireflies", Icon.SNOW, "fireflies", "Small lights that rise from the ground.",
        "[{name}.particles]\ncount = 2000\ny = 0.75\nheight = 0.6\nlife_s = 6.0\nsize_px = 4.0\nspeed = 0.02\n"
        'direction = -90.0\nspread = 80.0\nturbulence = 0.15\ncolour = "#ffe9a8"\nto = "#ffb057"\nglow = 1.5\n'
        '[{name}.layer]\norder = {order}\nblend = "add"\nopacity = 0.6',
    ),
    Preset(
        "Air", "Rain", Icon.SNOW, "rain", "Fast, thin and straight down.",
        '[{name}.particles]\ncount = 4000\nemit = "area"\nheight = 1.4\nlife_s = 0.9\nsize_px = 2.0\nspeed = 1.6\n'
        'spread = 2.0\nturbulence = 0.0\ncolour = "#b9cbe0"\nto = "#b9cbe0"\n[{name}.layer]\norder = {order}\n'
        "opacity = 0.5",
    ),
    Preset(
        "Light", "Lamp", Icon.LAMP, "lamp", "A lamp that shines on everyone with lighting.",
        '[{name}.light]\ncolour = "#ffb070"\nstrength = 3.0\nx = 0.7\ny = 0.3\nz = 0.3',
    ),
    Preset(
        "Light", "Rim light", Icon.LAMP, "rim", "A lamp behind people: it draws their edge.",
        '[{name}.light]\ncolour = "#9fc4ff"\nstrength = 4.0\nx = 0.3\ny = 0.3\nz = -0.2\nreach = 0.4',
    ),
    Preset(
        "Light", "Ambient light", Icon.LAMP, "ambient", "Light from everywhere.",
        '[{name}.light]\nkind = "ambient"\ncolour = "#8090b0"\nstrength = 0.3',
    ),
    Preset(
        "Output", "Display", Icon.MONITOR, "display", "One more output: a window, or a target without one.",
        '[{name}.display]\nkind = "window"',
    ),
    Preset(
        "Output", "Swaying viewpoint", Icon.EYE, "view", "Layers at different depths move against each other.",
        "[{name}.viewpoint]\nsway_x = 0.03\nperiod_s = 10.0",
    ),
)  # fmt: skip
