"""The GPU, and a harness that runs small pieces of shader on it."""

from __future__ import annotations

import pytest

from engine.gpu.device import Gpu
from tests.engine.gpu.harness import Harness
from tests.shows import the_gpu


@pytest.fixture(scope="session")
def gpu() -> Gpu:
    return the_gpu()


@pytest.fixture(scope="session")
def harness(gpu: Gpu, tmp_path_factory: pytest.TempPathFactory) -> Harness:
    return Harness(gpu, tmp_path_factory.mktemp("shaders") / "shaders")
