"""Values at times, and what they are in between: arithmetic only."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.component import Colour
from engine.components.keyframes import KEYED, Keyframes
from engine.components.shader import Shader

Track = tuple[str, Sequence[Any]]
"""A field, and its value at each time: numbers, points, or colours in linear light."""


def _read(values: Sequence[Any]) -> Sequence[Any]:
    """Return values of a look as numbers and colours; those of components were read when they were checked."""
    return [Colour.parse(value) if isinstance(value, str) else value for value in values]


class Timeline:
    """The tracks of one entity, ready to be asked for any time.

    Thread: any. Blocks: never. Owns: nothing. Fails: never, for keyframes that were checked.
    """

    def __init__(self, keyframes: Keyframes) -> None:
        self._keyframes = keyframes
        self._times_s = keyframes.times_s
        self.tracks: Mapping[str, Sequence[Track]] = {
            name: [(field, _read(values)) for field, values in found.items()]
            for name in KEYED
            if (found := getattr(keyframes, name))
        }

    def apply(self, name: str, component: object, time_ns: int) -> None:
        """Set the keyed fields of a component, called `name` in TOML, to what they are at a time of the show."""
        for field, value in self.at(name, time_ns):
            if isinstance(component, Shader):  # its tracks are parameters of the author's look
                component.parameters = {**component.parameters, field: value}
            else:
                setattr(component, field, value)

    def at(self, name: str, time_ns: int) -> Iterator[tuple[str, Any]]:
        """Give the keyed fields of a component as they are at a time of the show."""
        tracks = self.tracks.get(name, ())
        if not tracks:
            return
        before, after, share = self._between(time_ns / 1e9 - self._keyframes.start_s)
        for field, values in tracks:
            first, second = values[before], values[after]
            if not isinstance(first, tuple):
                yield field, first + (second - first) * share
                continue
            parts = tuple(a + (b - a) * share for a, b in zip(first, second, strict=True))
            yield field, Colour(*parts) if isinstance(first, Colour) else parts

    def _between(self, time_s: float) -> tuple[int, int, float]:
        """Return the keys before and after a time, and how far the value has gone from the one to the other."""
        times = self._times_s
        length_s = times[-1] - times[0]
        since_s = time_s - times[0]
        if length_s > 0.0 and since_s > 0.0:
            if self._keyframes.repeat == "loop":
                since_s %= length_s
            elif self._keyframes.repeat == "swing":
                since_s = length_s - abs(since_s % (2.0 * length_s) - length_s)
        moment_s = times[0] + since_s
        after = bisect.bisect_right(times, moment_s)
        if after == 0:
            return 0, 0, 0.0
        if after == len(times):
            return after - 1, after - 1, 0.0
        share = (moment_s - times[after - 1]) / (times[after] - times[after - 1])
        match self._keyframes.ease:
            case "hold":
                share = 0.0
            case "smooth":
                share *= share * (3.0 - 2.0 * share)
        return after - 1, after, share
