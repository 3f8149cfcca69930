"""The words for values and types, in messages and on the reference page."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from pathlib import PurePath
from typing import Any

from engine.component import Colour

Schema = dict[str, Any]
"""A JSON Schema."""

_TYPES = {"string": "text in quotes", "integer": "a whole number", "number": "a number", "boolean": "true or false"}
_LONGEST = 40  # characters of a value in a message
_MOST = 24  # possible ones in a message


def toml(value: object) -> str:
    """Write a value as a scene does."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Colour):
        return toml(value.hex())
    if isinstance(value, str):
        return '"' + "".join(map(_escaped, value)) + '"'
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name} = {toml(each)}" for name, each in value.items()) + "}"
    return repr(value)


def shown(value: object) -> str:
    """Name a value in a message: as written where that is short."""
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list) and (len(value) > 8 or any(isinstance(part, (dict, list)) for part in value)):
        return f"an array of {len(value)}"
    if isinstance(value, int) and value.bit_length() > 64:
        return "a number beyond 64 bits"
    if not isinstance(value, (bool, int, float, str, list)):
        return "a date or time"
    text = toml(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def expected(schema: Schema) -> str:
    """Say what a field takes, without its bounds."""
    if "enum" in schema:
        return "one of " + ", ".join(map(toml, schema["enum"]))
    if schema["type"] == "object":
        return "a table of " + ("arrays: " + ", ".join(schema["properties"]) if "properties" in schema else "values")
    if schema["type"] == "array":
        parts = "names" if schema["items"] == {"type": "string"} else "numbers"
        parts = "colours" if "pattern" in schema["items"] else parts
        if schema["items"].get("type") == "array":
            parts = f"arrays of {expected(schema['items']).removesuffix(' in brackets')}"
        many = f"{schema['maxItems']} {parts}" if "maxItems" in schema else parts
        return f"{many} in brackets"
    return 'a colour such as "#ff8800"' if "pattern" in schema else _TYPES[schema["type"]]


def number(value: float) -> str:
    """Write a bound: without a fraction where it has none."""
    return str(int(value)) if value == int(value) else str(value)


def near(word: object, possible: Iterable[object]) -> str:
    """Say which possible one may be meant: ` (did you mean 'order'?)`, or nothing."""
    by_text = {str(each): each for each in possible}
    found = difflib.get_close_matches(str(word), by_text, n=1)
    return f" (did you mean {by_text[found[0]]!r}?)" if found else ""


def near_file(name: str, possible: Iterable[str]) -> str:
    """Say which file may be meant. What names have in common by their endings alone is no likeness."""
    stem = PurePath(name).stem
    return near(name, [each for each in possible if difflib.get_close_matches(stem, [PurePath(each).stem])])


def suggestion(word: object, possible: Collection[object]) -> str:
    """Say which possible one may be meant, or else which there are: ` (possible: 'order', 'blend')`."""
    if hint := near(word, possible):
        return hint
    listed = [repr(each) for each in islice(possible, _MOST)] + ["…"] * (len(possible) > _MOST)
    return f" (possible: {', '.join(listed)})" if listed else ""


def _escaped(character: str) -> str:
    if character.isprintable() and character not in '"\\':
        return character
    return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"
