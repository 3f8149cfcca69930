"""Shaders: plain WGSL files with `#include`, errors in the author's own file and line, and structs as numpy dtypes.

The struct in the WGSL file is the only truth about a uniform block: its dtype is worked out from the text by the
layout rules of the WGSL specification (section "Memory Layout").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import ShaderError
from engine.gpu.device import Gpu

FOLDER = Path(__file__).parents[2] / "shaders"

INCLUDE = re.compile(r'^\s*#include\s+"([^"]+)"\s*$')
STRUCT = re.compile(r"struct\s+(\w+)\s*\{(.*?)\}", re.DOTALL)
COMMENT = re.compile(r"//.*")
MEMBER = re.compile(r"(?:@\w+\([^)]*\)\s*)*(\w+)\s*:\s*([\w<>, ]+)")
PLACE = re.compile(r"wgsl:(\d+):(\d+)")
PREAMBLE = re.compile(r"^(Validation Error$|Shader '[^']*' parsing error: |Shader validation error: ?|\d+ │ .*)")

SCALAR = {"f32": np.float32, "i32": np.int32, "u32": np.uint32}


@dataclass(frozen=True, slots=True)
class Source:
    """A shader with its includes put in: `lines[i]` says which file and line the text's line i + 1 came from."""

    text: str
    lines: tuple[tuple[str, int], ...]

    def place(self, line: int) -> str:
        """Say in the author's file and line where the text's `line` stands."""
        if not 1 <= line <= len(self.lines):
            return f"line {line}"
        file, number = self.lines[line - 1]
        return f"{file}:{number}"


class Shaders:
    """Every shader module, compiled once and kept.

    Thread: main. Blocks: while compiling, so before going on air. Owns: the modules.
    Fails: ShaderError with file and line.
    """

    def __init__(self, gpu: Gpu, folder: Path = FOLDER) -> None:
        self._gpu = gpu
        self._folder = folder
        self._modules: dict[str, Any] = {}

    def module(self, name: str) -> Any:
        """Return the compiled module of a file such as "layer.wgsl"."""
        if name not in self._modules:
            source = read(self._folder, name)
            try:
                self._modules[name] = self._gpu.device.create_shader_module(label=name, code=source.text)
            except Exception as error:
                raise ShaderError(_in_authors_place(source, name, str(error))) from error
        return self._modules[name]

    def struct(self, name: str, struct: str) -> np.dtype[Any]:
        """Return the dtype of a struct that a file declares or includes."""
        dtypes = structs(read(self._folder, name).text)
        if struct not in dtypes:
            raise ShaderError(f"{name}: no struct {struct}; there are {', '.join(dtypes)}")
        return dtypes[struct]


def read(folder: Path, name: str) -> Source:
    """Read a shader and put in what it includes, each file once."""
    text: list[str] = []
    lines: list[tuple[str, int]] = []
    seen: set[str] = set()

    def put(file: str, asked_by: str) -> None:
        if file in seen:
            return
        seen.add(file)
        try:
            content = (folder / file).read_text(encoding="utf-8")
        except OSError as error:
            raise ShaderError(f"{asked_by}: cannot read {file}: {error.strerror}") from error
        for number, line in enumerate(content.splitlines(), start=1):
            if include := INCLUDE.match(line):
                put(include[1], f"{file}:{number}")
            else:
                text.append(line)
                lines.append((file, number))

    put(name, name)
    return Source("\n".join(text) + "\n", tuple(lines))


def structs(text: str) -> dict[str, np.dtype[Any]]:
    """Return the dtype of every struct in a WGSL text that can stand in a uniform or storage buffer."""
    dtypes: dict[str, np.dtype[Any]] = {}
    aligns: dict[str, int] = {}

    def layout(kind: str) -> tuple[Any, int, int]:
        """Return (dtype, size, alignment) of a type."""
        kind = kind.strip(" ,")
        if kind in SCALAR:
            return SCALAR[kind], 4, 4
        if vector := re.fullmatch(r"vec([234])([fiu])", kind):
            n = int(vector[1])
            return (SCALAR[f"{vector[2]}32"], (n,)), 4 * n, (8 if n == 2 else 16)
        if matrix := re.fullmatch(r"mat([234])x4f", kind):
            n = int(matrix[1])
            return (np.float32, (n, 4)), 16 * n, 16
        if array := re.fullmatch(r"array<\s*(.+?)\s*,\s*(\d+)\s*>", kind):
            inner, size, align = layout(array[1])
            stride = -(-size // align) * align
            if stride != size:
                raise KeyError(f"the elements of {kind} are padded; use a type whose size is a multiple of {align}")
            return (inner, (int(array[2]),)), stride * int(array[2]), align
        return dtypes[kind], dtypes[kind].itemsize, aligns[kind]

    for name, body in STRUCT.findall(text):
        names, formats, offsets = [], [], []
        offset, widest = 0, 1
        try:
            for member, kind in MEMBER.findall(COMMENT.sub("", body)):
                form, size, align = layout(kind)
                offset = -(-offset // align) * align
                names.append(member)
                formats.append(form)
                offsets.append(offset)
                offset += size
                widest = max(widest, align)
        except KeyError:
            continue  # holds a type that never stands in a buffer
        itemsize = -(-offset // widest) * widest
        dtypes[name] = np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": itemsize})
        aligns[name] = widest
    return dtypes


def _in_authors_place(source: Source, name: str, message: str) -> str:
    """Rewrite a compiler's message so that it names the author's file and line, and what it says first."""
    said = [PREAMBLE.sub("", line.strip(" │└┌─=^")) for line in message.splitlines()]
    said = [line for line in said if line and not line.startswith(("In ", "Caused", "note: label"))]
    place = PLACE.search(message)
    where = source.place(int(place[1])) if place else name
    words = "; ".join(line for line in said if not PLACE.search(line))[:400]
    return f"{where}: {words or message}"
