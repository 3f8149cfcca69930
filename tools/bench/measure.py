"""How benches take time: all rivals in turn, round by round, so that what else the machine does meets all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Timing:
    """What one contender took in each round, in milliseconds."""

    rounds_ms: NDArray[np.float64]

    @property
    def median_ms(self) -> float:
        """The middle round."""
        return float(np.median(self.rounds_ms))

    @property
    def least_ms(self) -> float:
        """The quickest round: what it takes when nothing else runs."""
        return float(self.rounds_ms.min())

    def faster_than(self, rival: Timing) -> float:
        """How many times as fast as a rival: the median of what each round says."""
        return float(np.median(rival.rounds_ms / self.rounds_ms))


def interleave(contenders: Mapping[str, Work], rounds: int, warm_up: int = 2) -> dict[str, Timing]:
    """Time every contender once a round, each round in another order; what they do must be done when they return."""
    names = list(contenders)
    for name in names:
        for _ in range(warm_up):
            contenders[name]()
    taken = {name: np.zeros(rounds) for name in names}
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            begun_ns = time.perf_counter_ns()
            contenders[name]()
            taken[name][turn] = (time.perf_counter_ns() - begun_ns) / 1e6
    return {name: Timing(rounds_ms) for name, rounds_ms in taken.items()}


def growth(sizes: Mapping[float, float]) -> float:
    """Return the exponent p of cost = c · size^p that fits best: 1 is in proportion, 0 does not depend on it."""
    x, y = np.log(list(sizes)), np.log(list(sizes.values()))
    return float(np.polyfit(x, y, 1)[0])
