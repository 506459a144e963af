"""What could be seen in the files of a run, and what could not: the answer behind ``poolint coverage``."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from poolint.discovery import Discovery
from poolint.engine import Checker
from poolint.explain.reasons import Cause, Reasons
from poolint.explain.teaching import rows
from poolint.explain.totals import Totals, each_awaited, totals
from poolint.text.source import Source, SourceError
from poolint.types.call_sites import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poolint.analyses.coverage import Seen
    from poolint.analyses.seen import Settled
    from poolint.config import Resolver
    from poolint.models.schema import Class
    from poolint.rules.base import Rule
    from poolint.syntax.project import Module
    from poolint.types.unmodelled import Path

_MOST = 8
"""Reasons that are followed to the one that a value's type comes down to."""


class Place(NamedTuple):
    """A row of a file."""

    path: str
    row: int


class Value(NamedTuple):
    """A value that is used as a session or connection in a function, and whose type is unknown.

    ``place`` is its first use; ``why`` says in words why nothing is known of it. ``cause``, ``subject`` and ``origin``
    are what that comes down to: the kind of reason, the parameter, annotation or call that it lies in, and where.
    """

    place: Place
    function: str
    text: str
    cause: Cause
    why: str
    subject: str
    origin: Place


class Awaited(NamedTuple):
    """A call of a library without a model, awaited while a connection is held. ``name`` is put together from the name
    that is imported and the attributes that lead from there to what is called."""

    place: Place
    function: str
    package: str
    name: str
    path: Path


class Report(NamedTuple):
    """All of a run; ``problems`` has a line for each file that could not be read or parsed, and for settings
    that could not be used."""

    totals: Totals
    values: tuple[Value, ...]
    awaited: tuple[Awaited, ...]
    models: Mapping[str, Class]
    problems: tuple[str, ...]

    def taught(self, package: str = "") -> str:
        """The rows that tell of the awaited calls, of all or of one package, as TOML."""
        return rows((one.path for one in self.awaited if package in ("", one.package)), self.models)


def report(paths: Sequence[str], resolver: Resolver, rules: Mapping[str, type[Rule]]) -> Report:
    """What is and is not seen in the files that ``paths`` stand for."""
    problems: list[str] = []
    checkers: dict[int, Checker] = {}
    discovery = Discovery(resolver)
    seen: list[Seen | Settled] = []
    values: list[Value] = []
    models: Mapping[str, Class] = {}
    for path in discovery.files(paths):
        settings = resolver.for_file(path)
        checker = checkers.setdefault(id(settings), Checker(settings, rules))
        try:
            source = Source.read(path)
            if not checker.is_interesting(path, source.data):
                continue
            module, analysis = checker.analysed(source)
            one = analysis.coverage.of(module)
        except SourceError as error:
            problems.append(f"{path}:{error.row}: {error.message}")
        except RecursionError:
            problems.append(f"{path}: nested too deeply to be analysed by this Python")
        else:
            seen.append(one)
            values += _values(one, module)
            models = analysis.evaluator.models.classes
            if checker.is_full:
                seen = [each.settled() for each in seen]
                del module, analysis, one
                checker.rest()
    problems += [f"{path}: {reason}" for path, reason in discovery.problems]
    problems += map(str, discovery.refused)
    awaited = (
        Awaited(Place(one.path, one.row), one.function, one.package, one.name, one.steps) for one in each_awaited(seen)
    )
    return Report(totals(seen), tuple(sorted(values)), tuple(sorted(awaited)), models, tuple(problems))


def _values(seen: Seen, module: Module) -> Iterator[Value]:
    reasons = Reasons(seen.ev, module, _MOST)
    for function in seen.functions:
        for one in function.unknown:
            scope = function.scope
            reason = reasons.of_union(one.node, scope) if one.is_union else reasons.of(one.node, scope)
            root = reason.root
            yield Value(
                Place(module.path, one.call.lineno),
                scope.qualified_name,
                text_of(one.node, scope),
                root.cause,
                reason.sentence,
                root.subject,
                Place(root.path, root.row),
            )
