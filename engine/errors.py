"""Every error that Scrim raises on purpose, in one tree.

ShowError
├── SceneError      what the author wrote: all mistakes, each with file, line, column and remedy
├── LutError        a look-up table that is none
├── ShaderError     what a shader says, in the author's file and line
├── DeviceError
│   ├── GpuError      no adapter, or the device was lost
│   ├── CameraError   a source that does not open, or stopped
│   ├── DisplayError  a window or monitor that cannot be had
│   └── OutputError   a file or stream that cannot be written
└── ModelError      missing, not a model, wrong shape, provider refused

A message is one sentence that names the thing and what to do about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class ShowError(Exception):
    """Base of all errors that are said in one line, without a traceback."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong in a scene. `line` and `column` count from 1; 0 means the file as a whole."""

    file: Path
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        if self.line == 0:
            return f"{self.file}: {self.message}"
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class SceneError(ShowError):
    """All mistakes of a scene at once, in file order."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(map(str, self.mistakes)))


class LutError(ShowError):
    """A look-up table that is none."""


class ShaderError(ShowError):
    """A shader that does not compile, or does not keep its contract."""

    def __init__(self, mistake: Mistake) -> None:
        self.mistake = mistake
        super().__init__(str(mistake))


class DeviceError(ShowError):
    """Something outside the program that is absent or stopped."""


class GpuError(DeviceError):
    """No adapter, or the device was lost."""


class CameraError(DeviceError):
    """A picture source that does not open, or stopped."""


class DisplayError(DeviceError):
    """A window or monitor that cannot be had."""


class OutputError(DeviceError):
    """A file or stream that cannot be written."""


class ModelError(ShowError):
    """A model that is missing, is not a model, has the wrong shape, or was refused by its provider."""
