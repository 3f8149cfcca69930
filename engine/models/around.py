"""What every runner around another one is: that one, but for what it does otherwise."""

from __future__ import annotations

from collections.abc import Callable

from engine.models.runner import Runner


class Around(Runner):
    """A runner that has another one, `here`, do the work: what it does not say of itself is said of that one.

    Thread: one at a time. Blocks, fails: as `here`. Owns: `here`.
    """

    def __init__(self, here: Runner) -> None:
        self.here = here
        self.name, self.path, self.where = here.name, here.path, here.where
        self.input_size, self.mask_size = here.input_size, here.mask_size

    @property
    def provider(self) -> str:
        """What runs the model now."""
        return self.here.provider

    @property
    def nodes(self) -> dict[str, int]:
        """How many nodes of its graph run on each provider."""
        return self.here.nodes

    @property
    def fallback(self) -> str:
        """Why it does not run where or how it should, in one line, or nothing."""
        return self.here.fallback

    @property
    def pid(self) -> int:
        """The number of the process that runs it."""
        return self.here.pid

    @property
    def address(self) -> str:
        """Where other programs can read its masks, as they are before anything here has seen them."""
        return self.here.address

    @property
    def lighter(self) -> str:
        """The name of a lighter model, while that stands in for it."""
        return self.here.lighter

    def lighten(self, on: bool, took_ms: float = 0.0) -> bool:
        """Have a lighter model stand in, or no longer."""
        return self.here.lighten(on, took_ms)

    def open(self, stopping: Callable[[], bool] = lambda: False) -> None:
        """Make sure that it is ready."""
        self.here.open(stopping)

    def close(self) -> None:
        """Give it back."""
        self.here.close()
