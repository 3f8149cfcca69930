"""onnxruntime, loaded at first use, and a model opened with it, at work on a thread. No other file knows it."""

from __future__ import annotations

import contextlib
import io
import queue
import re
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.models.providers import DEVICES, PROVIDERS, options, pin, shrinkage, unpin

Array = NDArray[Any]

RELU = bytes.fromhex(
    "08083a330a0c0a0178120179220452656c751201675a0f0a0178120a0a08080112040a020801620f"
    "0a0179120a0a08080112040a02080142040a001011"
)
"""The smallest model: y = max(0, x) of one float, opset 17."""

OPEN_S = 60.0
"""How long a model may take to open, unless more is said."""


_left_behind: list[threading.Thread] = []


def wait_for_stuck(seconds: float) -> bool:
    """Wait for the runs that were left behind and can still be ended; return whether any cannot."""
    deadline_s = time.monotonic() + seconds
    for thread in _left_behind:
        thread.join(max(0.0, deadline_s - time.monotonic()))
    return any(thread.is_alive() for thread in _left_behind)


class StalledError(ModelError):
    """What was asked of a model did not come back in time."""


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
    return Opening(RELU, "a model of one number", [name]).provider


class Opening:
    """A model opened once, with its inputs and outputs bound, at work on a thread of its own.

    A run cannot be ended from outside, only left behind, and the thread with it: whoever waits here goes on. That costs
    0.09 ms a run (of 2.8 ms, scrim_person on one core).

    `provider` is what really runs it, `nodes` how many of its nodes run on which. On a CPU tensors are bound where they
    lie; for CUDA and TensorRT they have memory of the card's for good, and copies go to and from locked memory.

    Thread: one at a time. Blocks: for at most the patience that is given, with the GIL released. Owns: the session, the
    thread, the card's tensors. Fails: ModelError, StalledError; what a run says as it comes.
    """

    def __init__(
        self,
        model: str | bytes,
        name: str | Path,
        providers: Sequence[str],
        *,
        threads: int = 1,
        engines: Path | None = None,
        patience_s: float = OPEN_S,
    ) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[Any, Exception | None]] = queue.SimpleQueue()
        self.thread = threading.Thread(
            target=_work, args=(self._jobs, self._done), name=f"session {Path(name).stem}", daemon=True
        )
        self.thread.start()
        self._options: Any = None  # until it is open
        weakref.finalize(self, self._jobs.put, None)
        self.session = self._do(lambda: _open(model, name, providers, threads, engines), patience_s)
        self.provider = _truth(self.session)
        self.nodes = _nodes(self.session)
        self._options = runtime().RunOptions()
        self._up: list[tuple[Any, Array]] = []  # tensors on the card, and what is copied there before a run
        self._down: list[tuple[Any, Array]] = []  # and what is copied from there after it

    def outputs(self, inputs: Sequence[Array], patience_s: float) -> list[Array]:
        """Run once with these, to warm up, and return what it gave: memory for outputs of these shapes."""
        names = [node.name for node in self.session.get_inputs()]
        warm = runtime().RunOptions()
        warm.add_run_config_entry("memory.enable_memory_arena_shrinkage", shrinkage(self.provider))
        feeds = dict(zip(names, inputs, strict=True))
        found = self._do(lambda: self.session.run(None, feeds, warm), patience_s)
        return [np.ascontiguousarray(array) for array in found]

    def bind(self, inputs: Sequence[Array], outputs: Sequence[Array], patience_s: float) -> None:
        """Have every run read `inputs` and write `outputs`."""
        self._do(lambda: self._bind(inputs, outputs), patience_s)

    def run(self, patience_s: float) -> None:
        """Turn inputs into outputs."""
        self._do(self._run, patience_s)

    def _do(self, job: Callable[[], Any], patience_s: float) -> Any:
        """Have the thread do a job; return what came of it."""
        self._jobs.put(job)
        try:
            result, error = self._done.get(timeout=patience_s)
        except queue.Empty:
            self._jobs.put(None)
            _left_behind[:] = [*(thread for thread in _left_behind if thread.is_alive()), self.thread]
            if self._options is not None:
                self._options.terminate = True  # what can still be ended does so at its next node
            raise StalledError(f"the model did not come back within {patience_s:.3g} s") from None
        try:
            if error is not None:
                raise error
        finally:
            del error  # or it and this frame keep each other, where collections are put off
        return result

    def _bind(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        self._binding = self.session.io_binding()
        # A binding knows addresses alone: what lies there is kept here, for as long as a run may write to it.
        self._given = list(zip([node.name for node in self.session.get_inputs()], inputs, strict=True))
        self._wanted = list(zip([node.name for node in self.session.get_outputs()], outputs, strict=True))
        device = DEVICES.get(self.provider)
        if device is None:
            self._bind_inputs()
            for name, array in self._wanted:
                self._binding.bind_output(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
            return
        make = runtime().OrtValue.ortvalue_from_shape_and_type
        self._up = [(make(array.shape, array.dtype, device, 0), array) for array in inputs]
        self._down = [(make(array.shape, array.dtype, device, 0), array) for array in outputs]
        for (name, _), (value, _) in zip(self._given, self._up, strict=True):
            self._binding.bind_ortvalue_input(name, value)
        for (name, _), (value, _) in zip(self._wanted, self._down, strict=True):
            self._binding.bind_ortvalue_output(name, value)
        weakref.finalize(self, unpin, pin([*inputs, *outputs]))  # which keeps them until they are unlocked

    def _bind_inputs(self) -> None:
        for name, array in self._given:
            self._binding.bind_input(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)

    def _run(self) -> None:
        if not self._up and self.provider != "cpu":
            self._bind_inputs()  # binding is what copies them to a device that has no tensors of ours
        for value, array in self._up:
            value.update_inplace(array)
        self.session.run_with_iobinding(self._binding, self._options)
        for value, array in self._down:
            np.copyto(array, value.numpy())


def _work(jobs: queue.SimpleQueue[Callable[[], Any] | None], done: queue.SimpleQueue[Any]) -> None:
    """Do one job after the other. It knows no Opening between them, so that one that nobody has any more ends."""
    while (job := jobs.get()) is not None:
        try:
            done.put((job(), None))
        except Exception as error:
            done.put((None, error))
        del job


def _open(model: str | bytes, name: str | Path, providers: Sequence[str], threads: int, engines: Path | None) -> Any:
    """Open on the first of these; what it cannot do runs on the next. It may silently be left out: see `_truth`."""
    settings = runtime().SessionOptions()
    settings.intra_op_num_threads = threads
    settings.inter_op_num_threads = 1
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")  # cores are for the tick
    settings.enable_mem_pattern = providers[0] != "directml"  # which cannot do with it
    settings.log_severity_level = 4
    settings.add_session_config_entry("session.record_ep_graph_assignment_info", "1")  # for `_nodes`
    try:
        # Without fallback, or it prints to the terminal and tries providers of its own choice.
        theirs = [(PROVIDERS[provider], options(provider, engines)) for provider in providers]
        return runtime().InferenceSession(model, settings, providers=theirs, enable_fallback=0)
    except Exception as error:
        message = first_line(error)
        if "Protobuf" in message or "No graph" in message:
            raise ModelError(f"{name}: this is not an ONNX model, or only a part of one: download it again") from None
        if "opset" in message or "IR version" in message:
            raise ModelError(
                f"{name}: the model is newer than the installed onnxruntime {runtime().__version__}: "
                "update onnxruntime, or export the model with an older opset"
            ) from None
        if operator := re.search(r"No Op registered for (\S+)", message):
            raise ModelError(
                f"{name}: the installed onnxruntime {runtime().__version__} has no operator {operator[1]}: update "
                "onnxruntime, or export the model with standard operators alone"
            ) from None
        raise ModelError(
            f"{name}: the model does not open on {providers[0]}: {message}: choose another provider or model"
        ) from None


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


def first_line(error: Exception) -> str:
    """Return what onnxruntime says, without its own name, error number and C++ signatures."""
    line = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
    line = line.split("Status Message: ")[-1].split(" : ")[-1]
    return re.sub(r"/\S+:\d+ .*\) ", "", line)
