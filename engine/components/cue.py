"""A change of what is seen."""

from typing import Literal

from engine.component import component, field

Key = Literal[
    "", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9",
    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u", "v", "w",
    "x", "y", "z", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11", "f12",
    "space", "enter", "backspace", "left", "right", "up", "down", "page_up", "page_down", "home", "end",
]  # fmt: skip
"""Names of `engine/display/input.py`; a presenter's remote control sends page_up and page_down."""


@component
class Cue:
    """Layers that come and layers that go together, at a time or on a key: cut, or dissolved into each other."""

    at_s: float = field(
        -1.0,
        "When on the show's clock; below 0 it has no time, and waits for its key.",
        low=-1.0,
        high=86400.0,
        unit="s",
    )
    every_s: float = field(
        0.0, "After that, again each time this has passed; 0 is once.", low=0.0, high=86400.0, unit="s"
    )
    key: Key = field("", "Key that calls it in any of the show's windows, as often as it is pressed.")
    show: tuple[str, ...] = field((), "Layers to be seen from then on: pictures, people, whole groups.", refers="layer")
    hide: tuple[str, ...] = field((), "Layers not to be seen any more.", refers="layer")
    fade_s: float = field(
        0.0, "How long what was seen dissolves into what is; 0 is a cut.", low=0.0, high=600.0, unit="s"
    )
