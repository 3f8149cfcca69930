"""A server that speaks the Open Inference Protocol and does what a test tells it: well, wrong, or not at all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import numpy as np

from engine.models.open_inference import DATATYPES, DTYPES, SERVICE, messages
from engine.models.runtime import Array
from tools.bench.servers import free_port

Model = Callable[[Array], Array]


def red(pictures: Array) -> Array:
    """What `mixer(…, "nhwc", [[1, 0, 0]])` gives."""
    return pictures[..., :1]


class Server:
    """One model under one name, for (height, width); `version` and the rest may be changed at any time."""

    def __init__(
        self, model: Model = red, size: tuple[int, int] = (16, 32), name: str = "red", layout: str = "nhwc"
    ) -> None:
        self.port = free_port()
        self.name = name
        self.model = model
        self.size = size
        self.layout = layout
        self.version = "1"
        self.said_datatype = "FP32"
        self.cut = 0  # bytes that are left out of an answer
        self.said_shape: tuple[int, ...] | None = None  # of an answer, whatever it is
        self.said_name = "mask"
        self.answers = 0
        self.open = threading.Event()  # answers wait for it
        self.open.set()
        self._server: Any = None

    @property
    def url(self) -> str:
        return f"grpc://127.0.0.1:{self.port}/{self.name}"

    def start(self, credentials: Any = None) -> Server:
        kinds = messages()
        handlers = {
            method: grpc.unary_unary_rpc_method_handler(
                answer,
                request_deserializer=kinds[f"{method}Request"].FromString,
                response_serializer=kinds[f"{method}Response"].SerializeToString,
            )
            for method, answer in (("ModelMetadata", self._metadata), ("ModelInfer", self._infer))
        }
        self._server = grpc.server(ThreadPoolExecutor(2), options=[("grpc.so_reuseport", 0)])
        service = SERVICE.strip("/")
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
        address = f"127.0.0.1:{self.port}"
        if credentials is None:
            self._server.add_insecure_port(address)
        else:
            self._server.add_secure_port(address, credentials)
        self._server.start()
        return self

    def stop(self) -> None:
        """Go away in the middle of whatever it does."""
        self.open.set()
        if self._server is not None:
            self._server.stop(None).wait()
            self._server = None

    def _metadata(self, request: Any, context: Any) -> Any:
        if request.name != self.name:
            context.abort(grpc.StatusCode.NOT_FOUND, f"unknown model {request.name}")
        kinds = messages()
        found = kinds["ModelMetadataResponse"](name=self.name, versions=[self.version], platform="test")
        shape = [-1, *self.size, 3] if self.layout == "nhwc" else [-1, 3, *self.size]
        found.inputs.add(name="picture", datatype=self.said_datatype, shape=shape)
        found.outputs.add(name="mask", datatype="FP32", shape=[-1, -1, -1, -1])
        return found

    def _infer(self, request: Any, _context: Any) -> Any:
        self.open.wait(30)
        (tensor,) = request.inputs
        pictures = np.frombuffer(request.raw_input_contents[0], DTYPES[tensor.datatype]).reshape(tuple(tensor.shape))
        masks = np.ascontiguousarray(self.model(pictures))
        answer = messages()["ModelInferResponse"](model_name=self.name, model_version=self.version)
        answer.outputs.add(name=self.said_name, datatype=DATATYPES[masks.dtype], shape=self.said_shape or masks.shape)
        data = masks.tobytes()
        answer.raw_output_contents.append(data[: len(data) - self.cut])
        self.answers += 1
        return answer


@contextmanager
def serving(*arguments: Any, **options: Any) -> Iterator[Server]:
    """Have a server for a while."""
    server = Server(*arguments, **options).start()
    try:
        yield server
    finally:
        server.stop()


def until(happened: Callable[[], Any], what: str) -> Any:
    """Wait until something has happened; return what it says."""
    deadline_s = time.monotonic() + 60
    while not (found := happened()):
        assert time.monotonic() < deadline_s, what
        time.sleep(0.01)
    return found
