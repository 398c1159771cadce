"""The nearest right name for a wrong one, as every error message offers it."""

from __future__ import annotations

import pytest

from app.domain.fields import nearest


@pytest.mark.parametrize(
    ("name", "known", "told"),
    [
        ("fier", ("filler", "fire", "fires"), "; did you mean 'fire'?"),
        ("FIRE", ("fire", "fires"), "; did you mean 'fire'?"),
        ("fload", ("flood", "load"), "; did you mean 'load'?"),
        ("xyz", ("flood", "gas"), "; known here: flood, gas"),
        ("xyz", (), ""),
    ],
)
def test_letters_that_changed_places_come_before_other_slips(
    name: str, known: tuple[str, ...], told: str
) -> None:
    assert nearest(name, known) == told
