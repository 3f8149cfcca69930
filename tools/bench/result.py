"""What a bench found: figures, ratios against a named rival, and limits that hold or do not."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Literal

Sense = Literal["at most", "at least", "exactly"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number."""

    name: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as fast as a named rival, both measured in turn in the same run."""

    name: str
    rival: str
    times: float


@dataclass(frozen=True, slots=True)
class Limit:
    """What a figure must reach."""

    name: str
    value: float
    sense: Sense
    limit: float
    unit: str

    @property
    def holds(self) -> bool:
        """Whether it does."""
        if self.sense == "exactly":
            return self.value == self.limit
        return self.value <= self.limit if self.sense == "at most" else self.value >= self.limit


@dataclass(slots=True)
class Result:
    """One bench's outcome. `notes` say what a reader must know; `skipped` why nothing was measured."""

    name: str
    figures: list[Figure] = field(default_factory=list)
    ratios: list[Ratio] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: str = ""
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether every limit does."""
        return all(limit.holds for limit in self.limits)

    def add(self, name: str, value: float, unit: str) -> None:
        """Add a figure."""
        self.figures.append(Figure(name, float(value), unit))

    def against(self, name: str, rival: str, times: float) -> None:
        """Add a ratio: above 1 is faster than the rival."""
        self.ratios.append(Ratio(name, rival, float(times)))

    def require(self, name: str, value: float, sense: Sense, limit: float, unit: str) -> None:
        """Add a limit."""
        self.limits.append(Limit(name, float(value), sense, limit, unit))

    def as_data(self) -> dict[str, Any]:
        """Return it as plain data, for JSON."""
        data = dataclasses.asdict(self)
        for limit, known in zip(data["limits"], self.limits, strict=True):
            limit["holds"] = known.holds
        return {**data, "holds": self.holds}

    def as_table(self) -> str:
        """Write it for a terminal."""
        lines = [f"{self.name}  ({self.seconds:.0f} s)"]
        if self.skipped:
            return "\n".join([*lines, f"  skipped: {self.skipped}"])
        rows = [(figure.name, f"{number(figure.value)} {figure.unit}".rstrip()) for figure in self.figures]
        rows += [(ratio.name, f"{ratio.times:.2f} × as fast as {ratio.rival}") for ratio in self.ratios]
        wide = max((len(name) for name, _ in rows), default=0) + 2
        lines += [f"  {name:{wide}}{value}" for name, value in rows]
        for limit in self.limits:
            mark, verdict = ("✓", "holds") if limit.holds else ("✗", "DOES NOT HOLD")
            wanted = f"{limit.sense} {number(limit.limit)} {limit.unit}".rstrip()
            lines.append(f"  {mark} {limit.name}: {number(limit.value)}, {wanted}: {verdict}")
        lines += [f"  · {note}" for note in self.notes]
        return "\n".join(lines)


def number(value: float) -> str:
    """Write a number with three digits that count, and whole ones whole."""
    if value == int(value):
        return str(int(value))
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
