"""A real RTMP server: nginx with its RTMP module, on a free port, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.bench.monitors import MissingError

MODULES = ("lib*/nginx/modules/ngx_rtmp_module.so", "local/lib*/nginx/modules/ngx_rtmp_module.so")
"""Where the module lies below /usr."""

CONFIG = """
load_module {module};
daemon off;
master_process off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
rtmp {{
    server {{
        listen 127.0.0.1:{port};
        application live {{
            live on;
            record all;
            record_unique {unique};
            record_path {folder};
        }}
    }}
}}
"""

WAIT_S = 20.0


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a port that nobody listens on now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RtmpServer:
    """nginx, which passes streams on at `url` and writes what it got to `recorded`. Fails: MissingError without it."""

    def __init__(self, folder: Path, *, unique: bool = False) -> None:
        program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        module = next((found for pattern in MODULES for found in Path("/usr").glob(pattern)), None)
        if program is None or module is None:
            raise MissingError("no RTMP server (Debian and Ubuntu: apt-get install nginx-light libnginx-mod-rtmp)")
        self.folder = folder
        self.port = free_port()
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        user = "user root;" if os.geteuid() == 0 else ""
        text = CONFIG.format(module=module, user=user, folder=folder, port=self.port, unique="on" if unique else "off")
        (folder / "nginx.conf").write_text(text, encoding="utf-8")
        self.start()

    @property
    def url(self) -> str:
        """Where to stream to, and to read from."""
        return f"rtmp://127.0.0.1:{self.port}/live/show"

    @property
    def recorded(self) -> list[Path]:
        """What it wrote, the oldest first."""
        return sorted(self.folder.glob("show*.flv"))

    def start(self) -> None:
        """Start it, and wait until it listens."""
        command = [self._program, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), "-e", "error.log"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline_s = time.monotonic() + WAIT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1.0).close()
                return
            except OSError:
                assert self._process.poll() is None, (self.folder / "error.log").read_text("utf-8")
                assert time.monotonic() < deadline_s, "nginx did not listen in time"
                time.sleep(0.02)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it do nothing for a while, its connections open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End it when it has written its files."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(WAIT_S)
            self._process = None
