"""Changing a running show to another scene, touching only what differs, and watching its files for edits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from watchfiles import watch

from engine.component import components
from engine.errors import SceneError
from engine.notices import Notices
from engine.scene.load import Scene, load_scene
from engine.threads.mailbox import Mailbox
from engine.threads.worker import Worker
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


class SceneWatcher(Worker):
    """Loads a scene again whenever one of its files changes, and leaves the scene or its mistakes in `changes`.

    Thread: its own; `changes` is for any. Blocks: until a file changes. Owns: the watch on the scene's folders.
    Fails: never for a bad or missing file, which is a SceneError in `changes`; when a folder is gone, as workers do.
    """

    DEBOUNCE_MS = 50  # an editor writes a file in several steps
    STEP_MS = 5
    LOOK_AGAIN_MS = 500

    def __init__(self, scene: Scene, overrides: Sequence[str], notices: Notices) -> None:
        super().__init__("scene watcher", notices)
        self.changes: Mailbox[Scene | SceneError] = Mailbox()
        self._path = scene.path
        self._overrides = tuple(overrides)
        self._last: Scene | SceneError = scene
        self._files = scene.files
        self._spots: frozenset[Path] = frozenset()
        self._folders: dict[Path, int] | None = None
        self._watch: Iterator[object] | None = None

    def turn(self) -> None:
        """Wait for a change for a while, then look."""
        self._spots = _spots(self._files)
        folders = _folders(self._spots)
        changed: object = folders != self._folders
        if changed:
            self._folders = folders
            self._watch = self._new_watch(folders) if folders else None
        if self._watch is None:
            self.pause(self.LOOK_AGAIN_MS / 1000)
        else:
            changed = next(self._watch, None) or changed  # what came before the first wait is seen by looking after it
        if changed or isinstance(self._last, SceneError):  # a mistake may wait for any file or folder
            self._look()

    def close(self) -> None:
        """End the watch."""
        self._folders, self._watch = None, None

    def _look(self) -> None:
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

    def _new_watch(self, folders: Iterable[Path]) -> Iterator[object]:
        return watch(
            *folders,
            watch_filter=lambda _change, path: Path(path) in self._spots,
            debounce=self.DEBOUNCE_MS,
            step=self.STEP_MS,
            stop_event=self._stopping,
            rust_timeout=self.LOOK_AGAIN_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            recursive=False,
        )


def _said(found: Scene | SceneError) -> object:
    """What to compare; the order of entities counts, since equal layers are drawn in it."""
    return found.mistakes if isinstance(found, SceneError) else list(found.entities.items())


def _spots(files: Iterable[Path]) -> frozenset[Path]:
    """Where files lie: both as named and, where a name is a link, where it leads."""
    return frozenset(spot for file in files for spot in (file.parent.resolve() / file.name, file.resolve()))


def _folders(spots: Iterable[Path]) -> dict[Path, int]:
    """Return the folders that there are, each with what tells it from another of the same name."""
    return {spot.parent: spot.parent.stat().st_ino for spot in spots if spot.parent.is_dir()}
