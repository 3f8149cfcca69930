"""`scrim models eval`: models on pictures with their truth, as the engine runs them: a table, and sheets to look at."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from engine.media.picture import Plane
from engine.models.edged import SegmenterEdged
from engine.models.runner import Runner
from engine.models.segmenter import Segmenter
from tools.models import measures, sets

ROUNDS = 300
"""Each model runs so often, in turn with the others: on a shared machine only the ratio within one run holds."""

SHEET_ROWS = 6
SHEET_CELL_PX = 320
"""Of a contact sheet: how many pictures of a clip, and how wide each."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a model did on a picture or a clip; `least` is the least overlap of its frames."""

    model: str
    item: str
    frames: int
    mean: measures.Scores
    least: float
    flicker: float


HEADER = "| on | model | frames | IoU | least | boundary F | SAD /1000 | MSE ×1000 | gradient /1000 | dtSSD ×100 |"


def run(models: Sequence[Path], folder: Path, sheets: Path | None = None, edges: bool = False) -> int:
    """Print the table of `models` on the set in `folder`; write a sheet of each clip into `sheets`.

    With `edges` each is there a second time, with Scrim's network of edges behind it.
    """
    items = sets.read(folder)
    segmenters: list[Runner] = []
    for path in models:
        segmenters.append(Segmenter(path, threads=1))
        if edges:
            segmenters.append(SegmenterEdged(Segmenter(path, threads=1)))
    print(HEADER)
    print("|---|---|" + "---:|" * 8)
    shown: Plane | None = None
    for item in items:
        pairs = list(item.pairs())
        shown = pairs[0][0] if shown is None else shown
        found = [[find(segmenter, rgb) for rgb, _ in pairs] for segmenter in segmenters]
        for segmenter, masks in zip(segmenters, found, strict=True):
            print(as_line(row(label(segmenter), item.name, masks, pairs)), flush=True)
        if sheets is not None:
            write_sheet(sheets / f"{item.name}.jpg", pairs, found)
    assert shown is not None
    print("\n| model | ms p50 | ms p99 |\n|---|---:|---:|")
    for segmenter, (half, most) in zip(segmenters, times_ms(segmenters, shown), strict=True):
        print(f"| {label(segmenter)} ({segmenter.provider}, one thread) | {half:.2f} | {most:.2f} |")
    return 0


def label(segmenter: Runner) -> str:
    """Return what a table calls it."""
    return f"{segmenter.name} + edges" if isinstance(segmenter, SegmenterEdged) else segmenter.name


def find(segmenter: Runner, rgb: Plane) -> Plane:
    """Return a model's mask of a picture, R'G'B'."""
    width, height = segmenter.mask_size
    mask = np.empty((height, width), np.uint8)
    segmenter.run(sets.picture_of(rgb), mask)
    return mask


def row(model: str, item: str, masks: list[Plane], pairs: list[sets.Pair]) -> Row:
    """Compare a model's masks with the truth."""
    each = [measures.scores(mask, truth) for mask, (_, truth) in zip(masks, pairs, strict=True)]
    flicker = measures.flicker(masks, [truth for _, truth in pairs])
    return Row(model, item, len(pairs), measures.mean(each), min(score.overlap for score in each), flicker)


def as_line(row: Row) -> str:
    """Write a row of the table."""
    mean = row.mean
    return (
        f"| {row.item} | {row.model} | {row.frames} | {mean.overlap:.4f} | {row.least:.4f} | {mean.boundary:.4f} | "
        f"{mean.difference:.2f} | {mean.square:.2f} | {mean.gradient:.3f} | "
        f"{f'{row.flicker:.2f}' if row.frames > 1 else '—'} |"
    )


def times_ms(segmenters: Sequence[Runner], rgb: Plane, rounds: int = ROUNDS) -> list[tuple[float, float]]:
    """Return median and 99th percentile of each model, the preparing of the picture included."""
    picture = sets.picture_of(rgb)
    masks = [np.empty(segmenter.mask_size[::-1], np.uint8) for segmenter in segmenters]
    taken = np.zeros((rounds, len(segmenters)))
    for times in taken:
        for index, (segmenter, mask) in enumerate(zip(segmenters, masks, strict=True)):
            started = time.perf_counter()
            segmenter.run(picture, mask)
            times[index] = time.perf_counter() - started
    return [(float(np.median(column)) * 1e3, float(np.quantile(column, 0.99)) * 1e3) for column in taken.T]


def write_sheet(path: Path, pairs: list[sets.Pair], found: list[list[Plane]]) -> None:
    """Write pictures of a clip under each other, in a row each: the picture, its truth, then each model's cut-out."""
    rows = []
    for index in np.unique(np.linspace(0, len(pairs) - 1, SHEET_ROWS).astype(int)):
        rgb, truth = pairs[index]
        alphas = [measures.fitted(masks[index], truth) for masks in (*found,)]
        exact = measures.fitted(truth, truth)
        cells = [rgb, _over_green(rgb, exact), *(_over_green(rgb, alpha) for alpha in alphas)]
        height = round(SHEET_CELL_PX * rgb.shape[0] / rgb.shape[1])
        rows.append(np.hstack([cv2.resize(cell, (SHEET_CELL_PX, height)) for cell in cells]))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet: Any = cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(path), sheet)


def _over_green(rgb: Plane, alpha: measures.Values) -> Plane:
    """Return the person before a green that no clothes have, blended as encoded: for looking at edges."""
    height, width = alpha.shape
    fitted: Any = cv2.resize(rgb, (width, height))
    green = np.array([0, 200, 0], np.float32)
    return np.asarray(fitted * alpha[..., None] + green * (1 - alpha[..., None]), np.uint8)
