"""A model file opened for running, and kept running: what stalls or fails is opened anew, then elsewhere."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from engine.errors import ModelError
from engine.models.ladder import Ladder
from engine.models.providers import PROVIDERS, driver, engine_folder, engine_key, tensorrt_version
from engine.models.runtime import OPEN_S, Array, Opening, StalledError, first_line, installed_providers, runtime

DTYPES: dict[str, DTypeLike] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
    "tensor(int8)": np.int8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(bool)": np.bool_,
}

# What people have in hand when it is not an ONNX model: how the file starts, what that is, what to do.
IMPOSTORS: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"<", "a web page", "download the file itself, not the page about it"),
    (0, b"version https://git-lfs", "a Git LFS pointer", "fetch the file itself with `git lfs pull`"),
    (0, b"PK", "an archive", "unpack it and name the .onnx file inside"),
    (4, b"TFL3", "a TensorFlow Lite model", "convert it to ONNX with tf2onnx"),
)

BUILD_S = 600.0
"""How long TensorRT may take to open a model: the first time on a machine it compiles it."""

LEAST_OPEN_S = 5.0
TIMES_OPEN = 5
"""On air, opening anew and the first run after it may take so many times what they took at first, and 5 s at least."""

LEAST_PATIENCE_S = 3.0
TIMES_PATIENCE = 20
"""A run that takes so many times what runs take, and 3 s at least, never comes back: even a busy machine is sooner."""

MOST_STUCK = 4
"""Runs left behind that still hold a thread and the model's memory; a machine where all get stuck gets no more."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """What a model says of one input or output. A dimension of 0 is left to whoever runs it."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(str(size or '?') for size in self.shape)})"


class Session:
    """An open model with its inputs and outputs bound to memory that stays.

    Write into the arrays of `inputs`, call `run`, read the arrays of `outputs`; on a CPU nothing is copied on the way.

    `provider` is what really runs it, `nodes` how many of its nodes run on which, and `fallback` why that is not the
    fastest one installed, in one line, empty where it is. A run that fails, finds no memory or does not come back has
    the model opened anew, once; every other time it goes on with the next provider (ladder.py), but for one that was
    asked for by name. A run that does not come back is left behind: it may still write into the `outputs` of its time,
    so there are others from then on.

    `provider` is the one to use, or several, of which the first that takes the model does. `size` (width, height) is
    what dimensions left open will be.

    Thread: one at a time. Blocks: the constructor and `bind` for as long as loading takes, `run` for the model, but for
    3 s, or twenty times what it takes, at most; with the GIL released. Owns: the session and its memory. Fails:
    ModelError for a file that is no model, a provider that refuses, a run when no provider is left.
    """

    def __init__(
        self,
        path: Path,
        *,
        threads: int = 1,
        provider: str | Sequence[str] = "auto",
        size: tuple[int, int] = (256, 144),
    ) -> None:
        self.path = path
        _check_file(path)
        self._installed = installed_providers()
        wanted = self._installed if provider == "auto" else [provider] if isinstance(provider, str) else list(provider)
        for name in wanted:
            if name not in PROVIDERS:
                raise ModelError(f"there is no provider {name!r}: use auto, {', '.join(PROVIDERS)}")
            if name not in self._installed:
                raise ModelError(
                    f"{path}: provider {name} is not in the installed onnxruntime, which has "
                    f'{", ".join(self._installed)}: use "auto", or see what `scrim doctor` says that {name} needs'
                )
        self.inputs: list[Array] = []
        self.outputs: list[Array] = []
        self._threads = threads
        self._size = size
        self._ladder = Ladder(wanted)
        self._reasons: list[str] = []
        self._open_s = 0.0  # how long that took at first
        self._usual_s = 0.0  # how long a run takes, followed slowly
        self._stuck: list[threading.Thread] = []
        self._opening: Opening | None = self._open()
        if len(wanted) == 1 and self.provider not in wanted:
            raise ModelError(
                f"{path}: provider {wanted[0]} refused the model, which would run on {self.provider}: "
                f'install what {wanted[0]} needs, or use "auto"'
            )
        self.declared_inputs = [_tensor(path, node) for node in self._opening.session.get_inputs()]
        self.declared_outputs = [_tensor(path, node) for node in self._opening.session.get_outputs()]

    @property
    def fallback(self) -> str:
        """Why it does not run on the fastest provider installed, or that it was opened anew; else nothing."""
        return "; ".join(self._reasons)

    @property
    def providers(self) -> list[str]:
        """Those that may run it from now on: the one that does, and those below it."""
        return self._ladder.providers

    def bind(self, *shapes: tuple[int, ...]) -> None:
        """Give every input its shape, and run: that warms the model up and tells the shapes of the outputs."""
        inputs = [np.zeros(shape, tensor.dtype) for shape, tensor in zip(shapes, self.declared_inputs, strict=True)]
        while True:
            begun_s = time.monotonic()
            try:
                assert self._opening is not None
                outputs = self._opening.outputs(inputs, self._patience_to_open_s)
                self._opening.bind(inputs, outputs, self._patience_to_open_s)
            except Exception as error:
                reason = first_line(error)
                if not self._ladder.refused():
                    given = " and ".join(map(str, shapes))
                    raise ModelError(f"{self.path}: the model does not run on {given}: {reason}") from None
                self._reasons.append(f"the model failed on {self.provider}: {reason}")
                self._opening = self._open()
            else:
                break
        self._open_s += time.monotonic() - begun_s
        self.inputs, self.outputs = inputs, outputs
        self.run()
        self.run()  # the first one is never like the others

    def run(self) -> None:
        """Turn `inputs` into `outputs`."""
        while True:
            if self._opening is None:
                self._refuse_more_stuck()
                self._opening = self._open()
            begun_s = time.monotonic()
            try:
                self._opening.run(self._patience_s)
            except Exception as error:
                self._recover(self._opening, error)
            else:
                took_s = time.monotonic() - begun_s
                self._usual_s += (took_s - self._usual_s) / (16 if self._usual_s else 1)
                return

    @property
    def _patience_s(self) -> float:
        """For a run; the first one of an opening may take longer, and is what `_usual_s` is not known for."""
        if not self._usual_s:
            return self._patience_to_open_s
        return max(LEAST_PATIENCE_S, TIMES_PATIENCE * self._usual_s)

    @property
    def _patience_to_open_s(self) -> float:
        if self._open_s and self.inputs:
            return max(LEAST_OPEN_S, TIMES_OPEN * self._open_s)
        return BUILD_S if self._ladder.provider == "tensorrt" else OPEN_S

    def _open(self) -> Opening:
        """Open on the first provider, from here down, that takes the model and, where it is known, its memory."""
        while True:
            name = self._ladder.provider
            begun_s = time.monotonic()
            try:
                opening = Opening(
                    str(self.path),
                    self.path,
                    self._installed[self._installed.index(name) :],  # what the first cannot do runs on those after it
                    threads=self._threads,
                    engines=self._engines() if name == "tensorrt" else None,
                    patience_s=self._patience_to_open_s,
                )
                if self.inputs:
                    opening.bind(self.inputs, self.outputs, self._patience_to_open_s)
            except Exception as error:
                plain = isinstance(error, ModelError)
                reason = str(error).removeprefix(f"{self.path}: ") if plain else first_line(error)
                if not self._ladder.refused():
                    raise ModelError(f"{self.path}: {reason}") from None
                self._reasons.append(reason)
                continue
            break
        if not self.inputs:
            self._open_s = time.monotonic() - begun_s
        self._usual_s = 0.0
        self.provider, self.nodes = opening.provider, opening.nodes
        if self.provider != name and self._ladder.stand_on(self.provider):
            self._reasons.append(f"{name} did not start, so it runs on {self.provider}")
        return opening

    def _recover(self, opening: Opening, error: Exception) -> None:
        """Have the model open as it is to go on. Fails: ModelError when there is no other way left."""
        before = self.provider
        if isinstance(error, StalledError):
            self._stuck.append(opening.thread)
            self._opening = None
            self.outputs = [np.zeros_like(array) for array in self.outputs]
            reason = f"{error} on {before}"
        else:
            reason = f"the model failed on {before}: {first_line(error)}"
        if not self._ladder.failed():
            raise ModelError(f"{self.path}: {reason}") from None
        self._reasons.append(reason)
        place = len(self._reasons) - 1
        self._opening = self._open()
        if self.provider == before:
            self._reasons[place] += ", and was opened anew"

    def _refuse_more_stuck(self) -> None:
        self._stuck = [thread for thread in self._stuck if thread.is_alive()]
        if len(self._stuck) >= MOST_STUCK:
            raise ModelError(
                f"{self.path}: {len(self._stuck)} runs are stuck, so no more are begun: end the show and start it "
                'with run = "process", which can be ended when it is stuck'
            )

    def _engines(self) -> Path | None:
        with self.path.open("rb") as file:
            checksum = hashlib.file_digest(file, "sha256").hexdigest()
        version = runtime().__version__
        return engine_folder(engine_key(self.path.stem, checksum, self._size, driver(), version, tensorrt_version()))


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except FileNotFoundError:
        raise ModelError(f"{path}: there is no such model: put the file there or name another") from None
    except OSError as error:
        raise ModelError(f"{path}: the model cannot be read: {error.strerror}") from None
    if not start.strip():
        raise ModelError(f"{path}: the model is empty: download it again")
    for offset, magic, what, remedy in IMPOSTORS:
        if start[offset:].lstrip().startswith(magic):
            raise ModelError(f"{path}: this is {what}, not an ONNX model: {remedy}")


def _tensor(path: Path, node: Any) -> Tensor:
    if node.type not in DTYPES:
        raise ModelError(f"{path}: {node.name} is a {node.type}, which Scrim cannot fill: export the model with floats")
    return Tensor(
        node.name,
        tuple(size if isinstance(size, int) and size > 0 else 0 for size in node.shape),
        np.dtype(DTYPES[node.type]),
    )
