"""Tests of systems/: shows on a clock turned by hand, and what comes out of them."""
