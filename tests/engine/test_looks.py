"""A look says what can be set in it, and comes to an end, or is refused in its own line."""

from __future__ import annotations

import pytest

from engine.component import Colour
from engine.looks import INCLUDE, LookError, check_ends, parameters_of

HEAD = f"{INCLUDE}\nstruct Parameters {{\n"


def test_parameters_are_what_the_struct_and_its_comments_say() -> None:
    text = HEAD + "    height: f32,  // [0.4, 0 to 1] How high.\n    tint: vec3f,  // [#ff0000]\n    bare: f32,\n}\n"
    found = parameters_of(text)
    assert list(found) == ["height", "tint", "bare"]
    height = found["height"]
    assert (height.default, height.low, height.high, height.help) == (0.4, 0.0, 1.0, "How high.")
    assert found["tint"].default == Colour(1.0, 0.0, 0.0)
    assert found["bare"].default == 0.0


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("fn look() {}", 0, "it must say"),
        (INCLUDE + "\nfn look() {}", 0, "has no struct Parameters"),
        (HEAD + "}", 2, "is empty"),
        (HEAD + "  a: vec4f, // [1]\n}", 3, "a must be f32 (a number) or vec3f (a colour), not vec4f"),
        (HEAD + "  a: f32, // [1, 2]\n}", 3, "write its brackets as [0.4, 0 to 1]"),
        (HEAD + "  b: f32,\n  a: f32, // [9, 0 to 1]\n}", 4, "its default 9 is not within 0 to 1"),
        (HEAD + "  a: vec3f, // [red]\n}", 3, 'write a colour as "#rrggbb"'),
    ],
)
def test_a_declaration_that_is_none_is_refused_in_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(LookError) as found:
        parameters_of(text)
    assert words in str(found.value)
    assert found.value.line == line


@pytest.mark.parametrize(
    ("value", "words"), [(2.0, "height must be 0 to 1"), ("x", "must be a number"), (True, "number")]
)
def test_a_value_that_does_not_fit_is_refused(value: object, words: str) -> None:
    height = parameters_of(HEAD + "    height: f32,  // [0.4, 0 to 1]\n}")["height"]
    with pytest.raises(ValueError, match=words):
        height.read(value)
    assert height.read(1) == 1.0


@pytest.mark.parametrize(
    "loop",
    [
        "for (var i = 0; i < 8; i++) { x += 1.0; }",
        "for (var i: u32 = 0u; i <= 7u; i += 2u) { if i == 3u { x = f32(i); } }",
        "for (var t = 0.0; t < 1.0; t += 0.125) { x += t; }",
        "const STEPS = 12;\nfor (var i = 0; i < STEPS; i++) { for (var j = 0; j < STEPS; j++) { x += 1.0; } }",
        "// while (true) is only a word here\nx = 1.0; /* loop { } */",
    ],
)
def test_loops_that_end_are_taken(loop: str) -> None:
    check_ends(f"fn look(x: f32) -> f32 {{\n{loop}\nreturn x;\n}}")


@pytest.mark.parametrize(
    ("loop", "words"),
    [
        ("while x > 0.0 { x -= 1.0; }", "only as"),
        ("loop { x += 1.0; }", "only as"),
        ("for (;;) { }", "only as"),
        ("for (var i = 0; i < n; i++) { }", "ends at n, which is no const"),
        ("for (var i = 0; i < 8; i++) { i = 0; }", "changed nowhere else"),
        ("for (var i = 0; i < 8; i++) { i--; }", "changed nowhere else"),
        ("for (var i = 0; i < 8; i++) { f(&i); }", "changed nowhere else"),
        ("for (var i = 0; i < 8; i += 0) { }", "must rise"),
        ("for (var i = 0; i < 8; i--) { }", "only as"),
        ("for (var i = 0; x < 8.0; i++) { }", "only as"),
    ],
)
def test_loops_that_might_not_end_are_refused_in_their_line(loop: str, words: str) -> None:
    with pytest.raises(LookError, match=words) as found:
        check_ends(f"// a comment\nfn look(x: f32) -> f32 {{\n{loop}\nreturn x;\n}}")
    assert found.value.line == 3


def test_turns_are_counted_through_loops_and_calls() -> None:
    inner = "fn inner() -> f32 {\nfor (var i = 0; i < 100; i++) { }\nreturn 0.0;\n}\n"
    check_ends(inner + "fn look() -> f32 { for (var i = 0; i < 30; i++) { let a = inner(); } return 0.0; }")
    with pytest.raises(LookError, match="look turns its loops 5050 times a pixel; at most 4096"):
        check_ends(inner + "fn look() -> f32 { for (var i = 0; i < 50; i++) { let a = inner(); } return 0.0; }")
