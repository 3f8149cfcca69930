"""An output in a process of its own, so that no server, driver or disk can hold up the show: both ends of its pipe.

The show writes messages to the process's input: a kind, a size, a number, then so many bytes. The process writes lines
of JSON to its output: that it is ready, or what went wrong. Measured here: a picture of 1280×720 is across in 0.4 ms.

When the show dies, the process sees its input end, and ends the file as always.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, TextIO

import numpy as np
from numpy.typing import NDArray

from engine.errors import OutputError
from engine.media.encoder import EncoderError
from engine.media.output import Output, Samples, Settings, Sink
from engine.media.virtual_camera import VirtualCamera

HEADER = struct.Struct("<cIq")
SETTINGS, TIMECODE, PICTURE, REPEAT, SOUND = b"O", b"T", b"P", b"R", b"S"

OPEN_S = 6.0
"""A server that has not answered by then will not."""

WRITE_S = 4.0
"""A server or disk that takes nothing for so long has stopped."""

END_S = 8.0
"""How long the end of a file may take."""

PIPE_BYTES = 1 << 20
"""What Linux lets a pipe hold: fewer turns between the two processes than the usual 64 KiB."""


class DiedError(OutputError):
    """The process ended without a word: killed, crashed, or stuck for too long."""


class OutputProcess:
    """A Sink whose work is done in a process of its own.

    Thread: one; `wait_until_ready` first. Blocks: `picture` and `sound` while the process has too much to do, at most
    WRITE_S; `close` until it ended, at most END_S. Owns: the process. Fails: OutputError with what the process said,
    EncoderError when another encoder may do, DiedError when it said nothing.
    """

    def __init__(self, settings: Settings) -> None:
        self.encoder = ""
        self._shown = settings.address.shown
        self._patience_s = 2.0 if settings.address.comes_back else END_S
        self._heard = threading.Event()
        self._said: dict[str, Any] = {}
        self._ready = False
        root = str(Path(__file__).parents[2])
        paths = filter(None, (root, os.environ.get("PYTHONPATH")))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "engine.media.output_process"],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            start_new_session=True,  # Ctrl-C is the show's, which then ends the file
        )
        assert self._process.stdin is not None
        self._input = self._process.stdin
        _widen(self._input)
        self._listener = threading.Thread(target=self._listen, name=f"listening to {self._shown}", daemon=True)
        self._listener.start()
        with contextlib.suppress(OutputError):  # said by `wait_until_ready`
            self._send(SETTINGS, 0, json.dumps(settings.to_plain()).encode())

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def wait_until_ready(self, stopped: Callable[[], bool] = lambda: False) -> bool:
        """Wait until it is open; return False when `stopped` says so first. Fails: OutputError."""
        deadline_s = time.monotonic() + 2 * OPEN_S  # it ends itself when it is stuck; starting up takes time too
        while not self._heard.wait(0.02):
            if stopped():
                return False
            if time.monotonic() > deadline_s:
                self.kill()
        if not self._ready:
            raise self._error()
        return True

    def begin(self, timecode: str) -> None:
        """Say what time of day the first picture is of."""
        self._send(TIMECODE, 0, timecode.encode())

    def picture(self, i420: NDArray[np.uint8] | None, place: int) -> None:
        """Send a picture, of the settings' shape, or ask for the last one again."""
        if i420 is None:
            self._send(REPEAT, place)
        else:
            self._send(PICTURE, place, np.ascontiguousarray(i420).reshape(-1).data)

    def sound(self, samples: Samples) -> None:
        """Send a block of sound."""
        self._send(SOUND, 0, np.ascontiguousarray(samples, np.float32).reshape(-1).view(np.uint8).data)

    def close(self) -> None:
        """Let it write the end, and wait for that; what takes too long is killed. May be called twice."""
        with contextlib.suppress(OSError):
            self._input.close()
        try:
            self._process.wait(self._patience_s)
        except subprocess.TimeoutExpired:
            self.kill()
        self._listener.join(1.0)
        if "error" in self._said:
            raise self._error()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()

    def _send(self, kind: bytes, number: int, data: bytes | memoryview = b"") -> None:
        try:
            _write(self._input, HEADER.pack(kind, len(data), number))
            _write(self._input, data)
        except (OSError, ValueError) as error:
            self._process.wait()
            self._listener.join(1.0)
            raise self._error() from error

    def _error(self) -> OutputError:
        """Return what the process said of its end; only once, so that closing it does not say it again."""
        text = self._said.pop("error", None)
        if text is None:
            return DiedError(f"{self._shown} does not answer; check its address, its server or its disk")
        return EncoderError(text) if self._said.get("encoder_failed") else OutputError(text)

    def _listen(self) -> None:
        """Take what the process says until it ends."""
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                said = json.loads(line)
                self._said.update(said)
                if "ready" in said:
                    self.encoder, self._ready = said["ready"], True
                self._heard.set()
        self._heard.set()


def _write(pipe: Any, data: bytes | memoryview) -> None:
    """Write all of it: an unbuffered pipe takes what fits."""
    left = memoryview(data)
    while left:
        left = left[pipe.write(left) :]


def _widen(pipe: Any) -> None:
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)


# The rest runs in the process.


def main() -> None:
    """Do what the messages on standard input say, until there are no more."""
    messages, words = sys.stdin.buffer, sys.stdout
    sink: Sink | None = None
    try:
        sink = _serve(messages, words)
    except OutputError as error:
        _say(words, {"error": str(error), "encoder_failed": isinstance(error, EncoderError)})
    except Exception as error:
        _say(words, {"error": f"the output failed ({type(error).__name__}: {error})"})
    else:
        try:
            with _Watch(END_S):
                sink.close()
        except OutputError as error:
            _say(words, {"error": str(error)})


def _serve(messages: BinaryIO, words: Any) -> Sink:
    settings: Settings | None = None
    sink: Sink | None = None
    inbox = _Inbox(messages)
    while (message := inbox.next()) is not None:
        kind, number, data = message
        if kind == SETTINGS:
            settings = Settings.from_plain(json.loads(bytes(data)))
            with _Watch(OPEN_S):
                sink = open_sink(settings)
            _say(words, {"ready": sink.encoder})
            continue
        assert settings is not None
        assert sink is not None
        with _Watch(WRITE_S):
            if kind == TIMECODE and isinstance(sink, Output):
                sink.begin(bytes(data).decode())
            elif kind == PICTURE:
                sink.picture(np.frombuffer(data, np.uint8).reshape(settings.shape), number)
            elif kind == REPEAT:
                sink.picture(None, number)
            elif kind == SOUND:
                sink.sound(np.frombuffer(data, np.float32).reshape(-1, 2))
    if sink is None:
        raise OutputError("the show ended before its output began")
    return sink


def open_sink(settings: Settings) -> Sink:
    """Open what `settings` ask for, in this process. Fails: OutputError."""
    return VirtualCamera(settings) if settings.address.kind == "virtual-camera" else Output(settings)


class _Inbox:
    """The messages of a pipe."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._buffer = np.empty(0, np.uint8)

    def next(self) -> tuple[bytes, int, memoryview] | None:
        """Return the next message as kind, number and data, valid until the next call; None at the end."""
        header = self._pipe.read(HEADER.size)
        if len(header) < HEADER.size:
            return None
        kind, size, number = HEADER.unpack(header)
        if len(self._buffer) < size:
            self._buffer = np.empty(size, np.uint8)
        data = self._buffer[:size].data
        done = 0
        while done < size:
            got = self._pipe.readinto(data[done:])  # type: ignore[attr-defined]
            if not got:
                return None
            done += got
        return kind, number, data


def _say(words: Any, what: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        print(json.dumps(what), file=words, flush=True)


class _Watch:
    """Ends this process if its block takes longer: even when libav keeps the interpreter, since C code looks on."""

    _nowhere: ClassVar[TextIO | None] = None

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __enter__(self) -> None:
        if _Watch._nowhere is None:
            _Watch._nowhere = Path(os.devnull).open("w")
        faulthandler.dump_traceback_later(self._seconds, exit=True, file=_Watch._nowhere)

    def __exit__(self, *_error: object) -> None:
        faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    main()
