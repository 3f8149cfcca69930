"""Measure models on the test set as the engine runs them: `python -m tools.train.evaluate --media MEDIA [MODEL...]`."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import numpy as np

from engine.models.segmenter import Segmenter
from tools.models.evaluate import find, times_ms
from tools.train import data, truth
from tools.train.place import MODEL

PHOTOGRAPHS = ("gesture_*.jpg", "three_people.jpg", "portrait_*.jpg", "lisa?.jpg", "london_*.jpg")
"""Pictures of people, none in the training set, whose masks nobody drew: the last model named is what others are
compared with. That says how far two models differ, not which one is right."""


def finder(segmenter: Segmenter) -> truth.Finder:
    """Return a segmenter as something that finds people in pictures."""
    return partial(find, segmenter)


def agreement(images: Path, pattern: str, finders: list[truth.Finder]) -> list[tuple[float, float]]:
    """Return mean and least overlap of each with the last one on the pictures of a pattern."""
    rows = []
    for path in sorted(images.glob(pattern)):
        rgb = data.read(path)
        masks = [find(rgb) for find in finders]
        rows.append([truth.overlap(mask, masks[-1]) for mask in masks])
    return [(float(np.mean(column)), min(column)) for column in zip(*rows, strict=True)]


def main() -> None:
    """Print a table: mean overlap, least overlap and flicker on each clip, then the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--media", type=Path, required=True)
    parser.add_argument("models", type=Path, nargs="*")
    arguments = parser.parse_args()
    known = arguments.media / "models"
    paths = [MODEL, *(arguments.models or [known / "mp_selfie_landscape.onnx", known / "mp_selfie_square.onnx"])]
    segmenters = [Segmenter(path, threads=1) for path in paths]
    print("| clip | " + " | ".join(segmenter.name for segmenter in segmenters) + " |")
    print("|---|" + "---|" * len(segmenters))
    shown = None
    for name in truth.CLIPS:
        pairs = truth.read(arguments.media, name)
        shown = pairs[0][0] if shown is None else shown
        figures = [truth.scores(pairs, finder(segmenter)) for segmenter in segmenters]
        cells = (f"{mean:.4f} / {least:.4f} / {change:.2f}" for mean, least, change in figures)
        print(f"| {name} | {' | '.join(cells)} |")
    for pattern in PHOTOGRAPHS:
        pairs_of = agreement(arguments.media / "images", pattern, [finder(segmenter) for segmenter in segmenters])
        print(f"| agreement, {pattern} | {' | '.join(f'{mean:.3f} / {least:.3f}' for mean, least in pairs_of)} |")
    assert shown is not None
    times = times_ms(segmenters, shown)
    print("| ms p50 / p99, one thread | " + " | ".join(f"{half:.2f} / {most:.2f}" for half, most in times) + " |")


if __name__ == "__main__":
    main()
