"""Editing changes the bytes of one value."""

from __future__ import annotations

import pytest

from tools.preview.edit import replace_value


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"# top\r\n[a.b]\r\nc  =  1 # why\r\nd = 2\r\n", b"# top\r\n[a.b]\r\nc  =  0.5 # why\r\nd = 2\r\n"),
        (b'a.b.c = "\xc3\xa9"\n[x.b]\nc = 1\n', b"a.b.c = 0.5\n[x.b]\nc = 1\n"),
        (b"[a]\nb = { c = [1,\n 2], d = 3 }\n", b"[a]\nb = { c = 0.5, d = 3 }\n"),
        (b'["a"]\nb."c" = 1', b'["a"]\nb."c" = 0.5'),
    ],
)
def test_only_the_value_changes(before: bytes, after: bytes) -> None:
    assert replace_value(before, ("a", "b", "c"), "0.5") == after


def test_what_has_no_value_is_refused() -> None:
    with pytest.raises(KeyError):
        replace_value(b"[a.b]\nc = 1\n", ("a", "b"), "2")
    with pytest.raises(ValueError, match="Invalid"):
        replace_value(b"[a.b]\nc = 1\n", ("a", "b", "c"), "nope")
