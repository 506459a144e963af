"""Calls and ``with`` blocks on a line, in words: what the models say of them, how their values are used."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.holding import transactions
from poolint.explain.line import is_standard
from poolint.explain.report import Event
from poolint.explain.words import EFFECTS, of_class, of_row, of_type, of_use
from poolint.models.schema import OWNERS, RELEASABLE
from poolint.syntax.scopes import parent_of
from poolint.syntax.uses import usage
from poolint.types import returns
from poolint.types.call_sites import call_site, call_sites, text_of
from poolint.types.values import UNKNOWN, ClassObject, Function, Instance, LibraryName, Pending, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.effects import Witness
    from poolint.detect.analysis import Analysis
    from poolint.explain.known import Knowledge
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite


def of_call(analysis: Analysis, knowledge: Knowledge, call: ast.Call, scope: Scope) -> Event | None:
    """What is known of a call; None for one that is nobody's business here."""
    fact = call_site(analysis.evaluator, call, scope)
    says = list(_callee(analysis, knowledge, call, fact, scope))
    effects = list(_effects(analysis, knowledge, call, scope))
    if not says and not effects:
        return None
    value = usage(call, scope)
    return Event(text_of(call, scope), call.lineno, (*says, of_use(value, call.lineno), *effects))


def _callee(
    analysis: Analysis, knowledge: Knowledge, call: ast.Call, fact: CallSite | None, scope: Scope
) -> Iterator[str]:
    ev = analysis.evaluator
    callee = ev.type_of(call.func, scope)
    if fact is not None and fact.row is not None:
        if fact.provenance == "evidence":
            yield f"`{fact.receiver}` is taken for {of_class(fact.cls)} by its use" if fact.cls else "known by its use"
        yield of_row(fact.api if fact.provenance != "evidence" else fact.method, fact.row)
        return
    if fact is None:
        facts = call_sites(ev, call, scope)
        if len(facts) > 1:
            told = "; or ".join(of_row(one.api, one.row) if one.row else one.name for one in facts)
            yield f"it may be one of several, which do not agree: {told}"
        elif callee is UNKNOWN and _may_matter(call, analysis):
            yield f"not known: {knowledge.why_unknown(call.func, scope)}"
        elif callee is not UNKNOWN and _may_matter(call, analysis):
            yield f"`{text_of(call.func, scope)}` is {of_type(callee, scope.module)}"
        return
    for one in alternatives(callee):
        if isinstance(one, Function):
            yield _own(analysis, knowledge, one)
        elif isinstance(one, ClassObject):
            made = one.base
            role = "" if made is None or made.construct == "local" else _MADE.get(made.construct, "")
            if made is not None or one.cls is not one.base:
                yield f"makes a {of_type(one.instance(), scope.module)}{role}"
        elif isinstance(one, LibraryName) and _may_matter(call, analysis) and not is_standard(one.name):
            yield f"the models say nothing of {one.name}"


_MADE = {
    "open": ": opens a session, which holds no connection before its first statement",
    "checkout": ": takes a connection",
    "create": ": it owns connections",
}


def _may_matter(call: ast.Call, analysis: Analysis) -> bool:
    """Whether the name of what is called is one that resources have: all other unknown calls are noise here."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    words = analysis.vocabulary
    entered = isinstance(parent_of(call), (ast.withitem, ast.Await))
    return entered or name in words.of_resources or name in words.takes


def _own(analysis: Analysis, knowledge: Knowledge, one: Function) -> str:
    """A function of the project, and what calling it gives."""
    inner = one.scope
    kind = "a coroutine function" if inner.is_async else "a function"
    if inner.is_generator:
        kind = "an asynchronous generator" if inner.is_async else "a generator"
        if any(name.endswith("contextmanager") for name in returns.decorators(analysis.evaluator, inner)):
            kind = "an asynchronous context manager" if inner.is_async else "a context manager"
    gives = returns.returned(analysis.evaluator, inner, None)
    is_plain = isinstance(gives, Pending) and UNKNOWN is gives.awaited is gives.entered is gives.item
    told = "" if gives is UNKNOWN or is_plain else f"; it gives {of_type(gives, knowledge.here)}"
    return f"{inner.qualified_name} is {kind} of the project ({knowledge.at(inner.node, inner)}){told}"


def _effects(analysis: Analysis, knowledge: Knowledge, call: ast.Call, scope: Scope) -> Iterator[str]:
    """What a call reaches outside the process, and whether a transaction is open meanwhile."""
    witness = analysis.slow.of_call(call, scope)
    if witness is not None:
        effect = EFFECTS.get(witness.effect, witness.effect)
        if len(witness.links) > 1:
            yield f"it {effect}, by {_chain(witness, knowledge)}"
        if not analysis.holdings.at(call, scope):  # what is held is reported by itself
            yield _meanwhile(analysis, knowledge, call, scope)
    if scope.is_async:
        blocking = analysis.sync_sessions.of_call(call, scope)
        if blocking is not None and len(blocking.links) > 1:
            yield f"it reaches a synchronous session, by {_chain(blocking, knowledge)}"


def _chain(witness: Witness, knowledge: Knowledge) -> str:
    return " → ".join(f"`{link.name}` ({knowledge.at(link.node, link.scope)})" for link in witness.links)


def _meanwhile(analysis: Analysis, knowledge: Knowledge, call: ast.Call, scope: Scope) -> str:
    for region in analysis.holdings.blocks(call, scope):
        header = f"`{text_of(region.header, scope)}` (line {region.header.lineno})"
        return f"the transaction of {header} is open, but `{region.session}` holds no connection at this point"
    for change in analysis.holdings.ended(call, scope):
        return f"nothing is held meanwhile: `{text_of(change.node, scope)}` (line {change.node.lineno}) has ended that"
    reaching = analysis.coverage.reaching(scope)
    for one in reaching.unknown if reaching is not None else ():
        why = f"of `{text_of(one.node, scope)}` (line {one.call.lineno}) no type is known: {knowledge.why_not_seen(one, scope)}"
        return f"no connection that poolint sees is held meanwhile; {why}"
    return "no connection that poolint sees is held meanwhile"


def of_with(
    analysis: Analysis, knowledge: Knowledge, statement: ast.With | ast.AsyncWith, item: ast.withitem, scope: Scope
) -> Event | None:
    """What is known of one header of a ``with``: what is entered, what that binds and opens."""
    ev = analysis.evaluator
    asynchronous = isinstance(statement, ast.AsyncWith)
    header = item.context_expr
    one = ev.type_of(header, scope)
    word = "async with" if asynchronous else "with"
    text = f"{word} {text_of(header, scope)}"
    if one is UNKNOWN:
        return Event(text, header.lineno, (f"what is entered is unknown: {knowledge.why_unknown(header, scope)}",))
    entered = ev.entered(one, asynchronous=asynchronous)
    gives = of_type(entered, knowledge.here) if entered is not UNKNOWN else "something unknown"
    says = [f"enters {of_type(one, knowledge.here)}; `{word}` binds {gives}"]
    for each in alternatives(entered):
        if isinstance(each, Instance) and each.base is not None and each.base.kind in _GIVEN_BACK:
            back = "gives it back" if each.base.releases_on_exit else "ends the transaction but does not give it back"
            says.append(f"leaving the block {back}")
    for region in transactions(ev, scope):
        if region.header is header:
            since = f"from the first statement on `{region.session}` on" if region.session else "from its beginning on"
            says.append(f"opens a transaction, which holds a connection {since}")
    return Event(text, header.lineno, tuple(says))


_GIVEN_BACK = RELEASABLE | OWNERS
