"""The perception process: a model that finds people in shared memory, and publishes their masks.

It is started by process.py, whose end of the talk is told there. When the show dies, its input ends, and so does it.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import mmap
import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.models.segmenter import Segmenter

LONGEST_S = 20.0
"""A model that takes longer ends the process, even if the show is no longer there to do it."""


def main() -> None:
    """Answer what comes on standard input, until there is no more."""
    _step_back()  # and only then load what takes a second to load
    from engine.errors import ModelError

    words = sys.stdin.buffer
    try:
        _serve(words, json.loads(words.readline()))
    except ModelError as error:
        _say({"error": str(error)})
    except Exception as error:
        _say({"error": f"the process failed ({type(error).__name__}: {error})"})


def _step_back() -> None:
    """Stand behind the show for a core: what ticks leave is enough, also for a start in the middle of a show."""
    os.nice(5)
    if sys.platform == "linux" and os.sched_getscheduler(0) in (os.SCHED_FIFO, os.SCHED_RR):
        lower = os.sched_getparam(0).sched_priority - 1
        os.sched_setscheduler(0, os.sched_getscheduler(0) if lower else os.SCHED_OTHER, os.sched_param(lower))


def _serve(words: Any, settings: dict[str, Any]) -> None:
    import zmq

    from engine.models.segmenter import Segmenter

    segmenter = Segmenter(Path(settings["model"]), threads=settings["threads"], provider=settings["provider"])
    context = zmq.Context()
    try:
        socket = context.socket(zmq.PUB)
        socket.bind(f"ipc://{settings['folder']}/masks" if zmq.has("ipc") else "tcp://127.0.0.1:*")
        _say(
            {
                "input_size": segmenter.input_size,
                "mask_size": segmenter.mask_size,
                "channels": segmenter.channels,
                "address": socket.getsockopt_string(zmq.LAST_ENDPOINT).rstrip("\0"),
                **_truth(segmenter),
            }
        )
        _answer(words, segmenter, socket, settings["memory"])
    finally:
        context.destroy(0)
        shutil.rmtree(settings["folder"], ignore_errors=True)


def _answer(words: Any, segmenter: Segmenter, socket: Any, memory: int) -> None:
    """Publish a mask for each line."""
    import numpy as np

    from engine.models.message import SCHEMA, MaskMessage

    width, height = segmenter.input_size
    mask = np.zeros(segmenter.mask_size[::-1], np.uint8)
    pixels: Any = None
    fallback = segmenter.fallback
    with Path(os.devnull).open("w") as nowhere:
        for line in words:
            job = json.loads(line)
            if pixels is None:  # the show gave the memory its size before the first job
                pixels = np.frombuffer(mmap.mmap(memory, width * height * 3), np.uint8).reshape(height, width, 3)
            begun_ns = time.perf_counter_ns()
            faulthandler.dump_traceback_later(LONGEST_S, exit=True, file=nowhere)
            segmenter.find(pixels, mask)
            faulthandler.cancel_dump_traceback_later()
            took_ns = time.perf_counter_ns() - begun_ns
            if segmenter.fallback != fallback:
                fallback = segmenter.fallback
                _say(_truth(segmenter))
            said = MaskMessage(
                **job,
                schema=SCHEMA,
                sent_ns=time.monotonic_ns(),
                took_ns=took_ns,
                model=segmenter.name,
                provider=segmenter.provider,
                width=mask.shape[1],
                height=mask.shape[0],
            )
            socket.send_multipart(said.parts(mask))


def _truth(segmenter: Segmenter) -> dict[str, Any]:
    return {
        "provider": segmenter.provider,
        "providers": segmenter.providers,
        "nodes": segmenter.nodes,
        "fallback": segmenter.fallback,
    }


def _say(what: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main()
