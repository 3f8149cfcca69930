"""Train the network: `python -m tools.train.train --media MEDIA --out FOLDER`. Stops and goes on at any time."""

from __future__ import annotations

import argparse
import copy
import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from tools.train import truth
from tools.train.augment import Composer
from tools.train.data import Image, TrainingSet, load
from tools.train.loss import mask_loss
from tools.train.network import PersonNet
from tools.train.start import unfold

SMALL, FULL = (128, 80), (256, 144)
"""Width and height of the first stage, three times as fast a picture, and of the second, which is the model's."""

BATCH = {SMALL: 32, FULL: 16}
"""Pictures a step."""

PEAK_RATE, LAST_RATE, WARM_STEPS = 4e-3, 4e-5, 200
AVERAGE = 0.998
"""How much of the average of weights each step keeps. The average is what is exported."""


@dataclass(frozen=True)
class Schedule:
    """How many steps each stage has."""

    small: int
    full: int
    peak_rate: float = PEAK_RATE

    @property
    def steps(self) -> int:
        """All of them."""
        return self.small + self.full

    def rate(self, step: int) -> float:
        """Return the learning rate: up in a line, then down along half a cosine."""
        if step < WARM_STEPS:
            return self.peak_rate * (step + 1) / WARM_STEPS
        done = (step - WARM_STEPS) / max(1, self.steps - WARM_STEPS)
        return LAST_RATE + (self.peak_rate - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


class Composites(IterableDataset[tuple[Tensor, Tensor]]):
    """Batches of composites without end: R'G'B' and alpha, both uint8, channels first."""

    def __init__(self, source: TrainingSet, size: tuple[int, int], seed: int) -> None:
        self._source, self.size, self._seed = source, size, seed

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        worker = get_worker_info()
        composer = Composer(self._source, self.size, self._seed + (worker.id if worker else 0))
        while True:
            samples = [composer.sample() for _ in range(BATCH[self.size])]
            pictures = np.stack([sample.picture.transpose(2, 0, 1) for sample in samples])
            yield torch.from_numpy(pictures), torch.from_numpy(np.stack([sample.alpha[None] for sample in samples]))


class Training:
    """The network, its average, the optimiser and the step they are at."""

    def __init__(self, network: nn.Module, schedule: Schedule) -> None:
        self.schedule = schedule
        self.step = 0
        self.network: Any = network.to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.network).eval()
        matrices = [parameter for parameter in self.network.parameters() if parameter.ndim > 1]
        vectors = [parameter for parameter in self.network.parameters() if parameter.ndim <= 1]
        groups = [{"params": matrices, "weight_decay": 1e-2}, {"params": vectors, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=PEAK_RATE)

    def start_from(self, path: Path, source: TrainingSet, seed: int) -> None:
        """Take the weights of an exported file, with the batch norms set by 128 composites."""
        composites = iter(Composites(source, FULL, seed))
        unfold(self.network, path, (next(composites)[0].float() / 255 for _ in range(8)))
        self.average.load_state_dict(self.network.state_dict())

    def learn(self, pictures: Tensor, alphas: Tensor, half: bool) -> float:
        """Take one step; return the loss."""
        inputs = (pictures.float() / 255).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            logits, coarse = self.network(inputs)
        return self.descend(mask_loss(logits.float(), coarse.float(), alphas.float() / 255))

    def descend(self, loss: Tensor) -> float:
        """Change the weights to make the loss smaller; return it."""
        rate = self.schedule.rate(self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self.optimizer.step()
        self.step += 1
        self._update_average()
        return float(loss.detach())

    @torch.no_grad()
    def _update_average(self) -> None:
        keep = min(AVERAGE, (1 + self.step) / (10 + self.step))
        for own, other in zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True):
            if own.dtype.is_floating_point:
                own.lerp_(other, 1 - keep)
            else:
                own.copy_(other)

    def save(self, path: Path) -> None:
        """Write everything that is needed to go on, whole or not at all."""
        state = {
            "step": self.step,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        part = path.with_suffix(".part")
        torch.save(state, part)
        part.replace(path)

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint."""
        state = torch.load(path, weights_only=True)
        self.step = int(state["step"])
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])


def finder(network: PersonNet, size: tuple[int, int] = FULL) -> truth.Finder:
    """Return the network as something that finds people in pictures."""

    @torch.no_grad()
    def find(picture: Image) -> Image:
        small: Any = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        inputs = torch.from_numpy(small.transpose(2, 0, 1)[None].astype(np.float32) / 255)
        levels = torch.sigmoid(network(inputs.contiguous(memory_format=torch.channels_last)))[0, 0] * 255
        return levels.round().to(torch.uint8).numpy()

    return find


def report(network: PersonNet, media: Path, every: int = 1) -> str:
    """Return mean, least overlap and flicker on the test clips, in one line."""
    parts = []
    for name in truth.CLIPS:
        mean, least, flicker = truth.scores(truth.read(media, name)[::every], finder(network))
        parts.append(f"{name} {mean:.4f}/{least:.4f}/{flicker:.2f}")
    return "  ".join(parts)


def make_ready(arguments: argparse.Namespace) -> Path:
    """Set threads and seeds; return where the checkpoint is or will be."""
    cv2.setNumThreads(0)  # threads of OpenCV do not survive the fork into workers: it would wait for them for ever
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    random.seed(arguments.seed)
    arguments.out.mkdir(parents=True, exist_ok=True)
    return Path(arguments.out) / "checkpoint.pt"


def main() -> None:
    """Train, or go on with what is in the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--media", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--small-steps", type=int, default=3000)
    parser.add_argument("--full-steps", type=int, default=2000)
    parser.add_argument("--start", type=Path, help="an exported file to learn on from, instead of from nothing")
    parser.add_argument("--peak-rate", type=float, default=PEAK_RATE)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=4)
    arguments = parser.parse_args()
    checkpoint = make_ready(arguments)
    training = Training(PersonNet(), Schedule(arguments.small_steps, arguments.full_steps, arguments.peak_rate))
    source = load(arguments.media / "train")
    if checkpoint.exists():
        training.resume(checkpoint)
    elif arguments.start:
        training.start_from(arguments.start, source, arguments.seed)
    for size, last in ((SMALL, arguments.small_steps), (FULL, training.schedule.steps)):
        if training.step < last:
            seed = 1000 * arguments.seed + training.step
            _stage(training, Composites(source, size, seed), last, arguments, checkpoint)
    training.save(checkpoint)
    print("final", report(training.average, arguments.media), flush=True)


def _stage(training: Training, composites: Composites, last: int, arguments: Any, checkpoint: Path) -> None:
    half = composites.size == FULL  # bf16 is a quarter faster at full size, and slower at the small one
    loader = DataLoader(composites, batch_size=None, num_workers=arguments.workers, prefetch_factor=4)
    losses: list[float] = []
    started, first = time.monotonic(), training.step
    for pictures, alphas in loader:
        losses.append(training.learn(pictures, alphas, half))
        if training.step % 50 == 0:
            speed = BATCH[composites.size] * (training.step - first) / (time.monotonic() - started)
            print(f"{training.step} loss {np.mean(losses[-50:]):.4f} {speed:.0f} pictures/s", flush=True)
        if training.step % 100 == 0:
            training.save(checkpoint)
            print(training.step, report(training.average, arguments.media, every=5), flush=True)
        if training.step >= last:
            return


if __name__ == "__main__":
    main()
