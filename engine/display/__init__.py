"""Displays: monitors, windows, offscreen targets, and the presenter that puts the stage on each."""
