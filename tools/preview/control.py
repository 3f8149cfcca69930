"""Which control a field gets: derived from what its component says of it, and nothing said twice."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from engine.component import FileKind, about, components, fields_of
from engine.scene.schema import field_schemas
from tools.preview.session import RESTARTS, default

Kind = Literal[
    "slider", "number", "switch", "choice", "colour", "file", "entity", "entities",
    "several", "list", "tracks", "table", "text",
]  # fmt: skip

WIDEST_SLIDER = 1000
"""Whole numbers of a wider range are dragged and typed: on a slider a pixel would be more than a step."""


@dataclass(frozen=True, slots=True)
class Control:
    """How a field is shown and changed.

    `slider` and `number` are bounded, and whole where `is_whole` says so; `several` are as many bounded numbers as its
    default has, a `list` as many as one likes; `tracks` are lists by name, of which `choices` are possible;
    a `table` is numbers and colours by any names.
    """

    kind: Kind
    help: str
    default: Any
    low: float = 0.0
    high: float = 0.0
    decimals: int = 0
    is_whole: bool = False
    unit: str = ""
    choices: tuple[Any, ...] = ()
    refers: str = ""
    file: FileKind | None = None
    restarts: bool = False

    def rounded(self, value: float) -> float | int:
        """Return a value as it is written into a scene: with as many digits as a slider can tell apart."""
        value = min(max(value, self.low), self.high)
        return round(value) if self.is_whole else round(value, self.decimals)

    @property
    def format(self) -> str:
        """How imgui is to write a value."""
        unit = f" {self.unit}" if self.unit else ""
        return ("%d" if self.is_whole else f"%.{self.decimals}f") + unit


@cache
def control_of(component: str, field: str) -> Control:
    """Return the control of a field."""
    component_type = components()[component]
    schema = field_schemas(component_type)[field]
    said = about(fields_of(component_type)[field])
    common: dict[str, Any] = {
        "help": schema["description"],
        "default": default(component, field),
        "unit": said.unit,
        "restarts": (component, field) in RESTARTS,
    }
    if "enum" in schema:
        return Control("choice", choices=tuple(schema["enum"]), **common)
    if "pattern" in schema:
        return Control("colour", **common)
    if said.refers:
        several = schema["type"] == "array"
        return Control("entities" if several else "entity", refers=said.refers, **common)
    if said.file:
        return Control("file", file=said.file, **common)
    match schema["type"]:
        case "boolean":
            return Control("switch", **common)
        case "number" | "integer":
            return Control(**_bounds(schema), **common)
        case "array":
            if schema["items"]["type"] not in ("number", "integer"):
                return Control("text", **common)
            is_fixed = "maxItems" in schema and schema.get("minItems") == schema["maxItems"]
            return Control(**{**_bounds(schema["items"]), "kind": "several" if is_fixed else "list"}, **common)
        case "object":
            known = tuple(schema.get("properties", ()))
            return Control("tracks" if known else "table", choices=known, **common)
    return Control("text", **common)


def _bounds(schema: dict[str, Any]) -> dict[str, Any]:
    is_whole = schema["type"] == "integer"
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is None or high is None:
        bounds = {"low": float(-(2**31)), "high": float(2**31 - 1)}
        return {"kind": "number", **bounds, "decimals": 0 if is_whole else 3, "is_whole": is_whole}
    width = high - low
    kind = "number" if width > WIDEST_SLIDER and is_whole else "slider"
    decimals = 0 if is_whole else max(0, 3 - math.floor(math.log10(max(width, 1.0))))
    return {"kind": kind, "low": low, "high": high, "decimals": decimals, "is_whole": is_whole}
