"""What is being edited: the scene and its text, what is chosen in it, its mistakes, and every change to it.

Nothing here knows of a window: panels show a session and call it, and tests do without either.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from engine.component import Colour, about, components, fields_of
from engine.errors import Mistake, SceneError, ShowError
from engine.scene.load import Scene, load_scene
from engine.scene.source import Source
from engine.scene.where import KeyPath
from engine.scene.words import toml
from tools.preview.document import Clash, Document
from tools.preview.edit import add_component, append, remove, rename, set_value, text_of

Tables = Mapping[str, Any]

RESTARTS = frozenset(
    {("stage", "width"), ("stage", "height"), ("stage", "rate_hz"), ("stage", "format"), ("stage", "colour")}
    | {("stage", "seed")}
)
"""Fields, by component, that are looked at only when a show begins."""


class OnAir(Protocol):
    """What shows the scene. A `Show` is one."""

    def take_over(self, scene: Scene) -> bool:
        """Become this scene from the next tick on; return whether it could."""

    def change(self, entity: str, part: object) -> None:
        """Give an entity another value of a component that it has, from the next tick on."""


@dataclasses.dataclass(slots=True)
class Selection:
    """What is chosen: an entity, and of it a component or all."""

    entity: str = ""
    component: str = ""


class Session:
    """One scene that is open.

    A change goes two ways. `turn` shows a value at once and writes nothing down, for as long as a slider is held;
    `set` writes it into the text as a step that can be undone. `save` writes the text into the file.

    Thread: main. Blocks: while a changed text is read and checked: 2 ms, 0.2 s for 2,000 entities. Owns: the document.
    Fails: never; what is wrong is in `mistakes` and `said`, and what is on air stays.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.document = Document(path)
        self.on_air: OnAir | None = None
        self.scene: Scene | None = None
        """The last one without a mistake: it is what is on air."""
        self.mistakes: tuple[Mistake, ...] = ()
        self.tables: Tables = {}
        """All that the scene says, its includes among it, as TOML has it."""
        self.own: Tables = {}
        """What its own file says."""
        self.selection = Selection()
        self.other_previewer = ""
        """That somebody else has the scene open, where that is so."""
        self.picking: KeyPath | None = None
        """The colour field that takes the next colour that is pointed at in the picture."""
        self.said = ""
        """The last thing to tell whoever sits here, in one line."""
        self.revision = 0
        """Counts every change of the text."""
        self._turned: dict[KeyPath, object] = {}
        self._included: dict[Path, int] = {}
        self._mistaken: Source | None = None  # where everything is said, while there are mistakes
        self._check()
        people, layers = self.entities_with("mask"), self.entities_with("layer")
        self.selection.entity = next(iter([*people, *layers, *self.tables]), "")

    # What there is ---------------------------------------------------------------------------------------------------

    def parts(self, entity: str) -> Tables:
        """Return an entity's components as the text has them."""
        found = self.tables.get(entity)
        return found if isinstance(found, dict) else {}

    def value(self, path: KeyPath) -> Any:
        """Return a field's value as TOML has it: as it is being turned, as it is written, or else its default.

        A path may lead into a field that is a table.
        """
        if path in self._turned:
            return self._turned[path]
        level: Any = self.tables
        for name in path:
            if not isinstance(level, dict) or name not in level:
                return default(*path[1:3])
            level = level[name]
        return level

    def is_said(self, path: KeyPath) -> bool:
        """Whether the scene says this, rather than leaving it at its default."""
        return _holds(self.tables, path)

    def is_included(self, path: KeyPath) -> bool:
        """Whether it is said by an included file alone."""
        return _holds(self.tables, path) and not _holds(self.own, path)

    def entities_with(self, component: str) -> list[str]:
        """Return the entities that have a component, in the order of the text."""
        return [name for name, parts in self.tables.items() if isinstance(parts, dict) and component in parts]

    def mistakes_at(self, path: KeyPath) -> list[str]:
        """Say what is wrong with exactly this, in words."""
        if self._mistaken is None:
            return []
        place = self._mistaken.place(path)
        return [
            mistake.message
            for mistake in self.mistakes
            if (mistake.file, mistake.line, mistake.column) == (place.file, place.line, place.column) and place.line
        ]

    # Changes ---------------------------------------------------------------------------------------------------------

    def turn(self, path: KeyPath, value: Any) -> None:
        """Show a value at once, and write nothing down yet: the slider is still held."""
        self._turned[path] = value
        if len(path) > 3:
            return  # inside a field that is a table: seen once it is let go
        entity, component, field = path
        part = self.scene.entities.get(entity, {}).get(component) if self.scene is not None else None
        if part is None or self.on_air is None:
            return
        turned = {name: each for (*around, name), each in self._turned.items() if around == [entity, component]}
        try:
            self.on_air.change(entity, dataclasses.replace(part, **turned))  # type: ignore[type-var]
        except ValueError as error:
            self.said = f"{field}: {error}"

    def set(self, path: KeyPath, value: Any) -> None:
        """Write a value into the text: one step."""
        self._turned.clear()
        self._step(f"{'.'.join(path[1:])} of {path[0]}", set_value, path, toml(value))

    def set_several(self, label: str, values: Mapping[KeyPath, Any]) -> None:
        """Write several values as one step: those of a handle that moves two. None takes a field out."""
        self._turned.clear()

        def edit(text: bytes) -> bytes:
            for path, value in values.items():
                text = remove(text, path) if value is None else set_value(text, path, toml(value))
            return text

        self._step(label, edit)

    def finish(self) -> None:
        """Write down what was turned: the slider was let go."""
        if self._turned:
            turned = dict(self._turned)
            path = next(iter(turned))
            self.set_several(f"{'.'.join(path[1:])} of {path[0]}", turned)

    def forget(self) -> None:
        """Go back to what is written: the handle was let go with Escape."""
        if self._turned:
            self._turned.clear()
            self._show()

    def reset(self, path: KeyPath) -> None:
        """Take a field out of the text, so that its default holds."""
        self._step(f"{'.'.join(path[1:])} of {path[0]} back to its default", remove, path)

    def add_component(self, entity: str, component: str) -> None:
        """Give an entity a component."""
        if self._step(f"add {component} to {entity}", add_component, entity, component):
            self.selection = Selection(entity, component)

    def remove_component(self, entity: str, component: str) -> None:
        """Take a component from an entity."""
        if self.is_included((entity, component)):
            self.said = f"{component} of {entity} is said by an included file; take it out there"
        elif self._step(f"remove {component} from {entity}", remove, (entity, component)):
            self.selection = Selection(entity)

    def add_entity(self, wanted: str, text: str) -> str:
        """Put an entity at the end of the scene, written as `{name}` tables; return what it is called."""
        name = self.free_name(wanted)
        if self._step(f"add {name}", append, text.replace("{name}", name).encode()):
            self.selection = Selection(name)
        return name

    def add_copies(self, wanted: str, texts: Mapping[str, bytes]) -> None:
        """Put entities at the end of the scene in one step, written as another scene has them, by their names there.

        The first is called as wanted, each other that and its own name.
        """
        names = [self.free_name(f"{wanted}_{entity}" if at else wanted) for at, entity in enumerate(texts)]

        def edit(text: bytes) -> bytes:
            for name, (entity, copy) in zip(names, texts.items(), strict=True):
                text = append(text, rename(copy, entity, name, ()))
            return text

        if self._step(f"add {names[0]}", edit):
            self.selection = Selection(names[0])

    def remove_entity(self, entity: str) -> None:
        """Take an entity out of the scene."""
        if self.is_included((entity,)):
            self.said = f"{entity} is said by an included file; take it out there"
            return
        names = list(self.tables)
        if self._step(f"remove {entity}", remove, (entity,)):
            left = [name for name in names if name in self.tables]
            at = min(names.index(entity), len(left) - 1)
            self.selection = Selection(left[at] if left else "")

    def rename_entity(self, entity: str, name: str) -> None:
        """Call an entity otherwise, wherever the scene means it."""
        if not name or name == entity:
            return
        if name in self.tables:
            self.said = f"there is an entity {name!r} already; choose another name"
            return
        if self._step(f"rename {entity} to {name}", rename, entity, name, self.references_to(entity)):
            self.selection = Selection(name, self.selection.component)

    def duplicate_entity(self, entity: str) -> None:
        """Put a copy of an entity at the end of the scene."""
        self.add_copies(entity, {entity: text_of(self.document.text, entity)})

    def references_to(self, entity: str) -> list[KeyPath]:
        """Return the fields that name an entity."""
        return [
            (other, component, field)
            for other, parts in self.tables.items()
            if isinstance(parts, dict)
            for component, fields in parts.items()
            if component in components() and isinstance(fields, dict)
            for field, value in fields.items()
            if (value == entity or (isinstance(value, list) and entity in value))
            and field in (infos := fields_of(components()[component]))
            and about(infos[field]).refers
        ]

    def free_name(self, wanted: str) -> str:
        """Return a name like this that no entity has."""
        stem = wanted.rstrip("0123456789_") or wanted
        number = 2
        while wanted in self.tables:
            wanted, number = f"{stem}_{number}", number + 1
        return wanted

    def undo(self) -> None:
        """Take the last step back."""
        label = self.document.undoes
        self._turned.clear()
        if self.document.undo():
            self.said = f"undone: {label}"
            self._show()

    def redo(self) -> None:
        """Do again what was taken back."""
        label = self.document.redoes
        self._turned.clear()
        if self.document.redo():
            self.said = f"done again: {label}"
            self._show()

    def settle(self, clash: Clash, *, mine: bool) -> None:
        """Choose what holds for a value that was changed here and in the file."""
        self.document.settle(clash, mine=mine)
        self._show()

    # The file --------------------------------------------------------------------------------------------------------

    def save(self, *, over: bool = False) -> bool:
        """Write the text into the file; return whether it was."""
        self.finish()
        before = self.document.text
        try:
            self.document.save(over=over)
        except ShowError as error:
            self.said = str(error)
            return False
        finally:
            if self.document.text != before:
                self._show()
        self.said = f"saved {self.path.name}"
        return True

    def look(self) -> None:
        """See whether the scene's files were changed by somebody else, and show that. A stat costs 2 µs a file."""
        gone = self.document.is_gone
        if self.document.look():
            self.said = f"{self.path.name} was changed in the file"
            self._show()
        elif self.document.is_gone and not gone:
            self.said = f"{self.path.name} is gone; save to write it anew"
        elif self._included != self._stamps():
            self._show()

    def _step(self, label: str, edit: Any, *arguments: Any) -> bool:
        """Change the text by a function of it; return whether it could."""
        self._turned.clear()
        try:
            text = edit(self.document.text, *arguments)
        except (KeyError, ValueError):
            where = ".".join(arguments[0]) if arguments and isinstance(arguments[0], tuple) else label
            self.said = f"{where} cannot be changed here; change it in the file"
            return False
        self.document.step(label, text)
        self._show()
        return True

    def _show(self) -> None:
        """Check the text, and put it on air if there is nothing wrong with it."""
        before = self.scene
        self._check()
        if self.scene is not before and self.scene is not None and self.on_air is not None:
            self.on_air.take_over(self.scene)

    def _check(self) -> None:
        self.revision += 1
        try:
            self.own = tomllib.loads(self.document.text.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            self.own = {}
        found = self._source().tables if "include" in self.own else self.own
        if found:  # of a text that is no TOML the tables stay as they were
            self.tables = {name: each for name, each in found.items() if name != "include"}
        try:
            text = None if self.document.is_gone and not self.document.text else self.document.text
            self.scene = load_scene(self.path, text=text)
            self.mistakes = ()
        except SceneError as error:
            self.mistakes = error.mistakes
        self._mistaken = self._source() if self.mistakes else None
        self._included = self._stamps()

    def _source(self) -> Source:
        return Source(self.path, text=self.document.text)

    def _stamps(self) -> dict[Path, int]:
        """Return when each file that the scene includes was changed."""
        files = self.scene.files if self.scene is not None else frozenset[Path]()
        return {file: _changed_ns(file) for file in files if file != self.path}


def default(component: str, field: str) -> Any:
    """Return a field's default as TOML has it."""
    value = fields_of(components()[component])[field].default
    return value.hex() if isinstance(value, Colour) else value


def _holds(tables: Tables, path: KeyPath) -> bool:
    level: Any = tables
    for name in path:
        if not isinstance(level, dict) or name not in level:
            return False
        level = level[name]
    return True


def _changed_ns(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0
