"""All stretches of code over which a connection is held, in the files of a run."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.holding.report import Stretch, Wait, stretches
from poolint.crashes import Crashes
from poolint.discovery import Discovery
from poolint.engine import Checker
from poolint.text.source import Source, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poolint.config import Resolver
    from poolint.detect.analysis import Analysis
    from poolint.rules.base import Rule
    from poolint.syntax.scopes import Scope

__all__ = ["Placed", "Stretch", "Wait", "held"]


class Placed(NamedTuple):
    """A stretch and the path of its file."""

    path: str
    stretch: Stretch


def held(
    paths: Sequence[str], resolver: Resolver, rules: Mapping[str, type[Rule]]
) -> tuple[list[Placed], list[str], int]:
    """The stretches in the files that ``paths`` stand for, longest first, and a line for each file that has none to
    give because it could not be read or parsed; and how many files there are."""
    problems: list[str] = []
    checkers: dict[int, Checker] = {}
    discovery = Discovery(resolver)
    found: list[Placed] = []
    files = 0
    for path in discovery.files(paths):
        files += 1
        settings = resolver.for_file(path)
        checker = checkers.setdefault(id(settings), Checker(settings, rules))
        try:
            source = Source.read(path)
            if checker.is_interesting(path, source.data):
                crashes = Crashes()
                found += (Placed(path, one) for one in _of_file(checker, source, crashes))
                problems += (f"{path}: {line}" for line in crashes.messages())
                if len(crashes):
                    del checkers[id(settings)]  # what it was about to learn is half known
                if checker.is_full:
                    checker.rest()
        except SourceError as error:
            problems.append(f"{path}:{error.row}: {error.message}")
        except RecursionError:
            problems.append(f"{path}: nested too deeply to be analysed by this Python")
    problems += [f"{path}: {reason}" for path, reason in discovery.problems]
    problems += map(str, discovery.refused)
    found.sort(key=lambda one: (*(-part for part in one.stretch.length), one.path, one.stretch.first))
    return found, problems, files


def in_source(checker: Checker, source: Source) -> list[Stretch]:
    """The stretches of one file, in the order of their rows; none of what crashed. Raises ``SourceError``."""
    found = _of_file(checker, source, Crashes()) if checker.is_interesting(source.path, source.data) else ()
    return sorted(found, key=lambda one: (one.first, one.last))


def _of_file(checker: Checker, source: Source, crashes: Crashes) -> Iterator[Stretch]:
    module, analysis = checker.analysed(source)
    nothing: list[Stretch] = []
    for scope in module.scope.descendants():
        work = partial(_of_scope, analysis, scope)
        row = getattr(scope.node, "lineno", 1)
        yield from crashes.guarded("the search for what holds", work, nothing, row, scope.qualified_name)


def _of_scope(analysis: Analysis, scope: Scope) -> list[Stretch]:
    return list(stretches(analysis.holdings, analysis.slow, scope))
