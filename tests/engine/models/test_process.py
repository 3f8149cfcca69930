"""A model in a process of its own: the same masks, for others too; dead, stuck or lying it costs the show nothing."""

from __future__ import annotations

import contextlib
import errno
import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq

from engine.errors import ModelError
from engine.media.picture import Picture
from engine.models import message, process
from engine.models.message import SCHEMA, MaskMessage
from engine.models.process import SegmenterProcess
from engine.models.segmenter import Segmenter
from engine.models.worker import ModelWorker
from engine.notices import Notices
from engine.timing.clock import HandClock
from engine.trace import Trace
from tests.conftest import ROOT
from tests.engine.models.onnx_models import mixer
from tests.engine.models.servers import until


def picture(sequence: int = 1, **other: Any) -> Picture:
    pixels = np.zeros((36, 64, 4), np.uint8)
    pixels[:, : 2 * sequence % 64] = (200, 0, 0, 255)
    pixels[:9] = 255
    return Picture(sequence, sequence * 1000, 64, 36, "rgba", (pixels,), **other)


def mask_of(runner: SegmenterProcess | Segmenter, shot: Picture) -> bytes:
    width, height = runner.mask_size
    mask = np.zeros((height, width), np.uint8)
    runner.run(shot, mask, "front")
    return mask.tobytes()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mixer(tmp_path_factory.mktemp("models") / "red.onnx", "nhwc", [[1.0, 0.0, 0.0]])


@pytest.fixture(scope="module")
def there(model: Path) -> Iterator[SegmenterProcess]:
    """One process for the tests that leave it as they found it, or whose next one starts it anew."""
    there = SegmenterProcess(model)
    yield there
    there.close()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that does other things too may be late by more than a show can wait; tests do not mind."""
    monkeypatch.setattr(process, "LEAST_PATIENCE_S", 20.0)


@pytest.fixture
def alive(there: SegmenterProcess) -> SegmenterProcess:
    there.open()
    there._patience_s = 20.0
    return there


def test_masks_are_those_of_the_model_here(alive: SegmenterProcess, model: Path) -> None:
    here = Segmenter(model)
    assert (alive.input_size, alive.mask_size) == (here.input_size, here.mask_size)
    assert (alive.provider, alive.nodes, alive.fallback) == (here.provider, here.nodes, here.fallback)
    for turns in range(4):
        shot = picture(5 + turns, quarter_turns=turns)
        assert mask_of(alive, shot) == mask_of(here, shot)


def test_other_programs_can_read_its_masks(alive: SegmenterProcess) -> None:
    with zmq.Context() as context, context.socket(zmq.SUB) as other:
        other.connect(alive.address)
        other.subscribe(b"mask/")

        def heard() -> list[bytes] | None:
            mask_of(alive, picture(9))
            return other.recv_multipart() if other.poll(50) else None

        topic, said, mask = until(heard, "nothing was published")
        assert topic == b"mask/front"
        known = json.loads(said)
        assert (known["schema"], known["camera"], known["sequence"], known["captured_ns"]) == (SCHEMA, "front", 9, 9000)
        assert (known["width"], known["height"]) == alive.mask_size
        assert known["model"] == "red"
        assert 0 <= time.monotonic_ns() - known["sent_ns"] < 60e9
        assert len(mask) == known["width"] * known["height"]


def test_killed_it_is_started_anew_by_whoever_uses_it(alive: SegmenterProcess, notices: Notices) -> None:
    worker = ModelWorker(alive, HandClock(), Trace(), notices)
    worker.FIRST_PAUSE_S = 0.01
    worker.start()
    try:
        worker.submit(1, picture(1))
        until(lambda: worker.answers(1), "no answer").release()
        first, address = alive.pid, alive.address
        os.kill(first, signal.SIGKILL)
        sequence = iter(range(2, 1000))

        def asked() -> Any:
            worker.submit(1, picture(next(sequence)))
            time.sleep(0.02)
            return worker.answers(1)

        answer = until(asked, "it did not come back")
        assert answer.coverage > 0
        answer.release()
        assert alive.pid != first
        assert worker.grown_bytes is not None, "of the new process"
        assert alive.address == address, "whoever reads its masks goes on reading"
        said = [notice.text for notice in notices.all() if notice.severity == "visible"]
        assert said == ["the process died of signal 9, and is started anew"]
    finally:
        worker.stop()


def test_stuck_it_is_ended(alive: SegmenterProcess) -> None:
    alive._patience_s = 0.2
    stuck = alive.pid
    os.kill(stuck, signal.SIGSTOP)
    with pytest.raises(ModelError, match=r"has not answered for 0\.2 s, and is started anew"):
        mask_of(alive, picture())
    assert not Path(f"/proc/{stuck}").exists()


LIES = {
    "size": r"it is number \d+, 16 × 32, where \d+, 32 × 16, was asked for",
    "sequence": "it is for picture 2 of 'front' at 1000 ns, where 1 of 'front' at 1000 ns was asked for",
    "stamp": "it is for picture 1 of 'front' at -1000 ns, where 1 of 'front' at 1000 ns was asked for",
    "camera": "it is for picture 1 of 'another' at 1000 ns, where 1 of 'front' at 1000 ns was asked for",
    "no JSON": "a mask's message has 3 parts|a mask's message is not scrim.mask/1: Invalid JSON",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_message_that_lies_is_refused_in_one_line(model: Path, monkeypatch: pytest.MonkeyPatch, lie: str) -> None:
    command = [sys.executable, "-m", "tests.engine.models.liar", lie]
    monkeypatch.setattr(SegmenterProcess, "_command", lambda _: command)
    liar = SegmenterProcess(model)
    with pytest.raises(ModelError, match=f"an answer of the process is refused, since {LIES[lie]}") as refused:
        mask_of(liar, picture())
    assert "\n" not in str(refused.value)
    assert liar._process is None


BOASTS = {
    "huge": r"Ready\.input_size\.0: Input should be less than or equal to 4096",
    "negative": r"Ready\.mask_size\.0: Input should be greater than or equal to 1",
    "NaN": r"Ready\.input_size\.0: Input should be a finite number",
    "a word": r"Ready\.nodes: Input should be an object",
    "nothing": r"Ready\.provider: Input should be a valid string",
    "no object": r"Ready: Input should be an object",
}


@pytest.mark.parametrize("boast", BOASTS)
def test_what_cannot_be_of_a_process_is_refused_in_one_line(
    model: Path, monkeypatch: pytest.MonkeyPatch, boast: str
) -> None:
    command = [sys.executable, "-m", "tests.engine.models.liar", boast]
    monkeypatch.setattr(SegmenterProcess, "_command", lambda _: command)
    with pytest.raises(ModelError, match=f"red.onnx: its process lies, .*: {BOASTS[boast]}") as refused:
        SegmenterProcess(model)
    assert "\n" not in str(refused.value)


def test_how_long_it_says_that_it_takes_makes_nobody_wait(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-m", "tests.engine.models.liar", "time"]
    monkeypatch.setattr(SegmenterProcess, "_command", lambda _: command)
    liar = SegmenterProcess(model)
    assert liar._patience_s == process.LEAST_PATIENCE_S
    liar.close()


def _memories() -> int:
    """How many pieces of shared memory this program holds; on a system without /proc none that is known."""
    gc.collect()  # what an earlier test gave up may not be gone yet
    held = 0
    for descriptor in Path("/proc/self/fd").glob("*"):
        with contextlib.suppress(OSError):
            held += "memfd:scrim" in str(descriptor.readlink())
    return held


def test_one_that_cannot_be_started_is_said_in_one_line_and_leaves_nothing(
    model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuses(*_: Any, **__: Any) -> None:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(subprocess, "Popen", refuses)
    before = _memories()
    with pytest.raises(ModelError) as refused:
        SegmenterProcess(model)
    assert str(refused.value) == (
        f"{model}: its process cannot be started (Resource temporarily unavailable): end other programs, or use "
        'run = "thread"'
    )
    assert _memories() == before
    assert list(tmp_path.iterdir()) == []


def test_one_that_cannot_be_started_again_is_tried_again(alive: SegmenterProcess, notices: Notices) -> None:
    worker = ModelWorker(alive, HandClock(), Trace(), notices)
    worker.FIRST_PAUSE_S = 0.01
    popen = alive._popen
    refusals = [BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))]

    def refuses() -> Any:
        if refusals:
            raise refusals.pop()
        return popen()

    alive._popen = refuses  # type: ignore[method-assign]
    os.kill(alive.pid, signal.SIGKILL)
    worker.start()
    try:
        sequence = iter(range(2, 1000))

        def asked() -> Any:
            worker.submit(1, picture(next(sequence)))
            time.sleep(0.02)
            return worker.answers(1)

        until(asked, "it did not come back").release()
    finally:
        worker.stop()
        alive._popen = popen  # type: ignore[method-assign]
    said = [notice.text for notice in notices.all()]
    assert any("its process cannot be started (Resource temporarily unavailable)" in text for text in said)


def test_one_that_hangs_again_and_again_goes_on_with_the_next_provider(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-m", "tests.engine.models.carded"]
    monkeypatch.setattr(SegmenterProcess, "_command", lambda _: command)
    there = SegmenterProcess(model)
    assert there.provider == "cuda"
    for provider in ("cuda", "cpu", "cpu"):
        there._patience_s = 0.2
        os.kill(there.pid, signal.SIGSTOP)
        with pytest.raises(ModelError, match=r"has not answered for 0\.2 s, and is started anew"):
            mask_of(there, picture())
        there.open()
        assert there.provider == provider
    assert there.fallback == "the process has not answered for 0.2 s, and is started anew on cpu"
    assert mask_of(there, picture(5)) == mask_of(Segmenter(model), picture(5))
    there.close()


SAID = MaskMessage(
    schema=SCHEMA, job=1, camera="front", sequence=3, captured_ns=0, sent_ns=0, took_ns=0, model="m", provider="cpu",
    width=4, height=2,
)  # fmt: skip


def changed(**fields: Any) -> bytes:
    return json.dumps({**asdict(SAID), **fields}).encode()


@pytest.mark.parametrize(
    ("parts", "refusal"),
    [
        ([b"mask/", changed()], "has 3 parts, this one has 2"),
        ([b"mask/", b"\xff{", b""], "is not scrim.mask/1: Invalid JSON"),
        ([b"mask/", b"[]", b""], "is not scrim.mask/1: "),
        ([b"mask/", changed(schema="scrim.mask/2"), bytes(8)], "is not scrim.mask/1: schema: "),
        ([b"mask/", changed(width=-4, height=-2), bytes(8)], "width: Input should be greater"),
        ([b"mask/", changed(sequence="3"), bytes(8)], "sequence: Input should be a valid integer"),
        ([b"mask/", changed(more=1), bytes(8)], "more: "),
        ([b"mask/", changed(took_ns=float("nan")), bytes(8)], "took_ns: Input should be a valid integer"),
        ([b"mask/", changed(sent_ns=-1), bytes(8)], "sent_ns: Input should be greater"),
        ([b"mask/", changed(width=10**12, height=10**12), bytes(8)], "width: Input should be less"),
        ([b"mask/", changed().replace(b'"job": 1', b'"job": 1' + b"0" * 4400), bytes(8)], "is not scrim.mask/1: "),
        ([b"mask/", changed(), bytes(7)], "says 4 × 2, but 7 bytes came with it"),
    ],
)
def test_what_is_no_message_is_refused_in_one_line(parts: list[bytes], refusal: str) -> None:
    with pytest.raises(ModelError, match=refusal) as refused:
        message.read(parts)
    assert "\n" not in str(refused.value)


def test_a_message_comes_out_as_it_went_in() -> None:
    mask = np.arange(8, dtype=np.uint8).reshape(2, 4)
    said, read = message.read([bytes(part) for part in replace(SAID, camera="Büro 2").parts(mask)])
    assert said.camera == "Büro 2"
    assert (read == mask).all()


def test_a_model_that_does_not_open_there_says_the_same_as_here(tmp_path: Path) -> None:
    bad = tmp_path / "bad.onnx"
    bad.write_text("<html>")
    with pytest.raises(ModelError) as here:
        Segmenter(bad)
    with pytest.raises(ModelError) as there:
        SegmenterProcess(bad)
    assert str(there.value) == str(here.value)


def test_a_process_that_never_starts_is_said_in_one_line(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SegmenterProcess, "_command", lambda _: [sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(ModelError, match="its process ended before it was ready with exit code 3"):
        SegmenterProcess(model)
    monkeypatch.setattr(SegmenterProcess, "_command", lambda _: [sys.executable, "-c", "input(); input()"])
    monkeypatch.setattr(process, "OPEN_S", 0.3)
    with pytest.raises(ModelError, match=r'its process is not ready after 0\.3 s: try run = "thread"'):
        SegmenterProcess(model)


SHOW = """
import sys
from pathlib import Path
from engine.models.process import SegmenterProcess
there = SegmenterProcess(Path(sys.argv[1]))
print(there.pid, there.address, flush=True)
sys.stdin.read()
"""


def test_it_ends_with_the_show_even_if_that_is_killed(model: Path) -> None:
    show = subprocess.Popen(
        [sys.executable, "-c", SHOW, str(model)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert show.stdout is not None
    assert show.stdin is not None
    with show.stdin, show.stdout:
        pid, address = show.stdout.readline().decode().split()
        assert Path(f"/proc/{pid}").exists() or sys.platform != "linux"
        show.kill()
        show.wait()
        until(lambda: not _runs(int(pid)), "it outlived the show")
    until(lambda: not Path(address.removeprefix("ipc://")).parent.exists(), "its socket was left behind")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these ways to share a core")
@pytest.mark.parametrize(("shows", "its"), [(1, "SCHED_OTHER"), (5, "SCHED_RR")])
def test_it_stands_behind_a_show_that_comes_before_all_others(model: Path, shows: int, its: str) -> None:
    first = f"import os; os.sched_setscheduler(0, os.SCHED_RR, os.sched_param({shows}))"
    command = [sys.executable, "-c", first + SHOW, str(model)]
    show = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
    said, trouble = show.stdout, show.stderr
    assert said is not None
    assert trouble is not None
    assert show.stdin is not None
    with show, show.stdin:
        line = said.readline().decode().split()
        if not line and b"PermissionError" in trouble.read():
            pytest.skip("this user may not put a process before others")
        pid = int(line[0])
        assert os.sched_getscheduler(pid) == getattr(os, its)
        assert os.sched_getparam(pid).sched_priority == shows - 1


def _runs(pid: int) -> bool:
    """Whether a process still runs; one that has ended and that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
