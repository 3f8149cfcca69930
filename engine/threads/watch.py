"""Watching files: a worker that looks at them again whenever somebody has saved one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import Path

from watchfiles import watch

from engine.notices import Notices
from engine.threads.worker import Worker


class FileWatcher(Worker):
    """Calls `look` whenever one of `files` changes, comes or goes, also by another that is put in its place.

    Thread: its own. Blocks: until a file changes. Owns: the watch on the files' folders.
    Fails: when a folder is gone, as workers do.
    """

    DEBOUNCE_MS = 50  # an editor writes a file in several steps
    STEP_MS = 5
    LOOK_AGAIN_MS = 500

    def __init__(self, name: str, notices: Notices) -> None:
        super().__init__(name, notices)
        self._spots: frozenset[Path] = frozenset()
        self._folders: dict[Path, int] | None = None
        self._watch: Iterator[object] | None = None

    @property
    @abstractmethod
    def files(self) -> Iterable[Path]:
        """The files to watch, as they are now."""

    @property
    @abstractmethod
    def waits(self) -> bool:
        """Whether to look every so often all the same: a mistake may wait for any file or folder."""

    @abstractmethod
    def look(self) -> None:
        """Look at the files."""

    def turn(self) -> None:
        """Wait for a change for a while, then look."""
        self._spots = _spots(self.files)
        folders = _folders(self._spots)
        changed: object = folders != self._folders
        if changed:
            self._folders = folders
            self._watch = self._new_watch(folders) if folders else None
        if self._watch is None:
            self.pause(self.LOOK_AGAIN_MS / 1000)
        else:
            changed = next(self._watch, None) or changed  # what came before the first wait is seen by looking after it
        if changed or self.waits:
            self.look()

    def close(self) -> None:
        """End the watch."""
        self._folders, self._watch = None, None

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


def _spots(files: Iterable[Path]) -> frozenset[Path]:
    """Where files lie: both as named and, where a name is a link, where it leads."""
    return frozenset(spot for file in files for spot in (file.parent.resolve() / file.name, file.resolve()))


def _folders(spots: Iterable[Path]) -> dict[Path, int]:
    """Return the folders that there are, each with what tells it from another of the same name."""
    return {spot.parent: spot.parent.stat().st_ino for spot in spots if spot.parent.is_dir()}
