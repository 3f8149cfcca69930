"""Which provider runs a model, as its runs go wrong: arithmetic, no threads, no waiting."""

from __future__ import annotations

from collections.abc import Sequence


class Ladder:
    """The providers that may run a model, fastest first, and the one that does.

    Whatever goes wrong, a run that failed, that found no memory or that never came back: the first time the model is
    opened anew on the same provider, since that often mends it; every other time it goes down to the next one.

    Thread: one. Blocks: never. Owns: its place. Fails: never.
    """

    def __init__(self, providers: Sequence[str]) -> None:
        self.providers = list(providers)
        """Those that are left."""
        self._once_more = True

    @property
    def provider(self) -> str:
        """The one that runs the model, or is to."""
        return self.providers[0]

    def stand_on(self, provider: str) -> bool:
        """Leave out those above `provider`, which was found to run it really; False where it is none of these."""
        if provider not in self.providers:
            return False
        del self.providers[: self.providers.index(provider)]
        return True

    def failed(self) -> bool:
        """Take the next step; False where none is left, and it stays where it is."""
        if self._once_more:
            self._once_more = False
            return True
        return self.refused()

    def refused(self) -> bool:
        """Go down at once, since this one does not even open the model; False where nothing is below."""
        if len(self.providers) == 1:
            return False
        del self.providers[0]
        return True
