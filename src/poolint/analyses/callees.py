"""The calls that functions make, as far as they can matter to anything that effects are followed to."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from poolint.analyses.awaited_tasks import awaited, started
from poolint.analyses.choices import alternatives_running, left_of
from poolint.analyses.conditions import RESULT_RUNS, Entering, Known
from poolint.analyses.contexts import Contexts, is_around
from poolint.analyses.driven import Driven, entering_next, enters, is_handed_on
from poolint.analyses.edges import Edge, Link, implementations, way_of
from poolint.analyses.effect_words import (
    does,
    makes_decorator,
    roots_of_any_word,
    roots_of_blocks,
    roots_of_iterators,
    words_with_effect,
)
from poolint.analyses.given_work import CALLED, GivenWork
from poolint.analyses.implicit_calls import Around, around, entered, is_set_up, iterated, left, left_by, made_by
from poolint.analyses.joined import joined, run_in_thread
from poolint.analyses.kept_results import is_result_kept
from poolint.analyses.made_fields import MadeFields
from poolint.analyses.managers import entry_of, is_no_manager
from poolint.analyses.once import happens_once
from poolint.analyses.property_reads import property_reads
from poolint.analyses.queried import Queried
from poolint.analyses.queues import Queues
from poolint.analyses.submitted import Submitted
from poolint.flow.summaries import Components
from poolint.models.schema import OPENING_ROLES
from poolint.syntax.generator_runs import is_gone_over, named_runs
from poolint.syntax.scopes import may_be_another, nearest, parent_of
from poolint.syntax.surroundings import entering
from poolint.types.arguments import is_refused
from poolint.types.call_sites import CallSite, call_site, callees_of, function_run
from poolint.types.decorated import is_sent_off
from poolint.types.definitions import Definitions
from poolint.types.overrides import Heirs
from poolint.types.values import ClassObject, Function, Instance, LibraryName, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.given_work import Given
    from poolint.analyses.graphs import Graphs
    from poolint.analyses.joined import Join
    from poolint.analyses.submitted import Work
    from poolint.models.schema import Function as Function_
    from poolint.models.schema import Method
    from poolint.syntax.living import Living
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type


_ENTERED_IN = frozenset((ast.withitem, ast.IfExp, ast.BoolOp))
"""What stands around a call whose value a block may enter."""

_SAYS_MAKER = re.compile(r"sess|conn|maker|db", re.IGNORECASE)
"""English words, and what is left of them, for what makes sessions or connections."""


class Edges:
    """The calls that functions make; found once, for the summaries of all sinks."""

    def __init__(self, ev: Evaluator, components: Components | None = None, graphs: Graphs | None = None) -> None:
        """``graphs`` say where functions come to; without them that is everywhere."""
        self.ev = ev
        self.graphs = graphs
        self.components = components if components is not None else Components()
        """What all summaries of effects are found by."""
        self.heirs = ev.derived(Heirs)
        self._submitted = ev.derived(Submitted)
        self._words = ev.models.derived(words_with_effect) | self._submitted.words
        self._any_word = ev.models.derived(roots_of_any_word)
        """Libraries of whose clients every method has an effect, whatever it is called, and those that give such clients."""
        self._near_any_word: dict[str, bool] = {}
        self._defined = ev.derived(Definitions).of
        self._of_scope: dict[Scope, tuple[Edge, ...]] = {}
        self._of_call: dict[ast.Call, tuple[Edge, ...]] = {}
        self._entering = ev.derived(Entering)
        self._made_fields = ev.derived(MadeFields)
        self.contexts = ev.derived(Contexts)
        self._queues = ev.derived(Queues)
        self._implied: dict[Scope, tuple[Edge, ...]] = {}
        self._around: dict[Scope, Around] = {}
        self.with_threads: set[Scope] = set()
        """Functions that wait for what a thread runs."""
        self._joining: dict[ast.AST, bool] = {}
        """The calls that join a thread, or a task, which has the context variables of who made it."""
        self._queried = ev.derived(Queried)
        self._iterating = ev.models.derived(roots_of_iterators)
        self._leaving = ev.models.derived(roots_of_blocks)
        self._runs_it = ev.derived(Driven)
        self._given = ev.derived(GivenWork)

    def inherit(self, other: Edges, living: Living) -> None:
        """Take over what others have found out about files that still are as they were."""
        self._of_scope = living.kept(other._of_scope)
        self._of_call = living.kept(other._of_call)
        self.with_threads = set(filter(living.has, other.with_threads))
        self._joining = living.kept(other._joining)

    def of_scope(self, scope: Scope) -> tuple[Edge, ...]:
        """The calls that stand directly in a function."""
        found = self._of_scope.get(scope)
        if found is None:
            calls = (edge for node in scope.calls for edge in self.of_call(node, scope))
            found = self._of_scope[scope] = (*calls, *self.implied(scope))
        return found

    def implied(self, scope: Scope) -> tuple[Edge, ...]:
        """What a function calls without a call: blocks and loops that wait, each by its context or its iterator,
        properties that it reads, and generators that it has made before."""
        found = self._implied.get(scope)
        if found is None:
            one = list(entered(self.ev, scope)) if scope.withs else []
            if scope.withs and scope.module.mentions_any(self._leaving):
                one += left(self.ev, scope)
            if scope.module.mentions_any(self._iterating):
                one += iterated(self.ev, scope)
            one += awaited(self.ev, scope)
            edges = [Edge(Link(node, scope, name), fact, None) for node, name, fact in one]
            edges += [Edge(Link(query, scope, fact.api), fact, None) for _, query, fact in self._queried.over(scope)]
            for node, work in started(self.ev, scope):
                edges += self._of_work(work, node, scope, "", as_task=True)
            for end, name, work in self._submitted.at_ends(scope):
                edges += self._of_work(work, end, scope, name)
            ended = (Edge(Link(end, scope, one.qualified_name), None, one) for end, one in left_by(self.ev, scope))
            found = self._implied[scope] = (*edges, *self._of_properties(scope), *self._of_generators(scope), *ended)
        return found

    def _of_generators(self, scope: Scope) -> Iterator[Edge]:
        for node, made in named_runs(scope):
            if self._may_matter(made, scope):
                for one in callees_of(self.ev, made, scope):
                    if isinstance(one, Function):
                        written = self.heirs.written(one) or (one.scope,)
                        if all(each.is_generator for each in written):
                            link = Link(node, scope, one.scope.qualified_name)
                            yield Edge(link, None, written[0], tuple(written[1:]))

    def _of_properties(self, scope: Scope) -> Iterator[Edge]:
        for node, function, _ in property_reads(self.ev, scope):
            written = self.heirs.written(function) or (function.scope,)
            if all(self._runs(node, each, scope) for each in written):
                yield Edge(Link(node, scope, function.scope.qualified_name), None, written[0], tuple(written[1:]))

    def of_call(self, node: ast.Call, scope: Scope) -> tuple[Edge, ...]:
        """What one call can be, as far as it happens here and each time."""
        found = self._of_call.get(node)
        if found is None:
            found = self._of_call[node] = tuple(self._edges(node, scope))
        return found

    def enter(self, node: ast.expr, target: Scope, scope: Scope, caller: Known) -> Known:
        """What this call fixes of the parameters that its callee's conditions look at; a property that is read has none. What
        is known of all that runs around the caller is known of the callee, too, unless that runs in another thread."""
        if node in self._joining:
            is_task = self._joining[node] and is_around(caller)
            return self.contexts.entered((), node, target, scope, caller) if is_task else ()
        fixed = self._entering.known(node, target, scope, caller) if isinstance(node, ast.Call) else ()
        fixed += self._made_fields.known(node, target, scope, caller)
        if isinstance(node, ast.Call) and self._runs_it.is_result_driven(
            node, target, scope, is_own=RESULT_RUNS in caller
        ):
            fixed = (*fixed, RESULT_RUNS)
        return self.contexts.entered(fixed, node, target, scope, caller) if is_around(caller) else fixed

    def _may_matter(self, node: ast.Call, scope: Scope) -> bool:
        """Whether by its name a call can be one of a library with an effect, or of a function of the project."""
        parent = parent_of(node)
        if type(parent) is ast.Raise:
            return False  # an exception is made, which does no more than that
        name = last_name(node.func)
        if not name or name in self._words:
            return True
        if name in self._defined(scope.module):
            return True
        if type(parent) in _ENTERED_IN and entering(node) is not None:
            return True  # what it is may be known by what is done in the block
        if isinstance(node.func, ast.Attribute):
            # Any other method has the name that its class gives it.
            source = scope.module.source
            return _is_own(node.func, scope) or self._is_near_any_word(source.path, source.data)
        if nearest(name, scope) and _SAYS_MAKER.search(name):
            return True  # imported, maybe, from the module of the project that makes it
        return may_be_another(name, scope)

    def _waits_for(self, node: ast.Call, scope: Scope, callee: Type) -> CallSite | None:
        """What a call does that awaits what it is passed, where that runs already: ``asyncio.wait_for(task, 30)``."""
        if not (isinstance(callee, LibraryName) and self.ev.models.ends("limits-awaited", callee.name) and node.args):
            return None
        for one in alternatives(self.ev.type_of(node.args[0], scope)):
            row = self.ev.models.method(one.base, "__await__") if isinstance(one, Instance) and one.base else None
            if row is not None and self._driven(node, scope):
                return CallSite(node, callee.name, "", row)
        return None

    def _is_near_any_word(self, path: str, data: bytes) -> bool:
        found = self._near_any_word.get(path)
        if found is None:
            found = self._near_any_word[path] = self.ev.screen.is_near(self._any_word, path, data)
        return found

    def is_chosen(self, edge: Edge, scope: Scope, fixed: Known) -> bool:
        """Whether what a call runs may be that of ``edge``, for what is known of the alternatives that it is called on, as in
        ``(given or database).fetch(query)``."""
        node = edge.link.node
        owner = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
        if edge.target is None or not isinstance(node, ast.Call) or not isinstance(owner, (ast.BoolOp, ast.IfExp)):
            return True
        left = left_of(owner, scope, fixed)
        if len(left) == len(left_of(owner, scope, ())):
            return True
        return any(one in left for one in alternatives_running(self.ev, node, edge.target, scope))

    def _entered(self, node: ast.Call, scope: Scope) -> Iterator[Edge]:
        """What runs of a class of the project as a block enters what a call makes, or what a function gives."""
        item = entering_next(node, scope)
        if item is None:
            return
        is_async = isinstance(parent_of(item), ast.AsyncWith)
        for one in alternatives(self.ev.type_of(node, scope)):
            entry = entry_of(self.ev, one, is_async) if isinstance(one, Instance) else None
            if entry is not None:
                yield Edge(Link(node, scope, entry.scope.qualified_name), None, entry.scope)

    def _edges(self, node: ast.Call, scope: Scope) -> list[Edge]:
        if not self._may_matter(node, scope) or happens_once(node, scope):
            return []
        callee = self.ev.type_of(node.func, scope)
        edges: list[Edge] = []
        callees = callees_of(self.ev, node, scope)
        alike = implementations(callees, node, scope)
        for one in callees[:1] if alike else callees:
            if isinstance(one, Function) and one.scope.kind == "function" and not is_refused(self.ev, one, node, scope):
                filling = [inner for each in alike or [one] for inner in self.heirs.written(each) or (each.scope,)]
                written = [each for each in dict.fromkeys(filling) if not is_result_kept(self.ev, each)]
                runs = bool(written) and all(self._runs(node, each, scope) for each in written)
                if runs or (written and is_handed_on(node, scope)):
                    link = Link(node, scope, one.scope.qualified_name)
                    edges.append(Edge(link, None, written[0], tuple(written[1:]), is_handed=not runs))
                if runs:
                    edges += self._around_calls(node, scope, one.scope)
                    if node.args or node.keywords:
                        passed = self._given.passed(node, scope, self._words)
                        edges += self._of_given(passed, node, scope, one) if passed else ()
            elif isinstance(one, ClassObject) and one.cls is not one.base:
                built = function_run(self.ev, one)
                if built is not None:
                    edges.append(Edge(Link(node, scope, one.cls.name), None, built.scope))
        edges += self._entered(node, scope)
        if edges:
            return edges
        threaded = run_in_thread(self.ev.models, node)
        if threaded is not None and self._driven(node, scope):
            edges += self._run_in_thread(threaded, node, scope)
        elif self._submitted.may_run(node):
            for work in self._submitted.run_by(node, scope):
                edges += self._of_work(work, node, scope, last_name(node.func))
            if edges:
                return edges
        fact = self._waits_for(node, scope, callee) or call_site(self.ev, node, scope, use_evidence=False)
        if fact is None:
            return edges
        if fact.row is not None and fact.row.only_with and not self._is_set_up(node, fact.row, scope):
            return edges
        if makes_decorator(fact, node) or not self._may_wait(fact, scope):
            return edges
        join = joined(self.ev, fact, scope)
        if join is not None and (join.run or join.may_be_anything):
            return self._of_thread(fact, join, scope)
        opens = fact.row is None and fact.cls is not None and fact.cls.construct in OPENING_ROLES
        if opens or (fact.row is not None and does(fact.row)):
            runs = opens or self._is_driven(node, fact, scope)
            if runs or is_handed_on(node, scope):
                edges.append(Edge(Link(node, scope, fact.api), fact, None, is_handed=not runs))
        return edges

    def _of_thread(self, fact: CallSite, join: Join, scope: Scope) -> list[Edge]:
        """What a call waits for that joins a thread: what that runs, as far as it is known."""
        if join.run:
            self._joining[fact.node] = False
        return [Edge(Link(fact.node, scope, fact.api), None, one) for one in join.run]

    def _run_in_thread(self, run: tuple[ast.expr, list[ast.expr]], node: ast.Call, scope: Scope) -> Iterator[Edge]:
        """What a call that is awaited runs in a thread: ``asyncio.to_thread(work, order)``; and that it waits for the thread."""
        self.with_threads.add(scope)
        yield Edge(Link(node, scope, last_name(node.func)), CallSite(node, last_name(node.func)), None)
        work = self._submitted.work_of(*run, node.keywords, scope)
        yield from self._of_work(work, node, scope, last_name(node.func), in_thread=True)

    def _of_work(
        self, work: Work, node: ast.expr, scope: Scope, name: str, *, in_thread: bool = False, as_task: bool = False
    ) -> Iterator[Edge]:
        """What a function does that something runs which is waited for at ``node``, by its own name or what runs it."""
        found = alternatives(self.ev.type_of(work.function, scope))
        one = found[0] if len(found) == 1 else None
        kinds = (True,) if as_task else (False, work.is_awaited)
        if isinstance(one, Function) and one.scope.is_async in kinds and not one.scope.is_generator:
            self._joining[node] = as_task
            name = one.scope.qualified_name if one.scope.kind == "function" else name
            yield Edge(Link(node, scope, name), None, one.scope, in_thread=in_thread)
        elif one is not None:
            run = ast.copy_location(ast.Call(work.function, work.given, work.keywords), work.function)
            fact = call_site(self.ev, run, scope, use_evidence=False)
            how = "coroutine" if kinds[-1] else "sync"
            if fact is not None and fact.row is not None and fact.row.effect and fact.row.call == how:
                yield Edge(Link(node, scope, fact.api), fact, None, in_thread=in_thread)

    def _of_given(self, passed: list[ast.expr], node: ast.Call, scope: Scope, callee: Function) -> Iterator[Edge]:
        """What a function of the project runs of the functions that this call passes it."""
        for given in self._given.run(passed, node, callee, scope):
            found = alternatives(self.ev.type_of(given.work, scope))
            one = found[0] if len(found) == 1 else None
            link, in_thread = Link(node, scope, callee.scope.qualified_name), not given.how & CALLED
            if in_thread:
                self.with_threads.add(scope)
            if isinstance(one, Function):
                if one.scope.is_generator or (one.scope.is_async and not given.is_awaited):
                    continue
                name = one.scope.qualified_name if one.scope.kind == "function" else ""
                written = self.heirs.written(one) or (one.scope,)
                if in_thread:
                    self._joining[given.work] = False
                others, way = tuple(written[1:]), way_of(given, name)
                yield Edge(link, None, written[0], others, in_thread=in_thread, work=given.work, way=way)
            elif one is not None and (fact := self._of_library(given, node, scope)) is not None:
                yield Edge(link, fact, None, in_thread=in_thread, work=given.work, way=way_of(given, fact.api))

    def _of_library(self, given: Given, node: ast.Call, scope: Scope) -> CallSite | None:
        """What a library's function does that is passed to what runs it, if it has an effect that way."""
        bound = given.bound
        arguments = bound.args[1:] if bound is not None else []
        keywords = [*node.keywords, *(bound.keywords if bound is not None else ())]
        run = ast.copy_location(ast.Call(given.work, arguments, keywords), node)
        fact = call_site(self.ev, run, scope, use_evidence=False)
        if fact is None or fact.row is None or not self._may_wait(fact, scope):
            return None
        if fact.row.only_with and not self._is_set_up(run, fact.row, scope):
            return None
        if fact.row.call == "sync":
            return fact if (does(fact.row) if given.how & CALLED else fact.row.effect) else None
        is_run = given.is_awaited and fact.row.call in ("coroutine", "awaitable", "awaitable-cm")
        return fact if is_run and does(fact.row) else None

    def _driven(self, node: ast.expr, scope: Scope) -> bool:
        """Whether a coroutine runs where it is made; that which a lambda gives does where what runs the lambda awaits it."""
        if scope.kind == "lambda" and scope.parent is not None and parent_of(node) is scope.node:
            assert isinstance(scope.node, ast.Lambda)
            return self._given.is_awaited(scope.node, scope.parent)
        return self._runs_it.is_driven(node, scope)

    def _may_wait(self, fact: CallSite, scope: Scope) -> bool:
        """Whether a call waits for room, or for something to take, as far as that is known; so does any that asks for neither."""
        return self._queues.waits(fact, scope) is True

    def _is_set_up(self, node: ast.Call, row: Method | Function_, scope: Scope) -> bool:
        """Whether a call, or the making of what it is called on, asks for the effect."""
        receiver = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        return is_set_up(row, node) or is_set_up(row, made_by(self.ev, receiver, scope))

    def _around_calls(self, node: ast.Call, scope: Scope, callee: Scope) -> Iterator[Edge]:
        """What the decorators of a function do when it is called."""
        found = self._around.get(callee)
        if found is None:
            found = self._around[callee] = around(self.ev, callee)
        name = callee.qualified_name
        for wrapper in found.wrappers:
            yield Edge(Link(node, scope, name), None, wrapper, is_wrapper=True)
        for library, fact in found.library:
            yield Edge(Link(node, scope, f"{name} → {library}"), fact, None, is_around=True)

    def _runs(self, node: ast.expr, callee: Scope, scope: Scope) -> bool:
        """Whether the body of ``callee`` runs where it is called like this."""
        if callee.is_generator:
            return is_gone_over(node) or (enters(node, scope) and not is_no_manager(self.ev, node, scope))
        if callee.is_async:
            return self._driven(node, scope)
        return not is_sent_off(self.ev, callee) or isinstance(parent_of(node), ast.Await)

    def _is_driven(self, node: ast.Call, fact: CallSite, scope: Scope) -> bool:
        """Whether the library call really happens here, and is not only prepared."""
        is_sync = fact.row is not None and fact.row.call == "sync"
        return is_sync or self._driven(node, scope) or is_gone_over(node) or enters(node, scope)


def _is_own(function: ast.Attribute, scope: Scope) -> bool:
    """Whether an object calls what it keeps: a session maker at ``self.maker``."""
    owner = scope.enclosing_class
    is_self = isinstance(function.value, ast.Name) and function.value.id == "self"
    return is_self and owner is not None and function.attr in owner.self_assignments
