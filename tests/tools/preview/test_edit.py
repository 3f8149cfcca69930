"""Editing changes the bytes of what is meant, and no others."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tools.preview.edit import add_component, append, remove, rename, replace_value, set_value, text_of


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


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"[a.b]\n[x.y]\n", b"[a.b]\nc = 0.5\n[x.y]\n"),
        (
            b"[a.b] # one\nd = [1,\n 2] # two\n\n# of x\n[x.y]\n",
            b"[a.b] # one\nd = [1,\n 2] # two\nc = 0.5\n\n# of x\n[x.y]\n",
        ),
        (b"[a.b]\r\n  d = 1", b"[a.b]\r\n  d = 1\r\n  c = 0.5\r\n"),
        (b"a.b.d = 1\nx.y.z = 1\n", b"a.b.d = 1\na.b.c = 0.5\nx.y.z = 1\n"),
        (b"[a]\nb.d = 1\nx.z = 2\n", b"[a]\nb.d = 1\nb.c = 0.5\nx.z = 2\n"),
        (b"[a]\nb = { d = 1 } # in\n", b"[a]\nb = { d = 1, c = 0.5 } # in\n"),
        (b"[a]\nb = {}\n", b"[a]\nb = { c = 0.5 }\n"),
        (b"a = { x = {} }\n", b"a = { x = {}, b = { c = 0.5 } }\n"),
        (b"[a.x]\nz = 1\n\n[x.y]\n", b"[a.x]\nz = 1\n[a.b]\nc = 0.5\n\n[x.y]\n"),
        (b"a.x.z = 1\nx.y.z = 1\n", b"a.x.z = 1\na.b.c = 0.5\nx.y.z = 1\n"),
        (b"[x.y]\n", b"[x.y]\n\n[a.b]\nc = 0.5\n"),
        (b"[x.y]", b"[x.y]\n\n[a.b]\nc = 0.5\n"),
        (b"", b"[a.b]\nc = 0.5\n"),
    ],
)  # fmt: skip
def test_a_field_that_is_not_there_gets_a_line_where_it_belongs(before: bytes, after: bytes) -> None:
    assert set_value(before, ("a", "b", "c"), "0.5") == after
    assert tomllib.loads(after.decode())["a"]["b"]["c"] == 0.5


def test_a_component_comes_below_what_its_entity_has() -> None:
    before = b"[a.x]\nz = 1\n\n# of x\n[x.y]\n"
    assert add_component(before, "a", "b") == b"[a.x]\nz = 1\n[a.b]\n\n# of x\n[x.y]\n"
    assert add_component(before, "new one", "b") == before + b'\n["new one".b]\n'
    with pytest.raises(KeyError):
        add_component(before, "a", "x")


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        (("a", "b", "c"), b"[a.b]\nd = 1\nc = [1, # one\n 2] # two\ne = 1\n", b"[a.b]\nd = 1\ne = 1\n"),
        (("a", "b", "c"), b"[a]\nb = { c = 1, d = 2 }\n", b"[a]\nb = { d = 2 }\n"),
        (("a", "b", "c"), b"[a]\nb = { d = 2, c = 1 }\n", b"[a]\nb = { d = 2 }\n"),
        (("a", "b"), b"[a.x]\n# why\n[a.b]\nc = 1\n\n[x.y]\n", b"[a.x]\n\n[x.y]\n"),
        (("a",), b"[v.w]\n\n# why\n[a.b]\nc = 1\n[a.d]\n\n[x.y]\n", b"[v.w]\n\n[x.y]\n"),
        (("a",), b"#:schema s.json\n[a.b]\nc = 1\n[x.y]\n", b"#:schema s.json\n[x.y]\n"),
        (("a",), b"[v.w]\n\n[a.b]\nc = 1\n", b"[v.w]\n"),
        (("a",), b"a.b.c = 1\nx.y.z = 1\n", b"x.y.z = 1\n"),
        (("a",), b"a = { b = { c = 1 } }\nx = { y = {} }\n", b"x = { y = {} }\n"),
    ],
)
def test_what_is_removed_leaves_the_rest_as_it_was(path: tuple[str, ...], before: bytes, after: bytes) -> None:
    assert remove(before, path) == after
    with pytest.raises(KeyError):
        remove(after, path)


def test_an_entity_is_renamed_wherever_it_is_meant() -> None:
    before = b'[a.b]\nc = 1\n[a.d]\n[x.layer]\nmask = "a" # a\ncamera = "b"\n[y.cue]\nshow = ["b", \'a\']\n'
    after = b'[z.b]\nc = 1\n[z.d]\n[x.layer]\nmask = "z" # a\ncamera = "b"\n[y.cue]\nshow = ["b", "z"]\n'
    assert rename(before, "a", "z", [("x", "layer", "mask"), ("y", "cue", "show")]) == after


def test_an_entity_can_be_copied_to_the_end() -> None:
    before = b"[a.b]\nc = 1 # one\n\n[x.y]\n[a.d]\n"
    copy = rename(text_of(before, "a"), "a", "z", [])
    assert append(before, copy) == before + b"\n[z.b]\nc = 1 # one\n[z.d]\n"


@pytest.mark.parametrize("path", sorted((ROOT / "scenes").glob("*.toml")), ids=lambda path: path.stem)
def test_adding_and_removing_leaves_every_scene_as_it_was(path: Path) -> None:
    data = path.read_bytes()
    entities = tomllib.loads(data.decode())
    for entity, components in entities.items():
        for component in components:
            added = set_value(data, (entity, component, "new"), "1")
            assert tomllib.loads(added.decode())[entity][component]["new"] == 1
            assert remove(added, (entity, component, "new")) == data
    assert remove(append(data, b"[new.fill]\n[new.layer]\n"), ("new",)) == data
