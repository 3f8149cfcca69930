"""How benches take time: all rivals in turn, round by round, so that what else the machine does meets all of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Timing:
    """What one contender took in each round, in milliseconds."""

    rounds_ms: NDArray[np.float64]
    cpu_rounds_ms: NDArray[np.float64]

    @property
    def median_ms(self) -> float:
        """The middle round."""
        return float(np.median(self.rounds_ms))

    @property
    def least_ms(self) -> float:
        """The quickest round: what it takes when nothing else runs."""
        return float(self.rounds_ms.min())

    @property
    def cpu_ms(self) -> float:
        """What all threads of this process used in the middle round: a software GPU's work too, but nobody else's."""
        return float(np.median(self.cpu_rounds_ms))

    def faster_than(self, rival: Timing) -> float:
        """How many times as fast as a rival: the median of what each round says."""
        return float(np.median(rival.rounds_ms / self.rounds_ms))


def interleave(contenders: Mapping[str, Work], rounds: int, warm_up: int = 2) -> dict[str, Timing]:
    """Time every contender once a round, each round in another order; what they do must be done when they return."""
    names = list(contenders)
    for name in names:
        for _ in range(warm_up):
            contenders[name]()
    taken = {name: Timing(np.zeros(rounds), np.zeros(rounds)) for name in names}
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            begun_ns, cpu_ns = time.perf_counter_ns(), time.process_time_ns()
            contenders[name]()
            taken[name].rounds_ms[turn] = (time.perf_counter_ns() - begun_ns) / 1e6
            taken[name].cpu_rounds_ms[turn] = (time.process_time_ns() - cpu_ns) / 1e6
    return taken


def growth(sizes: Mapping[float, float]) -> float:
    """Return the exponent p of cost = c · size^p that fits best: 1 is in proportion, 0 does not depend on it."""
    x, y = np.log(list(sizes)), np.log(list(sizes.values()))
    return float(np.polyfit(x, y, 1)[0])


def memory_mb(process_id: int | None = None) -> float:
    """Return how much memory a process (else this one) holds now; 0 where the system does not tell."""
    path = Path("/proc", "self" if process_id is None else str(process_id), "statm")
    return int(path.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6 if path.exists() else 0.0


class Others:
    """How much of the cores everybody else used, from its making on: the reason for most strange figures."""

    def __init__(self) -> None:
        self._begun = self._read()

    @property
    def cores(self) -> float | None:
        """Cores that other processes kept busy on average, or None where the system does not tell."""
        if self._begun is None or (now := self._read()) is None:
            return None
        wall_s, all_s, own_s = (after - before for after, before in zip(now, self._begun, strict=True))
        return max(0.0, (all_s - own_s) / wall_s)

    @staticmethod
    def _read() -> tuple[float, float, float] | None:
        """Return the time, the machine's busy time, and that of this process and the children it waited for."""
        try:
            fields = [int(field) for field in Path("/proc/stat").read_text("ascii").splitlines()[0].split()[1:]]
        except OSError:
            return None
        idle_ticks = fields[3] + fields[4]
        busy_s = (sum(fields[:8]) - idle_ticks) / os.sysconf("SC_CLK_TCK")
        own = os.times()
        return time.perf_counter(), busy_s, own.user + own.system + own.children_user + own.children_system
