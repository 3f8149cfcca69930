"""A scene's text while it is edited: as its file has it, as it is now, and every step between the two.

The file is the truth. What the author's editor does to it comes in whenever it is saved; where both changed the same
value, both are kept until somebody has chosen.
"""

from __future__ import annotations

import os
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import OutputError
from engine.scene.where import KeyPath
from engine.scene.words import toml
from tools.preview.edit import add_component, remove, set_value

MOST_STEPS = 500
"""Steps that can be undone; a step is a text, and a scene is a few KB."""

QUIET_S = 0.05
"""An editor writes a file in several steps: it is read once it has been left alone for so long."""

Stamp = tuple[int, int, int] | None
"""What tells one state of a file from another; None where there is no file."""


@dataclass(frozen=True, slots=True)
class Clash:
    """A value that was changed here and in the file. Each is as TOML has it, or None where it was taken out."""

    path: KeyPath
    mine: str | None
    theirs: str | None


class Document:
    """The text of one scene file, its history, and the file.

    Thread: main. Blocks: while a changed file is read or written, a millisecond. Owns: the text.
    Fails: `save` with OutputError, and then the text and the file are as they were.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = b""
        self.saved = b""
        """What the file held when it was last read or written."""
        self.clashes: list[Clash] = []
        self.is_gone = False
        self._stamp: Stamp = None
        self._seen: tuple[Stamp, float] | None = None
        self._steps: list[tuple[str, bytes]] = []
        self._at = 0
        self._read()
        self._base = self.saved  # what the text was last laid over
        self._steps.append(("", self.text))

    @property
    def is_changed(self) -> bool:
        """Whether there is something to save."""
        return self.text != self.saved or self.is_gone

    # Steps ---------------------------------------------------------------------------------------------------------

    def step(self, label: str, text: bytes) -> None:
        """Go on to another text; `label` says in a few words what was done."""
        if text == self.text:
            return
        del self._steps[self._at + 1 :]
        self._steps.append((label, text))
        del self._steps[: max(0, len(self._steps) - MOST_STEPS)]
        self._at = len(self._steps) - 1
        self.text = text

    @property
    def undoes(self) -> str:
        """What `undo` takes back, or nothing."""
        return self._steps[self._at][0] if self._at else ""

    @property
    def redoes(self) -> str:
        """What `redo` does again, or nothing."""
        return self._steps[self._at + 1][0] if self._at + 1 < len(self._steps) else ""

    def undo(self) -> bool:
        """Go a step back; return whether there was one."""
        return self._go(-1)

    def redo(self) -> bool:
        """Go the step forward again."""
        return self._go(1)

    def _go(self, by: int) -> bool:
        if not 0 <= self._at + by < len(self._steps):
            return False
        self._at += by
        self.text = self._steps[self._at][1]
        return True

    # The file ------------------------------------------------------------------------------------------------------

    def look(self) -> bool:
        """See whether the file was changed by somebody else, and take that in; return whether the text is another."""
        stamp = _stamp(self.path)
        if stamp == self._stamp:
            self._seen = None
            return False
        now_s = time.monotonic()
        if self._seen is None or self._seen[0] != stamp:
            self._seen = (stamp, now_s)
            return False
        if now_s - self._seen[1] < QUIET_S:
            return False
        self._seen = None
        return self._take_in()

    def save(self, *, over: bool = False) -> None:
        """Write the text into the file, as a whole or not at all.

        What somebody else has written meanwhile is taken in first; with `over` it is written over. Raises OutputError.
        """
        if not over:
            if _stamp(self.path) != self._stamp:
                self._take_in()
            if self.clashes:
                raise OutputError(f"not saved: choose first, for {len(self.clashes)} that were changed here and there")
            if self.is_broken_outside:
                raise OutputError(f"not saved: {self.path.name} is no valid TOML just now; mend it, or save over it")
        try:
            _write(self.path, self.text)
        except OSError as error:
            raise OutputError(f"cannot write {self.path}: {error.strerror}; what you changed is kept here") from error
        self.saved = self._base = self.text
        self._stamp, self.is_gone = _stamp(self.path), False
        self.clashes.clear()

    @property
    def is_broken_outside(self) -> bool:
        """Whether the file holds something that is no TOML, while there are changes here to be laid over it."""
        return self.text != self.saved and _tables(self.saved) is None

    def settle(self, clash: Clash, *, mine: bool) -> None:
        """Choose what holds for a value that was changed here and in the file."""
        self.clashes.remove(clash)
        if not mine:
            self.step(f"{'.'.join(clash.path)} as in the file", _put(self.text, clash.path, clash.theirs))

    def _take_in(self) -> bool:
        before = self.text
        changed_here = self.text != self.saved and not self.is_gone
        if not self._read(keep=changed_here):
            return False
        if changed_here:
            found = merge(self._base, before, self.saved)
            if found is None:
                return True  # one of them is no TOML: what was changed here stays until it can be laid over the file
            text, clashes = found
            self.clashes = [*[old for old in self.clashes if old.path not in {new.path for new in clashes}], *clashes]
        else:
            text, self.text = self.text, before
        self._base = self.saved
        self.step("changed in the file", text)
        return True

    def _read(self, *, keep: bool = False) -> bool:
        """Read the file; the text becomes what it holds, unless `keep` says else. Return whether it could be read."""
        self._stamp = _stamp(self.path)
        try:
            data = self.path.read_bytes()
        except OSError:
            self.is_gone = True
            return False
        self.saved, self.is_gone = data, False
        if not keep:
            self.text = data
        return True


# Two who changed the same file ---------------------------------------------------------------------------------------


def merge(base: bytes, mine: bytes, theirs: bytes) -> tuple[bytes, list[Clash]] | None:
    """Lay over `theirs` what `mine` has changed since `base`; None where one of them is no TOML.

    Where both changed a value otherwise, mine holds and it is a clash. Comments and order are as they have them.
    """
    tables = [_tables(text) for text in (base, mine, theirs)]
    if any(each is None for each in tables):
        return None
    old, own, other = (dict(_flat(each)) for each in tables if each is not None)
    text, clashes = theirs, []
    for path in [*[path for path in old if path not in own], *own]:
        wanted = own.get(path)
        if wanted in (old.get(path), other.get(path)):
            continue
        if other.get(path) != old.get(path):
            clashes.append(Clash(path, wanted, other.get(path)))
        text = _put(text, path, wanted)
    return text, clashes


def _put(text: bytes, path: KeyPath, value: str | None) -> bytes:
    """Write a field, make a component be there, or take either out."""
    if value is None:
        with suppress(KeyError):  # it went with what is around it
            return remove(text, path)
        return text
    if len(path) == 2 and value == "{}":
        with suppress(KeyError):  # it is there, or came with a field
            return add_component(text, *path)
        return text
    return set_value(text, path, value)


def _tables(text: bytes) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None


def _flat(tables: Mapping[str, Any], around: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Every component as an empty table, then its fields, each as TOML."""
    for name, value in tables.items():
        path = (*around, name)
        if isinstance(value, dict):
            if len(path) == 2:
                yield path, "{}"
            yield from _flat(value, path)
        else:
            yield path, toml(value)


# Files ---------------------------------------------------------------------------------------------------------------


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _write(path: Path, data: bytes) -> None:
    """Replace a file's content at once, so that nobody who reads it sees a half."""
    path = path.resolve()  # a link stays one
    mode = path.stat().st_mode & 0o7777 if path.exists() else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
