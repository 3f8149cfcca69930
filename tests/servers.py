"""Servers in tests: where the machine has none, the test skips, or fails in CI."""

from __future__ import annotations

from pathlib import Path

from tests.monitors import skip_or_fail
from tools.bench.monitors import MissingError
from tools.bench.servers import WAIT_S, RtmpServer, free_port

__all__ = ["WAIT_S", "RtmpServer", "free_port", "rtmp_server"]


def rtmp_server(folder: Path, *, unique: bool = False) -> RtmpServer:
    """Start an RTMP server; its starter ends it."""
    try:
        return RtmpServer(folder, unique=unique)
    except MissingError as missing:
        skip_or_fail(str(missing))
