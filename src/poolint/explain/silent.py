"""Resources on a line that no obligation is followed for, and why: somebody else gives them back."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.lifetimes.acquisitions import KINDS, acquisition, is_taking
from poolint.explain.known import is_one_of
from poolint.explain.report import Obligation
from poolint.explain.words import UNFOLLOWED, of_class, of_type
from poolint.syntax.captures import captured_by
from poolint.syntax.expressions import without_await
from poolint.syntax.scopes import parent_of, statement_of
from poolint.syntax.surroundings import with_await
from poolint.types.call_sites import call_site, callees_of, text_of
from poolint.types.values import Function, Instance, Type, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.analyses.lifetimes.acquisitions import Site
    from poolint.analyses.lifetimes.destinations import Unfollowed
    from poolint.detect.analysis import Analysis
    from poolint.explain.known import Knowledge
    from poolint.explain.line import Line
    from poolint.syntax.scopes import Binding, Scope


class Silent:
    """Answers for one line. ``followed`` are the obligations that are reported already."""

    def __init__(self, analysis: Analysis, knowledge: Knowledge, line: Line, followed: Iterable[Site]) -> None:
        self.analysis = analysis
        self.ev = analysis.evaluator
        self.knowledge = knowledge
        self.line = line
        self.followed = list(followed)

    def names(self, names: Iterable[tuple[ast.expr, Scope]]) -> Iterator[Obligation]:
        """Names that hold a resource which this function need not give back."""
        for node, scope in names:
            one = self.ev.type_of(node, scope)
            if not is_one_of(one, KINDS) or any(site.name == text_of(node, scope) for site in self.followed):
                continue
            for binding, where in self.knowledge.bindings(node, scope):
                if binding.kind in ("import", "narrowed"):
                    binding, where = self._origin(binding, where)
                says = self._bound(binding, where, scope, isinstance(node, ast.Attribute), one)
                row = binding.position[0] if where.module is self.knowledge.here else node.lineno
                yield Obligation(f"`{text_of(node, scope)}`", row, of_type(one, self.knowledge.here), (says,))
                break

    def _origin(self, binding: Binding, scope: Scope) -> tuple[Binding, Scope]:
        """Where an imported name is bound in the end."""
        for _ in range(8):
            dotted, _, name = binding.origin.partition(":")
            source = self.ev.project.imported(dotted, binding.level, scope.module) if name else None
            further = source.scope.bindings.get(name) if source is not None else None
            if binding.kind != "import" or source is None or not further:
                break
            binding, scope = further[-1], source.scope
        return binding, scope

    def _bound(self, binding: Binding, where: Scope, scope: Scope, is_attribute: bool, one: Type) -> str:
        at = self.knowledge.at(binding.node, where)
        if binding.kind == "with" and binding.value is not None:
            return self._entered(binding.value, where, one, at, binding.asynchronous)
        if binding.kind == "parameter":
            injected = isinstance(binding.value, ast.Call)
            given = f"injected by `{text_of(binding.value, where)}`" if injected and binding.value else "a parameter"
            who = "what injects it" if injected else "whoever passes it"
            return f"nothing is owed here: it is {given} ({at}), and {who} gives it back"
        if is_attribute:
            return f"nothing is owed here: it belongs to an object, which was given it at {at}"
        if where.kind == "module":
            return f"nothing is owed here: it belongs to the module ({at}) and lives as long as the process"
        if where is not scope:
            return f"not followed: it belongs to the function around this one ({at})"
        if binding.kind == "for":
            return f"not followed: it is an item of a collection ({at})"
        if binding.value is not None:
            call = without_await(binding.value)
            if isinstance(call, ast.Call):
                return self._not_followed(call, where)
            return f"not followed: it is another name for what `{text_of(binding.value, where)}` is ({at})"
        return f"not followed: it is bound at {at}"

    def _entered(self, header: ast.expr, scope: Scope, one: Type, at: str, asynchronous: bool) -> str:
        word = f"`{'async with' if asynchronous else 'with'} {text_of(header, scope)}`"
        call = without_await(header)
        for callee in callees_of(self.ev, call, scope) if isinstance(call, ast.Call) else ():
            if isinstance(callee, Function):
                there = self.knowledge.at(callee.scope.node, callee.scope)
                return f"{word} ({at}) gives it back on every way out, by `{callee.scope.name}` ({there})"
        for each in alternatives(one):
            if isinstance(each, Instance) and each.base is not None and not each.base.releases_on_exit:
                return f"{word} ({at}) ends its transaction and does not give it back"
        return f"released: {word} ({at}) gives it back on every way out: normally, by exception, when cancelled"

    def calls(self, calls: Iterable[tuple[ast.Call, Scope]]) -> Iterator[Obligation]:
        """Checkouts on the line that are not followed."""
        for call, scope in calls:
            if any(site.call is call for site in self.followed) or _is_bound_by_with(call):
                continue
            fact = call_site(self.ev, call, scope, use_evidence=False)
            if fact is None or not is_taking(fact):
                continue
            cls = fact.cls
            one = self.ev.type_of(with_await(call), scope)
            what = of_type(one, self.knowledge.here) if cls is None or fact.row is not None else of_class(cls)
            yield Obligation(
                f"what `{text_of(call, scope)}` takes", call.lineno, what, (self._not_followed(call, scope),)
            )

    def _not_followed(self, call: ast.Call, scope: Scope) -> str:
        """Why a checkout is not followed."""
        found = acquisition(self.ev, call, scope)
        if not isinstance(found, str):
            return f"it is followed as what `{found.name}` holds"
        return UNFOLLOWED[found].format(self._goes_to(call, found, scope))

    def _goes_to(self, call: ast.Call, why: Unfollowed, scope: Scope) -> str:
        """Where the value of a call goes, as written."""
        node: ast.AST = call
        around = parent_of(node)
        while isinstance(around, (ast.Await, ast.keyword)):
            node, around = around, parent_of(around)
        if why == "passed" and isinstance(around, ast.Call):
            return text_of(around.func, scope)
        statement = statement_of(node)
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        target = targets[0] if isinstance(targets[0], ast.expr) else call
        if why == "captured" and isinstance(target, ast.Name):
            return next((one.name for one in captured_by(target.id, scope)), target.id)
        return text_of(target, scope)


def _is_bound_by_with(call: ast.Call) -> bool:
    """Whether a ``with`` binds what the call takes to a name, which is reported by itself."""
    parent = parent_of(call)
    item = parent_of(parent) if isinstance(parent, ast.Await) else parent
    return isinstance(item, ast.withitem) and isinstance(item.optional_vars, ast.Name)
