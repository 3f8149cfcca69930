"""The page that lists everything a scene can say, made from the components alone."""

from __future__ import annotations

from collections.abc import Iterator

from engine.component import About, about, components, fields_of
from engine.scene.schema import field_schemas, sentence
from engine.scene.words import Schema, expected, number, toml

_HEAD = """\
# What a scene can say

Written by `scrim reference` from `engine/components/`; edit those instead.

A scene is a TOML file: one table per entity, one sub-table per component, one key per field, all of them optional.
`include = ["other.toml"]` at the top takes in other files, over which this one's fields are laid.
Paths start from the folder of the file that says them. Colours are written as `"#rrggbb"`.
"""


def reference_page() -> str:
    """Return the page as Markdown."""
    return "\n".join([_HEAD, *(line for name, made in components().items() for line in _section(name, made))])


def _section(name: str, component_type: type) -> Iterator[str]:
    yield f"## {name}\n\n{sentence(component_type)}\n"
    yield "| field | takes | range | default | what |\n|---|---|---|---|---|"
    for field, schema in field_schemas(component_type).items():
        said = about(fields_of(component_type)[field])
        cells = (
            f"`{field}`",
            _takes(schema, said),
            _range(schema, said),
            f"`{toml(schema['default'])}`",
            schema["description"],
        )
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""


def _takes(schema: Schema, said: About) -> str:
    if said.refers:
        who = "names of entities" if schema["type"] == "array" else "name of an entity"
        return f"{who} with a [{said.refers}](#{said.refers})"
    if said.file:
        return "a path" if said.file != "camera" else "a path, URL or word"
    if "enum" in schema:
        return ", ".join(f"`{toml(choice)}`" for choice in schema["enum"])
    return "a colour" if "pattern" in schema else expected(schema)


def _range(schema: Schema, said: About) -> str:
    bounds = schema.get("items", schema)
    if "minimum" not in bounds:
        return said.unit
    return f"{number(bounds['minimum'])} to {number(bounds['maximum'])} {said.unit}".rstrip()
