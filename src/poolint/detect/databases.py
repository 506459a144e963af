"""Databases that live in memory: nobody else waits for their connections, and they end with the process."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poolint.analyses.pools import Pool
    from poolint.detect.services import Services
    from poolint.models.schema import Class

_NAMES = (":memory:", "mode=memory")
"""What SQLite calls a database in memory."""


def is_in_memory(services: Services, pool: Pool | None) -> bool:
    """Whether a pool's engine has a database in memory: all URLs that it may be given are known, and say so."""
    if pool is None or pool[:1] != ("place",):
        return False
    module = services.evaluator.project.module(str(pool[1]))
    for spec in services.engines.of_module(module) if module is not None else ():
        if (spec.node.lineno, spec.node.col_offset) == pool[2:]:
            return bool(spec.urls) and all(one.memory for one in spec.urls)
    return False


def opens_in_memory(call: ast.Call) -> bool:
    """Whether a driver's connection is one to a database in memory."""
    given = [*call.args, *(one.value for one in call.keywords)]
    texts = [one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return any(name in text for text in texts for name in _NAMES)


def closes_itself(cls: Class) -> bool:
    """Whether a connection takes no slot from anybody and is closed the moment that nothing refers to it: what a function
    leaves behind of it is gone with the function, and only a reference that somebody keeps makes it last."""
    return cls.embedded and cls.mode == "sync"
