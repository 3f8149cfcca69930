"""A real inference server: NVIDIA's Triton on a free port, in an environment of its own that tools/triton makes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sysconfig
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.bench.monitors import MissingError
from tools.bench.servers import free_port

ROOT = Path(__file__).parents[2]
READY_S = 60.0
ATTEMPTS = 3
UNREACHABLE = 3  # tools/triton: no package index, or not a machine that Triton is made for


class UnreachableError(MissingError):
    """Triton is not there, and cannot be had from here."""


class TritonServer:
    """Triton with one model, batches of up to 8; its starter ends it. Fails: MissingError without it."""

    def __init__(self, model: Path) -> None:
        made = subprocess.run([ROOT / "tools" / "triton"], capture_output=True, text=True, check=False)
        if made.returncode:
            kind = UnreachableError if made.returncode == UNREACHABLE else MissingError
            raise kind(f"no Triton ({(made.stderr.strip().splitlines() or ['tools/triton failed'])[-1]})")
        self._python = made.stdout.strip()
        self._model = model
        self.port = free_port()
        self.batches: list[int] = []  # the size of each so far
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"grpc://127.0.0.1:{self.port}/{self._model.stem}"

    @property
    def runs(self) -> bool:
        """Whether it was started, and not killed since."""
        return self._process is not None

    def start(self) -> None:
        """Start it, and wait until it has the model; on a busy machine its parts may lose patience with each other."""
        if not any(self._start() for _ in range(ATTEMPTS)):
            raise MissingError("Triton is installed, but does not start")

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does, with all that it started."""
        if self._process is not None:
            family = self._signal(signal.SIGKILL)
            self._process.wait()
            for left in (found for pid in family for found in Path("/dev/shm").glob(f"pytrtion{pid}-*")):
                left.unlink(missing_ok=True)
            self._folder.cleanup()
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it do nothing for a while, its connections open."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it; it has nothing to finish, and its own way takes six seconds."""
        self.kill()

    def _start(self) -> bool:
        # It loads the libpython that it finds first, which has to be that of its own interpreter.
        libraries = filter(None, (sysconfig.get_config_var("LIBDIR"), os.environ.get("LD_LIBRARY_PATH")))
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        hears, says = os.pipe()
        program = Path(__file__).with_name("triton_person.py")
        self._process = subprocess.Popen(
            [self._python, program, self._model, str(self.port), self._model.stem, str(says)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={
                **os.environ,
                "LD_LIBRARY_PATH": os.pathsep.join(libraries),
                "PYTRITON_HOME": self._folder.name,
            },
            pass_fds=(says,),
        )
        os.close(says)
        self._ready = False
        self._members: list[int] = []
        heard = threading.Event()
        threading.Thread(target=self._listen, args=(hears, heard), daemon=True).start()
        heard.wait(READY_S)
        if not self._ready:
            self.kill()
            return False
        self._members = _family(self._process.pid)
        return True

    def _signal(self, number: signal.Signals) -> list[int]:
        assert self._process is not None
        family = self._members or _family(self._process.pid)
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        return family

    def _listen(self, hears: int, heard: threading.Event) -> None:
        with os.fdopen(hears) as words:
            for line in words:
                if line == "ready\n":
                    self._ready = True
                    heard.set()
                elif line.startswith("batch "):
                    self.batches.append(int(line.removeprefix("batch ")))
        heard.set()


def _family(pid: int) -> list[int]:
    """Return a process and all below it, but for Python's trackers: they remove the shared memory of those who died."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text("utf-8", "replace").rpartition(")")[2].split()[1])
    family = [pid]
    for member in family:
        family += [child for child, parent in parents.items() if parent == member]
    return [member for member in family if b"resource_tracker" not in _command_line(member)]


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
