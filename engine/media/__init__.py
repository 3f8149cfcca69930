"""Pictures and sound from outside and back: sources, feeds, recordings."""
