"""Random scenes for fuzzing: valid ones made from the components alone, and ways to spoil a scene's text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from engine.component import FileKind, about, components, fields_of
from engine.scene.rules import complaints
from engine.scene.schema import field_schemas
from engine.scene.words import Schema, toml

Tables = dict[str, dict[str, dict[str, Any]]]
"""Fields by entity and component."""

NAMES = ("guest", "front", "wall", "sky", "lamp 2", "Größe", "a.b")
TEXTS = ("", "Show", 'say "hi"', "Ä\\ö\n")
NO_FILES: Mapping[FileKind, Sequence[str]] = {"camera": ("synthetic",)}


def scene_text(random: Random, files: Mapping[FileKind, Sequence[str]] = NO_FILES) -> str:
    """Write a scene that loads without mistakes. `files` are what its fields of each kind may hold."""
    tables: Tables = {
        entity: {component: {} for component in random.sample(list(components()), random.randint(1, 5))}
        for entity in random.sample(NAMES, random.randint(1, len(NAMES)))
    }
    for parts in tables.values():
        for component, fields in parts.items():
            _fill(random, tables, component, fields, files)
    _keep_rules(tables)
    return "\n".join(
        f"[{toml(entity)}.{component}]\n" + "".join(f"{name} = {toml(value)}\n" for name, value in fields.items())
        for entity, parts in tables.items()
        for component, fields in parts.items()
    )


def mutate(random: Random, text: str) -> str | bytes:
    """Spoil a scene's text a little, or a lot."""
    for _ in range(random.randint(1, 2)):
        text = random.choice(_SPOILERS)(random, text)
    if random.random() < 0.1:
        data = bytearray(text.encode(errors="replace"))
        for _ in range(random.randint(1, 4)):
            data.insert(random.randint(0, len(data)), random.randrange(256))
        return bytes(data)
    return text


def _fill(
    random: Random, tables: Tables, component: str, fields: dict[str, Any], files: Mapping[FileKind, Sequence[str]]
) -> None:
    """Give some fields of a component a value."""
    for name, info in fields_of(components()[component]).items():
        if random.random() < 0.5:
            continue
        said = about(info)
        if said.refers:
            able = [entity for entity, parts in tables.items() if said.refers in parts]
            several = field_schemas(components()[component])[name]["type"] == "array"
            fields[name] = able[: random.randint(0, 2)] if several else random.choice(["", *able])
        elif said.file:
            fields[name] = random.choice(files.get(said.file, ("",)))
        else:
            fields[name] = _value(random, field_schemas(components()[component])[name])


def _value(random: Random, schema: Schema) -> object:
    low, high = schema.get("minimum", -1000), schema.get("maximum", 1000)
    if "enum" in schema:
        return random.choice(schema["enum"])
    if "pattern" in schema:
        return f"#{random.randrange(1 << 24):06x}"
    match schema["type"]:
        case "array":
            return [_value(random, schema["items"]) for _ in range(schema.get("minItems", 0))]
        case "object":
            return {
                name: _value(random, each)
                for name, each in schema.get("properties", {}).items()
                if random.random() < 0.2
            }
        case "boolean":
            return random.random() < 0.5
        case "integer":
            return random.choice((low, high, random.randint(low, high)))
        case "number":
            return random.choice((low, high, random.uniform(low, high)))
        case _:
            return random.choice(TEXTS)


def _keep_rules(tables: Tables) -> None:
    """Take out components until no rule is broken; what then is left of nothing is one fill."""
    while wrong := list(complaints({entity: _made(parts) for entity, parts in tables.items()})):
        for complaint in wrong:
            tables[complaint.entity].pop(complaint.component, None)
    if not any(tables.values()):
        tables[NAMES[0]] = {"layer": {}, "fill": {}}


def _made(parts: Mapping[str, Mapping[str, Any]]) -> dict[str, object]:
    return {component: components()[component](**fields) for component, fields in parts.items()}


def _lines(change: Callable[[Random, list[str]], None]) -> Callable[[Random, str], str]:
    def spoil(random: Random, text: str) -> str:
        lines = text.split("\n")
        change(random, lines)
        return "\n".join(lines)

    return spoil


@_lines
def _delete_line(random: Random, lines: list[str]) -> None:
    del lines[random.randrange(len(lines))]
    lines.append("")


@_lines
def _duplicate_line(random: Random, lines: list[str]) -> None:
    lines.insert(random.randrange(len(lines)), random.choice(lines))


@_lines
def _swap_lines(random: Random, lines: list[str]) -> None:
    one, other = random.randrange(len(lines)), random.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]


@_lines
def _replace_value(random: Random, lines: list[str]) -> None:
    number = random.randrange(len(lines))
    key, equals, _ = lines[number].partition("=")
    if equals:
        lines[number] = f"{key}= {random.choice(_STRANGE)}"


@_lines
def _rename_key(random: Random, lines: list[str]) -> None:
    number = random.randrange(len(lines))
    line = lines[number]
    if line:
        position = random.randrange(len(line))
        lines[number] = line[:position] + random.choice("aeiou.-_") + line[position + random.randint(0, 1) :]


def _truncate(random: Random, text: str) -> str:
    return text[: random.randint(0, len(text))]


def _flip_character(random: Random, text: str) -> str:
    position = random.randint(0, len(text))
    return (
        text[:position] + chr(random.choice((random.randrange(128), random.randrange(0xD800)))) + text[position + 1 :]
    )


_STRANGE = (
    *("nan", "-inf", "1e400", "-1", "9" * 30, "0x" + "f" * 5000, "1.5", "true", '"text"', "'#12345'", "''", "[]"),
    *("[1, 2, 3, 4]", "[[[]]]", "{}", "{ x = 1 }", "1979-05-27", "07:32:00", '"\\u0000"', '"' + "x" * 5000 + '"'),
    *("[" * 5000, '"rtsp://host/path"', '"device:0"', '"../.."', '"line\\nbreak"', "", '"sythetic"'),
)

_SPOILERS: tuple[Callable[[Random, str], str], ...] = (
    *(_delete_line, _duplicate_line, _swap_lines, _replace_value, _rename_key, _truncate, _flip_character),
)
