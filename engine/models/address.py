"""Where a model runs: on a thread here, in a process of its own, or on a server at a URL."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.errors import ModelError

PORT = 8001
"""Where Triton and its kin answer gRPC unless told otherwise."""

WRITE = "write grpc://HOST:PORT/MODEL or grpcs://HOST:PORT/MODEL, and /VERSION where it matters"

URL = re.compile(
    r"(?P<protocol>grpcs?)://(?P<host>[\w.-]+|\[[\da-fA-F:.]+\])(:(?P<port>\d{1,5}))?"
    r"(/(?P<model>[\w.-]+)(/(?P<version>\d+))?)?/?"
)


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A model on a server. `model` is empty where it has the name of the file here, `version` where any will do."""

    target: str
    secure: bool
    model: str
    version: str
    shown: str


def parse_server(text: str) -> ServerAddress:
    """Read the URL of a model on a server. Fails: ModelError."""
    found = URL.fullmatch(text)
    port = int(found["port"] or PORT) if found else 0
    if found is None or not 0 < port < 1 << 16:
        raise ModelError(f"{text!r} is no server of models; {WRITE}")
    target = f"{found['host']}:{port}"
    model, version = found["model"] or "", found["version"] or ""
    return ServerAddress(target, found["protocol"] == "grpcs", model, version, f"{found['protocol']}://{target}")


def check_run(text: str) -> None:
    """See whether a model can run there, by what is written. Fails: ModelError."""
    if text in ("thread", "process"):
        return
    if "://" not in text:
        raise ModelError(f'{text!r} is nowhere to run a model; write "thread" or "process", or {WRITE[6:]}')
    parse_server(text)
