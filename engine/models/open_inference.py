"""The messages of the Open Inference Protocol (version 2, gRPC) that Scrim sends and reads.

Only the fields that are used are declared; what else a server sends is skipped, as protocol buffers do. Names, numbers
and types of the fields are the protocol's (service `inference.GRPCInferenceService`).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

SERVICE = "/inference.GRPCInferenceService/"

MESSAGES: dict[str, dict[str, tuple[int, str]]] = {
    "ModelMetadataRequest": {"name": (1, "string"), "version": (2, "string")},
    "TensorMetadata": {"name": (1, "string"), "datatype": (2, "string"), "shape": (3, "int64*")},
    "ModelMetadataResponse": {
        "name": (1, "string"),
        "versions": (2, "string*"),
        "platform": (3, "string"),
        "inputs": (4, "TensorMetadata*"),
        "outputs": (5, "TensorMetadata*"),
    },
    "InferTensorContents": {"fp32_contents": (6, "float*")},
    "InferTensor": {
        "name": (1, "string"),
        "datatype": (2, "string"),
        "shape": (3, "int64*"),
        "contents": (5, "InferTensorContents"),
    },
    "ModelInferRequest": {
        "model_name": (1, "string"),
        "model_version": (2, "string"),
        "inputs": (5, "InferTensor*"),
        "raw_input_contents": (7, "bytes*"),
    },
    "ModelInferResponse": {
        "model_name": (1, "string"),
        "model_version": (2, "string"),
        "outputs": (5, "InferTensor*"),
        "raw_output_contents": (6, "bytes*"),
    },
}
"""Each message's fields: number and type, with * where there may be several."""

DTYPES: dict[str, DTypeLike] = {
    "FP32": np.float32,
    "FP16": np.float16,
    "FP64": np.float64,
    "UINT8": np.uint8,
    "INT8": np.int8,
    "INT32": np.int32,
    "INT64": np.int64,
    "BOOL": np.bool_,
}

DATATYPES = {np.dtype(dtype): name for name, dtype in DTYPES.items()}


@cache
def messages() -> dict[str, Any]:
    """Return the messages' classes by name; protobuf is loaded at the first call."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    kinds = descriptor_pb2.FieldDescriptorProto
    scalars = {
        "string": kinds.TYPE_STRING,
        "bytes": kinds.TYPE_BYTES,
        "int64": kinds.TYPE_INT64,
        "float": kinds.TYPE_FLOAT,
    }
    file = descriptor_pb2.FileDescriptorProto(name="open_inference.proto", package="inference", syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, written) in fields.items():
            kind = written.rstrip("*")
            added = message.field.add(name=field, number=number)
            added.label = kinds.LABEL_REPEATED if written.endswith("*") else kinds.LABEL_OPTIONAL
            if kind in scalars:
                added.type = scalars[kind]
            else:
                added.type, added.type_name = kinds.TYPE_MESSAGE, f".inference.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"inference.{name}")) for name in MESSAGES}
