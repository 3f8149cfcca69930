"""Train the network that refines edges: `python -m tools.train.edges --media MEDIA --out FOLDER`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from tools.train import truth
from tools.train.augment import Composer, Mix
from tools.train.data import Image, TrainingSet, load
from tools.train.edge_network import EdgeNet
from tools.train.place import MASK, MODEL, PICTURE
from tools.train.start import unfold
from tools.train.train import Schedule, Training, make_ready

PART = (112, 80)
"""Width and height of the parts it learns from, at the mask's scale: what is far from an outline teaches nothing."""

PARTS, BATCH = 4, 16
"""Parts taken of a composite, and parts a step."""

MIX = Mix(
    sources={"asl": 0.26, "canada": 0.05, "grid": 0.24, "london": 0.43, "misc": 0.02},
    bodies=0.3,
    counts=(0.06, 0.72, 0.16, 0.06),
    originals=0.08,
    covered=0.08,
)
"""Mostly people whose masks are keyed or told from a plain wall; drawn bodies and asl have the arms."""

REACH_PX = 10
"""How far from the outline of the mask an error is for this network to mend, in pixels of the mask."""

Array = NDArray[Any]


class Finders:
    """The networks whose masks are refined, since those err as no blur or shift drawn by hand does."""

    def __init__(self, media: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        files = (media / "models" / "mp_selfie_landscape.onnx", MODEL)
        self._sessions = [onnxruntime.InferenceSession(str(file), options) for file in files]

    def find(self, picture: Image, which: int) -> Array:
        """Return a mask of 0 to 1, (height, width) of MASK."""
        small: Any = cv2.resize(picture, MASK, interpolation=cv2.INTER_AREA)
        pixels = (small.astype(np.float32) / 255)[None]
        session = self._sessions[which]
        inputs = session.get_inputs()[0]
        (found,) = session.run(None, {inputs.name: pixels if which == 0 else pixels.transpose(0, 3, 1, 2)})
        return np.clip(np.round(found.reshape(MASK[::-1]) * 255), 0, 255).astype(np.float32) / 255


class Parts(IterableDataset[tuple[Tensor, Tensor, Tensor, Tensor]]):
    """Batches of parts without end: R'G'B', alpha, how near the outline is, and the mask at half their size."""

    def __init__(self, source: TrainingSet, media: Path, seed: int) -> None:
        self._source, self._media, self._seed = source, media, seed

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
        worker = get_worker_info()
        seed = self._seed + (worker.id if worker else 0)
        rng = np.random.default_rng(seed)
        composer = Composer(self._source, PICTURE, seed, MIX)
        finders = Finders(self._media)
        while True:
            parts = [part for _ in range(BATCH // PARTS) for part in self._of_one(composer, finders, rng)]
            pictures, alphas, near, masks = zip(*parts, strict=True)
            yield (
                torch.from_numpy(np.stack(pictures).transpose(0, 3, 1, 2).copy()),
                torch.from_numpy(np.stack(alphas)[:, None]),
                torch.from_numpy(np.stack(near)[:, None]),
                torch.from_numpy(np.stack(masks)[:, None]),
            )

    def _of_one(self, composer: Composer, finders: Finders, rng: Any) -> Iterator[tuple[Array, Array, Array, Array]]:
        sample = composer.sample()
        mask = finders.find(sample.picture, int(rng.random() < 0.3))
        if rng.random() < 0.2:
            mask = _worse(mask, rng)
        small: Any = cv2.resize(sample.alpha, MASK, interpolation=cv2.INTER_AREA)
        disc = np.ones((17, 17), np.uint8)
        near: Any = cv2.dilate(sample.alpha, disc) - cv2.erode(sample.alpha, disc)
        near *= _within_reach(mask)
        edges = np.argwhere((np.abs(small / 255 - mask) > 0.15) | ((small > 30) & (small < 225)))
        width, height = PART
        for _ in range(PARTS):
            centre = rng.uniform(0, 1, 2) * MASK[::-1]
            if len(edges) and rng.random() < 0.75:
                centre = edges[int(rng.integers(len(edges)))] + rng.normal(0, 12, 2)
            top, left = (
                int(np.clip(middle - size / 2, 0, most - size))
                for middle, size, most in zip(centre, (height, width), MASK[::-1], strict=True)
            )
            large = np.s_[2 * top : 2 * (top + height), 2 * left : 2 * (left + width)]
            yield sample.picture[large], sample.alpha[large], near[large], mask[top : top + height, left : left + width]


def _within_reach(mask: Array) -> Array:
    """Return 1 where an outline of the mask is near, and 0 elsewhere, at the picture's size."""
    disc: Any = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * REACH_PX + 1, 2 * REACH_PX + 1))
    seen = (mask > 0.3).astype(np.uint8)
    outline: Any = cv2.dilate(seen, disc) - cv2.erode(seen, disc)
    return np.asarray(cv2.resize(outline, PICTURE, interpolation=cv2.INTER_NEAREST))


def _worse(mask: Array, rng: Any) -> Array:
    """Return a mask as it is when it is late, too wide, too narrow, soft or hard."""
    draw = rng.random()
    if draw < 0.4:
        shift = np.array([[1, 0, rng.normal(0, 2)], [0, 1, rng.normal(0, 1)]])
        return np.asarray(cv2.warpAffine(mask, shift, MASK, borderMode=cv2.BORDER_REPLICATE))
    if draw < 0.7:
        reach: Any = np.ones((int(rng.integers(2, 5)),) * 2, np.uint8)
        return np.asarray(cv2.dilate(mask, reach) if draw < 0.55 else cv2.erode(mask, reach))
    if draw < 0.85:
        return np.asarray(cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.5, 3)))
    return np.clip((mask - 0.5) * rng.uniform(1, 8) + 0.5, 0, 1).astype(np.float32)


def loss(logits: Tensor, alpha: Tensor, near: Tensor) -> Tensor:
    """Return how far alpha is off, mostly near the outline, in value, in slope and as odds."""
    found = torch.sigmoid(logits)
    weight = 0.4 + near
    weight = weight / weight.mean()
    off = (found - alpha).abs()
    slopes = torch.zeros(())
    for axis in (2, 3):
        wrong = (torch.diff(found, dim=axis) - torch.diff(alpha, dim=axis)).abs()
        slopes = slopes + (wrong * weight.narrow(axis, 1, weight.shape[axis] - 1)).mean()
    odds = functional.binary_cross_entropy_with_logits(logits, alpha, reduction="none")
    return (weight * off).mean() + 0.5 * slopes + 0.15 * (weight * odds).mean()


class EdgeTraining(Training):
    """The network that refines edges, and its average."""

    def look_from(self, path: Path, parts: Parts) -> None:
        """Take the weights of an exported file, with the batch norms set by 256 parts."""
        seen = list(islice(parts, 16))
        unfold(self.network, path, (batch[0].float() / 255 for batch in seen), (batch[3] for batch in seen))
        self.average.load_state_dict(self.network.state_dict())

    def learn_parts(self, pictures: Tensor, alphas: Tensor, near: Tensor, masks: Tensor) -> float:
        """Take one step; return the loss."""
        inputs = (pictures.float() / 255).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.network(inputs, masks)
        return self.descend(loss(logits.float(), alphas.float() / 255, near.float() / 255))


def band_errors(network: Any, media: Path, finders: Finders, every: int) -> str:
    """Return what of the raw masks' error in a band of ten pixels at the outline is left on the exact clips."""
    sums = np.zeros(2)
    for name in ("comp_bbaf2n", "comp_lbbc2a"):
        for picture, true in truth.read(media, name)[::every]:
            exact = true / 255
            band = cv2.dilate((exact > 0.5).astype(np.uint8), np.ones((11, 11))) != cv2.erode(
                (exact > 0.5).astype(np.uint8), np.ones((11, 11))
            )
            mask = finders.find(picture, 0)
            shrunk: Any = cv2.resize(picture, PICTURE, interpolation=cv2.INTER_AREA)
            pixels = torch.from_numpy(shrunk.transpose(2, 0, 1).copy())[None].float() / 255
            with torch.no_grad():
                refined = torch.sigmoid(network(pixels, torch.from_numpy(mask)[None, None]))[0, 0].numpy()
            for index, found in enumerate((mask, refined)):
                large: Any = cv2.resize(found, true.shape[::-1], interpolation=cv2.INTER_LINEAR)
                sums[index] += np.abs(large - exact)[band].sum()
    return f"band error {sums[1] / sums[0]:.3f} of raw"


def main() -> None:
    """Read the options and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--media", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--start", type=Path, help="an exported file to learn on from, instead of from nothing")
    parser.add_argument("--peak-rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    checkpoint = make_ready(arguments)
    training = EdgeTraining(EdgeNet(), Schedule(0, arguments.steps, arguments.peak_rate))
    source = load(arguments.media / "train", sharply=True)
    if checkpoint.exists():
        training.resume(checkpoint)
    elif arguments.start:
        training.look_from(arguments.start, Parts(source, arguments.media, arguments.seed))
    finders = Finders(arguments.media)
    parts_without_end = Parts(source, arguments.media, 1000 * arguments.seed + training.step)
    loader = DataLoader(parts_without_end, batch_size=None, num_workers=arguments.workers, prefetch_factor=8)
    losses: list[float] = []
    started, first = time.monotonic(), training.step
    for parts in loader:
        losses.append(training.learn_parts(*parts))
        if training.step % 50 == 0:
            pace = (training.step - first) / (time.monotonic() - started)
            print(f"{training.step} loss {np.mean(losses[-50:]):.4f} {pace:.2f} steps/s", flush=True)
        if training.step % 250 == 0:
            training.save(checkpoint)
            print(training.step, band_errors(training.average, arguments.media, finders, 25), flush=True)
        if training.step >= arguments.steps:
            break
    training.save(checkpoint)
    print("final", band_errors(training.average, arguments.media, finders, 5), flush=True)


if __name__ == "__main__":
    main()
