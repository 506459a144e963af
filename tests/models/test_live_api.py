"""Holds the tables about names, events and exceptions to the real libraries."""

from __future__ import annotations

import importlib
import importlib.metadata

import pytest
from tests.models.live.names import exported

from poolint.models import build
from poolint.models.loader import load

MODELS = load()
VERIFIED = {row.module: library.verified[-1] for library in build.read_all() for row in library.modules}
DISTRIBUTION = {"sqlalchemy": "SQLAlchemy", "psycopg_pool": "psycopg-pool"}


@pytest.mark.parametrize("module", MODELS.modules)
def test_a_module_has_these_names(module: str) -> None:
    row = MODELS.modules[module]
    top = module.partition(".")[0]
    real = exported(module)
    assert real <= MODELS.names(module), f"write it anew: `python -m tests.models.live.names {module}`"
    if importlib.metadata.version(DISTRIBUTION.get(top, top)) == VERIFIED[module]:
        assert MODELS.names(module) - set(row.gone.split()) == real


@pytest.mark.parametrize("module", MODELS.modules)
def test_what_is_meant_is_there(module: str) -> None:
    for name, right in MODELS.modules[module].right.items():
        assert not hasattr(importlib.import_module(module), name)
        owner, _, last = right.rpartition(".")
        assert hasattr(importlib.import_module(owner or module), last)
