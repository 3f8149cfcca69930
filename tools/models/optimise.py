"""`scrim models optimise`: half floats and 8-bit integers made of a model, measured, and kept only where they pay."""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from engine.errors import ModelError
from engine.media.picture import Plane
from engine.models import manifest
from engine.models.runtime import Array
from engine.models.segmenter import Segmenter
from engine.models.store import Store, digest
from tools.models import measures, sets
from tools.models.evaluate import find, times_ms

FASTER = 1.05
"""How many times as fast a variant must be: measured twice, one of the same speed came to 1.00 and 1.01."""

CALIBRATION_PICTURES = 64
"""At most so many, an equal share of each file, spread over it: what finds the range of every activation."""

HEADER = "| model | variant | kB | ms p50 | × as fast | IoU | loss | kept |\n|---|---|---:|---:|---:|---:|---:|---|"


@dataclass(frozen=True, slots=True)
class Figures:
    """What a variant costs and does: the file's size, the median time of one core, the mean overlap on a set."""

    kilobytes: float
    took_ms: float
    overlap: float


def run(models: Sequence[Path], folder: Path, calibration: Sequence[Path], most_loss: float, out: Path | None) -> int:
    """Print a table of `models` and their variants; keep in `out`, or the store, those that are faster and as good.

    Fails: ModelError for a model that is none, or where there is nothing to measure or to calibrate with.
    """
    if find_spec("onnx") is None:
        raise ModelError(f"onnx is not installed: `{sys.executable} -m pip install onnx`")
    if not most_loss >= 0.0:
        raise ModelError(f"--loss {most_loss:g}: it is at least 0")
    pairs = [pair for item in sets.read(folder) for pair in item.pairs()]
    seen = pictures(calibration)
    kept_in = out or Store().folder
    print(HEADER)
    with tempfile.TemporaryDirectory() as scratch:
        for path in models:
            made = {}
            for name, make in VARIANTS.items():
                logging.disable(logging.WARNING)  # onnxruntime advises at the root logger what is done already
                try:
                    made[name] = make(path, Path(scratch), seen)
                except Exception as error:
                    reason = str(error).partition("\n")[0] or type(error).__name__
                    print(f"{path.stem}: {name} cannot be made of it: {reason}", file=sys.stderr)
                finally:
                    logging.disable(logging.NOTSET)
            _compare(path, made, pairs, most_loss, kept_in)
    return 0


def pictures(places: Sequence[Path]) -> list[Plane]:
    """Read the pictures of folders, pictures and films, R'G'B', at most `CALIBRATION_PICTURES`.

    Fails: ModelError where there is none.
    """
    files = [file for place in places for file in (sorted(place.iterdir()) if place.is_dir() else [place])]
    share = max(1, CALIBRATION_PICTURES // max(1, len(files)))
    found = [rgb for file in files for rgb in _spread(file, share)]
    if not found:
        raise ModelError(f"{', '.join(map(str, places))}: there is no picture or film to calibrate with: name others")
    return found[:CALIBRATION_PICTURES]


def as_half(path: Path, scratch: Path, _seen: Sequence[Plane]) -> Path:
    """Write a model with 16-bit floats inside; what goes in and comes out stays as it was."""
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    made = scratch / f"{path.stem}.fp16.onnx"
    onnx.save(convert_float_to_float16(onnx.load(path), keep_io_types=True), made)
    return _described(made, path)


def as_bytes(path: Path, scratch: Path, seen: Sequence[Plane]) -> Path:
    """Write a model with 8-bit weights and activations, whose ranges are those that pictures were seen to have.

    Activations without a sign, since those with one are slower than floats on a CPU; weights with a scale a channel.
    """
    from onnxruntime.quantization import QuantFormat, QuantType, quant_pre_process, quantize_static

    folded, made = scratch / "folded.onnx", scratch / f"{path.stem}.int8.onnx"
    quant_pre_process(path, folded, skip_symbolic_shape=True)  # it does not know every operator of these models
    quantize_static(
        folded,
        made,
        _Inputs(path, seen),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        per_channel=True,
    )
    return _described(made, path)


VARIANTS: dict[str, Callable[[Path, Path, Sequence[Plane]], Path]] = {"fp16": as_half, "int8": as_bytes}


def worth(figures: Figures, whole: Figures, most_loss: float) -> bool:
    """Whether a variant is faster than the whole model, and not worse by more than `most_loss`."""
    return FASTER * figures.took_ms <= whole.took_ms and whole.overlap - figures.overlap <= most_loss


def _compare(path: Path, made: dict[str, Path], pairs: list[sets.Pair], most_loss: float, kept_in: Path) -> None:
    """Measure a model and its variants in turn, print their lines, keep what is worth it."""
    files = [path, *made.values()]
    segmenters = [Segmenter(file, threads=1) for file in files]
    taken = times_ms(segmenters, pairs[0][0])
    figures = [
        Figures(file.stat().st_size / 1e3, took_ms, _overlap(segmenter, pairs))
        for file, segmenter, (took_ms, _) in zip(files, segmenters, taken, strict=True)
    ]
    whole = figures[0]
    for name, file, each in zip(("fp32", *made), files, figures, strict=True):
        kept = "" if file == path else str(_keep(file, kept_in)) if worth(each, whole, most_loss) else "no"
        times, loss = whole.took_ms / each.took_ms, whole.overlap - each.overlap
        print(
            f"| {path.stem} | {name} | {each.kilobytes:.0f} | {each.took_ms:.2f} | {times:.2f} | {each.overlap:.4f} | "
            f"{loss:+.4f} | {kept} |",
            flush=True,
        )


def _overlap(segmenter: Segmenter, pairs: list[sets.Pair]) -> float:
    return float(np.mean([measures.overlap(find(segmenter, rgb), truth) for rgb, truth in pairs]))


def _keep(file: Path, folder: Path) -> Path:
    """Copy a variant and its sidecar, each whole or not at all; return where the variant is."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in (file.with_suffix(".toml"), file):
        part = folder / f"{source.name}.part"
        part.write_bytes(source.read_bytes())
        part.replace(folder / source.name)
    return folder / file.name


def _described(made: Path, path: Path) -> Path:
    """Write beside a variant what the whole model wants and gives: its own checksum is in no manifest."""
    lines = [f"# What {made.name}, made of {path.name}, wants and gives.", f'made_of = "{digest(path)}"']
    for part, values in asdict(manifest.find(path)).items():
        if part in ("input", "output"):
            lines += [
                "",
                f"[{part}]",
                *(f"{key} = {_toml(value)}" for key, value in values.items() if value is not None),
            ]
    made.with_suffix(".toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return made


def _toml(value: Any) -> str:
    return str(list(value)) if isinstance(value, tuple) else f'"{value}"' if isinstance(value, str) else str(value)


def _spread(file: Path, most: int) -> Iterator[Plane]:
    """Read a picture, or at most so many of a film's, evenly spread; nothing of any other file."""
    video = cv2.VideoCapture(str(file))
    step = max(1, int(video.get(cv2.CAP_PROP_FRAME_COUNT)) // most)
    try:
        for index in range(step * most):
            frame: Any
            if not video.grab():
                return
            if index % step == 0:
                _, frame = video.retrieve()
                yield np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8)
    finally:
        video.release()


class _Inputs:
    """One picture after the other as the engine prepares it: what onnxruntime calls a CalibrationDataReader."""

    def __init__(self, path: Path, seen: Sequence[Plane]) -> None:
        self._segmenter = Segmenter(path)
        self._left = iter(seen)

    def get_next(self) -> dict[str, Array] | None:
        """Return the next input by name, or None after the last."""
        rgb = next(self._left, None)
        if rgb is None:
            return None
        find(self._segmenter, rgb)
        name, numbers = self._segmenter.fed
        return {name: numbers.copy()}
