"""The schema and the reference page come from the components alone, and those in the tree are current."""

from __future__ import annotations

from typing import Any

import pytest

from engine.component import components, fields_of
from engine.scene.reference import reference_page
from engine.scene.schema import scene_schema
from tools.reference import derived


def _component_schemas() -> dict[str, Any]:
    schemas: dict[str, Any] = scene_schema()["additionalProperties"]["properties"]
    return schemas


def test_the_files_in_the_tree_are_current() -> None:
    for file, text in derived().items():
        assert file.read_text("utf-8") == text, f"{file.name} is not current; run: scrim reference"


def test_every_field_of_every_component_is_in_both() -> None:
    page = reference_page()
    assert list(_component_schemas()) == list(components())
    for name, component_type in components().items():
        assert f"\n## {name}\n" in page
        assert list(_component_schemas()[name]["properties"]) == list(fields_of(component_type))
        for field in fields_of(component_type):
            assert f"| `{field}` |" in page


def test_bounds_units_choices_and_defaults_are_said() -> None:
    schemas = _component_schemas()
    assert schemas["stage"]["properties"]["width"] == {
        "default": 1280,
        "description": "Width of the stage. Unit: px.",
        "maximum": 8192,
        "minimum": 16,
        "type": "integer",
    }
    assert schemas["place"]["properties"]["crop"]["items"] == {"maximum": 1.0, "minimum": 0.0, "type": "number"}
    assert "| `width` | a whole number | 16 to 8192 px | `1280` | Width of the stage. |" in reference_page()
    assert "| `mask` | name of an entity with a [mask](#mask) |" in reference_page()


@pytest.mark.parametrize("word", ["anyOf", "oneOf", "prefixItems", "$ref", "$defs", "about"])
def test_the_schema_uses_only_what_every_editor_knows(word: str) -> None:
    def keys(schema: object) -> set[str]:
        if isinstance(schema, list):
            return set().union(*map(keys, schema))
        return (
            {*schema, *(key for value in schema.values() for key in keys(value))} if isinstance(schema, dict) else set()
        )

    assert word not in keys(scene_schema())
