"""A model that answers late: its masks come so many pictures after the picture that they were made of."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from engine.media.picture import Picture, Plane
from engine.models.worker import Answer, ModelWorker
from engine.threads.slots import Slots

HELD = 3
"""Masks that a show holds: the newest, the one before it while it is replaced, and one for whoever reads."""

TrueMask = Callable[[Picture], Plane]


def make_late(worker: ModelWorker, pictures: int, truth: TrueMask | None = None) -> None:
    """Have a model of a show that steps answer so many pictures late; with `truth`, with that at its mask's size."""
    infer_now = worker.infer_now
    width, height = worker.segmenter.mask_size
    masks: Slots[Plane] = Slots(lambda: np.zeros((height, width), np.uint8), pictures + HELD)
    waiting: deque[Answer] = deque()

    def infer_late(camera: int, picture: Picture) -> Answer | None:
        true = truth(picture) if truth is not None else None
        small = cv2.resize(true, (width, height), interpolation=cv2.INTER_AREA) if true is not None else None
        answer = infer_now(camera, picture)
        slot = masks.acquire()
        assert slot is not None, f"more than {HELD} masks are held"
        np.copyto(slot.buffer, answer.mask if small is None else small)
        answer.release()
        waiting.append(replace(answer, slot=slot))
        return waiting.popleft() if len(waiting) > pictures else None

    worker.infer_now = infer_late  # type: ignore[method-assign, assignment]


def own_truth(picture: Picture) -> Plane:
    """Return what a synthetic camera knows of its picture."""
    assert picture.truth is not None
    return picture.truth
