"""The function that a dump is about: FILE:FUNCTION, with all that answers questions about it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poolint.config import ConfigError, nearest
from poolint.engine import Checker
from poolint.explain.known import Knowledge
from poolint.rules.registry import LazyRules
from poolint.text.source import Source, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from poolint.config import Settings
    from poolint.detect.analysis import Analysis
    from poolint.flow.cfg import Graph
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope

MODULE = "<module>"
"""How the scope of a whole file is called."""


@dataclass(frozen=True)
class Subject:
    """A function, or a whole file, with the services of its project."""

    checker: Checker
    analysis: Analysis
    scope: Scope
    path: str

    @property
    def module(self) -> Module:
        """The file that it stands in."""
        return self.scope.module

    @property
    def scopes(self) -> frozenset[Scope]:
        """Its scope and those inside it; of a file those that are in no function."""
        inner = self.scope.descendants()
        return frozenset(one for one in inner if self.scope.kind == "function" or one.outermost_function is None)

    @property
    def knowledge(self) -> Knowledge:
        """What is known of its names, and by what."""
        return Knowledge(self.analysis.evaluator, self.module)

    @property
    def graph(self) -> Graph:
        """Its control-flow graph. Raises :class:`~poolint.flow.cfg.TooComplex`."""
        return self.analysis.graphs.of(self.scope)

    @property
    def title(self) -> str:
        """The first line of each dump."""
        return f"{self.path}:{getattr(self.scope.node, 'lineno', 1)} {self.scope.qualified_name}"


def find(wanted: str, settings: Callable[[str], Settings]) -> Subject:
    """The function ``wanted``, by its qualified name or by the end of it that no other in the file has.

    Raises ``ConfigError`` where the file cannot be read or parsed, or has no such function.
    """
    path, _, name = wanted.rpartition(":")
    if not path or not name:
        raise ConfigError(f"`poolint dev dump` wants FILE:FUNCTION (`app/orders.py:Orders.pay`), not {wanted!r}")
    if not os.path.isfile(path):
        raise ConfigError(f"{path}: {'is a directory' if os.path.isdir(path) else 'no such file'}")
    checker = Checker(settings(path), LazyRules())
    try:
        module, analysis = checker.analysed(Source.read(os.path.abspath(path)))
    except SourceError as error:
        where = f":{error.row}:{error.column}" if error.row else ""
        raise ConfigError(f"{path}{where}: {error.message}") from None
    scopes = sorted(module.scope.descendants(), key=lambda one: getattr(one.node, "lineno", 0))
    functions = [one for one in scopes if one.kind == "function" or one is module.scope]
    named = [one for one in functions if one.qualified_name == name]
    named = named or [one for one in functions if one.qualified_name.endswith(f".{name}")]
    if not named:
        names = [one.qualified_name for one in functions]
        raise ConfigError(f"{path} has no function {name!r}{nearest(name, names)}")
    if len({one.qualified_name for one in named}) > 1:
        raise ConfigError(f"{path}: {name!r} is one of {', '.join(one.qualified_name for one in named)}")
    return Subject(checker, analysis, named[-1], path)  # of several definitions the last one counts
