"""An author's own shader on the GPU: drawn at a size of its own, once a tick, into a texture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.components.shader import Shader
from engine.gpu.device import Usage
from engine.gpu.passes import Passes
from engine.looks import read_look

FORMAT = "rgba16float"


class Look:
    """What a look draws, in `view`.

    Thread: main. Blocks: while its shader is compiled, at construction. Owns: its texture and block.
    Fails: ShaderError at construction, in the author's file and line; LookError where its parameters cannot be read.
    """

    def __init__(self, passes: Passes, label: str, shader: Shader, stage_size: tuple[int, int]) -> None:
        self._passes = passes
        width, height = (max(16, round(side * shader.detail)) for side in stage_size)
        usage = Usage.RENDER_ATTACHMENT | Usage.TEXTURE_BINDING
        self._pipeline = passes.pipeline(shader.file, FORMAT)
        self._block = passes.uniforms.block(passes.shaders.struct(shader.file, "Look"))
        self.view: Any = passes.gpu.texture(f"{label} look", width, height, FORMAT, usage).create_view()
        data = self._block.data
        data["aspect"] = stage_size[0] / stage_size[1]
        self._parameters = read_look(Path(shader.file))
        self.set(shader.parameters)

    def set(self, said: Mapping[str, Any]) -> None:
        """Give the parameters these values, by name, and the others their own defaults."""
        for name, parameter in self._parameters.items():
            value = said.get(name)
            self._block.data["parameters"][name] = parameter.default if value is None else parameter.read(value)

    def draw(self, encoder: Any, time_s: float) -> None:
        """Draw it as it is at a time."""
        self._block.data["time_s"] = time_s
        self._passes.fill(encoder, self._pipeline, self._block, self._passes.no_textures, self.view)

    def free(self) -> None:
        """Give the block back."""
        self._block.free()
