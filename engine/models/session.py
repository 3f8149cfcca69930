"""A model file opened for running. The only file that knows onnxruntime, which loads at first use."""

from __future__ import annotations

import contextlib
import io
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.errors import ModelError

Array = NDArray[Any]

PROVIDERS: dict[str, str] = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
"""onnxruntime's names by ours, fastest first."""

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


RELU = bytes.fromhex(
    "08083a330a0c0a0178120179220452656c751201675a0f0a0178120a0a08080112040a020801620f"
    "0a0179120a0a08080112040a02080142040a001011"
)
"""The smallest model: y = max(0, x) of one float, opset 17."""


@cache
def runtime() -> Any:
    """Return onnxruntime, loaded at the first call and told not to write to the terminal."""
    try:
        import onnxruntime
    except ImportError:
        raise ModelError("onnxruntime is not installed: install scrim with its extra `cpu` or `gpu`") from None
    onnxruntime.set_default_logger_severity(4)
    if PROVIDERS["cuda"] in onnxruntime.get_available_providers():
        with contextlib.redirect_stdout(io.StringIO()):  # it prints what it misses; the session's provider tells us
            onnxruntime.preload_dlls()
    return onnxruntime


def installed_providers() -> list[str]:
    """Return our names of the installed build's providers, fastest first. One may still refuse: `try_provider`."""
    available = runtime().get_available_providers()
    return [name for name, theirs in PROVIDERS.items() if theirs in available]


def try_provider(name: str) -> str:
    """Return what a session that asks for this installed provider really runs on. Fails: ModelError."""
    return _truth(_open(RELU, "a model of one number", 1, [name]))


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
    fastest one installed, in one line, empty where it is. A run that fails, out of memory say, has the model opened
    anew, once; when that fails too it goes on with the next provider, but for one that was asked for by name.

    Thread: one at a time. Blocks: the constructor holds the GIL for as long as loading takes; `run` releases it.
    Owns: the session and its memory. Fails: ModelError for a file that is no model, a provider that refuses, a run.
    """

    def __init__(self, path: Path, *, threads: int = 1, provider: str = "auto") -> None:
        self.path = path
        _check_file(path)
        if provider != "auto" and provider not in PROVIDERS:
            raise ModelError(f"there is no provider {provider!r}: use auto, {', '.join(PROVIDERS)}")
        installed = installed_providers()
        if provider not in ("auto", *installed):
            raise ModelError(
                f"{path}: provider {provider} is not in the installed onnxruntime, which has {', '.join(installed)}"
            )
        self._threads = threads
        self._candidates = installed if provider == "auto" else [provider]
        self._reopened = False
        self._reasons: list[str] = []
        self._open_first(installed)
        if provider not in ("auto", self.provider):
            raise ModelError(
                f"{path}: provider {provider} refused the model, which would run on {self.provider}: "
                f'install what {provider} needs, or use "auto"'
            )
        self.declared_inputs = [_tensor(path, node) for node in self._session.get_inputs()]
        self.declared_outputs = [_tensor(path, node) for node in self._session.get_outputs()]
        self.inputs: list[Array] = []
        self.outputs: list[Array] = []

    @property
    def fallback(self) -> str:
        """Why it does not run on the fastest provider installed, or that it was opened anew; else nothing."""
        return "; ".join(self._reasons)

    def _open_first(self, below: list[str]) -> None:
        """Open on the first candidate that takes the model; what that cannot do runs on those of `below` after it."""
        for name in self._candidates:
            try:
                self._session = _open(str(self.path), self.path, self._threads, below[below.index(name) :])
            except ModelError as error:
                if name == self._candidates[-1]:
                    raise
                self._reasons.append(str(error).removeprefix(f"{self.path}: "))
                continue
            break
        self.provider = _truth(self._session)
        self.nodes = _nodes(self._session)
        if self.provider != name and len(self._candidates) > 1:
            self._reasons.append(f"{name} did not start, so it runs on {self.provider}")

    def bind(self, *shapes: tuple[int, ...]) -> None:
        """Give every input its shape, and run once: that warms the model up and tells the shapes of the outputs."""
        self.inputs = [
            np.zeros(shape, tensor.dtype) for shape, tensor in zip(shapes, self.declared_inputs, strict=True)
        ]
        feeds = {tensor.name: array for tensor, array in zip(self.declared_inputs, self.inputs, strict=True)}
        try:
            found = self._session.run(None, feeds)
        except Exception as error:
            given = " and ".join(map(str, shapes))
            raise ModelError(f"{self.path}: the model does not run on {given}: {_first_line(error)}") from None
        self.outputs = [np.ascontiguousarray(array) for array in found]
        self._bind_all()

    def run(self) -> None:
        """Turn `inputs` into `outputs`."""
        if self.provider != "cpu":
            self._bind_inputs()  # binding is what copies them to the device
        try:
            self._session.run_with_iobinding(self._binding)
        except Exception as error:
            reason = f"the model failed on {self.provider}: {_first_line(error)}"
            if not self._step_down(reason):
                raise ModelError(f"{self.path}: {reason}") from None
            self.run()

    def _step_down(self, reason: str) -> bool:
        """Open the model anew, the second time on a slower provider, with the same memory; False if there is none."""
        if self._reopened:
            if self.provider not in self._candidates[:-1]:
                return False
            self._candidates = self._candidates[self._candidates.index(self.provider) + 1 :]
        self._reopened = True
        self._reasons.append(reason)
        self._open_first(installed_providers())
        self._bind_all()
        return True

    def _bind_all(self) -> None:
        self._binding = self._session.io_binding()
        self._bind_inputs()
        for tensor, array in zip(self.declared_outputs, self.outputs, strict=True):
            self._binding.bind_output(tensor.name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)

    def _bind_inputs(self) -> None:
        for tensor, array in zip(self.declared_inputs, self.inputs, strict=True):
            self._binding.bind_input(tensor.name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)


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


def _open(model: str | bytes, name: str | Path, threads: int, providers: list[str]) -> Any:
    """Open on the first of these; what it cannot do runs on the next. It may silently be left out: see `_truth`."""
    options = runtime().SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # cores are for the tick
    options.enable_mem_pattern = providers[0] != "directml"  # which cannot do with it
    options.log_severity_level = 4
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")  # for `_nodes`
    try:
        # Without fallback, or it prints to the terminal and tries providers of its own choice.
        theirs = [PROVIDERS[provider] for provider in providers]
        return runtime().InferenceSession(model, options, providers=theirs, enable_fallback=0)
    except Exception as error:
        message = _first_line(error)
        if "Protobuf" in message or "No graph" in message:
            raise ModelError(f"{name}: this is not an ONNX model, or only a part of one: download it again") from None
        if "opset" in message or "IR version" in message:
            raise ModelError(
                f"{name}: the model is newer than the installed onnxruntime {runtime().__version__}: "
                "update onnxruntime, or export the model with an older opset"
            ) from None
        raise ModelError(f"{name}: the model does not open on {providers[0]}: {message}") from None


def _truth(session: Any) -> str:
    """Return what a session really runs on: our name of the first of its providers."""
    first = session.get_providers()[0]
    return next((name for name, theirs in PROVIDERS.items() if theirs == first), first)


def _nodes(session: Any) -> dict[str, int]:
    """Return how many nodes of the graph run on each provider, by our names."""
    ours = {theirs: name for name, theirs in PROVIDERS.items()}
    counts: dict[str, int] = {}
    for part in session.get_provider_graph_assignment_info():
        name = ours.get(part.ep_name, part.ep_name)
        counts[name] = counts.get(name, 0) + len(part.get_nodes())
    return counts


def _tensor(path: Path, node: Any) -> Tensor:
    if node.type not in DTYPES:
        raise ModelError(f"{path}: {node.name} is a {node.type}, which Scrim cannot fill: export the model with floats")
    return Tensor(
        node.name,
        tuple(size if isinstance(size, int) and size > 0 else 0 for size in node.shape),
        np.dtype(DTYPES[node.type]),
    )


def _first_line(error: Exception) -> str:
    """Return what onnxruntime says, without its own name, error number and C++ signatures."""
    line = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
    line = line.split("Status Message: ")[-1].split(" : ")[-1]
    return re.sub(r"/\S+:\d+ .*\) ", "", line)
