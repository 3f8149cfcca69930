"""The model store, against a server on loopback that does what servers do: goes on, breaks off, lies."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from engine.errors import ModelError
from engine.models.manifest import Known, known
from engine.models.store import Store, digest
from tests.servers import free_port
from tools.cli import main

CONTENT = np.random.default_rng(4).bytes(300_000)


class Server(ThreadingHTTPServer):
    """Serves CONTENT as a model; `body` is what it sends of it, `asked` the ranges and addresses it was asked for."""

    daemon_threads = True
    body = CONTENT
    breaks_after: int | None = None
    ranges = True

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = cast("Server", self.server)
        wanted = self.headers.get("Range")
        server.asked.append((self.path, wanted))
        if "missing" in self.path:
            self.send_error(404)
            return
        begin = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and server.ranges else 0
        if begin >= len(server.body):
            self.send_error(416)
            return
        rest = server.body[begin:]
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest[: server.breaks_after])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server calls it
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "HTTP_PROXY", "SCRIM_MODELS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = Server()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def model(server: Server) -> Known:
    return Known(
        name="try",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        task="person segmentation",
        url=f"{server.address}/try.onnx",
        source="a test",
        licence="Apache-2.0",
        gives="nothing",
    )


@pytest.fixture
def store(tmp_path: Path, server: Server) -> Store:  # noqa: ARG001 - clears the environment
    return Store(tmp_path / "store")


def test_a_pulled_model_is_whole_and_is_not_fetched_again(store: Store, model: Known, server: Server) -> None:
    path = store.pull(model, quiet=True)
    assert path.read_bytes() == CONTENT
    assert store.pull(model, quiet=True) == store.find(model) == path
    assert server.asked == [("/try.onnx", None)]
    assert [file.name for file in store.folder.iterdir()] == ["try.onnx"]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_download_leaves_no_model_and_goes_on(
    store: Store, model: Known, server: Server, ranges: bool
) -> None:
    server.ranges, server.breaks_after = ranges, 100_000
    with pytest.raises(ModelError, match=r"ended after 100000 of 300000 bytes: pull again"):
        store.pull(model, quiet=True)
    assert store.find(model) is None
    assert not store.path(model).exists()
    server.breaks_after = None
    assert store.pull(model, quiet=True).read_bytes() == CONTENT
    assert server.asked[1] == ("/try.onnx", "bytes=100000-")


def test_a_download_that_had_all_but_its_name_is_taken(store: Store, model: Known) -> None:
    store.folder.mkdir()
    (store.folder / "try.onnx.part").write_bytes(CONTENT)
    assert store.pull(model, quiet=True).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("body", "message"),
    [(b"<!DOCTYPE html><p>sign in", "a web page came instead"), (CONTENT[:-1] + b"?", "SHA-256 is [0-9a-f]{64}, not ")],
)
def test_what_is_not_the_model_is_thrown_away(
    store: Store, model: Known, server: Server, body: bytes, message: str
) -> None:
    server.body = body
    with pytest.raises(ModelError, match=message):
        store.pull(model, quiet=True)
    assert list(store.folder.iterdir()) == []


def test_without_a_network_it_says_what_to_do(store: Store, model: Known) -> None:
    nobody = dataclasses.replace(model, url=f"http://127.0.0.1:{free_port()}/try.onnx")
    with pytest.raises(ModelError, match=r"cannot be fetched: .*refused.*SCRIM_MODELS"):
        store.pull(nobody, quiet=True)
    missing = dataclasses.replace(model, url=model.url.replace("try", "missing"))
    with pytest.raises(ModelError, match="the server says 404"):
        store.pull(missing, quiet=True)


def test_a_proxy_is_used(store: Store, model: Known, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("http_proxy", server.address)
    store.pull(dataclasses.replace(model, url="http://models.invalid/try.onnx"), quiet=True)
    assert server.asked == [("http://models.invalid/try.onnx", None)]


def test_a_licence_that_forbids_commercial_use_is_asked_for(store: Store, model: Known, server: Server) -> None:
    strict = dataclasses.replace(model, licence="CC-BY-NC-4.0", commercial=False)
    with pytest.raises(ModelError, match=r"CC-BY-NC-4\.0, forbids commercial use: .*--non-commercial"):
        store.pull(strict, quiet=True)
    assert server.asked == []
    assert store.pull(strict, non_commercial=True, quiet=True).exists()


def test_a_file_at_hand_is_known_by_its_checksum(tmp_path: Path, model: Known, server: Server) -> None:
    (tmp_path / "hand").mkdir()
    (tmp_path / "hand" / "try.onnx").write_bytes(b"another")
    (tmp_path / "hand" / "other.bin").write_bytes(CONTENT)
    store = Store(tmp_path / "store", tmp_path / "hand")
    assert store.find(model) == tmp_path / "hand" / "other.bin"
    assert digest(store.pull(model, quiet=True)) == model.sha256
    assert server.asked == []


def test_another_format_is_kept_and_its_conversion_named(store: Store, model: Known) -> None:
    other = dataclasses.replace(
        model, url=model.url.replace("onnx", "tflite"), published_sha256=model.sha256, sha256="0" * 64, conversion="tf9"
    )
    with pytest.raises(ModelError, match=r"try\.tflite is what its publisher has, which is not ONNX: convert it \(tf9"):
        store.pull(other, quiet=True)
    assert (store.folder / "try.tflite").read_bytes() == CONTENT


def test_verify_finds_a_changed_file(store: Store, model: Known) -> None:
    assert store.verify(model) == ""
    path = store.pull(model, quiet=True)
    assert store.verify(model) == ""
    path.write_bytes(b"changed")
    assert "not " + model.sha256 in store.verify(model)
    assert store.pull(model, quiet=True).read_bytes() == CONTENT


def test_the_commands_say_what_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("SCRIM_MODELS", raising=False)
    assert main(["models", "list"]) == 0
    listed = capsys.readouterr().out
    assert all(model.name in listed for model in known())
    assert main(["models", "info", "sinet_320"]) == 0
    assert "licence    MIT" in capsys.readouterr().out
    (tmp_path / "scrim" / "models").mkdir(parents=True)
    (tmp_path / "scrim" / "models" / "sinet_320.onnx").write_bytes(b"short")
    assert main(["models", "verify"]) == 1
    assert "`scrim models pull sinet_320`" in capsys.readouterr().err
    assert main(["models", "info", "nobody"]) == 2
    assert "there is no model 'nobody': there are scrim_person, " in capsys.readouterr().err
    monkeypatch.setenv("SCRIM_MODELS", str(tmp_path / "nowhere"))
    assert main(["models", "list"]) == 2
    assert "is no folder" in capsys.readouterr().err


def test_the_best_on_a_machine_is_our_own_until_a_better_one_is_at_hand(
    tmp_path: Path, media: Callable[[str], Path]
) -> None:
    assert Store(tmp_path).best().name == "scrim_person.onnx"
    at_hand = tmp_path / "hand"
    at_hand.mkdir()
    for name in ("mp_selfie_square", "sinet_320"):  # less accurate, and more so but slow
        (at_hand / f"{name}.onnx").symlink_to(media(f"models/{name}.onnx"))
    assert Store(tmp_path, at_hand).best().name == "scrim_person.onnx"
    (at_hand / "any.bin").symlink_to(media("models/mp_selfie_landscape.onnx"))
    assert Store(tmp_path, at_hand).best() == at_hand / "any.bin"


def test_what_comes_with_scrim_need_not_be_pulled(tmp_path: Path) -> None:
    own = next(model for model in known() if not model.url)
    store = Store(tmp_path / "store")
    assert store.verify(own) == ""
    assert store.pull(own, quiet=True) == store.path(own)
    spoilt = dataclasses.replace(own, sha256="0" * 64)
    assert store.verify(spoilt).endswith("install Scrim anew")
    with pytest.raises(ModelError, match="it comes with Scrim, but is not what it was"):
        store.pull(spoilt, quiet=True)


def test_the_files_at_hand_are_the_known_ones(media: Callable[[str], Path], tmp_path: Path) -> None:
    store = Store(tmp_path, media("models"))
    assert [model.name for model in known() if store.find(model) is None] == []
