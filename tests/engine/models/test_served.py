"""A model on a server: the same masks; while the server is gone, stuck, or not as agreed, the model here takes over."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from engine.errors import ModelError
from engine.media.picture import Picture, Plane
from engine.models import server as server_module
from engine.models.address import check_run, parse_server
from engine.models.runner import Runner
from engine.models.segmenter import Segmenter
from engine.models.served import SegmenterServed, ServerCall
from engine.models.server import ServerSession
from engine.models.worker import ModelWorker
from engine.notices import Notices
from engine.timing.clock import HandClock
from engine.trace import Trace
from tests.engine.models.onnx_models import mixer
from tests.engine.models.servers import Server, serving, until


def picture(red: int = 200, sequence: int = 1) -> Picture:
    pixels = np.zeros((36, 64, 4), np.uint8)
    pixels[:, :32] = (red, 0, 0, 255)
    return Picture(sequence, sequence * 1000, 64, 36, "rgba", (pixels,))


def mask_of(runner: Runner, shot: Picture) -> Plane:
    width, height = runner.mask_size
    mask = np.zeros((height, width), np.uint8)
    runner.run(shot, mask, "front")
    return mask


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that does other things too may be late by more than a show can wait; tests do not mind."""
    monkeypatch.setattr(server_module, "GREET_S", 20.0)
    monkeypatch.setattr(ServerCall, "FIRST_PAUSE_S", 0.01)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return mixer(tmp_path / "red.onnx", "nhwc", [[1.0, 0.0, 0.0]])


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


class Studio:
    """A model that may run on a server, its worker, and what was said."""

    def __init__(self, model: Path, url: str) -> None:
        self.notices = Notices()
        self.served = SegmenterServed(Segmenter(model), url, self.notices)
        self.served._call._patience_s = 20.0
        if self.served._call._session is not None:
            self.served._call._session._patience_s = 20.0
        self.worker = ModelWorker(self.served, HandClock(), Trace(), self.notices)
        self.sequence = 0

    def infer(self) -> int:
        """Return the level of the mask where the picture is red."""
        self.sequence += 1
        answer = self.worker.infer_now(1, picture(200, self.sequence))
        level = int(answer.mask[8, 4])
        answer.release()
        return level

    @property
    def said(self) -> list[str]:
        return [notice.text for notice in self.notices.all()]

    def is_there(self) -> bool:
        return self.served._call.there is not None


@pytest.fixture
def studio(model: Path, server: Server) -> Iterator[Studio]:
    studio = Studio(model, server.url)
    yield studio
    studio.worker.stop()


def test_masks_are_those_of_the_model_here(studio: Studio, server: Server, model: Path) -> None:
    here = Segmenter(model)
    begun = server.answers
    for turns in range(4):
        shot = picture()
        shot.quarter_turns = turns
        assert (mask_of(studio.served, shot) == mask_of(here, shot)).all()
    assert server.answers == begun + 4
    assert studio.served.provider == f"grpc://127.0.0.1:{server.port}/red (test)"
    assert (studio.served.where, studio.served.fallback) == (f"grpc://127.0.0.1:{server.port}", "")


def test_a_server_that_dies_is_replaced_at_once_and_taken_again_when_it_is_back(studio: Studio, server: Server) -> None:
    server.model = lambda pictures: pictures[..., :1] / 2
    assert studio.infer() == 100, "the server's"
    server.stop()
    assert studio.infer() == 200, "the same picture, from the model here"
    assert studio.served.provider == "cpu"
    assert studio.said == [f"runs on cpu: grpc://127.0.0.1:{server.port} cannot be reached: does it run?"]
    server.start()
    until(studio.is_there, "it was not called again")
    assert studio.infer() == 100
    assert studio.said[-1] == f"runs on grpc://127.0.0.1:{server.port}/red (test) again"


def test_a_server_that_hangs_is_waited_for_once(studio: Studio, server: Server) -> None:
    assert studio.infer() == 200
    assert studio.served._call._session is not None
    studio.served._call._session._patience_s = 0.1
    server.open.clear()
    assert studio.infer() == 200
    assert not studio.is_there()
    for _ in range(5):
        assert studio.infer() == 200, "nobody waits for it again"
    assert studio.said == [f"runs on cpu: grpc://127.0.0.1:{server.port} has not answered within 100 ms"]
    server.open.set()
    until(studio.is_there, "it was not called again")


def test_another_version_is_refused_and_agreed_on_anew(studio: Studio, server: Server) -> None:
    assert studio.infer() == 200
    server.version = "2"
    assert studio.infer() == 200
    assert studio.said == [
        f"runs on cpu: grpc://127.0.0.1:{server.port} does not serve red version 1 as agreed: it answers with version 2"
    ]
    until(studio.is_there, "the new version was not agreed on")
    assert studio.infer() == 200


def test_a_version_that_is_asked_for_is_that_or_none(model: Path, server: Server) -> None:
    studio = Studio(model, f"{server.url}/2")
    assert studio.infer() == 200
    at = f"grpc://127.0.0.1:{server.port}"
    assert studio.said == [f"runs on cpu: {at} does not serve red version 2 as agreed: it has version 1"]
    server.version = "2"
    until(studio.is_there, "it was not called again")
    studio.worker.stop()


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"size": (16, 48)}, "serves another red: its masks are 48 × 16, those here 32 × 16"),
        ({"size": (4, 32)}, "this is no person segmentation model that Scrim can use, since "),
        ({"said_datatype": "BF16"}, "does not serve red as agreed: its picture is BF16, which Scrim cannot fill"),
        ({"name": "green"}, "has no model 'red': name one that it has"),
        ({"size": (16, 10**9)}, "its input is picture (?, 16, 1000000000, 3), and a side may have 4096 pixels"),
        ({"said_name": "another\nname"}, "it does not answer with mask"),
        ({"said_shape": (-1, -16, 32, 1)}, "it says that mask is -1 × -16 × 32 × 1 of FP32, and sends 2048 bytes"),
        ({"cut": 2048, "said_shape": (1, 1 << 32, 1 << 32, 1)}, "of FP32, and sends 0 bytes"),
        ({"cut": 5}, r"it says that mask is 1 × 16 × 32 × 1 of FP32, and sends 2043 bytes"),
    ],
)
def test_what_is_not_as_agreed_is_refused_at_the_start(
    model: Path, server: Server, wrong: dict[str, Any], refusal: str
) -> None:
    for name, value in wrong.items():
        setattr(server, name, value)
    studio = Studio(model, f"grpc://127.0.0.1:{server.port}")
    assert studio.infer() == 200
    (said,) = studio.said
    assert refusal in said
    assert "\n" not in said
    studio.worker.stop()


def test_an_answer_of_another_shape_is_refused_on_air(studio: Studio, server: Server) -> None:
    assert studio.infer() == 200
    server.model = lambda pictures: pictures[:, :8, :, :1]
    assert studio.infer() == 200
    assert studio.said[0].endswith("it answers with (1, 8, 32, 1), agreed was (1, 16, 32, 1)")


def test_a_server_that_is_not_there_does_not_keep_a_show_from_starting(model: Path) -> None:
    server = Server()
    studio = Studio(model, server.url)
    assert studio.infer() == 200
    assert studio.said == [f"runs on cpu: grpc://127.0.0.1:{server.port} cannot be reached: does it run?"]
    server.start()
    until(studio.is_there, "it was not called again")
    studio.worker.stop()
    server.stop()


def test_tls_is_spoken_with_whom_is_trusted(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    credentials = grpc.ssl_server_credentials([(key.read_bytes(), certificate.read_bytes())])
    server = Server().start(credentials)
    address = parse_server(f"grpcs://localhost:{server.port}/red")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(ModelError, match="cannot be reached"):
        ServerSession(address, "red")
    monkeypatch.setenv("SSL_CERT_FILE", os.fspath(certificate))
    session = ServerSession(address, "red")
    assert mask_of(Segmenter(model, session=session), picture())[8, 4] == 200
    session.close()
    server.stop()


def test_urls_say_server_model_and_version() -> None:
    full = parse_server("grpcs://gpu.lan:9000/person/3")
    assert (full.target, full.secure, full.model, full.version) == ("gpu.lan:9000", True, "person", "3")
    short = parse_server("grpc://10.0.0.2")
    assert (short.target, short.secure, short.model, short.version) == ("10.0.0.2:8001", False, "", "")
    assert parse_server("grpc://[::1]:80/m").target == "[::1]:80"
    for wrong in ("http://gpu/person", "grpc://", "grpc://gpu:99999/m", "grpc://gpu/m/latest", "grpc://user@gpu/m"):
        with pytest.raises(ModelError, match="is no server of models; write grpc://HOST:PORT/MODEL"):
            check_run(wrong)
    with pytest.raises(ModelError, match='\'gpu\' is nowhere to run a model; write "thread" or "process", or grpc'):
        check_run("gpu")
