"""Settings: from ``pyproject.toml``, ``poolint.toml`` and the command line to :class:`Settings`.

A file is governed by the nearest folder upwards of it with a ``poolint.toml``, or a ``pyproject.toml`` that has a table
``[tool.poolint]``. What stands on the command line is laid over that, as a further layer (see ``selection``).
"""

from __future__ import annotations

from poolint.config.resolver import Overrides, Resolver, load
from poolint.config.settings import DEFAULT_EXCLUDE, KEYS, Selectors, Settings
from poolint.config.words import ConfigError, kind_of, nearest, shown

__all__ = [
    "DEFAULT_EXCLUDE", "KEYS", "ConfigError", "Overrides", "Resolver", "Selectors", "Settings", "kind_of",
    "load", "nearest", "shown",
]  # fmt: skip
