"""Tests of the previewer."""
