"""One line of one file to an :class:`Explanation`: everything that poolint knows there, and what it does not know."""

from __future__ import annotations

import ast
import os
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from poolint.config import shown
from poolint.engine import Checker
from poolint.explain import events
from poolint.explain.duties import Duties
from poolint.explain.judged import Judged
from poolint.explain.known import Knowledge, is_one_of
from poolint.explain.line import STDLIB, calls_on, line_at, names_on, scopes_on, withs_on
from poolint.explain.report import Event, Explanation, Known, Obligation
from poolint.explain.silent import Silent
from poolint.syntax.scopes import parent_of
from poolint.types.call_sites import text_of
from poolint.types.evidence import SAYS_DATABASE
from poolint.types.values import UNKNOWN, ClassObject, Instance, LibraryName, Pending, Type, Unknown, alternatives

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from poolint.config import Settings
    from poolint.detect.analysis import Analysis
    from poolint.explain.line import Line
    from poolint.rules.base import Rule
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.text.source import Source

T = TypeVar("T")

SCREENED = (
    "screened out: the file names no library that poolint knows and imports nothing that carries a pool, so "
    "`poolint check` does not look at it; this is what it would see"
)
_ANY_KIND = frozenset(
    {"session", "connection", "subscription", "transaction", "cursor", "result", "query", "engine", "pool", "factory", "registry",
     "client", "response", "context"}
)  # fmt: skip


def explain(source: Source, row: int, settings: Settings, rules: Mapping[str, type[Rule]]) -> Explanation:
    """What poolint knows at ``row`` of a file.

    Raises:
        SourceError: the file cannot be parsed.
    """
    checker = Checker(settings, rules)
    screened = not checker.is_interesting(os.path.abspath(source.path), source.data)
    module, analysis, observed, crashes = checker.observed(source)
    line = line_at(module, row)
    knowledge = Knowledge(analysis.evaluator, module)
    judged = Judged(module, analysis, observed, crashes, settings, rules, screened)
    names = names_on(module, line)
    function = line.scope.qualified_name

    def told(part: str, make: Callable[[], Iterable[T]]) -> tuple[T, ...]:
        nothing: tuple[T, ...] = ()
        return crashes.guarded(f"the account of {part}", lambda: tuple(make()), nothing, row, function)

    obligations = told("obligations", lambda: _obligations(module, analysis, knowledge, line, names))
    obligations = tuple(replace(one, reported=_reported(one, judged)) if one.exits else one for one in obligations)
    known = told("names", lambda: _known(analysis, knowledge, names))
    calls = told("calls and blocks", lambda: _events(module, analysis, knowledge, line))
    unresolved = told("what is not resolved", lambda: _unresolved(module, analysis, knowledge, line, names))
    return Explanation(
        filename=shown(source.path),
        row=row,
        first=line.first,
        last=line.last,
        code="".join(source.lines[line.first - 1 : line.last]).rstrip("\r\n"),
        function=function,
        screened=screened,
        notes=(*((SCREENED,) if screened else ()), *crashes.messages()),
        names=known,
        events=calls,
        obligations=obligations,
        findings=tuple(judged.on(line)),
        unresolved=tuple(dict.fromkeys(unresolved)),
    )


def _reported(one: Obligation, judged: Judged) -> tuple[str, ...]:
    """What the rules say of an obligation; something is said in any case where it is owed."""
    owed = any(ending.state == "owed" for way in one.exits for ending in way.endings)
    return judged.at(one.row) or (("none: no rule takes this for a leak",) if owed else ())


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
    return bool(SAYS_DATABASE.search(name)) or isinstance(parent, (ast.withitem, ast.Await))


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
    module: Module, analysis: Analysis, knowledge: Knowledge, line: Line, names: list[tuple[ast.expr, Scope]]
) -> Iterator[Obligation]:
    followed = []
    for scope in scopes_on(module, line):
        if scope.kind == "function":
            for obligation, site in Duties(analysis, knowledge, scope).on(line):
                followed.append(site)
                yield obligation
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
        for each in alternatives(ev.type_of(call.func, scope)):
            root = each.name.partition(".")[0] if isinstance(each, LibraryName) else ""
            if root and root not in STDLIB and root != "builtins" and _is_given_resource(analysis, call, scope):
                nowhere = f"the models say nothing of `{root}`, nor is it a module of the project"
                yield f"`{text_of(call.func, scope)}`: {nowhere}"


def _is_given_resource(analysis: Analysis, call: ast.Call, scope: Scope) -> bool:
    """Whether what is called matters: its value is awaited or entered, or a resource is passed to it."""
    if isinstance(parent_of(call), (ast.withitem, ast.Await)):
        return True
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(is_one_of(analysis.evaluator.type_of(one, scope), _ANY_KIND) for one in given)


def _receiver(call: ast.Call) -> ast.expr:
    return call.func.value if isinstance(call.func, ast.Attribute) else call.func
