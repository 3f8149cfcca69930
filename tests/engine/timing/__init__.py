"""Tests of the clocks and of the arithmetic of deadlines, in virtual time."""
