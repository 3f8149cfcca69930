"""What a perception process says of each mask: a versioned JSON message that other tools may read too.

A process publishes on a ZeroMQ PUB socket, whose address the show says when it begins, and in its report. A message has
three parts: the topic `mask/CAMERA`, this JSON, and the mask: height × width bytes, 0 to 255, row by row, upright. So a
tool that wants the masks of every camera needs four lines:

    socket = zmq.Context().socket(zmq.SUB)
    socket.connect(ADDRESS)
    socket.subscribe(b"mask/")
    topic, said, mask = socket.recv_multipart()
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Literal, TypeVar

import numpy as np
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from engine.errors import ModelError
from engine.media.picture import Plane

TOPIC = b"mask/"
SCHEMA: Literal["scrim.mask/1"] = "scrim.mask/1"

Kind = TypeVar("Kind")
Count = Annotated[int, Field(ge=0)]
Side = Annotated[int, Field(ge=1, le=4096)]


@dataclass(config=ConfigDict(extra="forbid", strict=True, allow_inf_nan=False), frozen=True, kw_only=True)
class MaskMessage:
    """The second part. What is added later makes it version 2; whoever reads this one is told by `schema`.

    `job` counts the process's work, from 1. `sequence` and `captured_ns` are the picture's, the latter on the show's
    clock; `sent_ns` is the system's monotonic clock when the message left, `took_ns` the time of the model.
    """

    schema: Literal["scrim.mask/1"]
    job: Count
    camera: str
    sequence: int
    captured_ns: int
    sent_ns: Count
    took_ns: Count
    model: str
    provider: str
    width: Side
    height: Side

    def parts(self, mask: Plane) -> list[bytes | memoryview]:
        """Return what goes over the wire."""
        return [TOPIC + self.camera.encode(), json.dumps(asdict(self)).encode(), mask.reshape(-1).data]


Size = tuple[Side, Side]


@dataclass(config=ConfigDict(extra="forbid", allow_inf_nan=False), frozen=True, kw_only=True)
class Truth:
    """What a process says of how it runs the model: see Runner. `providers` are those that may run it from now on."""

    provider: str
    providers: list[str]
    nodes: dict[str, Count]
    fallback: str


@dataclass(config=ConfigDict(extra="forbid", allow_inf_nan=False), frozen=True, kw_only=True)
class Ready(Truth):
    """What a process says when it is ready. Sizes are (width, height); `address` is where it publishes."""

    input_size: Size
    mask_size: Size
    channels: Literal["rgb", "bgr"]
    address: str


@dataclass(config=ConfigDict(extra="forbid"), frozen=True, kw_only=True)
class Failed:
    """The last that a process says, when it cannot go on."""

    error: str


_MESSAGE = TypeAdapter(MaskMessage)
_WORDS: TypeAdapter[Ready | Truth | Failed] = TypeAdapter(Ready | Truth | Failed)


def read_words(line: bytes) -> Ready | Truth | Failed:
    """Return what a process says on its output. Fails: ModelError, one line, where it is none of these."""
    return _checked(_WORDS, line, "what it says of itself is none of that")


def read(parts: Sequence[bytes]) -> tuple[MaskMessage, Plane]:
    """Return what came over the wire. Fails: ModelError, one line, where it is not what it says it is."""
    if len(parts) != 3:
        raise ModelError(f"a mask's message has 3 parts, this one has {len(parts)}")
    said = _checked(_MESSAGE, parts[1], f"a mask's message is not {SCHEMA}")
    if len(parts[2]) != said.width * said.height:
        raise ModelError(f"a mask's message says {said.width} × {said.height}, but {len(parts[2])} bytes came with it")
    return said, np.frombuffer(parts[2], np.uint8).reshape(said.height, said.width)


def _checked(kind: TypeAdapter[Kind], words: bytes, what: str) -> Kind:
    try:
        return kind.validate_json(words)
    except ValidationError as error:
        mistake = error.errors()[0]
        where = ".".join(map(str, mistake["loc"]))
        raise ModelError(f"{what}: {where + ': ' if where else ''}{mistake['msg']}") from None
