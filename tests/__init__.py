"""Tests of Scrim, in the shape of the tree they test."""
