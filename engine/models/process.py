"""A model in a process of its own, so that a crash, a leak or a hang in it cannot touch the show.

The show writes each picture, made small, into shared memory, and a line of JSON to the process's input. The process,
perception.py, answers with ZeroMQ messages (message.py), which other tools may read too. On its output it says that it
is ready, or what went wrong. The memory has no name: nothing is left behind, whoever is killed.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import ModelError
from engine.media.picture import Picture, Plane
from engine.models.ladder import Ladder
from engine.models.message import TOPIC, Failed, MaskMessage, Ready, Truth, read, read_words
from engine.models.runner import Runner
from engine.models.shrink import Shrinker

OPEN_S = 20.0
"""How long a process may take to start and to load its model."""

LEAST_PATIENCE_S = 1.0
TIMES_PATIENCE = 20
"""A model that has not answered after so many times what it took at first, and a second at least, hangs."""

LOOK_S = 0.02
"""How often it is seen whether the process still lives while its answer is awaited."""

END_S = 1.0


class SegmenterProcess(Runner):
    """Finds the person in a picture, in a process of its own.

    Only one picture is with the process at a time, so one piece of memory is enough.

    The first time that it dies, hangs or lies it is started anew as it was; every other time its model goes on with the
    next provider, if there is one (ladder.py).

    Thread: one at a time. Blocks: `open` until the process is ready, at most OPEN_S; `run` until the answer, at most
    twenty times what that took at first. Owns: the process, the memory and the socket. Fails: ModelError with what the
    process said, or that it died, hangs, or lies; the process is then over, and `open` starts another.
    """

    where = "process"
    heard: MaskMessage
    """What it said of the last mask."""

    def __init__(self, path: Path, *, threads: int = 1, provider: str = "auto") -> None:
        self.path = path
        self.name = path.stem
        self.starts = 0
        self._settings = {"model": str(path), "threads": threads, "provider": provider}
        self._process: subprocess.Popen[bytes] | None = None
        self._truth = Truth(provider="", providers=[], nodes={}, fallback="")
        self._ladder: Ladder | None = None
        self._reasons: list[str] = []
        self._folder = ""
        self.open()

    @property
    def provider(self) -> str:
        """What runs the model there."""
        return self._truth.provider

    @property
    def nodes(self) -> dict[str, int]:
        """How many nodes of its graph run on each provider there."""
        return self._truth.nodes

    @property
    def fallback(self) -> str:
        """Why that is not the fastest provider installed."""
        return "; ".join(filter(None, (*self._reasons, self._truth.fallback)))

    @property
    def address(self) -> str:
        """Where other programs can read its masks."""
        return self._ready.address if self._ready is not None else ""

    @property
    def pid(self) -> int:
        """The process's number, 0 while there is none."""
        process = self._process
        return 0 if process is None else process.pid

    def open(self, stopping: Callable[[], bool] = lambda: False) -> None:
        """Start the process, unless it lives, and wait until a first picture has gone all the way."""
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        try:
            self._start()
            self._wait_until_ready(stopping)
            if not stopping():
                self._connect()
                self._try_out(stopping)
        except BaseException:
            self._end(0.0)
            raise

    def run(self, picture: Picture, mask: Plane, camera: str = "") -> None:
        """Have the person of `picture` written into `mask`."""
        try:
            np.copyto(self._shared, self.shrinker.pixels(picture))
            self._send(camera, picture.sequence, picture.captured_ns)
            answer = self._answer(self._patience_s)
            if answer is None:
                raise ModelError(f"the process has not answered for {self._patience_s:.1f} s, and is started anew")
            said, levels = answer
            theirs = said.sequence, said.camera, said.captured_ns
            ours = picture.sequence, camera, picture.captured_ns
            if theirs != ours:
                raise _lie(
                    "it is for picture {} of {!r} at {} ns, where {} of {!r} at {} ns was asked for".format(
                        *theirs, *ours
                    )
                )
        except ModelError as error:
            self._end(0.0)
            raise self._step_down(error) from None
        self.heard = said
        np.copyto(mask, levels)
        self.shrinker.turn_back(mask, picture.quarter_turns)

    def close(self) -> None:
        """Let the process end by itself, if it does so at once."""
        self._end(END_S)

    def _step_down(self, error: ModelError) -> ModelError:
        """Choose what is to run the model after the next start; return what is to be said."""
        if self._ladder is None or not self._ladder.failed() or self._ladder.provider == self.provider:
            return error
        self._settings["provider"] = self._ladder.providers
        self._reasons.append(f"{error} on {self._ladder.provider}")
        return ModelError(self._reasons[-1])

    def _end(self, patience_s: float) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._socket is not None:
            self._socket.close(0)
        self._give_back()

    def _give_back(self) -> None:
        os.close(self._memory)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self) -> None:
        self.starts += 1
        self._ready: Ready | None = None
        self._trouble = ""
        self._job = 0
        self._socket: Any = None
        self._heard = threading.Event()
        try:
            self._folder = _own_folder(self._folder)
            self._memory = _nameless_memory()
        except OSError as error:
            raise self._not_started(error) from None
        try:
            self._process = self._popen()
        except OSError as error:
            self._give_back()
            raise self._not_started(error) from None
        threading.Thread(
            target=self._listen, args=(self._process, self._heard), name=f"listening to {self.name}", daemon=True
        ).start()
        with contextlib.suppress(ModelError):  # said by `_wait_until_ready`
            self._write({**self._settings, "memory": self._memory, "folder": self._folder})

    def _popen(self) -> subprocess.Popen[bytes]:
        root = str(Path(__file__).parents[2])
        paths = filter(None, (root, os.environ.get("PYTHONPATH")))
        return subprocess.Popen(
            self._command(),
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            pass_fds=(self._memory,),
            start_new_session=True,  # Ctrl-C is the show's, which then ends the process
        )

    def _not_started(self, error: OSError) -> ModelError:
        return ModelError(
            f"{self.path}: its process cannot be started ({error.strerror or error}): end other programs, or use "
            'run = "thread"'
        )

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "engine.models.perception"]

    def _listen(self, process: subprocess.Popen[bytes], heard: threading.Event) -> None:
        """Take what the process says until it ends; of one that was given up nothing counts any more."""
        assert process.stdout is not None
        with process.stdout as output:
            for line in output:
                if process is self._process:
                    self._take(line)
                heard.set()
        heard.set()

    def _take(self, line: bytes) -> None:
        try:
            said = read_words(line)
        except ModelError as lie:
            self._trouble = f"{self.path}: its process lies, {lie}"
            return
        if isinstance(said, Failed):
            self._trouble = said.error
            return
        self._truth = said
        if isinstance(said, Ready):
            self._ready = said

    def _wait_until_ready(self, stopping: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + OPEN_S
        while not self._heard.wait(LOOK_S) and not stopping():
            if time.monotonic() > deadline_s:
                raise ModelError(f'{self.path}: its process is not ready after {OPEN_S:g} s: try run = "thread"')
        if stopping():
            return
        if self._trouble:
            raise ModelError(self._trouble)
        ready = self._ready
        if ready is None:
            raise ModelError(f"{self.path}: its process ended before it was ready{self._how_it_ended()}")
        sizes = ready.input_size, ready.mask_size
        if self.starts > 1 and sizes != (self.input_size, self.mask_size):
            raise ModelError(f"{self.path}: the file is another than when the show began: start the show again")
        self.input_size, self.mask_size = sizes
        self.shrinker = Shrinker(*sizes, ready.channels)
        if self._ladder is None:
            self._ladder = Ladder(ready.providers or [ready.provider])

    def _connect(self) -> None:
        import zmq

        width, height = self.input_size
        os.ftruncate(self._memory, width * height * 3)
        self._shared = np.frombuffer(mmap.mmap(self._memory, width * height * 3), np.uint8).reshape(height, width, 3)
        width, height = self.mask_size
        self._socket = zmq.Context.instance().socket(zmq.SUB)
        self._socket.setsockopt(zmq.MAXMSGSIZE, width * height + (1 << 16))  # whoever sends more is cut off
        self._socket.setsockopt(zmq.RECONNECT_IVL, 20)
        self._socket.subscribe(TOPIC)
        self._socket.connect(self.address)

    def _try_out(self, stopping: Callable[[], bool]) -> None:
        """Send one black picture the whole way, again until it arrives: a subscription takes its time to be known."""
        deadline_s = time.monotonic() + OPEN_S
        while not stopping():
            begun_s = time.monotonic()
            self._send("", 0, 0)
            if self._answer(10 * LOOK_S) is not None:
                self._patience_s = max(LEAST_PATIENCE_S, TIMES_PATIENCE * (time.monotonic() - begun_s))
                return
            if time.monotonic() > deadline_s:
                raise ModelError(
                    f"{self.path}: its process is ready, but none of its answers arrives at {self.address}"
                )

    def _send(self, camera: str, sequence: int, captured_ns: int) -> None:
        self._job += 1
        self._write({"job": self._job, "camera": camera, "sequence": sequence, "captured_ns": captured_ns})

    def _write(self, words: dict[str, Any]) -> None:
        if self._process is None or self._process.stdin is None:
            raise ModelError("the process is not there")
        try:
            self._process.stdin.write(json.dumps(words).encode() + b"\n")
        except OSError:
            raise self._death() from None

    def _answer(self, patience_s: float) -> tuple[MaskMessage, Plane] | None:
        """Return the answer to the last job, or None when it does not come. Fails: ModelError for a lie or a death."""
        deadline_s = time.monotonic() + patience_s
        while (left_s := deadline_s - time.monotonic()) > 0:
            if not self._socket.poll(1000 * min(left_s, LOOK_S)):
                if self._process is None or self._process.poll() is not None:
                    raise self._death()
                continue
            try:
                said, mask = read(self._socket.recv_multipart())
            except ModelError as error:
                raise _lie(str(error)) from None
            if said.job < self._job:
                continue  # it came too late to count
            if said.job > self._job or (said.width, said.height) != self.mask_size:
                agreed = "{} × {}".format(*self.mask_size)
                raise _lie(
                    f"it is number {said.job}, {said.width} × {said.height}, where {self._job}, {agreed}, was asked for"
                )
            return said, mask
        return None

    def _death(self) -> ModelError:
        how = self._how_it_ended()
        return ModelError(self._trouble or f"the process died{how}, and is started anew")

    def _how_it_ended(self) -> str:
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._process.wait(END_S)
            return f" of signal {-code}" if code < 0 else f" with exit code {code}"
        return ""


def _lie(what: str) -> ModelError:
    return ModelError(f"an answer of the process is refused, since {what}: it is started anew")


def _own_folder(before: str) -> str:
    """Return a new folder of this user's alone: where the last one was, so that readers find the masks again."""
    if before:
        with contextlib.suppress(OSError):
            Path(before).mkdir(0o700)
            return before
    return tempfile.mkdtemp(prefix="scrim-")


def _nameless_memory() -> int:
    """Return a descriptor of memory that others get only with the descriptor."""
    if sys.platform == "linux":
        return os.memfd_create("scrim", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
