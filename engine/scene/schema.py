"""The JSON Schema of a scene, made from the components alone, so that editors complete and check as one types."""

from __future__ import annotations

import functools
import inspect

import pydantic

from engine.component import about, components, fields_of
from engine.scene.words import Schema


@functools.cache
def field_schemas(component_type: type) -> dict[str, Schema]:
    """Return the schema of each field of a component: type, bounds, choices, default and description."""
    schemas: dict[str, Schema] = pydantic.TypeAdapter(component_type).json_schema()["properties"]
    for schema in schemas.values():
        del schema["title"], schema["about"]
        _even(schema)
        for inside in schema.get("properties", {}).values():
            del inside["title"]
            _even(inside["items"])
    return schemas


def _even(schema: Schema) -> None:
    """Say of a tuple what its parts are once: all are alike, and every editor knows `items`."""
    if "prefixItems" in schema:
        schema["items"] = schema.pop("prefixItems")[0]


def sentence(component_type: type) -> str:
    """Return what a component says of itself."""
    return inspect.getdoc(component_type) or ""


def scene_schema() -> Schema:
    """Return the schema of a whole scene. It uses only what all drafts of JSON Schema since the seventh share."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Scrim scene",
        "description": "One table per entity, one sub-table per component.",
        "type": "object",
        "properties": {
            "include": {
                "description": "Other scene files, from the folder of this one, over which its own fields are laid.",
                "type": "array",
                "items": {"type": "string"},
            }
        },
        "additionalProperties": {
            "description": "An entity: its name is the table's.",
            "type": "object",
            "properties": {name: _component_schema(component_type) for name, component_type in components().items()},
            "additionalProperties": False,
        },
    }


def _component_schema(component_type: type) -> Schema:
    properties = {}
    for name, schema in field_schemas(component_type).items():
        said = about(fields_of(component_type)[name])
        words = [schema["description"]]
        if said.unit:
            words.append(f"Unit: {said.unit}.")
        if said.refers:
            who = "Names of entities" if schema["type"] == "array" else "Name of an entity"
            words.append(f"{who} with a {said.refers} component.")
        properties[name] = {**schema, "description": " ".join(words)}
    return {
        "description": sentence(component_type),
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
