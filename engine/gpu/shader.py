"""Shaders: plain WGSL files with `#include`, errors in the author's own file and line, and structs as numpy dtypes.

The struct in the WGSL file is the only truth about a uniform block: its dtype is worked out from the text by the
layout rules of the WGSL specification (section "Memory Layout").
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import Mistake, ShaderError
from engine.gpu.device import Gpu
from engine.looks import LookError, check_ends

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

    file: Path
    text: str
    lines: tuple[tuple[Path, int], ...]

    @property
    def files(self) -> frozenset[Path]:
        """The file itself, and all that it includes."""
        return frozenset(file for file, _ in self.lines) | {self.file}

    def mistake(self, message: str, line: int = 0, column: int = 0) -> Mistake:
        """Say in the author's file and line what is wrong in the text's `line`."""
        if not 1 <= line <= len(self.lines):
            return Mistake(self.file, 0, 0, message)
        return Mistake(*self.lines[line - 1], column, message)


class Shaders:
    """Every shader in use, compiled once and kept until a newer one is taken over.

    Thread: main; `read_anew` and `compile` any. Blocks: while reading and compiling, so before going on air.
    Owns: the modules. Fails: ShaderError with file and line.
    """

    def __init__(self, gpu: Gpu, folder: Path = FOLDER) -> None:
        self._gpu = gpu
        self._folder = folder
        self._sources: dict[str, Source] = {}
        self._modules: dict[str, Any] = {}
        self._structs: dict[tuple[str, str], np.dtype[Any]] = {}

    @property
    def files(self) -> frozenset[Path]:
        """The files of all shaders in use."""
        return frozenset().union(*(source.files for source in list(self._sources.values())))

    @property
    def names(self) -> list[str]:
        """Every shader in use."""
        return list(self._sources)

    def source(self, name: str) -> Source:
        """Return the text of a file such as "layer.wgsl", as it is in use."""
        if name not in self._sources:
            self._sources[name] = read(self._folder, name)
        return self._sources[name]

    def module(self, name: str) -> Any:
        """Return the compiled module of a file."""
        if name not in self._modules:
            self._modules[name] = self.compile(name, self.source(name))
        return self._modules[name]

    def struct(self, name: str, struct: str) -> np.dtype[Any]:
        """Return the dtype of a struct that a file declares or includes."""
        if (name, struct) not in self._structs:
            self._structs[name, struct] = _struct(self.source(name), struct)
        return self._structs[name, struct]

    def read_anew(self, name: str) -> Source | None:
        """Return a shader's text where its files have another than is in use.

        Of our own the structs must be the same. An author's may have other fields: whoever fills them begins anew.
        """
        source = read(self._folder, name)
        if source.text == self._sources[name].text:
            return None
        for (user, struct), dtype in list(self._structs.items()):
            if user == name and _struct(source, struct) != dtype and source.file.is_relative_to(self._folder):
                place = re.search(rf"struct\s+{struct}\b", source.text)
                line = source.text.count("\n", 0, place.start()) + 1 if place else 0
                words = f"struct {struct} has other fields than the show fills; start the show again"
                raise ShaderError(source.mistake(words, line, 1))
        return source

    def compile(self, name: str, source: Source) -> Any:
        """Return a text as a module, and keep nothing. An author's own shader must come to an end."""
        pieces = zip(source.lines, source.text.split("\n"), strict=False)
        authors = "\n".join("" if file.is_relative_to(self._folder) else line for (file, _), line in pieces)
        try:
            check_ends(authors)
        except LookError as error:
            raise ShaderError(source.mistake(str(error), error.line, 1)) from error
        try:
            return self._gpu.device.create_shader_module(label=name, code=source.text)
        except Exception as error:
            raise ShaderError(in_authors_place(source, str(error))) from error

    def take_over(self, name: str, source: Source, module: Any) -> None:
        """Use a newer text of a shader from now on."""
        self._sources[name], self._modules[name] = source, module
        self._structs = {key: dtype for key, dtype in self._structs.items() if key[0] != name}


def read(folder: Path, name: str) -> Source:
    """Read a shader and put in what it includes, each file once."""
    text: list[str] = []
    lines: list[tuple[Path, int]] = []
    seen: set[Path] = set()

    def put(file: Path, asked_by: Path, asked_in: int) -> None:
        if file in seen:
            return
        seen.add(file)
        try:
            content = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
            words = f"cannot read {file.relative_to(folder) if file.is_relative_to(folder) else file}: {why}"
            raise ShaderError(Mistake(asked_by, asked_in, min(asked_in, 1), words)) from error
        for number, line in enumerate(content.splitlines(), start=1):
            if include := INCLUDE.match(line):
                put(folder / include[1], file, number)
            else:
                text.append(line)
                lines.append((file, number))

    put(folder / name, folder / name, 0)
    return Source(folder / name, "\n".join(text) + "\n", tuple(lines))


def _struct(source: Source, struct: str) -> np.dtype[Any]:
    dtypes = structs(source.text)
    if struct not in dtypes:
        raise ShaderError(source.mistake(f"no struct {struct}; there are {', '.join(dtypes)}"))
    return dtypes[struct]


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

    def struct(name: str, body: str) -> None:
        names, formats, offsets = [], [], []
        offset, widest = 0, 1
        for member, kind in MEMBER.findall(body):
            form, size, align = layout(kind)
            offset = -(-offset // align) * align
            names.append(member)
            formats.append(form)
            offsets.append(offset)
            offset += size
            widest = max(widest, align)
        itemsize = -(-offset // widest) * widest
        dtypes[name] = np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": itemsize})
        aligns[name] = widest

    # A struct may hold one that is declared after it; what holds a type that never stands in a buffer is left out.
    waiting = STRUCT.findall(COMMENT.sub("", text))
    for _ in range(len(waiting)):
        for name, body in waiting:
            if name not in dtypes:
                with suppress(KeyError):
                    struct(name, body)
        if all(name in dtypes for name, _ in waiting):
            break
    return dtypes


def in_authors_place(source: Source, message: str) -> Mistake:
    """Return what a compiler says first, at the author's file and line."""
    said = [PREAMBLE.sub("", line.strip(" │└┌─=^")) for line in message.splitlines()]
    said = [line for line in said if line and not line.startswith(("In ", "Caused", "note: label"))]
    lines: list[str] = []
    for line in said:
        if not PLACE.search(line) and not any(line in earlier for earlier in lines):  # it says much of it twice
            lines.append(line)
    words = "; ".join(lines)[:400] or message
    place = PLACE.search(message)
    return source.mistake(words, int(place[1]), int(place[2])) if place else source.mistake(words)
