"""What any show needs, whatever it looks like: world, scenes, threads, GPU, media, models, displays."""
