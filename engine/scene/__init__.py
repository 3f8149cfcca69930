"""Scenes: TOML files become entities, with every mistake in its place; reload by difference; schema and reference."""
