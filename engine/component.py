"""What a component is: one declaration from which tables, checks, schema, reference and sliders are derived.

    @component
    class Layer:
        \"\"\"Something drawn on the stage.\"\"\"

        opacity: float = field(1.0, "0 is invisible, 1 is opaque.", low=0.0, high=1.0)

A component is what the author says: plain data, written by the scene loader, the previewer or a console.
A state is what one system found out about the same entity: added empty at spawn, then changed in place.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, dataclass_transform

import pydantic
from pydantic import ConfigDict, Field
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, core_schema

T = TypeVar("T")

FileKind = Literal["picture", "camera", "model", "panorama", "shader", "lut"]
"""What a path field may hold; `camera` is also a URL, a device or a word such as "synthetic"."""


@dataclasses.dataclass(frozen=True, slots=True)
class About:
    """What a field says of itself beyond its type, bounds and default."""

    unit: str = ""
    refers: str = ""  # the component that the named entity must have
    file: FileKind | None = None


def field(
    default: T,
    help: str,  # noqa: A002 - the word every reader expects
    *,
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
    refers: str = "",
    file: FileKind | None = None,
) -> T:
    """Describe one field of a component.

    `low` and `high` are inclusive bounds, `unit` is shown beside the value, `refers` names the component that the
    entity named by this field must have, `file` says what kind of path it is.
    """
    described: T = Field(
        default,
        description=help,
        ge=low,
        le=high,
        strict=False if type(default) is tuple else None,  # TOML has arrays, not tuples
        json_schema_extra={"about": dataclasses.asdict(About(unit, refers, file))},
    )
    return described


_BY_NAME: dict[str, type] = {}
_STATES: dict[type, list[type]] = {}


def snake_case(name: str) -> str:
    """Write a class name as its TOML table: `LightWrap` -> `light_wrap`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


@dataclass_transform(kw_only_default=True)
def component(cls: type[T]) -> type[T]:
    """Make a class a component: a slotted dataclass, checked when it is made, known by its TOML name."""
    made: Any = pydantic.dataclasses.dataclass(
        slots=True, kw_only=True, config=ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    )(cls)
    _BY_NAME[snake_case(cls.__name__)] = made
    return made  # type: ignore[no-any-return]


@dataclass_transform(kw_only_default=True)
def state(of: type) -> Callable[[type[T]], type[T]]:
    """Make a class the state of component `of`: every entity with one gets the other, empty."""

    def decorate(cls: type[T]) -> type[T]:
        made: type[T] = dataclasses.dataclass(slots=True, kw_only=True, eq=False)(cls)
        _STATES.setdefault(of, []).append(made)
        return made

    return decorate


def components() -> dict[str, type]:
    """Every component by its TOML name, in the order of their files."""
    import engine.components  # noqa: F401 - declares them

    return dict(sorted(_BY_NAME.items()))


def states_of(component_type: type) -> list[type]:
    """Return the states that an entity with this component gets."""
    return _STATES.get(component_type, [])


def fields_of(component_type: type) -> dict[str, FieldInfo]:
    """Return the described fields of a component by name, in their written order."""
    infos: dict[str, FieldInfo] = component_type.__pydantic_fields__  # type: ignore[attr-defined]
    return infos


def about(info: FieldInfo) -> About:
    """Return what a field says of itself."""
    extra: Any = info.json_schema_extra or {}
    return About(**extra.get("about", {}))


def bounds(info: FieldInfo) -> dict[str, Any]:
    """Return a field's bounds as pydantic names them: `ge` and `le`, where it has them."""
    found = ((name, getattr(each, name, None)) for each in info.metadata for name in ("ge", "le"))
    return {name: bound for name, bound in found if bound is not None}


class Colour(NamedTuple):
    """A colour in linear light, 0 to 1, sRGB primaries; written in a scene as "#rrggbb" (sRGB-encoded)."""

    red: float
    green: float
    blue: float

    @classmethod
    def parse(cls, text: object) -> Colour:
        """Read "#rrggbb" or "#rgb". IEC 61966-2-1 gives the decoding."""
        if isinstance(text, Colour):
            return text
        if not isinstance(text, str) or not re.fullmatch(r"#([0-9a-fA-F]{3}){1,2}", text):
            raise ValueError('write a colour as "#rrggbb"')
        digits = text[1:] if len(text) == 7 else "".join(digit * 2 for digit in text[1:])
        encoded = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
        return cls(*(v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in encoded))

    def hex(self) -> str:
        """Write it as "#rrggbb"."""
        encoded = (v * 12.92 if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055 for v in self)
        return "#" + "".join(f"{round(255 * v):02x}" for v in encoded)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: object) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.parse,
            json_schema_input_schema=core_schema.str_schema(pattern="^#([0-9a-fA-F]{3}){1,2}$"),
            serialization=core_schema.plain_serializer_function_ser_schema(
                cls.hex, return_schema=core_schema.str_schema()
            ),
        )


Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
"""A number from 0 to 1, for tuples whose parts are bounded."""
