"""A perception process on a machine with a graphics card that is none: see card.py."""

from __future__ import annotations

import pytest

from engine.models import perception
from tests.engine.models.card import Card

with pytest.MonkeyPatch.context() as patch:
    Card(patch)
    perception.main()
