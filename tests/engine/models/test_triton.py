"""Against a real Triton: the same masks as here, batches for many shows, and a show that outlives it."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from engine.media.picture import Picture, Plane
from engine.models.address import parse_server
from engine.models.segmenter import Segmenter
from engine.models.served import SegmenterServed
from engine.models.server import ServerSession
from engine.models.worker import ModelWorker
from engine.notices import Notices
from engine.timing.clock import RealClock
from engine.trace import Trace
from tests.conftest import ROOT
from tests.engine.models.servers import until
from tests.monitors import skip_or_fail
from tools.bench import server
from tools.bench.monitors import MissingError
from tools.bench.triton import TritonServer, UnreachableError

MODEL = ROOT / "engine" / "models" / "scrim_person.onnx"
PATIENCE_S = 20.0  # of tests, on a machine that does other things too


@pytest.fixture(scope="module")
def triton() -> Iterator[TritonServer]:
    try:
        triton = TritonServer(MODEL)
    except UnreachableError as unreachable:
        pytest.skip(str(unreachable))
    except MissingError as missing:
        skip_or_fail(str(missing))
    yield triton
    triton.stop()


def picture(sequence: int) -> Picture:
    pixels = np.random.default_rng(sequence).integers(0, 256, (180, 320, 4), np.uint8)
    return Picture(sequence, 0, 320, 180, "rgba", (pixels,))


def mask_of(segmenter: Segmenter | SegmenterServed, shot: Picture) -> Plane:
    width, height = segmenter.mask_size
    mask = np.zeros((height, width), np.uint8)
    segmenter.run(shot, mask)
    return mask


def test_its_masks_are_those_of_the_model_here(triton: TritonServer) -> None:
    session = ServerSession(parse_server(triton.url), MODEL.stem, PATIENCE_S)
    there, here = Segmenter(MODEL, session=session), Segmenter(MODEL)
    assert (there.input_size, there.mask_size) == (here.input_size, here.mask_size)
    for sequence in range(3):
        shot = picture(sequence)
        assert np.abs(mask_of(there, shot).astype(int) - mask_of(here, shot)).max() <= 1
    session.close()


def test_eight_shows_get_their_masks_in_batches(triton: TritonServer) -> None:
    begun = len(triton.batches)
    masks: dict[int, list[Plane]] = {}

    def show(number: int) -> None:
        session = ServerSession(parse_server(triton.url), MODEL.stem, PATIENCE_S)
        there = Segmenter(MODEL, session=session)
        masks[number] = [mask_of(there, picture(number)) for _ in range(12)]
        session.close()

    shows = [threading.Thread(target=show, args=(number,)) for number in range(8)]
    for thread in shows:
        thread.start()
    for thread in shows:
        thread.join()
    here = Segmenter(MODEL)
    for number, found in masks.items():
        expected = mask_of(here, picture(number))
        assert all(np.abs(mask.astype(int) - expected).max() <= 1 for mask in found), "everybody gets their own"
    batches = triton.batches[begun:]
    assert sum(batches) >= 8 * 12
    assert max(batches) > 1
    assert len(batches) < sum(batches)


def test_a_show_goes_on_while_it_hangs_and_after_it_was_killed(triton: TritonServer) -> None:
    notices = Notices()
    served = SegmenterServed(Segmenter(MODEL), triton.url, notices)
    worker = ModelWorker(served, RealClock(), Trace(), notices)
    worker.start()
    asked = iter(range(1, 100000))

    def answered() -> bool:
        worker.submit(1, picture(next(asked)))
        answer = until(lambda: worker.answers(1), "no mask")
        answer.release()
        return True

    def there() -> bool:
        """Whether it was used for this picture."""
        used = served._call.there
        return answered() and used is not None and served._call.there is used

    try:
        until(there, "it is not used")
        with triton.frozen():
            until(lambda: answered() and served._call.there is None, "it is waited for")
            for _ in range(5):
                answered()
        until(there, "it was not taken again")
        triton.kill()
        until(lambda: answered() and served._call.there is None, "it is still used")
        for _ in range(5):
            answered()
        triton.start()
        until(there, "it was not taken again")
    finally:
        worker.stop()
    said = [notice.text for notice in notices.all()]
    assert any("has not answered within 200 ms" in text for text in said)
    assert any(text.endswith("/scrim_person (python) again") for text in said)


def test_the_bench_of_servers_measures(triton: TritonServer) -> None:
    """Small and short, on the server that is there: it kills it, so this stands last."""
    result = server.measure(triton, quick=True)
    figures = {figure.name: figure.value for figure in result.figures}
    assert all(math.isfinite(value) and value >= 0 for value in figures.values())
    assert {ratio.rival for ratio in result.ratios} == {"the same model on the server"}
    assert figures["a show, killed: masks of 30 ticks"] > 0, "the model here took over"
    assert not triton.runs
