"""What the author wrote: a file, its includes and the overrides of the command line, laid over each other."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import Mistake
from engine.scene.where import KeyPath, key_spots, split_key
from engine.scene.words import near_file, shown, suggestion

LARGEST_BYTES = 1_000_000
DEEPEST_INCLUDE = 16

ALWAYS = ("stage", "display")
"""What every show has: overrides find it by these names where the author made none."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is said, and the folder from which its paths start."""

    file: Path
    line: int
    column: int
    folder: Path


class Source:
    """All tables of a scene merged, the place of every key, and the mistakes found so far.

    `text` is what the file itself is taken to hold, where it was edited and not saved yet. Raises nothing: what cannot
    be read is a mistake, and the rest goes on.
    """

    def __init__(self, path: Path, overrides: Sequence[str] = (), text: bytes | None = None) -> None:
        self._text = {path: text} if text is not None else {}
        self.tables: dict[str, Any] = {}
        self.files: dict[Path, Path] = {}  # resolved -> as named, in the order they were met
        self._places: dict[KeyPath, Place] = {(): Place(path, 0, 0, path.parent)}
        self._mistakes: dict[tuple[Place, str], None] = {}  # a set that keeps its order
        self._blamed: set[KeyPath] = set()
        self._order: dict[Path, int] = {path: 0}
        self.complete = True  # no file is missing from the tables
        self._read(path, (), self._places[()])
        for override in overrides:
            self._override(override)

    def place(self, path: KeyPath) -> Place:
        """Return where `path` is said, or the nearest thing around it that is."""
        while path not in self._places:
            path = path[:-1]
        return self._places[path]

    def blame(self, path: KeyPath, message: str) -> None:
        """Note a mistake where `path` is said."""
        self._blamed.add(path)
        self._note(self.place(path), message)

    def is_blamed(self, path: KeyPath) -> bool:
        """Whether exactly this has a mistake already."""
        return path in self._blamed

    def mistakes(self) -> list[Mistake]:
        """Every mistake once, in file order."""
        noted = [Mistake(place.file, place.line, place.column, message) for place, message in self._mistakes]
        return sorted(noted, key=lambda mistake: (self._order[mistake.file], mistake.line, mistake.column))

    def _note(self, place: Place, message: str) -> None:
        self._mistakes[place, message] = None

    def _read(self, file: Path, chain: tuple[Path, ...], place: Place) -> None:
        """Lay a file and what it includes over what is there; `place` is where the file is asked for."""
        text = self._text.get(file)
        if text is None and (trouble := _unreadable(file)):
            self._note(place, trouble)
            self.complete = False
            return
        known = file.resolve()
        if known in chain:
            self._note(place, f"include goes in a circle: {file.name!r} includes itself in the end; take one out")
        elif len(chain) >= DEEPEST_INCLUDE:
            self._note(place, f"includes go more than {DEEPEST_INCLUDE} files deep")
        if known in self.files:
            return
        self.files[known] = file
        self._order.setdefault(file, len(self._order))
        try:
            tables, places = _parse(file, _read(file) if text is None else text)
        except _BadFileError as error:
            self._note(Place(file, error.line, error.column, file.parent), str(error))
            self.complete = False
            return
        includes = tables.pop("include", [])
        asked = places.get(("include",), place)
        if isinstance(includes, list) and all(isinstance(name, str) for name in includes):
            for name in includes:
                self._read(file.parent / name, (*chain, known), asked)
        else:
            self._note(asked, f'include must be an array of file names such as ["other.toml"], not {shown(includes)}')
        _lay_over(self.tables, tables)
        self._places.update(places)

    def _override(self, text: str) -> None:
        place = Place(Path("--set " + " ".join(text.split())), 0, 0, Path.cwd())
        self._order.setdefault(place.file, len(self._order))
        key, equals, value = text.partition("=")
        try:
            entity, component, field = split_key(key.removeprefix("+"))
        except (ValueError, RecursionError):
            equals = ""
        if not equals:
            self._note(place, "write an override as entity.component.field=value")
            return
        if not (entity in self.tables or key.startswith("+") or entity == component in ALWAYS or not self.complete):
            hint = suggestion(entity, self.tables)
            self._note(place, f"no entity {entity!r}{hint}; to add one, write +{entity}.{component}.{field}=…")
            return
        path = (entity, component, field)
        for length in (1, 2):
            self._places.setdefault(path[:length], place)
        self._places[path] = place
        _lay_over(self.tables, {entity: {component: {field: _value(value)}}})


class _BadFileError(Exception):
    """A file that is no TOML. `line` is 0 where the file as a whole is meant."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


def _unreadable(file: Path) -> str:
    """Say why there is no file to read, or nothing."""
    try:
        if file.is_file():
            return ""
        if file.is_dir():
            return f"{file.name!r} is a folder; name a scene file in it"
        if file.exists():
            return f"{file.name!r} is no ordinary file"
        nearby = [other.name for other in file.parent.glob("*.toml")]
    except (OSError, ValueError):  # a name that is too long, or that no file can have
        nearby = []
    return f"there is no file {shown(file.name)}{near_file(file.name, nearby)}"


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise _BadFileError(f"cannot be read: {error.strerror}") from error


def _parse(file: Path, data: bytes) -> tuple[dict[str, Any], dict[KeyPath, Place]]:
    """Make a file's tables of its bytes, and say where each key stands."""
    if len(data) > LARGEST_BYTES:
        raise _BadFileError(f"is larger than {LARGEST_BYTES // 1_000_000} MB; a scene is a short text")
    try:
        text = data.decode("utf-8-sig")
        tables = tomllib.loads(text)
        spots = key_spots(text)
    except UnicodeDecodeError as error:
        raise _BadFileError("is no UTF-8 text; save it as UTF-8", data[: error.start].count(b"\n") + 1, 1) from error
    except RecursionError as error:
        raise _BadFileError("nests its values too deeply; a scene needs entity, component and field") from error
    except ValueError as error:
        raise _syntax_error(str(error), text) from error
    return tables, {path: Place(file, line, column, file.parent) for path, (line, column) in spots.items()}


def _syntax_error(message: str, text: str) -> _BadFileError:
    """Take the place out of what tomllib says: `Invalid value (at line 3, column 5)`."""
    said = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", message, re.DOTALL)
    words = " ".join((said[1] if said else message).split())
    if said and said[2]:
        return _BadFileError(f"no valid TOML: {words}", int(said[2]), int(said[3]))
    lines = text.splitlines() or [""]
    return _BadFileError(f"no valid TOML: {words}, at the end of the file", len(lines), len(lines[-1]) + 1)


def _value(text: str) -> object:
    """Read an override's value as TOML, or else as plain text."""
    try:
        [value] = tomllib.loads(f"value = {text}").values()
    except (ValueError, RecursionError):
        return text
    return value


def _lay_over(below: dict[str, Any], above: Mapping[str, Any], levels: int = 3) -> None:
    """Merge entities, components and fields; where either is no table, the upper one replaces the lower."""
    for name, value in above.items():
        lower = below.get(name)
        if levels > 1 and isinstance(lower, dict) and isinstance(value, dict):
            _lay_over(lower, value, levels - 1)
        else:
            below[name] = value
