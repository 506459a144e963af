"""What stands around an engine or pool that is made, and shows what its configuration is for."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import msgspec

from poolint.analyses.launches import executor_of
from poolint.analyses.process_locks import size
from poolint.configuration.urls import urls
from poolint.syntax.file_kinds import is_test
from poolint.syntax.scopes import parent_of, reads_of
from poolint.syntax.surroundings import around, is_inside, start_of
from poolint.types.call_sites import text_of
from poolint.types.members import lineage
from poolint.types.values import ClassObject, Function, Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.pools import Pool, Pools
    from poolint.configuration.engines import Engines, EngineSpec
    from poolint.models.loader import Models
    from poolint.syntax.scopes import Scope


class Wanted(msgspec.Struct, frozen=True):
    """How many checkouts from one pool run at once, and what lets them."""

    most: int
    node: ast.expr
    text: str


_ON_SOME_WAYS = (ast.If, ast.IfExp, ast.BoolOp, ast.Match, ast.Try, ast.For, ast.While)
"""What lets a call be made on some ways only."""


class Uses:
    """Answers about the engines of one project."""

    def __init__(self, engines: Engines, pools: Pools) -> None:
        self.engines = engines
        self.ev = engines.ev
        self.pools = pools
        self._starting = self.ev.models.words("starts-thread")
        self._changing = self.ev.models.words("changes-settings")
        admitting = (name for name, one in self.ev.models.classes.items() if one.admits)
        self._words = (b"range(", *sorted({f"{name.rpartition('.')[2]}(".encode() for name in admitting}))

    def is_of_a_file(self, spec: EngineSpec) -> bool:
        """Whether the database is SQLite, by the URL or, where that is unknown, by what the call, what is around it or a
        test that leads to it says: there is no server then, and nobody connects over a network.
        """
        if spec.dialect:
            return spec.dialect == "sqlite"
        if self._is_passed_a_file(spec):
            return True
        texts = [spec.function, spec.name, spec.scope.module.source.segment(spec.node)]
        current = parent_of(spec.node)
        while current is not None and current is not spec.scope.node:
            if isinstance(current, ast.If):
                texts.append(ast.unparse(current.test))
            current = parent_of(current)
        return any("sqlite" in text.lower() for text in texts)

    def _is_passed_a_file(self, spec: EngineSpec) -> bool:
        """The same of all URLs that are passed to the function which makes the engine."""
        argument = spec.arguments.get(spec.maker.address)
        node = argument.node if argument is not None else None
        bound = spec.scope.bindings.get(node.id, ()) if isinstance(node, ast.Name) else ()
        given = self.ev.callers.given(bound[0], spec.scope) if len(bound) == 1 else ()
        passed = [self.engines.folder.fold(one, scope) for one, scope, _ in given if one is not None]
        found = [one for each in passed for one in urls(self.ev.models, each)]
        return bool(found) and all(one.dialect == "sqlite" for one in found)

    def addresses(self, spec: EngineSpec) -> tuple[str, ...]:
        """The expressions that the URL of an engine is taken from: a name of the environment, a field of settings."""
        argument = spec.arguments.get(spec.maker.address)
        if argument is None:
            return ()
        sources = self.engines.folder.following.sources(argument.node, argument.scope).found
        return tuple(dict.fromkeys(ast.unparse(one) for one in (argument.node, *(each.node for each in sources))))

    def is_only_a_dialect(self, spec: EngineSpec) -> bool:
        """Whether nothing but the dialect of an engine is asked for: it never connects."""
        uses = [spec.node, *self._loads(spec)]
        parents = [parent_of(one) for one in (uses if len(uses) == 1 else uses[1:])]
        return all(isinstance(one, ast.Attribute) and one.attr == "dialect" for one in parents)

    def is_short_lived(self, spec: EngineSpec) -> bool:
        """Whether an engine stays in the function that makes it, or is disposed of there."""
        return self.stays_inside(spec) or (self._is_local(spec) and any(map(self._is_disposed, self._loads(spec))))

    def stays_inside(self, spec: EngineSpec) -> bool:
        """Whether nobody but the function that makes an engine gets to see it."""
        if spec.scope.kind == "function" and isinstance(parent_of(spec.node), ast.Attribute):
            return True
        return self._is_local(spec) and all(isinstance(parent_of(one), ast.Attribute) for one in self._loads(spec))

    @staticmethod
    def _is_local(spec: EngineSpec) -> bool:
        """Whether a local variable of a function stands for an engine."""
        parent = parent_of(spec.node)
        if spec.scope.kind != "function" or not isinstance(parent, (ast.Assign, ast.AnnAssign)):
            return False
        target = parent.targets[0] if isinstance(parent, ast.Assign) else parent.target
        return isinstance(target, ast.Name) and spec.name not in spec.scope.globals

    def _is_disposed(self, load: ast.Name) -> bool:
        parent = parent_of(load)
        return isinstance(parent, ast.Attribute) and parent.attr == "dispose"

    def _loads(self, spec: EngineSpec) -> list[ast.Name]:
        return [load for _, load in reads_of(spec.name, spec.scope)]

    def is_a_choice(self, spec: EngineSpec) -> bool:
        """Whether the engine is made on some ways only, or beside one that is configured otherwise."""
        if spec.scope.kind == "class" and not isinstance(spec.node, ast.Call):
            return not self._is_taken(spec)  # one configuration among others
        for other in self.engines.of_scope(spec.scope):
            is_alike = {one.cls.name for one in other.pools} == {one.cls.name for one in spec.pools}
            if other is not spec and not is_alike and not _are_of_others(spec, other):
                return True
        child: ast.AST = spec.node
        current = parent_of(child)
        while current is not None and child is not spec.scope.node:
            if isinstance(current, (ast.If, ast.IfExp)) and child is not current.test:
                if not _asks_whether_made(current.test, spec.name):
                    return True
            elif isinstance(current, ast.match_case):
                return True
            child, current = current, parent_of(current)
        return False

    def _is_taken(self, spec: EngineSpec) -> bool:
        """Whether the project gives an application the class of settings that has these options, or one derived from it, unless
        its own caller says otherwise; in any case, and nothing replaces them there."""
        statement, project = parent_of(spec.node), self.ev.project
        target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
        name = target.id if isinstance(target, ast.Name) else ""
        for word in sorted(self.ev.models.words("takes-settings")):
            for path in dict.fromkeys(path for path, _ in project.calling(word, spec.scope.module)):
                module = project.module(path)
                if module is None or is_test(module, project):
                    continue
                for scope in module.scopes_with(word):
                    for call in scope.calls_of(word):
                        if around(call, scope, _ON_SOME_WAYS) is not None or _is_replaced(
                            call, name, scope, self._changing
                        ):
                            continue
                        given = _by_default(call.args[0], scope) if call.args else None
                        for one in alternatives(self.ev.type_of(given, scope)) if given is not None else ():
                            family = lineage(self.ev, one) if isinstance(one, (ClassObject, Instance)) else []
                            if next((home for home in family if name in home.bindings), None) is spec.scope:
                                return True
        return False

    # How many run at once

    def wanted(self, spec: EngineSpec) -> Wanted | None:
        """The most that code of the same module lets run at once, of what takes a connection from this pool."""
        module = spec.scope.module
        if not any(one in module.source.data for one in self._words):
            return None
        pool = self.pools.identity(spec.node, spec.scope)
        found = [one for scope in module.scope.descendants() for one in self._bounds(scope, pool)]
        return max(found, key=lambda one: one.most, default=None)

    def _bounds(self, scope: Scope, pool: Pool) -> Iterator[Wanted]:
        for statement in scope.withs:
            inside = [one for one in scope.calls if is_inside(one, statement)]
            for item in statement.items:
                bound = self._lets_in(item.context_expr, scope)
                if bound is not None and any(self._takes(one, scope, pool) for one in inside):
                    yield bound
        for call in scope.calls_named(self._starting):
            executor = executor_of(call)
            bound = self._lets_in(executor, scope) if executor is not None else None
            if bound is not None and self._takes(call, scope, pool):
                yield bound
        for call in scope.calls:
            task = _repeated(self.ev.models, call)
            if task is not None:
                number = self.engines.folder.fold(task[1], scope).only
                if number is not None and isinstance(number.value, int) and self._takes(task[0], scope, pool):
                    yield Wanted(number.value, call, text_of(call, scope))

    def _lets_in(self, context: ast.expr, scope: Scope) -> Wanted | None:
        """How many a semaphore lets in, or a pool of threads has."""
        for source in self.engines.folder.following.sources(context, scope).found:
            made = source.node
            if not isinstance(made, ast.Call):
                continue
            value = size(self.ev, made, source.scope)
            if value is None:
                continue
            number = self.engines.folder.fold(value, source.scope).only
            if number is not None and isinstance(number.value, int) and number.given:
                return Wanted(number.value, context, text_of(context, scope))
        return None

    def _takes(self, call: ast.Call, scope: Scope, pool: Pool) -> bool:
        """Whether a call takes a connection from a pool: itself, or the function of the project that it calls or runs."""
        if self.pools.of_checkout(call, scope) == pool:
            return True
        for called in (call.func, *call.args):
            for one in alternatives(self.ev.type_of(called, scope)):
                if isinstance(one, Function) and any(
                    self.pools.of_checkout(inner, one.scope) == pool for inner in one.scope.calls
                ):
                    return True
        return False


def _is_replaced(call: ast.Call, key: str, scope: Scope, changing: frozenset[str]) -> bool:
    """Whether what a call has put into the settings of an application under a key may be something else later: they take others
    as well, by a method of one of the names ``changing``, or the key is set by itself."""
    settings = call.func.value if isinstance(call.func, ast.Attribute) else call.func
    text = ast.unparse(settings)
    for other in scope.calls:
        method = other.func
        if not isinstance(method, ast.Attribute) or method.attr not in changing:
            continue
        if start_of(other) > start_of(call) and ast.unparse(method.value) == text:
            return True
    for binding in scope.module.stored_in(last_name(settings)):
        item = parent_of(binding.node)
        if isinstance(item, ast.Subscript) and isinstance(item.slice, ast.Constant) and item.slice.value == key:
            is_here = (
                start_of(item) > start_of(call)
                if binding.scope is scope
                else _may_come_from(scope, text, binding.scope or scope)
            )
            if is_here and ast.unparse(item.value) == text:
                return True
    return False


def _may_come_from(maker: Scope, text: str, scope: Scope) -> bool:
    """Whether what another scope names alike may be what a function has made: it makes nothing of that name by other means."""
    made = [one.value for one in scope.bindings.get(text.partition(".")[0], ()) if isinstance(one.value, ast.Call)]
    return not made or any(last_name(one.func) == maker.name for one in made)


def _by_default(node: ast.expr, scope: Scope) -> ast.expr | None:
    """What of a choice is taken where the function is not told which: ``Staging if staging else Production``; None where
    something else decides."""
    if not isinstance(node, ast.IfExp):
        return node
    is_not = isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not)
    test = node.test.operand if isinstance(node.test, ast.UnaryOp) else node.test
    bindings = scope.bindings.get(test.id, ()) if isinstance(test, ast.Name) else ()
    default = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "parameter" else None
    if not isinstance(default, ast.Constant):
        return None
    return node.body if bool(default.value) is not is_not else node.orelse


def _are_of_others(spec: EngineSpec, other: EngineSpec) -> bool:
    """Whether two engines surely are of different databases, between which nobody chooses."""
    of, those = ({url.text for url in one.urls} if one.has_all_urls else set() for one in (spec, other))
    return bool(of and those) and of.isdisjoint(those)


def _asks_whether_made(test: ast.expr, name: str) -> bool:
    """``if engine is None``, ``if not engine``: not a choice between engines."""
    words = {one.id for one in ast.walk(test) if isinstance(one, ast.Name)}
    words |= {one.attr for one in ast.walk(test) if isinstance(one, ast.Attribute)}
    is_none = isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is)
    is_not = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    return name in words and (is_none or is_not)


def _repeated(models: Models, call: ast.Call) -> tuple[ast.Call, ast.expr] | None:
    """``gather(*(work() for _ in range(20)))``: what is run, and how often."""
    makes_task = models.words("makes-task")
    for argument in call.args:
        value = argument.value if isinstance(argument, ast.Starred) else argument
        if isinstance(value, (ast.GeneratorExp, ast.ListComp)) and last_name(call.func) in models.words("at-once"):
            over, task = value.generators[0].iter, value.elt
            if isinstance(task, ast.Call) and last_name(task.func) in makes_task and task.args:
                task = task.args[0]
            if isinstance(over, ast.Call) and last_name(over.func) == "range" and len(over.args) == 1:
                return (task, over.args[0]) if isinstance(task, ast.Call) else None
    return None
