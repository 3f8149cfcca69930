"""The training set in memory: people cut out with their masks, and pictures without people."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.train.plain_wall import cut_out, sharpened

Image = NDArray[np.uint8]

WITHHELD_BACKGROUNDS = {
    "vc_porch",  # behind comp_bbaf2n
    "vc_architecture",  # behind comp_lbbc2a
    "in_one-by-one",  # of a clip of the test set, and a ghost of a person stands in it
}
"""Backgrounds that the pictures we measure on are made of."""

WITHHELD_PEOPLE = {
    "pwij3p",  # the speaker of the test clip grid_id2_vcd_swwp2s, in the same shirt
}
"""Clips of people who are in the pictures we measure on."""

PLAIN_WALLS = {"london"}
"""Sources of portraits before one plain wall, without the person's shadow on it."""

LEAST_SIDE_PX = 48
"""The smallest level of a pyramid is at least this large."""


@dataclass(frozen=True)
class Person:
    """A picture and its mask, at full size and halved as often as makes sense. `cut` is the largest person alone."""

    folder: str
    levels: tuple[tuple[Image, Image], ...]
    cut: tuple[Image, ...]
    box: tuple[int, int, int, int]
    at_bottom: bool

    @property
    def size(self) -> tuple[int, int]:
        """Width and height at full size."""
        height, width = self.levels[0][1].shape
        return width, height


@dataclass(frozen=True)
class TrainingSet:
    """What composites are made of."""

    people: tuple[Person, ...]
    backgrounds: tuple[Image, ...]

    def by_folder(self) -> dict[str, tuple[Person, ...]]:
        """Return the people of each source."""
        folders = sorted({person.folder for person in self.people})
        return {folder: tuple(person for person in self.people if person.folder == folder) for folder in folders}


def load(folder: Path, sharply: bool = False) -> TrainingSet:
    """Read what manifest.csv keeps, less what is withheld, as R'G'B'.

    `sharply` gives outlines that are better than the teacher's.
    """
    with (folder / "manifest.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["status"] == "kept"]
    people = [
        _person(folder / row["folder"] / row["name"], row["folder"], sharply)
        for row in rows
        if row["name"].split("_")[0] not in WITHHELD_PEOPLE
    ]
    pictures = sorted((folder / "backgrounds").glob("*.jpg"))
    kept = [path for path in pictures if path.stem not in WITHHELD_BACKGROUNDS]
    return TrainingSet(tuple(people), tuple(read(path) for path in kept))


def _person(path: Path, folder: str, sharply: bool) -> Person:
    image = read(path.with_name(path.name + ".jpg"))
    mask: Any = cv2.imread(str(path.with_name(path.name + ".png")), cv2.IMREAD_GRAYSCALE)
    if sharply and folder in PLAIN_WALLS:
        image, mask = cut_out(image, mask)
    elif sharply and folder != "grid":
        mask = sharpened(mask)
    cut = _largest(mask)
    left, top, width, height = cv2.boundingRect((cut > 127).astype(np.uint8))
    levels, cuts = [(image, mask)], [cut]
    while min(levels[-1][1].shape) >= 2 * LEAST_SIDE_PX:
        rows, columns = (side // 2 for side in levels[-1][1].shape)
        halved: list[Any] = [
            cv2.resize(plane, (columns, rows), interpolation=cv2.INTER_AREA) for plane in (*levels[-1], cuts[-1])
        ]
        levels.append((halved[0], halved[1]))
        cuts.append(halved[2])
    at_bottom = top + height >= mask.shape[0] - 3
    return Person(folder, tuple(levels), tuple(cuts), (left, top, width, height), at_bottom)


def _largest(mask: Image) -> Image:
    """Return the mask with its largest part alone: an arm of somebody else at the edge is no person to cut out."""
    count, labels, statistics, _ = cv2.connectedComponentsWithStats((mask > 127).astype(np.uint8))
    if count <= 2:
        return mask
    largest = 1 + int(np.argmax(statistics[1:, cv2.CC_STAT_AREA]))
    near: Any = cv2.dilate((labels == largest).astype(np.uint8), np.ones((9, 9), np.uint8))
    return mask * near


def read(path: Path) -> Image:
    """Return a picture as R'G'B'."""
    image: Any = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise FileNotFoundError(path)
    rgb: Any = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    return rgb
