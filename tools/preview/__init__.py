"""`scrim preview`: a window in which scenes are looked at and changed."""
