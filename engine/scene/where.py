"""Where in a TOML file each table and key stands."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

KeyPath = tuple[str, ...]
"""The names from the top of a file to a table or key, such as ("guest", "mask", "camera")."""

Spot = tuple[int, int]
"""Line and column, both from 1; a column is one character."""

_LANGUAGE = Language(tree_sitter_toml.language())
_TABLES = ("table", "table_array_element")
_KEYS = ("bare_key", "quoted_key")


def split_key(text: str) -> KeyPath:
    """Split a key as TOML writes it: `a."b.c"` -> ("a", "b.c"). Raises ValueError where it is none."""
    path = []
    level: object = tomllib.loads(f"{text} = 0")
    while isinstance(level, dict):
        [(name, level)] = level.items()
        path.append(name)
    return tuple(path)


def key_spots(text: str) -> dict[KeyPath, Spot]:
    """Return the spot of every table and key of a TOML text; of a path that is written twice, the first.

    In a dotted key each name has its own spot. Elements of arrays share the path of their array.
    """
    data = text.encode()
    lines = data.split(b"\n")
    spots: dict[KeyPath, Spot] = {}
    for path, node in named_nodes(Parser(_LANGUAGE).parse(data).root_node, ()):
        row, column = node.start_point
        spots.setdefault(path, (row + 1, len(lines[row][:column].decode(errors="replace")) + 1))
    return spots


def named_nodes(node: Node, path: KeyPath) -> Iterator[tuple[KeyPath, Node]]:
    """Every name below `node`, which stands at `path`, with the node that writes it."""
    for child in node.named_children:
        inside = path
        if child.type in _TABLES or child.type == "pair":
            for name in _names(child.named_children[0]):
                inside = (*inside, _unquoted(name))
                yield inside, name
        yield from named_nodes(child, inside)


def _names(key: Node) -> Iterator[Node]:
    """Split a key into its names; the grammar nests a dotted one to the left."""
    if key.type in _KEYS:
        yield key
    for child in key.named_children:
        yield from _names(child)


def _unquoted(name: Node) -> str:
    text = (name.text or b"").decode(errors="replace")
    return split_key(text)[0] if name.type == "quoted_key" else text
