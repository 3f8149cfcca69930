"""How our own person segmentation network is made: see README.md beside this file."""
