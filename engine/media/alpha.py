"""What a file's alpha means: how much of each pixel is there, and whether its colours are weighed by that already."""

from __future__ import annotations

from typing import Any, Literal

import cv2

from engine.media.picture import Plane

Meaning = Literal["straight", "premultiplied", "ignored"]

FEWEST = 50
"""Half transparent pixels on which to judge by."""


def read_alpha(rgba: Plane, meaning: Meaning) -> bool:
    """Make alpha of a picture, (height, width, 4), straight, in place; return whether all of it is opaque.

    Premultiplied are encoded values, as programs write them: colour = stored · 255 / alpha.
    """
    if meaning == "ignored":
        rgba[..., 3] = 255
        return True
    alpha: Any = cv2.extractChannel(rgba, 3)
    if cv2.minMaxLoc(alpha)[0] == 255:
        return True
    if meaning == "premultiplied":
        rgba[..., :3] = cv2.divide(cv2.cvtColor(rgba, cv2.COLOR_RGBA2RGB), cv2.merge([alpha] * 3), scale=255)
    return False


def seems_premultiplied(rgba: Plane) -> bool:
    """Whether no colour exceeds its alpha, and some come near it: of straight pictures only dark ones are so."""
    alpha = rgba[..., 3]
    partly = (alpha > 25) & (alpha < 230)
    if partly.sum() < FEWEST:
        return False
    share = rgba[partly][:, :3].max(axis=1) / alpha[partly]
    return bool(share.max() <= 1.02 and (share > 0.8).mean() > 0.2)
