"""Serves a model by NVIDIA's Triton until its input ends: run by the Python of tools/triton, `MODEL PORT NAME WORDS`.

Scrim imports nothing of this, and this nothing of Scrim. That it is ready, and each batch that Triton forms, is said on
a line to the descriptor WORDS: what Triton logs goes everywhere else.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np
import onnxruntime
from pytriton.decorators import batch
from pytriton.model_config import DynamicBatcher, ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

MOST_IN_A_BATCH = 8
QUEUE_US = 2000
"""How long a picture may wait for others: half of what it takes."""


def main() -> None:
    """Serve, say that it is ready, and wait."""
    path, port, name, descriptor = sys.argv[1:]
    words = os.fdopen(int(descriptor), "w")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    (taken,), (given,) = session.get_inputs(), session.get_outputs()

    @batch  # type: ignore[untyped-decorator, unused-ignore]
    def infer(**pictures: Any) -> list[Any]:
        """Run a batch; the network takes one picture at a time."""
        stacked = pictures[taken.name]
        print(f"batch {len(stacked)}", file=words, flush=True)
        return [np.concatenate([session.run(None, {taken.name: picture[None]})[0] for picture in stacked])]

    free = {"allow_http": False, "allow_metrics": False, "grpc_address": "127.0.0.1", "grpc_port": int(port)}
    with Triton(config=TritonConfig(**free)) as triton:
        triton.bind(
            model_name=name,
            infer_func=infer,
            inputs=[Tensor(name=taken.name, dtype=np.float32, shape=tuple(taken.shape[1:]))],
            outputs=[Tensor(name=given.name, dtype=np.float32, shape=tuple(given.shape[1:]))],
            config=ModelConfig(
                max_batch_size=MOST_IN_A_BATCH, batcher=DynamicBatcher(max_queue_delay_microseconds=QUEUE_US)
            ),
        )
        triton.run()
        print("ready", file=words, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
