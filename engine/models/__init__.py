"""Neural networks: opened, described, run on pictures, and shared by cameras."""
