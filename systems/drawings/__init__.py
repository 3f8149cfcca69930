"""What a layer can be drawn as, one kind a file; `systems/layers.py` chooses."""
