"""What finds the person in a picture, wherever it does: on this thread, in a process of its own, or on a server."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from engine.media.picture import Picture, Plane


class Runner(ABC):
    """A model at work. Whoever uses one does not know where it runs.

    `name` is the model's, `path` its file, `where` is "thread", "process" or a URL. Sizes are (width, height).

    Thread: one at a time. Blocks: `open` and `run` for the model, but not for ever: what does not answer is given up.
    Owns: what runs the model. Fails: ModelError from the constructor, `open` and `run`; `open` may then be tried again.
    """

    name: str
    path: Path
    where = "thread"
    input_size: tuple[int, int]
    mask_size: tuple[int, int]

    @property
    @abstractmethod
    def provider(self) -> str:
        """What runs the model now."""

    @property
    def nodes(self) -> dict[str, int]:
        """How many nodes of its graph run on each provider, where that is known."""
        return {}

    @property
    def fallback(self) -> str:
        """Why it does not run where or how it should, in one line, or nothing."""
        return ""

    @property
    def pid(self) -> int:
        """The number of the process that runs it."""
        return os.getpid()

    @property
    def lighter(self) -> str:
        """The name of a lighter model, while that stands in for it."""
        return ""

    def lighten(self, on: bool, took_ms: float = 0.0) -> bool:  # noqa: ARG002 - most have no lighter one
        """Have a lighter model stand in, or no longer; `took_ms` is what this one takes. False where that cannot be."""
        return not on

    @property
    def address(self) -> str:
        """Where other programs can read its masks, or nothing."""
        return ""

    def open(self, stopping: Callable[[], bool] = lambda: False) -> None:  # noqa: B027 - most are, and stay so
        """Make sure that it is ready; give up when `stopping` says so."""

    @abstractmethod
    def run(self, picture: Picture, mask: Plane, camera: str = "") -> None:
        """Write the person of a camera's picture into `mask`, (height, width) of `mask_size`, as its planes lie."""

    def close(self) -> None:  # noqa: B027 - most have nothing to give back
        """Give back what is held; `open` gets it again. May be called twice."""
