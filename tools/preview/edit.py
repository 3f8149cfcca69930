"""Changing a scene's text: one value, field, component or entity, and no other byte.

By the byte spans of the parser that gives mistakes their places, since they leave line ends, a byte order mark and
comments alone. A path that is not there raises KeyError, a value that is no TOML ValueError.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

from engine.scene.where import KeyPath, named_nodes
from engine.scene.words import toml

_PARSER = Parser(Language(tree_sitter_toml.language()))
_BARE = re.compile(r"[A-Za-z0-9_-]+")

Span = tuple[int, int]
"""The bytes from the first up to the second."""


def replace_value(data: bytes, path: KeyPath, value: str) -> bytes:
    """Return the TOML text `data` with the value at `path` written as `value`, itself TOML."""
    tomllib.loads(f"value = {value}")
    for statement in _statements(data):
        if statement.path == path and statement.value is not None:
            old = statement.value
            return data[: old.start_byte] + value.encode() + data[old.end_byte :]
    raise KeyError(path)


def set_value(data: bytes, path: KeyPath, value: str) -> bytes:
    """Write a field as `value`, itself TOML: over the one that is there, or in a new line where its table ends."""
    try:
        return replace_value(data, path, value)
    except KeyError:
        return _add(data, path, value)


def add_component(data: bytes, entity: str, component: str) -> bytes:
    """Give an entity an empty component, below what it has; an entity that is not there comes at the end."""
    return _add(data, (entity, component), "{}")


def remove(data: bytes, path: KeyPath) -> bytes:
    """Take out a field, a component or an entity, with the comment that stands right above its table."""
    depth = len(path)
    lines: list[Span] = []
    taken: KeyPath | None = None  # an inline table goes as a whole, not name by name
    for statement in _statements(data):
        if statement.path[:depth] != path or (taken is not None and statement.path[: len(taken)] == taken):
            continue
        taken = statement.path if statement.value is not None else None
        if statement.is_inline:
            return _without_inline(data, statement.node)
        start, end = _lines(data, statement.span)
        lines.append((_with_comment_above(data, start) if statement.value is None else start, end))
    if not lines:
        raise KeyError(path)
    return _without(data, lines)


def rename(data: bytes, old: str, new: str, references: Iterable[KeyPath]) -> bytes:
    """Call an entity otherwise, also in the fields that refer to it."""
    names = [(node.start_byte, node.end_byte, _key(new)) for path, node in _names(data) if path == (old,)]
    if not names:
        raise KeyError(old)
    wanted = set(references)
    names += [
        (node.start_byte, node.end_byte, toml(new))
        for statement in _statements(data)
        if statement.path in wanted and statement.value is not None
        for node in (statement.value, *statement.value.named_children)
        if node.type == "string" and _string(node) == old
    ]
    for start, end, text in sorted(names, reverse=True):
        data = data[:start] + text.encode() + data[end:]
    return data


def text_of(data: bytes, entity: str) -> bytes:
    """Return all that a scene says of an entity, as it is written."""
    spans = [_lines(data, statement.span) for statement in _statements(data) if statement.path[:1] == (entity,)]
    return b"".join(data[start:end] for start, end in _joined(spans))


def append(data: bytes, text: bytes) -> bytes:
    """Put further tables at the end, after an empty line."""
    end = _line_end(data)
    gap = b"" if not data.strip() else (b"" if data.endswith(b"\n") else end) + end
    return data + gap + text.strip(b"\r\n") + end


# How a text is made up -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Statement:
    """A table's header (`value` is None) or a pair; `table` is the path of the table that it stands in."""

    path: KeyPath
    table: KeyPath
    node: Node
    value: Node | None
    is_inline: bool

    @property
    def span(self) -> Span:
        """Its own bytes: of a table its header's alone."""
        if self.value is not None:
            return (self.node.start_byte, self.value.end_byte)
        closing = next(child for child in self.node.children if child.type == "]")
        return (self.node.start_byte, closing.end_byte)


def _statements(data: bytes) -> Iterator[_Statement]:
    """Every table and pair, in the order of the text."""
    names: dict[int, KeyPath] = {}  # where a key's last name ends, and the path up to there
    for path, node in _names(data):
        names[node.end_byte] = path
    yield from _statements_in(_PARSER.parse(data).root_node, (), names, is_inline=False)


def _statements_in(node: Node, table: KeyPath, names: dict[int, KeyPath], *, is_inline: bool) -> Iterator[_Statement]:
    for child in node.named_children:
        if child.type == "table":
            path = names[child.named_children[0].end_byte]
            yield _Statement(path, (), child, None, is_inline=False)
            yield from _statements_in(child, path, names, is_inline=False)
        elif child.type == "pair":
            key, value, *_ = child.named_children
            yield _Statement(names[key.end_byte], table, child, value, is_inline)
            if value.type == "inline_table":
                yield from _statements_in(value, names[key.end_byte], names, is_inline=True)


def _names(data: bytes) -> Iterator[tuple[KeyPath, Node]]:
    return named_nodes(_PARSER.parse(data).root_node, ())


# Adding --------------------------------------------------------------------------------------------------------------


def _add(data: bytes, path: KeyPath, value: str) -> bytes:
    """Write what is not there yet; of a component `value` is the inline table that its fields would make."""
    tomllib.loads(f"value = {value}")
    entity, component = path[:2]
    own = [statement for statement in _statements(data) if statement.path[0] == entity]
    for around in ((entity, component), (entity,)):
        for statement in own:
            if statement.path == around and statement.value is not None:
                if statement.value.type != "inline_table":
                    raise KeyError(path)
                return _add_inline(data, statement.value, path[len(around) :], value)
    field = path[2:]
    line_end = _line_end(data).decode()
    standing = [statement for statement in own if statement.path[:2] == (entity, component)]
    header = next((s for s in standing if s.path == (entity, component) and s.value is None), None)
    if header is not None or any(not statement.is_inline for statement in standing):
        if not field:
            raise KeyError(f"{entity} has a {component} already")
        last = [s for s in standing if header is None or s is header or s.table == header.path][-1]
        inside = header.path if header is not None else last.table
        return _insert_line(data, last, f"{_dotted(path[len(inside) :])} = {value}")
    if own and own[-1].table == () and own[-1].value is not None:
        return _insert_line(data, own[-1], f"{_dotted(path)} = {value}")  # a table here would take in what follows
    table = f"[{_dotted(path[:2])}]" + "".join(f"{line_end}{_key(name)} = {value}" for name in field)
    return _insert_line(data, own[-1], table) if own else append(data, table.encode())


def _add_inline(data: bytes, table: Node, path: KeyPath, value: str) -> bytes:
    for name in reversed(path[1:]):
        value = f"{{ {_key(name)} = {value} }}"
    pair = f"{_key(path[0])} = {value}".encode()
    if table.named_children:
        at = table.named_children[-1].end_byte
        return data[:at] + b", " + pair + data[at:]
    return data[: table.start_byte] + b"{ " + pair + b" }" + data[table.end_byte :]


def _insert_line(data: bytes, after: _Statement, text: str) -> bytes:
    """Put a line below the one in which a statement ends, as far in as that begins."""
    start, end = _lines(data, after.span)
    line_end = _line_end(data)
    indent = data[start : after.node.start_byte]
    gap = b"" if data[:end].endswith(b"\n") else line_end
    return data[:end] + gap + (indent if not indent.strip() else b"") + text.encode() + line_end + data[end:]


# Taking out ----------------------------------------------------------------------------------------------------------


def _without(data: bytes, lines: Iterable[Span]) -> bytes:
    """Cut whole lines out; where that brings two empty lines together, or one to an end of the file, it takes one."""
    for start, end in reversed(_joined(lines)):
        before, after = data[:start], data[end:]
        if re.search(rb"(\A|\n\r?\n)\Z", before) and (empty := re.match(rb"\r?\n", after)):
            after = after[empty.end() :]
        if not after.strip() and before.strip():
            before = before.rstrip(b"\r\n") + (_line_end(data) if data.endswith(b"\n") else b"")
            after = b""
        data = before + after
    return data


def _without_inline(data: bytes, pair: Node) -> bytes:
    start, end = pair.start_byte, pair.end_byte
    if following := re.match(rb"\s*,\s*", data[end:]):
        end += following.end()
    elif preceding := re.search(rb"\s*,\s*$", data[:start]):
        start = preceding.start()
    return data[:start] + data[end:]


def _with_comment_above(data: bytes, start: int) -> int:
    """Return where the comment begins that stands right above a line; not one that is the file's own, at its top."""
    found = start
    while found:
        line = data.rfind(b"\n", 0, found - 1) + 1
        if not data[line:found].lstrip().startswith(b"#"):
            break
        if line == 0:
            return start
        found = line
    return found


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Lay together what touches or overlaps."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _lines(data: bytes, span: Span) -> Span:
    """Return the whole lines that hold these bytes."""
    end = data.find(b"\n", span[1])
    return data.rfind(b"\n", 0, span[0]) + 1, len(data) if end < 0 else end + 1


def _line_end(data: bytes) -> bytes:
    return b"\r\n" if b"\r\n" in data else b"\n"


def _string(node: Node) -> object:
    return tomllib.loads(f"value = {(node.text or b'').decode()}")["value"]


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else toml(name)


def _dotted(path: KeyPath) -> str:
    return ".".join(map(_key, path))
