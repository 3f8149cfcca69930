"""Opens a model where a mask says that it is to run."""

from __future__ import annotations

from pathlib import Path

from engine.models.corrected import SegmenterCorrected
from engine.models.process import SegmenterProcess
from engine.models.runner import Runner
from engine.models.segmenter import Segmenter
from engine.models.served import SegmenterServed
from engine.notices import Notices


def open_runner(
    path: Path,
    notices: Notices,
    *,
    run: str = "thread",
    corrected_by: str = "",
    correct_every: int = 5,
    provider: str = "auto",
    threads: int = 1,
    inline: bool = False,
) -> Runner:
    """Open a model; with a server, also here, for when it does not answer. Fails: ModelError."""
    runner: Runner
    if run == "process":
        runner = SegmenterProcess(path, threads=threads, provider=provider)
        notices.say("noted", f"model {runner.name}", f"others can read its masks at {runner.address}")
    else:
        runner = Segmenter(path, threads=threads, provider=provider)
    if "://" in run:
        runner = SegmenterServed(runner, run, notices)
    if corrected_by:
        runner = SegmenterCorrected(runner, corrected_by, correct_every, notices, inline=inline)
    return runner
