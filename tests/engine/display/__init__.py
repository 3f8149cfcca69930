"""Tests of engine/display: what reaches an output, offscreen, in windows and in recordings."""
