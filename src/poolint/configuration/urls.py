"""What a database URL says before its ``://``: the dialect, the driver, and in which kind of engine that works."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import msgspec

from poolint.syntax.guards import parts_of, tests_before
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.configuration.constants import Folded, Known
    from poolint.models import schema
    from poolint.models.loader import Models
    from poolint.syntax.scopes import Scope

_SCHEME = re.compile(r"([a-z][a-z0-9_]*)(?:\+([a-z][a-z0-9_]*))?://", re.IGNORECASE)
_MEMORY = re.compile(r"://(?:$|/?$|/?\?|/:memory:)|[?&]mode=memory")
_SAME_DIALECTS = {"postgres": "postgresql"}


class Url(msgspec.Struct, frozen=True):
    """A URL that an engine may be given. ``driver`` is the one that is named, or that its dialect takes by default;
    ``row`` is what is known of that. ``memory``: whether the database is in memory, None where that cannot be known.
    """

    known: Known
    text: str
    dialect: str
    driver: str
    named: bool
    row: schema.Driver | None
    memory: bool | None = False

    @property
    def scheme(self) -> str:
        """What stands before the ``://``."""
        return self.text.partition("://")[0]


def urls(models: Models, folded: Folded) -> tuple[Url, ...]:
    """The URLs among some values, as far as their beginnings are known."""
    return tuple(filter(None, (_url(models, one) for one in folded.known)))


def _url(models: Models, known: Known) -> Url | None:
    text = known.value
    match = _SCHEME.match(text) if isinstance(text, str) else None
    if match is None or not isinstance(text, str):
        return None
    dialect = _SAME_DIALECTS.get(match[1].lower(), match[1].lower())
    row = models.dialects.get(dialect)
    driver = match[2].lower() if match[2] else row.default if row is not None else ""
    memory: bool | None = False
    if row is not None and row.memory_pools:
        memory = True if _MEMORY.search(text) and known.whole else None if not known.whole else False
    return Url(known, text, dialect, driver, match[2] is not None, models.drivers.get((dialect, driver)), memory)


def let_through(models: Models, found: tuple[Url, ...], node: ast.AST, scope: Scope) -> tuple[Url, ...]:
    """Those of some URLs with which a node is reached past tests of what they begin with: ``url.startswith("sqlite")``."""
    for whole, outcome in tests_before(node, scope) if found else ():
        for test, holds in parts_of(whole, outcome):
            beginnings = _beginnings(models, test)
            if beginnings:
                found = tuple(one for one in found if one.scheme.startswith(beginnings) is holds)
    return found


def _beginnings(models: Models, test: ast.expr) -> tuple[str, ...]:
    """What a test asks a URL to begin with: texts that name a dialect, which nothing else is asked for."""
    asked: list[ast.expr] = []
    if isinstance(test, ast.Call) and last_name(test.func) == "startswith" and len(test.args) == 1:
        asked = test.args[0].elts if isinstance(test.args[0], ast.Tuple) else test.args
    elif isinstance(test, ast.Compare) and isinstance(test.ops[0], (ast.In, ast.Eq)) and len(test.ops) == 1:
        asked = [test.left if isinstance(test.ops[0], ast.In) else test.comparators[0]]
    texts = [one.value for one in asked if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    schemes = [one.partition(":")[0] for one in texts]
    is_told = bool(asked) and len(texts) == len(asked)
    return tuple(schemes) if is_told and all(one.partition("+")[0] in models.dialects for one in schemes) else ()


def is_wrong_for(url: Url, kind: str) -> bool:
    """Whether the driver of a URL is known not to work in engines of a kind."""
    return url.row is not None and url.row.kind not in ("both", kind)
