"""Every key of a TOML text has its line and column."""

from __future__ import annotations

import pytest

from engine.scene.where import key_spots, split_key


def test_tables_keys_and_dotted_keys_have_their_own_spots() -> None:
    spots = key_spots('top = 1\n\n[guest.mask]\n  camera = "front"\na.b = 2\n')
    assert spots == {
        ("top",): (1, 1),
        ("guest",): (3, 2),
        ("guest", "mask"): (3, 8),
        ("guest", "mask", "camera"): (4, 3),
        ("guest", "mask", "a"): (5, 1),
        ("guest", "mask", "a", "b"): (5, 3),
    }


def test_quoted_keys_are_unquoted() -> None:
    assert key_spots("""[ "a.b" . 'c d' ]\n"\\u00e9" = 1""") == {
        ("a.b",): (1, 3),
        ("a.b", "c d"): (1, 11),
        ("a.b", "c d", "é"): (2, 1),
    }


def test_inline_tables_and_arrays_of_tables_share_the_path_of_their_array() -> None:
    spots = key_spots("a = { b = 1, c.d = [ { e = 2 }, { e = 3 } ] }\n[[x]]\ny = 1\n[[x]]\ny = 2\n")
    assert spots["a", "b"] == (1, 7)
    assert spots["a", "c", "d", "e"] == (1, 24)
    assert spots["x",] == (2, 3)
    assert spots["x", "y"] == (3, 1)


def test_columns_count_characters_not_bytes() -> None:
    assert key_spots("a = { 'ä' = 1, b = 2 }")["a", "b"] == (1, 16)


@pytest.mark.parametrize("text", ["", "[", "= 1", "[[[", "a = {", "\0", "]\n[a."])
def test_broken_text_does_not_crash(text: str) -> None:
    key_spots(text)


def test_a_key_is_split_as_toml_does() -> None:
    assert split_key('guest."a.b". mask') == ("guest", "a.b", "mask")
    for bad in ("", "a.", "a b", "a\nb"):
        with pytest.raises(ValueError, match=r".*"):
            split_key(bad)
