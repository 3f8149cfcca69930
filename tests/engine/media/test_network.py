"""Streams over the loopback interface, from real senders: one that stays, one that dies and comes back."""

from __future__ import annotations

import functools
import http.server
import socket
import threading
import time
from pathlib import Path

import pytest

from engine.components.camera import Camera
from engine.errors import CameraError
from engine.media import video
from engine.media.picture import PictureBuffer
from engine.media.source import open_source
from engine.notices import Notices
from engine.timing.clock import RealClock
from tests.engine.media.conftest import OpenFeed
from tests.engine.media.videos import make_video, shows_bars
from tests.engine.media.waiting import WAIT_S, collect, wait_for


class Sender(threading.Thread):
    """Takes one reader on a port, sends it a transport stream bit by bit, and hangs up."""

    def __init__(self, stream: bytes, port: int = 0) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._server = socket.create_server(("127.0.0.1", port))
        self.port: int = self._server.getsockname()[1]
        self.start()

    def run(self) -> None:
        reader, _ = self._server.accept()
        self._server.close()
        with reader:
            for start in range(0, len(self._stream), 188):
                reader.sendall(self._stream[start : start + 188])
                time.sleep(0.001)


@pytest.fixture
def stream(tmp_path: Path) -> bytes:
    make_video(tmp_path / "a.ts", count=60, options={"tune": "zerolatency"})
    return (tmp_path / "a.ts").read_bytes()


def test_a_stream_that_dies_comes_back(stream: bytes, notices: Notices, open_feed: OpenFeed) -> None:
    sender = Sender(stream)
    feed = open_feed(on=RealClock(), source=f"tcp://127.0.0.1:{sender.port}")
    assert feed.description == "stream h264, 192×128, 30 Hz, yuv420p"
    feed.start()
    collect(feed, lambda numbers: len(numbers) > 0)
    wait_for(lambda: feed.status == "lost")
    sender.join(WAIT_S)

    again = Sender(stream, sender.port)
    wait_for(lambda: feed.reopened == 1)
    collect(feed, lambda numbers: len(numbers) > 0)
    again.join(WAIT_S)
    texts = [notice.text for notice in notices.all()]
    assert texts[0].startswith(f"tcp://127.0.0.1:{sender.port} ")
    assert "is back" in texts


def test_a_server_that_says_nothing_does_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "OPEN_TIMEOUT_S", 0.3)
    monkeypatch.setattr(video, "READ_TIMEOUT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began_s = time.monotonic()
        with pytest.raises(CameraError, match=r"does not answer \(silence\)"):
            open_source(f"tcp://127.0.0.1:{silent.getsockname()[1]}", Camera(), list[str]().append)
        assert time.monotonic() - began_s < 15


def test_an_unknown_protocol_names_those_there_are() -> None:
    with pytest.raises(CameraError, match="use rtsp, rtmp, http"):
        open_source("gopher7://127.0.0.1/live", Camera(), list[str]().append)


def test_a_password_is_not_shown() -> None:
    with pytest.raises(CameraError) as caught:
        open_source("tcp://me:secret@127.0.0.1:1/live", Camera(), list[str]().append)
    assert "secret" not in str(caught.value)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A file server that does not write to the terminal."""

    def log_message(self, *_arguments: object) -> None:
        pass


def test_a_file_behind_http_is_a_file(tmp_path: Path, open_feed: OpenFeed) -> None:
    make_video(tmp_path / "a.mp4", count=6, container_options={"movflags": "faststart"})
    handler = functools.partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}/a.mp4"
        source = open_source(address, Camera(), list[str]().append)
        assert not source.live
        for _ in range(2):
            shots = list(iter(source.next, None))
            assert len(shots) == 6
            assert shows_bars(shots[-1].write(PictureBuffer()))
            source.rewind()
        source.close()
        assert open_feed(source=address).description.startswith("video h264")
        with pytest.raises(CameraError, match="does not answer"):
            open_source(f"http://127.0.0.1:{server.server_port}/b.mp4", Camera(), list[str]().append)
        server.shutdown()
        thread.join()
