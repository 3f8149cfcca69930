"""Values that change with time."""

from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import Field, GetCoreSchemaHandler
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, core_schema

from engine.component import Colour, bounds, component, field, fields_of, snake_case
from engine.components.edges import Edges
from engine.components.environment import Environment
from engine.components.fill import Fill
from engine.components.grade import Grade
from engine.components.key import Key
from engine.components.layer import Layer
from engine.components.light import Light
from engine.components.lighting import Lighting
from engine.components.logo import Logo
from engine.components.mask import Mask
from engine.components.particles import Particles
from engine.components.place import Place
from engine.components.shader import Shader
from engine.components.sound import Sound
from engine.components.viewpoint import Viewpoint
from engine.components.warp import Warp

Tracks = dict[str, list[Any]]
"""Values by field: numbers, points or colours, one for each time."""

Times = Annotated[tuple[Annotated[float, Field(ge=0.0, le=86400.0)], ...], Field(min_length=1)]

FIXED = frozenset({"fill_holes", "drop_specks", "max_delay_ms", "garbage", "delay_ms"})
"""Numbers that something is made for, or that another thread goes by: they cannot change from tick to tick."""


class Of:
    """Says what a component's table of tracks may hold: all its numbers, points and colours, within their own bounds.

    Points are as many numbers as ever: a corner, or what is cut off on four sides.
    """

    def __init__(self, kind: type) -> None:
        self._fields = {
            name: info
            for name, info in fields_of(kind).items()
            if (info.annotation in (float, Colour) or _is_point(info.annotation)) and name not in FIXED
        }

    def __get_pydantic_core_schema__(self, _source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.typed_dict_schema(
            {
                name: core_schema.typed_dict_field(
                    core_schema.list_schema(
                        self._one(info, handler),
                        min_length=1,
                        metadata={"pydantic_js_updates": {"description": info.description}},
                    ),
                    required=False,
                )
                for name, info in self._fields.items()
            },
            extra_behavior="forbid",
            config={"strict": True, "allow_inf_nan": False},
        )

    @staticmethod
    def _one(info: FieldInfo, handler: GetCoreSchemaHandler) -> CoreSchema:
        if info.annotation is float:
            return core_schema.float_schema(**bounds(info))
        found: Any = handler.generate_schema(info.annotation)
        return found if info.annotation is Colour else {**found, "strict": False}  # TOML has arrays, not tuples


def _is_point(annotation: Any) -> bool:
    return get_origin(annotation) is tuple and all(get_origin(part) is Annotated for part in get_args(annotation))


def tracks(kind: type) -> Tracks:
    """Describe the tracks of one component."""
    name = snake_case(kind.__name__)
    return field({}, f"Values of this entity's {name}, such as {name}.FIELD = [VALUE, VALUE]: one for each time.")


@component
class Keyframes:
    """Lets numbers, points and colours of this entity's other components change with the show's time."""

    times_s: Times = field((0.0,), "When each value is reached, in rising order.", unit="s")
    ease: Literal["linear", "smooth", "hold"] = field(
        "smooth", "From one value to the next: evenly, softly at both ends, or not until its time."
    )
    repeat: Literal["once", "loop", "swing"] = field(
        "once", "After the last time: stay there, begin again, or go back and forth."
    )
    start_s: float = field(0.0, "When on the show's clock times begin.", low=-86400.0, high=86400.0, unit="s")
    edges: Annotated[Tracks, Of(Edges)] = tracks(Edges)
    environment: Annotated[Tracks, Of(Environment)] = tracks(Environment)
    fill: Annotated[Tracks, Of(Fill)] = tracks(Fill)
    grade: Annotated[Tracks, Of(Grade)] = tracks(Grade)
    key: Annotated[Tracks, Of(Key)] = tracks(Key)
    layer: Annotated[Tracks, Of(Layer)] = tracks(Layer)
    light: Annotated[Tracks, Of(Light)] = tracks(Light)
    lighting: Annotated[Tracks, Of(Lighting)] = tracks(Lighting)
    logo: Annotated[Tracks, Of(Logo)] = tracks(Logo)
    mask: Annotated[Tracks, Of(Mask)] = tracks(Mask)
    particles: Annotated[Tracks, Of(Particles)] = tracks(Particles)
    place: Annotated[Tracks, Of(Place)] = tracks(Place)
    shader: Tracks = field(
        {}, "Values of what this entity's look declares, such as shader.PARAMETER = [VALUE, VALUE]: one for each time."
    )
    sound: Annotated[Tracks, Of(Sound)] = tracks(Sound)
    viewpoint: Annotated[Tracks, Of(Viewpoint)] = tracks(Viewpoint)
    warp: Annotated[Tracks, Of(Warp)] = tracks(Warp)


KEYED: dict[str, type] = {
    snake_case(kind.__name__): kind
    for kind in (
        Edges, Environment, Fill, Grade, Key, Layer, Light, Lighting, Logo, Mask, Particles, Place, Shader, Sound,
        Viewpoint, Warp,
    )
}  # fmt: skip
"""The components whose fields can be keyed, by their TOML names."""
