"""Tests of engine/scene/."""
