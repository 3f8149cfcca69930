"""One turn of the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True, eq=False)
class Tick:
    """What every system gets. One object, changed in place from turn to turn.

    `now_ns` is the show's time (0 at its start, never stops being a multiple of the step with a step clock), `step_ns`
    the time since the last tick, at most a quarter of a second so that nothing leaps after a pause, `deadline_ns` the
    monotonic time by which the stage must be submitted, `encoder` the command encoder: ask for it anew, since what is
    recorded may be sent ahead of the rest.
    """

    index: int = 0
    now_ns: int = 0
    step_ns: int = 0
    deadline_ns: int = 0
    encoder: Any = None
