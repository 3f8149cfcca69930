"""Pictures and masks to try models on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import pytest

from engine.media.picture import Picture, Plane

Truth = tuple[dict[str, Picture], Plane]


@pytest.fixture
def composites(media: Callable[[str], Path]) -> Callable[[str], Iterator[Truth]]:
    """Return every 5th picture of a composite, in both layouts, with its exact mask."""

    def read(clip: str) -> Iterator[Truth]:
        with av.open(str(media(f"clips/{clip}.mp4"))) as container:
            for index, frame in enumerate(container.decode(video=0)):
                if index % 5 == 0:
                    truth: Any = cv2.imread(str(media(f"masks/{clip}/{index:04d}.png")), cv2.IMREAD_GRAYSCALE)
                    yield _both_layouts(index, frame), truth

    return read


def _both_layouts(index: int, frame: av.VideoFrame) -> dict[str, Picture]:
    nv12: Any = frame.reformat(format="nv12").to_ndarray()
    luma, chroma = nv12[: frame.height], nv12[frame.height :].reshape(frame.height // 2, frame.width // 2, 2)
    size = (frame.width, frame.height)
    rgba: Any = frame.to_ndarray(format="rgba")
    return {
        "nv12": Picture(index, 0, *size, "nv12", (luma, chroma), matrix="bt601"),
        "rgba": Picture(index, 0, *size, "rgba", (rgba,)),
    }


def overlap(mask: Plane, truth: Plane) -> float:
    """Return intersection over union at the threshold of one half."""
    height, width = truth.shape
    found, true = cv2.resize(mask, (width, height)) > 127, truth > 127
    return float((found & true).sum() / (found | true).sum())
