"""How still mattes are, and whether they trail: refined and smoothed, against the network's masks as they come."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.components import Camera, Mask
from engine.media.picture import Picture, Plane
from engine.models.manifest import BUILT_IN
from engine.models.segmenter import Segmenter
from systems.show import Show
from tools.bench.cutouts import alphas, frames, truth
from tools.bench.media import clip, model
from tools.bench.result import Result

COMPOSITES = ("comp_bbaf2n.mp4", "comp_lbbc2a.mp4")
HANDS = ("asl_again.mkv", "asl_book.mkv", "asl_night.mkv", "asl_sister.mkv")
"""Clips with exact alpha, and clips of hands without; what is behind stands still in all of them."""

PICTURES = 75
HAND_PICTURES = 60

MOST_LEFT = 0.5
"""Of flicker, what may be left."""

TRAIL_PICTURES = 2
MOST_TRAIL = 0.001
"""Of what was uncovered, the share that may still show after so many pictures."""

STILL_PX = 2
"""How far from where the truth changes."""

STILL_LEVELS, STILL_PICTURES = 4.0, 3
"""By how much, of 255, a picture blurred over 5 px may differ where it is said not to change, from so many pictures
before a change to as many after it. Over two alone it would not be seen that a head sways by a fifth of a pixel a
picture, which a sharp edge has to follow."""

Alphas = NDArray[np.float32]
"""(pictures, height, width), 0 to 1."""

Where = NDArray[np.bool_]
"""(pictures − 1, height, width)."""


class Cut(NamedTuple):
    """What was cut out of a clip; the network's masks, stretched; and those cut as a scene would cut them."""

    ours: Alphas
    raw: Alphas
    as_cut: Alphas


def run(quick: bool = False) -> Result:
    """Measure composites against their truth, then hands, each with both networks."""
    result = Result("flicker")
    files = {name: clip(name) for name in (*COMPOSITES, *HANDS)}
    networks = [path for path in (BUILT_IN.with_name("scrim_person.onnx"), model()) if path is not None]
    if None in files.values() or len(networks) < 2:
        result.skipped = "no shared media (set SCRIM_MEDIA): a performer who is drawn does not flicker"
        return result
    for name, path in files.items():
        assert path is not None
        for network in networks[: 1 if quick else None]:
            measure = _composite if name in COMPOSITES else _hands
            measure(result, f"{path.stem}, {network.stem}", path, network, 6 if quick else None)
        if quick:
            break
    return result


def _composite(result: Result, what: str, path: Path, network: Path, count: int | None) -> None:
    count = count or PICTURES
    cut = cut_out(path, network, count)
    true = np.stack([truth(path.stem, index) for index in range(count)]).astype(np.float32)
    still = still_truth(true) & still_pictures(frames(path, range(count)))
    changes: dict[str, float] = {}
    for name, found in cut._asdict().items():
        changes[name] = changed(np.diff(found, axis=0) - np.diff(true, axis=0))
        changes[f"{name}, still"] = changed(np.diff(found, axis=0), still)
        result.add(f"{what}, {name}: dtSSD × 100", changes[name], "")
        result.add(f"{what}, {name}: the same where truth and picture are still", changes[f"{name}, still"], "")
    overlaps = [overlap(found, true) for found in (cut.ours, cut.raw)]
    result.add(f"{what}, ours: mean IoU", overlaps[0], "")
    result.add(f"{what}: dtSSD, of raw", changes["ours"] / changes["raw"], "")
    words = f"{what}: where truth and picture are still, of raw"
    result.require(words, changes["ours, still"] / changes["raw, still"], "at most", MOST_LEFT, "")
    result.require(f"{what}: mean IoU, and that of raw", overlaps[0], "at least", overlaps[1], "")


def _hands(result: Result, what: str, path: Path, network: Path, count: int | None) -> None:
    pictures = frames(path, range(count or HAND_PICTURES))
    cut = cut_out(path, network, len(pictures))
    still = still_pictures(pictures)
    changes = {name: changed(np.diff(found, axis=0), still) for name, found in cut._asdict().items()}
    for name, change in changes.items():
        result.add(f"{what}, {name}: change × 100 where the picture is still", change, "")
    words = f"{what}: where the picture is still, of raw"
    result.require(words, changes["ours"] / changes["raw"], "at most", MOST_LEFT, "")
    at_once = cut_out(path, network, len(pictures), smooth=0.0).ours
    uncovered, shows = trail(cut.ours, at_once, TRAIL_PICTURES + 1)
    result.add(f"{what}: pixels uncovered", uncovered, "")
    words = f"{what}: of them, still there after more than {TRAIL_PICTURES} pictures"
    result.require(words, shows / max(1, uncovered), "at most", MOST_TRAIL, "")


def cut_out(path: Path, network: Path, count: int, **fields: Any) -> Cut:
    """Cut people out of a clip by a network, every picture with its own mask; `fields` are of the mask."""
    video = cv2.VideoCapture(str(path))
    size = int(video.get(cv2.CAP_PROP_FRAME_WIDTH)), int(video.get(cv2.CAP_PROP_FRAME_HEIGHT))
    rate_hz = video.get(cv2.CAP_PROP_FPS)
    video.release()
    alone = Segmenter(network, threads=1)  # the rival: no other network looks at its masks again
    masks: list[Plane] = []

    def keep_masks(show: Show) -> None:
        (worker,) = show.inference.models.values()
        find = worker.segmenter.run

        def find_and_keep(picture: Picture, mask: Plane, camera: str = "") -> None:
            find(picture, mask, camera)
            masks.append(np.empty(alone.mask_size[::-1], np.uint8))
            alone.run(picture, masks[-1])

        worker.segmenter.run = find_and_keep  # type: ignore[method-assign]

    mask = Mask(source="neural", model=str(network), **fields)
    shown = alphas(Camera(source=str(path)), size, mask, count, rate_hz, keep_masks)
    raw = np.stack([np.asarray(cv2.resize(each, size, interpolation=cv2.INTER_LINEAR), np.float32) for each in masks])
    raw /= 255
    share = np.clip((raw - mask.threshold) / mask.softness + 0.5, 0, 1)
    ours = np.stack([alpha.astype(np.float32) for _, alpha in shown]) / np.float32(255)
    return Cut(ours, raw, np.asarray(share * share * (3 - 2 * share), np.float32))


def changed(changes: Alphas, where: Where | None = None) -> float:
    """Return the root mean square of each picture's changes, the mean of that, in hundredths.

    Of the differences between what was found and the truth it is dtSSD (Erofeev et al., 2015).
    """
    squares = [np.square(each) if where is None else np.square(each[at]) for each, at in _with(changes, where)]
    return 100 * float(np.mean([np.sqrt(each.mean()) for each in squares]))


def _with(changes: Alphas, where: Where | None) -> list[tuple[Any, Any]]:
    return list(zip(changes, where if where is not None else [None] * len(changes), strict=True))


def still_truth(true: Alphas) -> Where:
    """Return where the truth does not change, nor near by."""
    disc: Any = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * STILL_PX + 1, 2 * STILL_PX + 1))
    moved = np.abs(np.diff(true, axis=0)) > 1 / 255
    return np.stack([np.asarray(cv2.dilate(each.astype(np.uint8), disc)) == 0 for each in moved])


def still_pictures(pictures: dict[int, NDArray[np.uint8]]) -> Where:
    """Return where pictures, R'G'B' by index, do not change, nor for 4 px around, nor shortly before or after."""
    bright = [cv2.cvtColor(pictures[index], cv2.COLOR_RGB2GRAY) for index in sorted(pictures)]
    calm = np.stack([np.asarray(cv2.blur(each, (5, 5)), np.float32) for each in bright])
    windows = [calm[max(0, at - STILL_PICTURES) : at + STILL_PICTURES] for at in range(1, len(calm))]
    moved = [(np.ptp(window, axis=0) > STILL_LEVELS).astype(np.uint8) for window in windows]
    return np.stack([np.asarray(cv2.dilate(each, np.ones((9, 9), np.uint8))) == 0 for each in moved])


def overlap(found: Alphas, true: Alphas) -> float:
    """Return the mean intersection over union of what is more than half there."""
    one, other = found > 0.5, true > 0.5
    whole = np.maximum(1, (one | other).sum(axis=(1, 2)))
    return float(((one & other).sum(axis=(1, 2)) / whole).mean())


def trail(found: Alphas, at_once: Alphas, later: int) -> tuple[int, int]:
    """Return how many pixels were uncovered, and how many of them still show it so many pictures later.

    Uncovered is what, without smoothing, was person and is not in the next picture, nor until then.
    """
    uncovered = shows = 0
    for index in range(1, len(found) - later):
        gone = (at_once[index - 1] > 0.75) & (at_once[index : index + later + 1].max(axis=0) < 0.25)
        uncovered += int(gone.sum())
        shows += int((found[index + later][gone] > 0.25).sum())
    return uncovered, shows
