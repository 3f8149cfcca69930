"""Authors' own shaders (looks): what can be set in them, and that they come to an end. Text only; no GPU.

A look is a WGSL file that includes "common/look.wgsl", declares `struct Parameters` and has a function `look`. Behind
each parameter a comment gives its default, its bounds and what it is:

    struct Parameters {
        height: f32,  // [0.4, 0 to 1] How high it reaches.
        tint: vec3f,  // [#3cff9d] Its colour at the lower end.
    }

A GPU cannot be stopped in the middle of a draw, so a look may loop only where it is written how often: `for` with
constants, and so many turns in all. WGSL has no recursion; therefore every look ends. How long a turn takes nobody can
know beforehand: a look may still be too slow for its machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.component import Colour

INCLUDE = '#include "common/look.wgsl"'

MOST_TURNS = 4096
"""Turns of all loops for one pixel: sixteen times what the examples need."""

_STRUCT = re.compile(r"struct\s+Parameters\s*\{(.*?)\}", re.DOTALL)
_MEMBER = re.compile(r"^\s*(\w+)\s*:\s*(\w+)\s*,?\s*(?://\s*(?:\[(.*?)\])?\s*(.*))?$")
_NUMBER = r"[+-]?\d+(?:\.\d*)?"
_BOUNDED = re.compile(rf"^\s*({_NUMBER})(?:\s*,\s*({_NUMBER})\s+to\s+({_NUMBER}))?\s*$")
_LOOP = re.compile(r"\b(for|while|loop)\b")
_LITERAL = r"(\d+(?:\.\d*)?)[fuih]?"
_FOR = re.compile(
    rf"^\s*var\s+(\w+)\s*(?::\s*\w+\s*)?=\s*{_LITERAL}\s*;\s*\1\s*(<=?)\s*(?:{_LITERAL}|(\w+))\s*;"
    rf"\s*\1\s*(?:\+\+|\+=\s*{_LITERAL})\s*$"
)
_CONST = re.compile(rf"\bconst\s+(\w+)\s*(?::\s*\w+\s*)?=\s*{_LITERAL}\s*;")
_FUNCTION = re.compile(r"\bfn\s+(\w+)\s*\(")


Bodies = Mapping[str, tuple[int, str]]
"""Functions by name: where the body begins, and what it is."""


class LookError(ValueError):
    """What is wrong with a look, and in which line of its file; 0 means the file as a whole."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value that a scene can set: a number, or a colour."""

    name: str
    default: float | Colour
    low: float
    high: float
    help: str

    def read(self, value: object) -> float | Colour:
        """Return a scene's value as it is; raise ValueError, in a sentence, where it cannot be one."""
        if isinstance(self.default, Colour):
            try:
                return Colour.parse(value)
            except ValueError:
                raise ValueError(f'{self.name} must be a colour such as "#ff8800"') from None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"{self.name} must be a number")
        if not self.low <= value <= self.high:
            raise ValueError(f"{self.name} must be {self.low:g} to {self.high:g}")
        return float(value)


def parameters_of(text: str) -> dict[str, Parameter]:
    """Return the parameters that a look's text declares, by name. Raises LookError."""
    if INCLUDE not in text:
        raise LookError(f"is no look: it must say {INCLUDE}")
    struct = _STRUCT.search(text)
    if struct is None:
        raise LookError("has no struct Parameters; declare one, with one member at least")
    found: dict[str, Parameter] = {}
    first = text.count("\n", 0, struct.start(1)) + 1
    for number, line in enumerate(struct[1].split("\n"), start=first):
        if line.strip() and not line.strip().startswith("//"):
            parameter = _parameter(line, number)
            found[parameter.name] = parameter
    if not found:
        raise LookError("struct Parameters is empty; give it one member at least", first)
    return found


def _parameter(line: str, number: int) -> Parameter:
    member = _MEMBER.match(line)
    if member is None:
        raise LookError(
            f"write a parameter as `name: f32, // [default, low to high] help`, not {line.strip()!r}", number
        )
    name, kind, said, words = member.groups()
    if kind == "vec3f":
        try:
            return Parameter(name, Colour.parse((said or "#ffffff").strip()), 0.0, 1.0, words or "")
        except ValueError as error:
            raise LookError(f"{name}: {error} in its brackets", number) from error
    if kind != "f32":
        raise LookError(f"{name} must be f32 (a number) or vec3f (a colour), not {kind}", number)
    bounds = _BOUNDED.match(said or "0")
    if bounds is None:
        raise LookError(f"{name}: write its brackets as [0.4, 0 to 1]: default, and bounds", number)
    default, low, high = (float(part) if part else None for part in bounds.groups())
    assert default is not None
    least, most = (low, high) if low is not None and high is not None else (-1000.0, 1000.0)
    if not least <= default <= most:
        raise LookError(f"{name}: its default {default:g} is not within {least:g} to {most:g}", number)
    return Parameter(name, default, least, most, words or "")


def check_ends(text: str) -> None:
    """Raise LookError where a look might loop for ever, or more than `MOST_TURNS` times."""
    bare = re.sub(r"//[^\n]*|/\*.*?\*/", lambda found: re.sub(r"[^\n]", " ", found[0]), text, flags=re.DOTALL)
    constants = {name: float(value) for name, value in _CONST.findall(bare)}
    bodies = {name: (start, bare[start:end]) for name, start, end in _functions(bare)}
    known: dict[str, float] = {}

    def turns(name: str) -> float:
        if name not in known:
            known[name] = 0.0  # recursion is the compiler's to refuse
            start, body = bodies[name]
            known[name] = _turns(bare, start, body, constants, bodies, turns)
        return known[name]

    for name in bodies:
        if turns(name) > MOST_TURNS:
            line = bare.count("\n", 0, bodies[name][0]) + 1
            raise LookError(f"{name} turns its loops {turns(name):.0f} times a pixel; at most {MOST_TURNS}", line)


def _functions(bare: str) -> Iterator[tuple[str, int, int]]:
    """Every function's name, and where its body begins and ends."""
    for found in _FUNCTION.finditer(bare):
        begin = bare.find("{", found.end())
        if begin >= 0:
            yield found[1], begin + 1, _closing(bare, begin)


def _closing(text: str, opening: int) -> int:
    """Return where the bracket that opens at `opening` is closed, or the end."""
    pair = {"{": "}", "(": ")"}[text[opening]]
    depth = 0
    for place in range(opening, len(text)):
        depth += (text[place] == text[opening]) - (text[place] == pair)
        if depth == 0:
            return place
    return len(text)


def _turns(
    bare: str, start: int, body: str, constants: Mapping[str, float], bodies: Bodies, turns_of: Callable[[str], float]
) -> float:
    """Return how often the loops of a piece of code turn, those of the functions it calls included."""
    total, place = 0.0, 0
    while loop := _LOOP.search(body, place):
        total += _called(body[place : loop.start()], bodies, turns_of)
        line = bare.count("\n", 0, start + loop.start()) + 1
        opening = body.find("(", loop.end())
        head = body[opening + 1 : _closing(body, opening)] if loop[1] == "for" and opening >= 0 else ""
        said = _FOR.match(head)
        if said is None:
            raise LookError(
                "a look may loop only as `for (var i = 0; i < 8; i++)`, with constants: a GPU cannot be stopped", line
            )
        variable, begin, less, literal, named, step = said.groups()
        if named is not None and named not in constants:
            raise LookError(f"the loop ends at {named}, which is no const number of this file", line)
        end = float(literal) if literal is not None else constants[named]
        by = float(step) if step else 1.0
        brace = body.find("{", _closing(body, opening))
        close = _closing(body, brace) if brace >= 0 else len(body)
        inside = body[brace + 1 : close]
        if by <= 0.0 or re.search(rf"\b{variable}\b\s*(?:[-+*/%&|^]?=(?!=)|\+\+|--)|&\s*{variable}\b", inside):
            raise LookError(f"the loop's {variable} must rise by a constant, and be changed nowhere else", line)
        count = max(0.0, (end - float(begin)) / by + (less == "<="))
        total += count * (1.0 + _turns(bare, start + brace + 1, inside, constants, bodies, turns_of))
        place = close
    return total + _called(body[place:], bodies, turns_of)


def _called(piece: str, bodies: Bodies, turns_of: Callable[[str], float]) -> float:
    return sum(turns_of(name) for name in re.findall(r"\b(\w+)\s*\(", piece) if name in bodies)


def read_look(file: Path) -> Mapping[str, Parameter]:
    """Return what can be set in a look's file. Raises LookError, also for one that might not end."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LookError("cannot be read as UTF-8 text") from error
    check_ends(text)
    return parameters_of(text)
