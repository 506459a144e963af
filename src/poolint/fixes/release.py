"""How a checkout that leaks is given back: the plan that a rule proposes for it.

A release that stands there already stays in the author's form and moves into a ``finally``; where there is none, the
checkout becomes the header of a ``with`` if the models say that it can, else it gets a ``finally`` of its own.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from poolint.analyses.block_headers import entering, enters_everywhere
from poolint.analyses.joined import run_in_thread
from poolint.diagnostics import Applicability
from poolint.fixes.plans import Enclose, HandlerToFinally, Protect
from poolint.models.schema import POOLING
from poolint.rewrite.extent import Checkout, Extent, Refusal, checkout, extent_of, is_bound_in
from poolint.rewrite.releases import ends_in_failure, ends_its_way, given_back, new_release, releases, unit
from poolint.syntax.expressions import without_await
from poolint.syntax.nodes import walk
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import is_in_loop
from poolint.types.call_sites import call_site
from poolint.types.returns import made_manager

if TYPE_CHECKING:
    from poolint.analyses.block_headers import Entering
    from poolint.flow.cfg import Node
    from poolint.models.schema import Class
    from poolint.rewrite.releases import Release
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

Form = Literal["finally", "with"]


@dataclass(frozen=True)
class ReleaseFix:
    """A plan with what a rule has to say of it: the parts of a :class:`~poolint.rules.base.Proposal`."""

    plan: Enclose | Protect | HandlerToFinally
    message: str
    applicability: Applicability


def release_fix(
    ev: Evaluator, scope: Scope, statement: ast.stmt, name: str, cls: Class | None = None, form: Form = "finally"
) -> ReleaseFix | Refusal:
    """The fix for a checkout that ``statement`` of ``scope`` binds to ``name``, or why there is none.

    ``cls`` is the class of the resource where the caller knows better than its type says. ``form`` is what becomes
    of a release by hand: it moves into a ``finally``, or a ``with`` takes its place where one can.
    """
    one = checkout(ev, scope, statement, name)
    if isinstance(one, Refusal):
        return one
    one.cls = cls or one.cls
    return _Choice(one, form).fix()


class _Choice:
    """What can be done for one checkout."""

    def __init__(self, one: Checkout, form: Form) -> None:
        self.one = one
        self.form: Form = form
        self.function = one.scope.qualified_name
        found = releases(one)
        self.is_clear = found is not None
        self.releases = found or []
        self.behind = one.behind

    def fix(self) -> ReleaseFix | Refusal:
        """The first that fits, by how the function gives the resource back so far. Who is cancelled while a thread works with it
        would give it back under the hands of that: no such fix is safe."""
        found = self._fix()
        if isinstance(found, ReleaseFix) and found.applicability is Applicability.SAFE and self._is_for_threads():
            return ReleaseFix(found.plan, found.message, Applicability.UNSAFE)
        return found

    def _is_for_threads(self) -> bool:
        """Whether a thread gets the resource, or what has been made of it: its cursor, a partial function."""
        scope, models = self.one.scope, self.one.ev.models
        names = {self.one.name}
        for name, bindings in scope.bindings.items():
            if any(one.value is not None and _names_any(one.value, names) for one in bindings):
                names.add(name)
        for made in scope.calls_named(models.threaded.keys()):
            outer = parent_of(made)
            call = outer if isinstance(outer, ast.Call) and outer.func is made else made
            if run_in_thread(models, call) is not None and _names_any(call, names):
                return True
        return False

    def _fix(self) -> ReleaseFix | Refusal:
        if not self.is_clear:
            return Refusal("released-in-expression")
        if any(self.one.in_suite(each.statement) not in self.behind for each in self.releases):
            return Refusal("released-in-other-suite")
        handler = self._handler()
        if handler is not None:
            return ReleaseFix(handler, "Use `finally` instead of `except`", Applicability.SAFE)
        for statement in self.behind:
            if self._is_unit(statement):
                return self._released(statement)
            for inner in getattr(statement, "finalbody", ()):
                if self._is_unit(inner):
                    return self._released_in_finally(statement, inner)
        return self._unreleased()

    def _is_unit(self, statement: ast.stmt) -> bool:
        return unit(statement, self.releases, self.one.name)

    # `except Exception: release; raise`, and the same once more behind the `try`.

    def _handler(self) -> HandlerToFinally | None:
        for index, statement in enumerate(self.behind):
            if not isinstance(statement, ast.Try) or not _stands_for_finally(statement):
                continue
            said = statement.handlers[0].body[:-1]
            tail = self.behind[index + 1 : index + 1 + len(said)]
            if any(map(self._is_unit, tail)) and list(map(ast.dump, said)) == list(map(ast.dump, tail)):
                kept = [each for each in self.releases if not any(each in self._in(one) for one in (*said, *tail))]
                if any(each.call.args for each in kept):
                    return None  # a pool that has it back already refuses it
                return HandlerToFinally(statement, tuple(tail), self.function)
        return None

    # A release behind the last use.

    def _released(self, found: ast.stmt) -> ReleaseFix | Refusal:
        behind = self.behind
        index = behind.index(found)
        if not self._is_bound_before(found):
            return Refusal("release-needs-later-name")
        first, last = index, index
        while first > 0 and self._goes_along(behind[first - 1]):
            first -= 1
        while last + 1 < len(behind) and self._goes_along(behind[last + 1]):
            last += 1
        if first == 0:
            return Refusal("nothing-between")
        others = self._others(found)
        if isinstance(others, Refusal):
            return others
        if self.form == "with":
            enclosed = self._enclosed(found, others)
            if enclosed is not None:
                return enclosed
        plan = Protect(
            self.one.statement,
            behind[first - 1],
            tuple(behind[first : last + 1]),
            deleted=tuple(others),
            function=self.function,
        )
        return self._protected(plan, found, behind[:first], kept=len(self._nested(found)) > len(others))

    def _released_in_finally(self, host: ast.stmt, found: ast.stmt) -> ReleaseFix | Refusal:
        index = self.behind.index(host)
        others = self._others(found)
        if isinstance(others, Refusal):
            return others
        if self.form == "with":
            enclosed = self._enclosed(found, others)
            if enclosed is not None:
                return enclosed
        if index == 0:
            return Refusal("released-already")
        final: list[ast.stmt] = getattr(host, "finalbody", [])
        moved = [found]
        if self._is_bound_before(found) and all(each is found or self._goes_along(each) for each in final):
            moved = final
        elif not self._is_bound_before(found):
            return Refusal("release-needs-later-name")
        plan = Protect(self.one.statement, host, tuple(moved), deleted=tuple(others), function=self.function)
        return self._protected(plan, found, self.behind[: index + 1], kept=len(self._nested(found)) > len(others))

    def _protected(self, plan: Protect, found: ast.stmt, body: list[ast.stmt], *, kept: bool) -> ReleaseFix:
        one = self.one
        read_outside = any(
            one.in_suite(load) not in self.behind
            for load in one.reads.seeing(one.stores, one.name, self._events(found))
        )
        does_more = any(each.by_helper or each.may_hide for each in self._in(found))
        safe = not (read_outside or kept or does_more or is_bound_in(one, body))
        level = Applicability.SAFE if safe else Applicability.UNSAFE
        return ReleaseFix(plan, f"Release `{one.name}` in a `finally`", level)

    def _events(self, found: ast.stmt) -> set[Node]:
        graph = self.one.reads.graph
        return {node for each in self._in(found) for node in graph.nodes_of(each.call)}

    def _in(self, statement: ast.stmt) -> list[Release]:
        return [each for each in self.releases if each.statement in set(ast.walk(statement))]

    def _nested(self, found: ast.stmt | None) -> list[Release]:
        """The releases that stand elsewhere."""
        here = self._in(found) if found is not None else []
        return [each for each in self.releases if each not in here]

    def _others(self, found: ast.stmt | None) -> list[ast.stmt] | Refusal:
        """Releases that a block or ``finally`` makes superfluous: those that end their own way out.

        What a helper does besides would be lost with it, or be done on other ways as well that do not fail.
        """
        nested = self._nested(found)
        does_more = found is not None and any(each.by_helper for each in self._in(found))
        if any(each.by_helper or (does_more and not ends_in_failure(each)) for each in nested):
            return Refusal("released-by-helper")
        superfluous = [each.statement for each in nested if ends_its_way(each, self.one)]
        if len(superfluous) < len(nested) and any(each.call.args for each in nested):
            return Refusal("released-twice")
        return [*superfluous]

    def _goes_along(self, statement: ast.stmt) -> bool:
        """Whether a release of something else may stand in the same ``finally``: where something has failed, nobody
        asks for that any more."""
        given = given_back(statement)
        if given is None or not self._is_bound_before(statement):
            return False
        one, end = self.one, (statement.end_lineno or 0, statement.end_col_offset or 0)
        repeats = is_in_loop(one.statement, one.scope)
        return not isinstance(given, ast.Name) or not any(
            (load.lineno, load.col_offset) > end or (repeats and one.in_suite(load) is None)
            for load in one.scope.loads.get(given.id, ())
        )

    def _is_bound_before(self, statement: ast.stmt) -> bool:
        names = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)} - {self.one.name}
        return all(self.one.reads.is_bound_before(name, self.one.stores) for name in names)

    # A `with`.

    def _entering(self) -> Entering | None:
        if not isinstance(self.one.statement, ast.Assign):
            return None  # its annotation would be lost
        assert self.one.value is not None
        return entering(self.one.ev, self.one.scope, self.one.value, self.one.cls)

    def _enclosed(self, found: ast.stmt, others: list[ast.stmt]) -> ReleaseFix | None:
        """A block in the place of a release by hand; None where that release does more, or other things."""
        how = self._entering()
        here = self._in(found)
        if how is None or found is not here[0].statement or not all(each.is_plain for each in self.releases):
            return None
        if how.method and len(self._nested(found)) > len(others):
            return None
        block = extent_of(self.one, found)
        if isinstance(block, Refusal):
            return None
        return self._block(block, how, (found, *others), safe=not how.commits)

    def _block(self, block: Extent, how: Entering, deleted: tuple[ast.stmt, ...], *, safe: bool) -> ReleaseFix:
        plan = Enclose(
            self.one.statement, block.last, how.asynchronous, how.keeps_await, how.method, deleted, self.function
        )
        level = block.applicability
        if level is Applicability.SAFE and not safe:
            level = Applicability.UNSAFE
        return ReleaseFix(plan, f"Use `{'async with' if how.asynchronous else 'with'}` for `{self.one.name}`", level)

    # No release, or not on the normal way.

    def _unreleased(self) -> ReleaseFix | Refusal:
        block = extent_of(self.one)
        if isinstance(block, Refusal):
            return block
        others = self._others(None)
        if isinstance(others, Refusal):
            return others
        kept = len(self.releases) > len(others)
        lends = block.yields and not self._is_manager()
        safe = not (kept or lends or block.gives_entities or self._is_shared() or self._is_entered_in_some_versions())
        how = self._entering()
        if how is not None and not (how.method and kept):
            return self._block(block, how, tuple(others), safe=safe and not how.commits)
        new = new_release(self.one)
        if new is None:
            return Refusal("no-release-known")
        call, awaited = new
        plan = Protect(self.one.statement, block.last, (), call, awaited, tuple(others), self.function)
        level = block.applicability
        if level is Applicability.SAFE and not safe:
            level = Applicability.UNSAFE
        return ReleaseFix(plan, f"Release `{self.one.name}` in a `finally`", level)

    def _is_entered_in_some_versions(self) -> bool:
        """Whether it depends on the version that is installed what the author would write: a block, or a ``finally``."""
        one = self.one
        return one.cls is not None and not enters_everywhere(one.ev, one.scope, one.cls)

    def _is_shared(self) -> bool:
        """Whether others may use what is to be released: a thread's session, an engine or a pool."""
        cls = self.one.cls
        if cls is not None and cls.kind in POOLING:
            return True
        value = without_await(self.one.value)
        assert isinstance(value, ast.Call)
        fact = call_site(self.one.ev, value, self.one.scope, use_evidence=False)
        return fact is not None and fact.cls is not None and fact.cls.kind == "registry"

    def _is_manager(self) -> bool:
        """Whether what consumes the generator ends it: it is a context manager, whose block says how long it lends."""
        return made_manager(self.one.ev, self.one.scope) is not None


def _stands_for_finally(statement: ast.Try) -> bool:
    """Whether the only thing that a ``try`` does is one bare handler that raises again."""
    if len(statement.handlers) != 1 or statement.orelse or statement.finalbody:
        return False
    (handler,) = statement.handlers
    last = handler.body[-1]
    kind = handler.type
    catches_all = kind is None or (isinstance(kind, ast.Name) and kind.id in ("Exception", "BaseException"))
    return catches_all and handler.name is None and isinstance(last, ast.Raise) and last.exc is None


def _names_any(node: ast.expr, names: set[str]) -> bool:
    return any(isinstance(one, ast.Name) and one.id in names for one in walk(node))
