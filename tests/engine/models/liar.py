"""A perception process that tells the truth once, to get in, and then lies: `python -m …liar LIE`."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

from engine.media.picture import Plane
from engine.models import perception
from engine.models.message import MaskMessage

LIE = sys.argv[1]

honest = MaskMessage.parts
really_say = perception._say

BOASTS: dict[str, dict[str, Any]] = {
    "huge": {"input_size": [10**9, 10**9]},
    "negative": {"mask_size": [-256, 144]},
    "NaN": {"input_size": [float("nan"), 144]},
    "a word": {"nodes": "many"},
    "nothing": {"provider": None},
}


def lie(said: MaskMessage, mask: Plane) -> list[Any]:
    """Return a message of which something is not so, from the first real picture on."""
    if LIE == "time":
        return honest(replace(said, took_ns=10**18), mask)
    if not said.sequence:
        return honest(said, mask)
    match LIE:
        case "size":
            return honest(replace(said, width=said.height, height=said.width), mask)
        case "sequence":
            return honest(replace(said, sequence=said.sequence + 1), mask)
        case "stamp":
            return honest(replace(said, captured_ns=-said.captured_ns), mask)
        case "camera":
            return honest(replace(said, camera="another"), mask)
        case _:
            return [b"mask/", b"\xff{", b""]


def boast(what: Any) -> None:
    """Say of itself what cannot be."""
    really_say([] if LIE == "no object" else what | BOASTS.get(LIE, {}))


MaskMessage.parts = lie  # type: ignore[method-assign, assignment]
perception._say = boast
perception.main()
