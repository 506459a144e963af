"""What a call does beyond its own function: effects, followed through the project's functions to a modelled sink.

A summary is found by a breadth-first search over first-party calls, so a witness is a shortest chain; everything that a
search without success has seen has no such effect either, and cycles need no care.
"""

from __future__ import annotations

import ast
import re
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from poolint.semantics.calls import call_fact
from poolint.semantics.facts import CallFact
from poolint.semantics.heirs import Heirs
from poolint.semantics.reached import Known, cache_of, happens_once, is_excluded, known, tested_parameters
from poolint.semantics.scopes import may_be_another, nearest, parent_of
from poolint.semantics.types import ClassObject, Function, Instance, LibraryName, alternatives
from poolint.semantics.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poolint.models.schema import Function as Function_
    from poolint.models.schema import Method
    from poolint.semantics.evaluator import Evaluator
    from poolint.semantics.scopes import Scope
    from poolint.semantics.sinks import Sink
    from poolint.semantics.types import Type

EXTERNAL = frozenset({"http", "mail", "object-store", "rpc", "llm", "subprocess", "broker"})
"""Effects that wait for something outside the process."""

_DRIVES = frozenset({"gather", "wait_for", "shield", "wait", "as_completed", "run", "run_until_complete", "timeout"})
"""Functions that run the coroutines they are given before they return."""


class Link(NamedTuple):
    """One call on a chain: where it stands, and what it calls, as people say it."""

    node: ast.Call
    scope: Scope
    name: str


class Witness(NamedTuple):
    """A chain of calls down to a sink, and what the sink does."""

    links: tuple[Link, ...]
    effect: str


_SAYS_MAKER = re.compile(r"sess|conn|maker|db", re.IGNORECASE)
"""What is in the name of something that makes sessions or connections."""


class Edge(NamedTuple):
    """One call as the search sees it: of a library, by its fact, or of a function of the project, by its scope.

    Where an abstract method is called, ``target`` is one of those that write it and ``others`` are the rest: the call
    has an effect when all of them have it.
    """

    link: Link
    fact: CallFact | None
    target: Scope | None
    others: tuple[Scope, ...] = ()


class Edges:
    """The calls that functions make; found once, for the summaries of all sinks."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self.heirs = Heirs(ev)
        self._words = {name.rpartition(".")[2] for name, one in ev.models.functions.items() if _does(one)} | {
            name for cls in ev.models.classes.values() for row in cls.methods if _does(row) for name in row.names
        }
        for cls in ev.models.classes.values():
            if cls.construct in ("open", "checkout"):
                self._words.add(cls.name.rpartition(".")[2])
        self._any_word = frozenset(
            name.partition(".")[0].encode()
            for name, cls in ev.models.classes.items()
            if any("*" in row.names and _does(row) for row in cls.methods)
        )
        """Libraries of whose clients every method has an effect, whatever it is called."""
        self._near_any_word: dict[str, bool] = {}
        self._of_scope: dict[Scope, tuple[Edge, ...]] = {}
        self._of_call: dict[ast.Call, tuple[Edge, ...]] = {}
        self._tested: dict[Scope, frozenset[str]] = {}

    def of_scope(self, scope: Scope) -> tuple[Edge, ...]:
        """The calls that stand directly in a function."""
        found = self._of_scope.get(scope)
        if found is None:
            found = self._of_scope[scope] = tuple(edge for node in scope.calls for edge in self.of_call(node, scope))
        return found

    def of_call(self, node: ast.Call, scope: Scope) -> tuple[Edge, ...]:
        """What one call can be, as far as it happens here and each time."""
        found = self._of_call.get(node)
        if found is None:
            found = self._of_call[node] = tuple(self._edges(node, scope))
        return found

    def enter(self, node: ast.Call, target: Scope, caller: Known) -> Known:
        """What this call fixes of the parameters that its callee's conditions look at."""
        tested = self._tested.get(target)
        if tested is None:
            tested = self._tested[target] = tested_parameters(target)
        return known(node, target, tested, caller)

    def _is_kept(self, callee: Scope) -> bool:
        """Whether a cache keeps a function's result; a cache of the project's own may forget at any time."""
        cache = cache_of(callee)
        around = callee.parent
        if cache is None or around is None:
            return False
        return not any(isinstance(one, (Function, ClassObject)) for one in alternatives(self.ev.type_of(cache, around)))

    def _may_matter(self, node: ast.Call, scope: Scope) -> bool:
        """Whether by its name a call can be one of a library with an effect, or of a function of the project."""
        if isinstance(parent_of(node), ast.Raise):
            return False  # an exception is made, which does no more than that
        name = last_name(node.func)
        if not name or name in self._words:
            return True
        source = scope.module.source
        if name in self.ev.screen.definitions(source.path, source.data):
            return True
        if isinstance(node.func, ast.Attribute):
            # Any other method has the name that its class gives it.
            return _is_own(node.func, scope) or self._is_near_any_word(source.path, source.data)
        if nearest(name, scope) and _SAYS_MAKER.search(name):
            return True  # imported, maybe, from the module of the project that makes it
        return may_be_another(name, scope)

    def _waits_for(self, node: ast.Call, scope: Scope, callee: Type) -> CallFact | None:
        """What a call does that awaits what it is passed, where that runs already: ``asyncio.wait_for(task, 30)``."""
        if not (isinstance(callee, LibraryName) and callee.name == "asyncio.wait_for" and node.args):
            return None
        for one in alternatives(self.ev.type_of(node.args[0], scope)):
            row = self.ev.models.method(one.base, "__await__") if isinstance(one, Instance) and one.base else None
            if row is not None and _driven(node):
                return CallFact(node, callee.name, "", row)
        return None

    def _is_near_any_word(self, path: str, data: bytes) -> bool:
        found = self._near_any_word.get(path)
        if found is None:
            found = self._near_any_word[path] = self.ev.screen.is_near(self._any_word, path, data)
        return found

    def _edges(self, node: ast.Call, scope: Scope) -> list[Edge]:
        if not self._may_matter(node, scope) or happens_once(node, scope):
            return []
        callee = self.ev.type_of(node.func, scope)
        edges: list[Edge] = []
        for one in alternatives(callee):
            if isinstance(one, Function) and one.scope.kind == "function":
                written = [each for each in self.heirs.written(one) or (one.scope,) if not self._is_kept(each)]
                if written and all(_runs(node, each) for each in written):
                    link = Link(node, scope, one.scope.qualified_name)
                    edges.append(Edge(link, None, written[0], tuple(written[1:])))
            elif isinstance(one, ClassObject) and one.cls is not one.base:
                built = self.ev.type_of_member(one.instance(), "__init__")
                if isinstance(built, Function):
                    edges.append(Edge(Link(node, scope, one.cls.name), None, built.scope))
        if edges:
            return edges
        fact = self._waits_for(node, scope, callee) or call_fact(self.ev, node, scope, use_evidence=False)
        if fact is None:
            return edges
        opens = fact.row is None and fact.cls is not None and fact.cls.construct in ("open", "checkout")
        if opens or (fact.row is not None and _does(fact.row) and _is_driven(node, fact)):
            edges.append(Edge(Link(node, scope, fact.api), fact, None))
        return edges


def _is_own(function: ast.Attribute, scope: Scope) -> bool:
    """Whether an object calls what it keeps: a session maker at ``self.maker``."""
    owner = scope.enclosing_class
    is_self = isinstance(function.value, ast.Name) and function.value.id == "self"
    return is_self and owner is not None and function.attr in owner.self_assignments


def _does(row: Method | Function_) -> bool:
    """Whether a call can have an effect that any sink asks for."""
    return bool(row.effect) or row.role != "local"


_MAX_NESTED = 20
"""Abstract methods that are asked inside each other; real ones stay under 6."""

_Entry = tuple["Scope", Known]
"""A function as it is called: with what is known of its parameters."""


class Effects:
    """Summaries of the project's functions for one sink; computed on demand, memoised.

    ``below`` takes the sink's place in functions that are called: what is of interest only where it stands itself is
    none there. ``where`` is asked of each sink that is found, with the function that it stands in.
    """

    def __init__(
        self,
        edges: Edges,
        sink: Sink,
        where: Callable[[CallFact, Scope], bool] | None = None,
        *,
        below: Sink | None = None,
    ) -> None:
        self.edges = edges
        self.sink = sink
        self.where = where
        self.below = below or sink
        self._witnesses: dict[_Entry, Witness | None] = {}
        self._active: set[_Entry] = set()
        """Functions that are being looked at: an abstract method's others are asked in the middle of that."""
        self._provisional: set[_Entry] = set()
        """Those without an effect as far as is known before the outermost of these is done."""
        self._is_cut = False

    def of_call(self, node: ast.Call, scope: Scope) -> Witness | None:
        """A chain from this call to a sink, the call itself first; None when there is none."""
        for link, fact, target, others in self.edges.of_call(node, scope):
            effect = self._effect(fact, scope, self.sink)
            if effect:
                return Witness((link,), effect)
            if target is None or not self._have_it(others, node, ()):
                continue
            below = self.of_function(target, self.edges.enter(node, target, ()))
            if below is not None:
                return Witness((link, *below.links), below.effect)
        return None

    def _have_it(self, others: tuple[Scope, ...], node: ast.Call, caller: Known) -> bool:
        """Whether each of the functions that may run here reaches a sink, too."""
        return all(self.of_function(one, self.edges.enter(node, one, caller)) is not None for one in others)

    def _effect(self, fact: CallFact | None, scope: Scope, sink: Sink) -> str:
        effect = sink(fact) if fact is not None else ""
        return effect if effect and fact is not None and (self.where is None or self.where(fact, scope)) else ""

    def of_function(self, scope: Scope, fixed: Known = ()) -> Witness | None:
        """A shortest chain from the body of a function to a sink."""
        start = (scope, fixed)
        if start in self._witnesses:
            return self._witnesses[start]
        if start in self._active or start in self._provisional or len(self._active) >= _MAX_NESTED:
            self._is_cut = True
            return None
        was_cut, self._is_cut = self._is_cut, False
        self._active.add(start)
        try:
            witness, seen = self._search(start)
        finally:
            self._active.discard(start)
        if witness is not None:
            self._witnesses[start] = witness
        elif not self._is_cut:
            self._witnesses.update(dict.fromkeys(seen))
        else:
            self._provisional.add(start)
        if not self._active:
            self._provisional.clear()
        self._is_cut = was_cut or (self._is_cut and witness is None)
        return witness

    def _search(self, start: _Entry) -> tuple[Witness | None, Iterable[_Entry]]:
        """The witness of a function, and what was looked at."""
        came_by: dict[_Entry, tuple[_Entry, Link] | None] = {start: None}
        queue = deque([start])
        while queue:
            entry = queue.popleft()
            for link, fact, target, others in self.edges.of_scope(entry[0]):
                effect = self._effect(fact, entry[0], self.below)
                if not effect and target is None:
                    continue
                if entry[1] and is_excluded(link.node, *entry):
                    continue
                if effect:
                    return Witness((*_chain(came_by, entry), link), effect), ()
                assert target is not None
                if others and not self._have_it(others, link.node, entry[1]):
                    continue
                following = (target, self.edges.enter(link.node, target, entry[1]))
                if following not in came_by and self._witnesses.get(following, 0) is not None:
                    came_by[following] = (entry, link)
                    queue.append(following)
        return None, came_by


def _chain(came_by: dict[_Entry, tuple[_Entry, Link] | None], entry: _Entry) -> tuple[Link, ...]:
    links: list[Link] = []
    step = came_by[entry]
    while step is not None:
        links.append(step[1])
        step = came_by[step[0]]
    return tuple(reversed(links))


def _runs(node: ast.Call, callee: Scope) -> bool:
    """Whether the body of ``callee`` runs where it is called like this."""
    if callee.is_generator:
        parent = parent_of(node)
        return isinstance(parent, (ast.For, ast.AsyncFor, ast.withitem, ast.comprehension, ast.YieldFrom, ast.Starred))
    return not callee.is_async or _driven(node)


def _is_driven(node: ast.Call, fact: CallFact) -> bool:
    """Whether the library call really happens here, and is not only prepared."""
    assert fact.row is not None
    if fact.row.call == "sync":
        return True
    return _driven(node) or isinstance(parent_of(node), (ast.withitem, ast.AsyncFor, ast.comprehension))


def _driven(node: ast.AST) -> bool:
    """Whether a coroutine made at ``node`` is awaited there, by itself or by what it is handed to."""
    parent = parent_of(node)
    while isinstance(
        parent, (ast.Starred, ast.List, ast.Tuple, ast.ListComp, ast.GeneratorExp, ast.IfExp, ast.keyword)
    ):
        parent = parent_of(parent)
    if isinstance(parent, ast.Await):
        return True
    if isinstance(parent, ast.Call):
        function = parent.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        return name in _DRIVES
    return False
