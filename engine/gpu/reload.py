"""Shaders that are saved while a show runs: compiled beside it, and taken over between two ticks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from engine.errors import Mistake, ShaderError
from engine.gpu.passes import Compiled, Passes
from engine.notices import Notices
from engine.threads.mailbox import Mailbox
from engine.threads.watch import FileWatcher


@dataclass(frozen=True, slots=True)
class Saved:
    """The shaders that were saved: those that can be taken over, and what is wrong with the others."""

    compiled: tuple[Compiled, ...]
    mistakes: tuple[Mistake, ...]


class ShaderWatcher(FileWatcher):
    """Compiles the shaders in use whenever one of their files changes, and leaves what comes of it in `changes`.

    What is in use is compared with what is in the files, so nothing is lost when one of `changes` is not taken.

    Thread: its own; `changes` is for any. Blocks: until a file changes. Owns: nothing that is in use.
    Fails: never for a shader, of which a mistake is in `changes`; when a folder is gone, as workers do.
    """

    def __init__(self, passes: Passes, notices: Notices) -> None:
        super().__init__("shader watcher", notices)
        self.changes: Mailbox[Saved] = Mailbox()
        self._passes = passes
        self._mistakes: tuple[Mistake, ...] = ()

    @property
    def files(self) -> Iterable[Path]:
        """The files of all shaders in use, and those that hold a mistake."""
        return self._passes.shaders.files | {mistake.file for mistake in self._mistakes}

    @property
    def waits(self) -> bool:
        """Whether a mistake may wait for a file."""
        return bool(self._mistakes)

    def look(self) -> None:
        """Compile what differs from what is in use."""
        compiled: list[Compiled] = []
        found: dict[Mistake, None] = {}  # each once: one of an include is in all that include it
        for shader in self._passes.shaders.names:
            try:
                new = self._passes.compile_anew(shader)
            except ShaderError as error:
                found[error.mistake] = None
            else:
                compiled += [new] if new is not None else []
        mistakes = tuple(found)
        if compiled or mistakes != self._mistakes:
            self._mistakes = mistakes
            self.changes.put(Saved(tuple(compiled), mistakes))
