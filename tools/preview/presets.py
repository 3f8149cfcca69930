"""What the menu "Add" offers: entities that make a good picture as they are, written as a scene would."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass

from tools.new import SCENES
from tools.preview.edit import set_value, text_of
from tools.preview.session import Session
from tools.preview.theme import Icon


@dataclass(frozen=True, slots=True)
class Preset:
    """One thing to add, as `text` or as it stands in an example.

    In `text`, {name} is its entity, {camera} and {mask} are the scene's first, {order} the top. `like` names an example
    and those of its entities to take, each behind people or before them as it is there.
    """

    group: str
    name: str
    sign: str
    entity: str
    help: str
    text: str = ""
    like: tuple[str, ...] = ()

    def add_to(self, session: Session) -> None:
        """Put it into a scene, as one step."""
        if self.like:
            session.add_copies(self.entity, self._copies(session))
        else:
            session.add_entity(self.entity, self._text_for(session))

    def _text_for(self, session: Session) -> str:
        cameras, masks = session.entities_with("camera"), session.entities_with("mask")
        return (
            self.text.strip()
            .replace("{camera}", cameras[0] if cameras else "")
            .replace("{mask}", masks[0] if masks else "")
            .replace("{order}", str(top_order(session) + 1))
        )

    def _copies(self, session: Session) -> dict[str, bytes]:
        """Return the example's entities, each as it is written there but for its order."""
        example, *entities = self.like
        data = (SCENES / f"{example}.toml").read_bytes()
        tables = tomllib.loads(data.decode())
        people = [each["layer"]["order"] for each in tables.values() if "mask" in each and "layer" in each]
        before = top_order(session) + 1
        behind = min(_orders(session, "mask"), default=before + 1) - 1
        return {
            entity: set_value(
                text_of(data, entity),
                (entity, "layer", "order"),
                str(behind if tables[entity]["layer"]["order"] < min(people) else before),
            )
            for entity in entities
        }


def top_order(session: Session) -> int:
    """Return the order of the frontmost layer."""
    return max(_orders(session), default=-1)


def _orders(session: Session, component: str = "layer") -> list[int]:
    """Return the orders of the layers, or of those that have a component as well."""
    names = set(session.entities_with("layer")) & set(session.entities_with(component))
    orders = [session.value((name, "layer", "order")) for name in names]
    return [order for order in orders if isinstance(order, int)]


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
        "Air", "Snow", Icon.SNOW, "snow", "Small flakes behind people, large ones before them, out of focus.",
        like=("snow", "far", "near"),
    ),
    Preset(
        "Air", "Rain", Icon.SNOW, "rain", "Fast, thin and straight down.",
        '[{name}.particles]\nshape = "streak"\ncount = 2000\nheight = 1.4\nlife_s = 0.9\nsize_px = 2.0\nspeed = 1.6\n'
        'spread = 2.0\nturbulence = 0.0\nstretch = 0.03\ndepth = 0.4\ncolour = "#b9cbe0"\nto = "#b9cbe0"\n'
        "[{name}.layer]\norder = {order}\nopacity = 0.5",
    ),
    Preset(
        "Air", "Fireflies", Icon.SNOW, "fireflies", "Small lights that rise from the ground.",
        like=("hello", "fireflies"),
    ),
    Preset(
        "Air", "Dust", Icon.SNOW, "dust", "Motes in a beam of light: slow, soft, barely there.", like=("dust", "dust"),
    ),
    Preset(
        "Air", "Embers", Icon.SNOW, "embers", "Sparks that rise from below and go out.", like=("embers", "far", "near"),
    ),
    Preset(
        "Air", "Confetti", Icon.SNOW, "confetti", "Paper squares of all colours that tumble.",
        like=("confetti", "behind", "before"),
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
