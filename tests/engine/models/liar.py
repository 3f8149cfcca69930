"""A perception process that tells the truth once, to get in, and then lies: `python -m …liar LIE`."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

from engine.media.picture import Plane
from engine.models import perception
from engine.models.message import MaskMessage

honest = MaskMessage.parts


def lie(said: MaskMessage, mask: Plane) -> list[Any]:
    """Return a message of which something is not so, from the first real picture on."""
    if not said.sequence:
        return honest(said, mask)
    match sys.argv[1]:
        case "size":
            return honest(replace(said, width=said.height, height=said.width), mask)
        case "sequence":
            return honest(replace(said, sequence=said.sequence + 1), mask)
        case _:
            return [b"mask/", b"\xff{", b""]


MaskMessage.parts = lie  # type: ignore[method-assign, assignment]
perception.main()
