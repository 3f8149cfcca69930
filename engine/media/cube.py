"""Look-up tables for colour: .cube files, of one dimension or three.

The format is that of Adobe's "Cube LUT Specification" 1.0; DaVinci Resolve's input ranges are read too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import LutError

MOST_SIDE = 129
"""The largest cube that programs write."""

MOST_LENGTH = 65536

SIZES = {"LUT_1D_SIZE": (1, MOST_LENGTH), "LUT_3D_SIZE": (3, MOST_SIDE)}
"""Dimensions that a keyword announces, and the most of them."""

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Cube:
    """A table of colours: (n, 3) for one dimension, else (n, n, n, 3) by blue, green, red. Inputs lie in the domain."""

    table: NDArray[np.float32]
    low: Triple = (0.0, 0.0, 0.0)
    high: Triple = (1.0, 1.0, 1.0)

    @property
    def size(self) -> int:
        """Entries along an axis."""
        return len(self.table)

    @property
    def is_curves(self) -> bool:
        """Whether each channel has a curve of its own."""
        return self.table.ndim == 2


def read_cube(path: Path) -> Cube:
    """Read a .cube file. Raises LutError, in a sentence, where it is none."""
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise LutError(f"{path} cannot be read ({error.strerror}); choose another .cube file") from error
    dimensions = size = 0
    low: Triple = (0.0, 0.0, 0.0)
    high: Triple = (1.0, 1.0, 1.0)
    rows: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        try:
            match words[0].upper():
                case "LUT_1D_SIZE" | "LUT_3D_SIZE" as keyword:
                    if size:
                        raise LutError(f"{path}:{number}: only one table a file can be read; export it alone")
                    dimensions, most = SIZES[keyword]
                    size = int(words[1])
                    if not 2 <= size <= most:
                        raise LutError(f"{path}:{number}: a size of {size} cannot be read; export 2 to {most}")
                case "DOMAIN_MIN":
                    low = _triple(words[1:])
                case "DOMAIN_MAX":
                    high = _triple(words[1:])
                case "LUT_1D_INPUT_RANGE" | "LUT_3D_INPUT_RANGE":
                    low, high = (float(words[1]),) * 3, (float(words[2]),) * 3
                case word if word[0].isalpha() and word.lower() not in ("nan", "inf"):
                    continue  # TITLE, and what other programs add
                case _:
                    _triple(words)
                    rows.append(" ".join(words))
        except (ValueError, IndexError):
            raise LutError(
                f"{path}:{number}: {line.strip()[:40]!r} is not understood; export the table again"
            ) from None
    if not size:
        raise LutError(f"{path} is no look-up table: it has no LUT_3D_SIZE or LUT_1D_SIZE; choose a .cube file")
    if len(rows) != size**dimensions:
        raise LutError(f"{path} holds {len(rows)} colours, not {size**dimensions}; it is cut off, export it again")
    if not all(a < b for a, b in zip(low, high, strict=True)):
        raise LutError(f"{path}: DOMAIN_MIN must be below DOMAIN_MAX; export the table again")
    table = np.array(" ".join(rows).split(), np.float32).reshape((size,) * dimensions + (3,))
    if not np.isfinite(table).all():
        raise LutError(f"{path} holds colours that are no numbers; export the table again")
    return Cube(table, low, high)


def _triple(words: list[str]) -> Triple:
    red, green, blue = map(float, words)
    return (red, green, blue)
