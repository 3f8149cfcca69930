"""Changing a running show to another scene, touching only what differs, and watching its files for edits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.component import components
from engine.errors import SceneError
from engine.notices import Notices
from engine.scene.load import Scene, load_scene
from engine.threads.mailbox import Mailbox
from engine.threads.watch import FileWatcher
from engine.world import World


@dataclass(frozen=True, slots=True)
class Difference:
    """What turns one scene into another. Entities go and come as a whole; what stays is changed by component."""

    removed: list[str]
    dropped: list[tuple[str, type]]
    added: list[tuple[str, object]]
    spawned: list[str]


def difference(old: Scene | None, new: Scene) -> Difference:
    """Compare two scenes; None is a scene without entities."""
    before = old.entities if old else {}
    staying = [entity for entity in new.entities if entity in before]
    return Difference(
        removed=[entity for entity in before if entity not in new.entities],
        dropped=[
            (entity, components()[name])
            for entity in staying
            for name in before[entity]
            if name not in new.entities[entity]
        ],
        added=[
            (entity, part)
            for entity in staying
            for name, part in new.entities[entity].items()
            if before[entity].get(name) != part
        ],
        spawned=[entity for entity in new.entities if entity not in before],
    )


def apply_scene(world: World, old: Scene | None, new: Scene) -> Difference:
    """Make the world, which shows `old`, show `new`; return what was changed."""
    changes = difference(old, new)
    for entity in changes.removed:  # first, so that who comes may have the device of who went
        world.remove(entity)
    for entity, component_type in changes.dropped:
        world.drop(entity, component_type)
    for entity, part in changes.added:
        world.add(entity, part)
    for entity in changes.spawned:
        world.spawn(entity, new.entities[entity].values())
    world.arrange(new.entities)
    return changes


class SceneWatcher(FileWatcher):
    """Loads a scene again whenever one of its files changes, and leaves the scene or its mistakes in `changes`.

    Thread: its own; `changes` is for any. Blocks: until a file changes. Owns: the watch on the scene's folders.
    Fails: never for a bad or missing file, which is a SceneError in `changes`; when a folder is gone, as workers do.
    """

    def __init__(self, scene: Scene, overrides: Sequence[str], notices: Notices) -> None:
        super().__init__("scene watcher", notices)
        self.changes: Mailbox[Scene | SceneError] = Mailbox()
        self._path = scene.path
        self._overrides = tuple(overrides)
        self._last: Scene | SceneError = scene
        self._files = scene.files

    @property
    def files(self) -> Iterable[Path]:
        """The files of the last scene, and those that hold a mistake."""
        return self._files

    @property
    def waits(self) -> bool:
        """Whether there is a mistake."""
        return isinstance(self._last, SceneError)

    def look(self) -> None:
        """Load the scene; say so when it, or what is wrong with it, is another than before."""
        found: Scene | SceneError
        try:
            found = load_scene(self._path, self._overrides)
            self._files = found.files
        except SceneError as error:
            found = error
            self._files |= {mistake.file for mistake in error.mistakes if mistake.line}
        if _said(found) != _said(self._last):
            self._last = found
            self.changes.put(found)


def _said(found: Scene | SceneError) -> object:
    """What to compare; the order of entities counts, since equal layers are drawn in it."""
    return found.mistakes if isinstance(found, SceneError) else list(found.entities.items())
