"""One line of one file to an :class:`Explanation`: everything that poolint knows there, and what it does not know."""

from __future__ import annotations

import ast
import os
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar, get_args

from poolint.config import shown
from poolint.engine import Checker
from poolint.explain import events
from poolint.explain.duties import Duties
from poolint.explain.held import Held
from poolint.explain.judged import Judgements
from poolint.explain.known import Knowledge, is_one_of
from poolint.explain.line import calls_on, is_standard, line_at, names_on, scopes_on, withs_on
from poolint.explain.report import Event, Explanation, HeldOver, Known, Obligation
from poolint.explain.silent import Silent
from poolint.models.schema import Kind
from poolint.syntax.expressions import call_arguments
from poolint.syntax.scopes import parent_of
from poolint.types.call_sites import callees_of, text_of
from poolint.types.evidence import says_database
from poolint.types.values import UNKNOWN, ClassObject, Instance, LibraryName, Pending, Type, Unknown, alternatives

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from poolint.analyses.lifetimes.acquisitions import Site
    from poolint.config import Settings
    from poolint.detect.analysis import Analysis
    from poolint.explain.line import Line
    from poolint.rules.base import Rule
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.text.source import Source

T = TypeVar("T")

_NONE = "none: "

SCREENED = (
    "screened out: the file names no library that poolint knows and imports nothing that carries a pool, so "
    "`poolint check` does not look at it; this is what it would see"
)
_ANY_KIND = frozenset(get_args(Kind)) - {"other"}


class Explainer:
    """What poolint knows of one file, to be asked line by line.

    Raises:
        SourceError: the file cannot be parsed.
    """

    def __init__(self, source: Source, settings: Settings, rules: Mapping[str, type[Rule]]) -> None:
        checker = Checker(settings, rules)
        self.source = source
        self.screened = not checker.is_interesting(os.path.abspath(source.path), source.data)
        self.module, self.analysis, observed, self.crashes = checker.observed(source, asks_why=True)
        self.knowledge = Knowledge(self.analysis.evaluator, self.module)
        self.judged = Judgements(self.module, self.analysis, observed, self.crashes, settings, rules, self.screened)

    def at(self, row: int) -> Explanation:
        """What poolint knows at ``row``."""
        module, analysis, knowledge, judged = self.module, self.analysis, self.knowledge, self.judged
        line = line_at(module, row)
        names = names_on(module, line)
        function = line.scope.qualified_name

        def told(part: str, make: Callable[[], Iterable[T]]) -> tuple[T, ...]:
            nothing: tuple[T, ...] = ()
            return self.crashes.guarded(f"the account of {part}", lambda: tuple(make()), nothing, row, function)

        obligations = told("obligations", lambda: _obligations(module, analysis, knowledge, line, names, judged))
        held = told("what is held", lambda: Held(analysis, knowledge, judged).on(module, line))
        known = told("names", lambda: _known(analysis, knowledge, names))
        calls = told("calls and blocks", lambda: _events(module, analysis, knowledge, line))
        unresolved = told("what is not resolved", lambda: _unresolved(module, analysis, knowledge, line, names))
        return Explanation(
            filename=shown(self.source.path),
            row=row,
            first=line.first,
            last=line.last,
            code="".join(self.source.lines[line.first - 1 : line.last]).rstrip("\r\n"),
            function=function,
            screened=self.screened,
            notes=(*((SCREENED,) if self.screened else ()), *self.crashes.messages()),
            names=known,
            events=calls,
            obligations=obligations,
            held=held,
            findings=tuple(judged.on(line)),
            let_pass=_others(judged.let_pass(line), held, obligations),
            unresolved=tuple(dict.fromkeys(unresolved)),
        )


def _others(reasons: Iterable[str], held: Iterable[HeldOver], obligations: Iterable[Obligation]) -> tuple[str, ...]:
    """The reasons that are not reported with what is held, or with what is owed."""
    told = {one for each in held for one in each.silent}
    told.update(one.removeprefix(_NONE) for each in obligations for one in each.reported)
    return tuple(one for one in dict.fromkeys(reasons) if one not in told)


def _reported(site: Site, judged: Judgements) -> tuple[str, ...]:
    """What detectors and rules say of an obligation."""
    return judged.at(site.call) or tuple(f"{_NONE}{reason}" for reason in judged.reasons(site.call))


def _known(analysis: Analysis, knowledge: Knowledge, names: Iterable[tuple[ast.expr, Scope]]) -> Iterator[Known]:
    for node, scope in names:
        one = analysis.evaluator.type_of(node, scope)
        if _tells(one) or _is_imported(node, one) or (one is UNKNOWN and _is_asked_for(node)):
            yield knowledge.of(node, scope)


def _is_imported(node: ast.expr, one: Type) -> bool:
    """Whether a name stands in an import on the line, and something is known of it."""
    return isinstance(parent_of(node), (ast.Import, ast.ImportFrom)) and not isinstance(one, (Unknown, LibraryName))


def _tells(one: Type) -> bool:
    """Whether a type is of interest here: a library's object or class, or what will give one."""
    for each in alternatives(one):
        if isinstance(each, Pending):
            if any(_tells(inner) for inner in (each.awaited, each.entered, each.item) if inner is not UNKNOWN):
                return True
        elif isinstance(each, (Instance, ClassObject)) and each.base is not None:
            return each.base.kind in _ANY_KIND or isinstance(each, ClassObject)
    return False


def _is_asked_for(node: ast.expr) -> bool:
    """Whether an unknown name is one of which somebody would ask why: something is called on it, or it says so."""
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    if name in ("self", "cls"):
        return False
    parent = parent_of(node)
    if isinstance(parent, ast.Attribute) and isinstance(parent_of(parent), (ast.Call, ast.Await)):
        return True
    return says_database(name) or isinstance(parent, (ast.withitem, ast.Await))


def _events(module: Module, analysis: Analysis, knowledge: Knowledge, line: Line) -> Iterator[Event]:
    for statement, item, scope in withs_on(module, line):
        found = events.of_with(analysis, knowledge, statement, item, scope)
        if found is not None:
            yield found
    for call, scope in calls_on(module, line):
        found = events.of_call(analysis, knowledge, call, scope)
        if found is not None:
            yield found


def _obligations(
    module: Module,
    analysis: Analysis,
    knowledge: Knowledge,
    line: Line,
    names: list[tuple[ast.expr, Scope]],
    judged: Judgements,
) -> Iterator[Obligation]:
    followed = []
    for scope in scopes_on(module, line):
        if scope.kind == "function":
            for obligation, site in Duties(analysis, knowledge, scope).on(line):
                followed.append(site)
                yield replace(obligation, reported=_reported(site, judged))
    silent = Silent(analysis, knowledge, line, followed)
    yield from silent.names(names)
    yield from silent.calls(calls_on(module, line))


def _unresolved(
    module: Module, analysis: Analysis, knowledge: Knowledge, line: Line, names: list[tuple[ast.expr, Scope]]
) -> Iterator[str]:
    ev = analysis.evaluator
    for node, scope in names:
        one = ev.type_of(node, scope)
        if one is UNKNOWN and _is_asked_for(node) and knowledge.of(node, scope).is_known is False:
            yield f"`{text_of(node, scope)}`: {knowledge.why_unknown(node, scope)}"
        for binding, where in knowledge.bindings(node, scope):
            if binding.kind == "import" and one is UNKNOWN:
                yield f"`{text_of(node, scope)}`: {knowledge.why_import(binding, where)}"
    for call, scope in calls_on(module, line):
        if ev.type_of(call.func, scope) is UNKNOWN and is_one_of(ev.type_of(_receiver(call), scope), _ANY_KIND):
            yield f"`{text_of(call.func, scope)}`: {knowledge.why_unknown(call.func, scope)}"
        for each in callees_of(ev, call, scope):
            name = each.name if isinstance(each, LibraryName) else ""
            if name and not is_standard(name) and _is_given_resource(analysis, call, scope):
                root = name.partition(".")[0]
                nowhere = f"the models say nothing of `{root}`, nor is it a module of the project"
                yield f"`{text_of(call.func, scope)}`: {nowhere}"


def _is_given_resource(analysis: Analysis, call: ast.Call, scope: Scope) -> bool:
    """Whether what is called matters: its value is awaited or entered, or a resource is passed to it."""
    if isinstance(parent_of(call), (ast.withitem, ast.Await)):
        return True
    given = call_arguments(call)
    return any(is_one_of(analysis.evaluator.type_of(one, scope), _ANY_KIND) for one in given)


def _receiver(call: ast.Call) -> ast.expr:
    return call.func.value if isinstance(call.func, ast.Attribute) else call.func
