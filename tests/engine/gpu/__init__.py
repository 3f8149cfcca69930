"""Tests of engine/gpu and of the shaders' arithmetic."""
