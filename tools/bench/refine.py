"""A network's mask refined at the picture's edges, and the person's own colour there: against the mask as it is."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from engine.components import Mask
from engine.models.segmenter import Segmenter
from tools.bench.cutouts import Array, band_of, band_sad, cut_out, encoded, frames, linear, overlap, truth
from tools.bench.media import MEDIA, clip, model
from tools.bench.result import Result
from tools.models.sets import picture_of

CLIPS = ("comp_bbaf2n", "comp_lbbc2a")
INDICES = (0, 12, 24)

MOST_OF_RAW = 0.6
"""Of the raw mask's band error that may be left."""

MOST_OF_NAIVE = 0.5
"""Of the colour error of taking the picture's own colours."""


def run(quick: bool = False) -> Result:
    """Measure edges on composites with exact alpha, and colours on composites made here of known colours."""
    result = Result("refine")
    network = model()
    if network is None or any(clip(f"{name}.mp4") is None for name in CLIPS):
        result.skipped = "no shared media (set SCRIM_MEDIA): nothing else has exact alpha"
        return result
    sums = {"raw": 0.0, "refined": 0.0, "naive colour": 0.0, "own colour": 0.0}
    least = 1.0
    indices = INDICES[:1] if quick else INDICES
    segmenter = Segmenter(network, threads=1)
    parts: dict[str, object] = {"mask": Mask(source="neural", model=str(network))}
    with tempfile.TemporaryDirectory() as folder:
        for name in CLIPS[:1] if quick else CLIPS:
            path = MEDIA / "clips" / f"{name}.mp4"
            pictures = frames(path, indices)
            height, width = pictures[indices[0]].shape[:2]
            for index, cut in zip(indices, cut_out(path, (width, height), parts, indices), strict=True):
                true = truth(name, index)
                sums["raw"] += band_sad(raw_mask(segmenter, pictures[index]), true)
                sums["refined"] += band_sad(cut.alpha, true)
                least = min(least, overlap(cut.alpha, true))
            naive, own = colour_errors(Path(folder), pictures[indices[-1]], truth(name, indices[-1]), parts)
            sums["naive colour"] += naive
            sums["own colour"] += own
    for name, value in sums.items():
        result.add(f"{name}: error in the band", value, "px")
    result.add("IoU with the truth, the least", least, "")
    edge, colour = sums["refined"] / sums["raw"], sums["own colour"] / sums["naive colour"]
    if not quick:
        result.require("edge error, of the raw mask's", edge, "at most", MOST_OF_RAW, "")
        result.require("colour error, of the picture's own colours", colour, "at most", MOST_OF_NAIVE, "")
    result.notes.append("raw: the network's mask, 256×144, stretched by linear interpolation")
    return result


def raw_mask(segmenter: Segmenter, rgb: Any) -> Array:
    """Return a network's mask of a picture, stretched to it, 0 to 1."""
    width, height = segmenter.mask_size
    mask = np.empty((height, width), np.uint8)
    segmenter.run(picture_of(rgb), mask)
    stretched: Any = cv2.resize(mask, rgb.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(stretched, np.float64) / 255


def colour_errors(folder: Path, rgb: Any, alpha: Array, parts: dict[str, object]) -> tuple[float, float]:
    """Return the colour errors in the band, weighed by true alpha: of the picture's own colours, and of ours.

    The person's true colours are those of a picture where all is person, carried on outwards; they are put over a photo
    by the true alpha, and the composite is cut out again.
    """
    person = carried_on(rgb / 255, alpha > 0.995)
    photo: Any = cv2.imread(str(MEDIA / "images" / "bg_road-1072821_640.jpg"))
    behind = cv2.resize(photo, rgb.shape[1::-1])[..., ::-1] / 255
    mixed = encoded(alpha[..., None] * linear(person) + (1 - alpha[..., None]) * linear(behind))
    path = folder / "composite.png"
    cv2.imwrite(str(path), np.round(255 * mixed[..., ::-1]).astype(np.uint8))
    (cut,) = cut_out(path, (rgb.shape[1], rgb.shape[0]), parts, [0])
    where = band_of(alpha) & (cut.alpha > 0.05) & (alpha > 0.05)
    naive, own = (np.abs(colour - person).mean(axis=2) * alpha for colour in (mixed, cut.colour))
    return float(naive[where].sum()), float(own[where].sum())


def carried_on(colours: Array, known: Array) -> Array:
    """Return colours where they are known, and elsewhere those of the nearest pixel that is known."""
    _, labels = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    of_label = np.zeros((int(labels.max()) + 1, 3))
    of_label[labels[known]] = colours[known]
    return np.asarray(of_label[labels])
