"""A model on a server that speaks the Open Inference Protocol, as a session like one opened here.

The only file that knows gRPC, which loads at first use. Whom TLS trusts can be said by SSL_CERT_FILE, as to OpenSSL.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import ModelError
from engine.models.address import ServerAddress
from engine.models.open_inference import DATATYPES, DTYPES, SERVICE, messages
from engine.models.runtime import Array
from engine.models.session import Tensor

ANSWER_S = 0.2
"""A mask that takes longer is of no use to a show: the picture has been shown with another."""

GREET_S = 2.0
"""How long a server may take to say what it has, and to answer for the first time: it may have to wake up."""

MOST_BYTES = 64 << 20
"""A message of 4096 × 4096 pixels and three channels fits."""

OPTIONS = [
    ("grpc.max_send_message_length", MOST_BYTES),
    ("grpc.max_receive_message_length", MOST_BYTES),
    ("grpc.enable_retries", 0),  # a picture that was lost is old
    ("grpc.use_local_subchannel_pool", 1),  # a channel of ours, so that a new one connects anew at once
]


class ServerSession:
    """A model on a server: what a Session is, with each run a call.

    Thread: one at a time. Blocks: the constructor and `bind` for GREET_S, `run` for `patience_s` at most. Owns: the
    channel and its memory. Fails: ModelError when the server is not there, is late, or does not have what was agreed.
    """

    nodes: dict[str, int] = {}  # noqa: RUF012 - the server does not tell
    providers: list[str] = []  # noqa: RUF012
    fallback = ""

    def __init__(self, address: ServerAddress, model: str, patience_s: float = ANSWER_S) -> None:
        self.address = address
        self.model = address.model or model
        self.version = address.version
        self._patience_s = patience_s
        self.inputs: list[Array] = []
        self.outputs: list[Array] = []
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # what it would print is said by us
        os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
        import grpc

        self._failure = grpc.RpcError
        if address.secure:
            trusted = os.environ.get("SSL_CERT_FILE")
            roots = Path(trusted).read_bytes() if trusted and Path(trusted).exists() else None
            self._channel = grpc.secure_channel(address.target, grpc.ssl_channel_credentials(roots), OPTIONS)
        else:
            self._channel = grpc.insecure_channel(address.target, OPTIONS)
        try:
            self._greet()
        except BaseException:
            self.close()
            raise

    def bind(self, *shapes: tuple[int, ...]) -> None:
        """Give every input its shape, and run once: that wakes the server up, and tells outputs and version."""
        self.inputs = [
            np.zeros(shape, tensor.dtype) for shape, tensor in zip(shapes, self.declared_inputs, strict=True)
        ]
        answer = self._call("ModelInfer", self._request(), GREET_S)
        if answer.model_name != self.model:
            raise self._refusal(f"it answers for model {answer.model_name!r}")
        if self.address.version and answer.model_version != self.address.version:
            raise self._refusal(f"it answers with version {answer.model_version or 'unknown'}")
        self.version = answer.model_version
        self.outputs = [array.copy() for array in self._arrays(answer)]

    def run(self) -> None:
        """Turn `inputs` into `outputs`."""
        answer = self._call("ModelInfer", self._request(), self._patience_s)
        if answer.model_version != self.version:
            raise self._refusal(f"it answers with version {answer.model_version or 'unknown'}")
        arrays = self._arrays(answer)
        for ours, theirs in zip(self.outputs, arrays, strict=False):
            if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
                raise self._refusal(f"it answers with {theirs.shape}, agreed was {ours.shape}")
        for ours, theirs in zip(self.outputs, arrays, strict=True):
            np.copyto(ours, theirs)

    def close(self) -> None:
        """Hang up."""
        self._channel.close()

    def _greet(self) -> None:
        asked = messages()["ModelMetadataRequest"](name=self.model, version=self.address.version)
        found = self._call("ModelMetadata", asked, GREET_S)
        if found.name != self.model:
            raise self._refusal(f"it has {found.name!r} by that name")
        if self.address.version and found.versions and self.address.version not in found.versions:
            raise self._refusal(f"it has version {', '.join(found.versions)}")
        self.declared_inputs = [self._tensor(tensor) for tensor in found.inputs]
        self.declared_outputs = [self._tensor(tensor) for tensor in found.outputs]
        self.provider = f"{self.address.shown}/{self.model}" + (f" ({found.platform})" if found.platform else "")

    def _tensor(self, found: Any) -> Tensor:
        if found.datatype not in DTYPES:
            raise self._refusal(f"its {found.name} is {found.datatype}, which Scrim cannot fill")
        return Tensor(found.name, tuple(max(0, size) for size in found.shape), np.dtype(DTYPES[found.datatype]))

    def _request(self) -> Any:
        kinds = messages()
        request = kinds["ModelInferRequest"](model_name=self.model, model_version=self.address.version)
        for tensor, array in zip(self.declared_inputs, self.inputs, strict=True):
            request.inputs.add(name=tensor.name, datatype=DATATYPES[array.dtype], shape=array.shape)
            request.raw_input_contents.append(array.tobytes())
        return request

    def _arrays(self, answer: Any) -> list[Array]:
        """Return the outputs in the order they were declared. Fails: ModelError where they are not what they say."""
        by_name = {}
        for index, output in enumerate(answer.outputs):
            dtype = np.dtype(DTYPES.get(output.datatype, np.void))
            if answer.raw_output_contents:
                data: Any = b"".join(answer.raw_output_contents[index : index + 1])
            else:
                data = np.array(output.contents.fp32_contents, np.float32).tobytes()
            negative = any(size < 0 for size in output.shape)
            if dtype == np.void or negative or len(data) != math.prod(output.shape) * dtype.itemsize:
                shape = " × ".join(map(str, output.shape))
                said = f"{output.name} is {shape} of {output.datatype}"
                raise self._refusal(f"it says that {said}, and sends {len(data)} bytes")
            by_name[output.name] = np.frombuffer(data, dtype).reshape(tuple(output.shape))
        missing = [tensor.name for tensor in self.declared_outputs if tensor.name not in by_name]
        if missing:
            raise self._refusal(f"it does not answer with {missing[0]}")
        return [by_name[tensor.name] for tensor in self.declared_outputs]

    def _call(self, method: str, request: Any, patience_s: float) -> Any:
        answer = messages()[f"{method}Response"]
        call = self._channel.unary_unary(
            SERVICE + method,
            request_serializer=type(request).SerializeToString,
            response_deserializer=answer.FromString,
        )
        try:
            return call(request, timeout=patience_s)
        except self._failure as error:
            raise ModelError(self._trouble(error, patience_s)) from None
        except ValueError:  # the channel was closed meanwhile
            raise ModelError(f"{self.address.shown} was hung up") from None

    def _trouble(self, error: Any, patience_s: float) -> str:
        """Return what went wrong with a call, in one line."""
        code, shown = error.code().name, self.address.shown
        if code == "DEADLINE_EXCEEDED":
            return f"{shown} has not answered within {1000 * patience_s:.0f} ms"
        if code == "UNAVAILABLE":
            secured = "its certificate is not trusted" if "ertificate" in (error.details() or "") else "does it run?"
            return f"{shown} cannot be reached: {secured}"
        if code == "NOT_FOUND":
            version = f" in version {self.address.version}" if self.address.version else ""
            return f"{shown} has no model {self.model!r}{version}: name one that it has"
        details = (error.details() or code).splitlines()[0]
        return f"{shown} refuses {self.model}: {details}"

    def _refusal(self, reason: str) -> ModelError:
        version = f" version {self.version}" if self.version else ""
        said = " ".join(reason.split())  # the server's own words may have lines
        return ModelError(f"{self.address.shown} does not serve {self.model}{version} as agreed: {said}")
