"""Changing a running show to another scene, touching only what differs, and watching its files for edits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from watchfiles import Change, watch

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
        self._watch: Iterator[object] | None = None

    def turn(self) -> None:
        """Wait for a change for a while, then look."""
        spots = _spots(self._files)
        if self._watch is None or spots != self._spots:
            self._spots = spots
            self._watch = self._new_watch()
            next(self._watch, None)  # from here on nothing is missed; what came before is seen by looking
        elif not next(self._watch, None):
            return
        self._look()

    def close(self) -> None:
        """End the watch."""
        self._watch = None

    def _look(self) -> None:
        """Load the scene; say so when it, or what is wrong with it, is another than before."""
        found: Scene | SceneError
        try:
            found = load_scene(self._path, self._overrides)
            self._files = found.files
        except SceneError as error:
            found = error
            self._files |= {mistake.file for mistake in error.mistakes if mistake.file.is_file()}
        if _said(found) != _said(self._last):
            self._last = found
            self.changes.put(found)

    def _new_watch(self) -> Iterator[object]:
        return watch(
            *{spot.parent for spot in self._spots},
            watch_filter=self._matters,
            debounce=self.DEBOUNCE_MS,
            step=self.STEP_MS,
            stop_event=self._stopping,
            rust_timeout=self.LOOK_AGAIN_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            recursive=False,
        )

    def _matters(self, _change: Change, path: str) -> bool:
        """Whether a changed file is the scene's. A scene with mistakes may be waiting for any file beside it."""
        return isinstance(self._last, SceneError) or Path(path) in self._spots


def _said(found: Scene | SceneError) -> object:
    """What to compare; the order of entities counts, since equal layers are drawn in it."""
    return found.mistakes if isinstance(found, SceneError) else list(found.entities.items())


def _spots(files: Iterable[Path]) -> frozenset[Path]:
    """Where files lie: both as named and, where a name is a link, where it leads."""
    return frozenset(spot for file in files for spot in (file.parent.resolve() / file.name, file.resolve()))
