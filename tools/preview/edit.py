"""Changing one value in a scene's text, and no other byte."""

from __future__ import annotations

import tomllib

import tree_sitter_toml
from tree_sitter import Language, Parser

from engine.scene.where import KeyPath, named_nodes

_LANGUAGE = Language(tree_sitter_toml.language())


def replace_value(data: bytes, path: KeyPath, value: str) -> bytes:
    """Return the TOML text `data` with the value at `path` written as `value`, itself TOML.

    By the byte spans of the parser that gives mistakes their places, since they leave line ends, a byte order mark and
    comments alone. Raises KeyError where `path` has no value, ValueError where `value` is no TOML.
    """
    tomllib.loads(f"value = {value}")
    for found, name in named_nodes(Parser(_LANGUAGE).parse(data).root_node, ()):
        pair = name.parent
        while pair is not None and pair.type == "dotted_key":
            pair = pair.parent
        if found == path and pair is not None and pair.type == "pair":
            old = pair.named_children[1]
            return data[: old.start_byte] + value.encode() + data[old.end_byte :]
    raise KeyError(path)
