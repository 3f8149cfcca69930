"""Opens a model where a mask says that it is to run."""

from __future__ import annotations

from pathlib import Path

from engine.models.corrected import SegmenterCorrected
from engine.models.edged import SegmenterEdged
from engine.models.lightened import SegmenterLightened
from engine.models.process import SegmenterProcess
from engine.models.runner import Runner
from engine.models.segmenter import Segmenter
from engine.models.served import SegmenterServed
from engine.models.store import Store
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
    edges: bool = False,
    inline: bool = False,
) -> Runner:
    """Open a model; with a server, also here, for when it does not answer; with `edges`, also what finds those.

    Fails: ModelError.
    """

    def here(model: Path) -> Runner:
        if run != "process":
            return Segmenter(model, threads=threads, provider=provider)
        started = SegmenterProcess(model, threads=threads, provider=provider)
        notices.say("noted", f"model {started.name}", f"others can read its masks at {started.address}")
        return started

    def lighter(took_ms: float) -> Runner | None:
        found = Store().lighter(path, took_ms)
        return None if found is None else here(found)

    runner: Runner = SegmenterLightened(here(path), lighter, beside=not inline)
    if "://" in run:
        runner = SegmenterServed(runner, run, notices)
    if corrected_by:
        runner = SegmenterCorrected(runner, corrected_by, correct_every, notices, inline=inline)
    # A server's model, here or to correct, may want more of the picture than this one.
    alone = "://" not in run and not corrected_by
    return SegmenterEdged(runner, threads=threads, shares=alone) if edges else runner
