"""How a model is spared: a lighter one in its place, or fewer pictures. Arithmetic, no threads, no waiting."""

from __future__ import annotations

HOT = "the machine is hot"
LATE = "the model takes longer than a picture lasts"


class Sparing:
    """What is inferred: all pictures by the model, or less where nobody is seen, the machine is hot, or the model late.

    Heat and lateness ask for a lighter model first: `lighten` says why, or nothing. Where there is none, or it does not
    help, they cost pictures. Each cause begins and ends at different marks, so that none hunts. Of several
    rates the slowest wins.

    Thread: one. Blocks: never. Owns: its numbers. Fails: never.
    """

    IDLE_HZ = 15.0
    HOT_HZ = 15.0
    EMPTY = 0.004  # share of the picture: below it nobody is there; a head far away has a hundredth
    SOMEBODY = 0.008
    IDLE_AFTER_NS = 2_000_000_000
    HOT_C = 65.0
    COOL_C = 60.0
    STILL_HOT_NS = 60_000_000_000  # a machine takes about so long to cool down by a lighter model, if it does
    LATE = 1.0  # of a picture's interval: a model that takes longer is late
    IN_TIME = 0.8
    SETTLED_NS = 3_000_000_000  # how long late or in time it must be

    __slots__ = ("_hot", "_late", "_lightened_ns", "_lighter_late", "_someone_ns", "lighten", "reason")

    def __init__(self) -> None:
        self.reason = ""
        self.lighten = ""
        self._hot = False
        self._late = _Late()
        self._lighter_late = _Late()
        self._lightened_ns: int | None = None  # since when the lighter model is at work
        self._someone_ns: int | None = None

    def rate_hz(
        self,
        now_ns: int,
        coverage: float,
        celsius: float | None,
        took_ns: float,
        interval_ns: float,
        lighter_ns: float | None = None,
    ) -> float:
        """Return how many pictures a second to give it, 0 for all; `reason` says why fewer.

        `coverage` is the share of the last mask that is person, `celsius` the hottest sensor, None where there is none,
        `took_ns` the time that the model takes, or would take, `interval_ns` that between the camera's pictures,
        `lighter_ns` the time of the lighter model while that is at work, else None.
        """
        if celsius is not None:
            self._hot = celsius > (self.COOL_C if self._hot else self.HOT_C)
        late = self._late.settle(now_ns, took_ns, interval_ns)
        asks_now = not self.lighten
        self.lighten = HOT if self._hot else LATE if late else ""
        asks_now = asks_now and bool(self.lighten)  # and hears at the next call whether it was heard
        if lighter_ns is None:
            self._lightened_ns = None
            self._lighter_late = _Late()
        else:
            self._lightened_ns = now_ns if self._lightened_ns is None else self._lightened_ns
            late = self._lighter_late.settle(now_ns, lighter_ns, interval_ns)
        rates = []
        if self._idle(now_ns, coverage):
            rates.append((self.IDLE_HZ, "nobody is seen"))
        if self._hot and not asks_now and not self._may_cool(now_ns):
            rates.append((self.HOT_HZ, HOT))
        if late and not asks_now:
            rates.append((0.5e9 / interval_ns, LATE))
        rate_hz, self.reason = min(rates, default=(0.0, ""))
        return rate_hz

    def _may_cool(self, now_ns: int) -> bool:
        """Whether the lighter model has not been at work for long."""
        return self._lightened_ns is not None and now_ns - self._lightened_ns < self.STILL_HOT_NS

    def _idle(self, now_ns: int, coverage: float) -> bool:
        was_idle = self._someone_ns is not None and now_ns - self._someone_ns >= self.IDLE_AFTER_NS
        if self._someone_ns is None or coverage > (self.SOMEBODY if was_idle else self.EMPTY):
            self._someone_ns = now_ns
        return now_ns - self._someone_ns >= self.IDLE_AFTER_NS


class _Late:
    """Whether a model is late: it must have been so, or otherwise, for a while."""

    __slots__ = ("_late", "_since_ns")

    def __init__(self) -> None:
        self._late = False
        self._since_ns: int | None = None  # from when on it has been otherwise than `_late` says

    def settle(self, now_ns: int, took_ns: float, interval_ns: float) -> bool:
        late = took_ns > (Sparing.IN_TIME if self._late else Sparing.LATE) * interval_ns
        if late == self._late:
            self._since_ns = None
        elif self._since_ns is None:
            self._since_ns = now_ns
        elif now_ns - self._since_ns >= Sparing.SETTLED_NS:
            self._late, self._since_ns = late, None
        return self._late


class Pair:
    """What a model takes beside a lighter one: known of whichever runs, told of the other by their ratio.

    Thread: one. Blocks: never. Owns: its numbers. Fails: never.
    """

    ENOUGH = 8  # runs of the lighter one, the first two left out, until the ratio is known

    __slots__ = ("_ratio", "_runs", "_sum_ns", "whole_ns")

    def __init__(self) -> None:
        self.whole_ns = 0.0
        """What the model takes, or would."""
        self._ratio = 0.0
        self._runs = 0
        self._sum_ns = 0.0

    def ran(self, took_ns: float, lighter: bool) -> None:
        """Take in one run."""
        if not lighter:
            self.whole_ns += (took_ns - self.whole_ns) / (8 if self.whole_ns else 1)
            self._ratio = self._sum_ns = 0.0
            self._runs = 0
            return
        self._runs += 1
        if self._ratio:
            self.whole_ns += (self._ratio * took_ns - self.whole_ns) / 8
        elif self._runs > 2:
            self._sum_ns += took_ns
            if self._runs == self.ENOUGH:
                self._ratio = self.whole_ns * (self.ENOUGH - 2) / self._sum_ns
