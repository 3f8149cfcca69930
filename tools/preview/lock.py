"""Knowing of another previewer that has the same scene open."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import IO


class Lock:
    """Held while a scene is open; it ends with the process, however that ends.

    The lock lies beside other temporary files, so that a folder of scenes stays as it is. Where the system has no such
    locks nobody is told of the other. Thread: main. Blocks: never. Owns: a file. Fails: never.
    """

    def __init__(self, scene: Path) -> None:
        self._file: IO[str] | None = None
        self.holder = 0
        """The process that has the scene open already, or 0."""
        try:
            import fcntl
        except ImportError:  # not on Windows
            return
        name = hashlib.sha256(str(scene.resolve()).encode()).hexdigest()[:16]
        path = Path(tempfile.gettempdir()) / f"scrim-preview-{os.getuid()}-{name}"
        try:
            file = path.open("a+", encoding="ascii")
        except OSError:
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            with contextlib.suppress(ValueError):
                self.holder = int(file.read().strip() or 0)
            file.close()
            return
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def release(self) -> None:
        """Let the next one have it."""
        if self._file is not None:
            self._file.close()
            self._file = None
