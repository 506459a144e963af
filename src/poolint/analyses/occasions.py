"""On which occasion alone functions run: as a command that the process ends with, as an application starts, or in turn.

A function runs on such an occasion if it is one that a library calls then, or that a module calls where it is run as a
script, or if all calls of it that the project makes, tests aside, stand in functions that do. One that is mentioned
otherwise may be called by anybody.
"""

from __future__ import annotations

import ast
from itertools import chain
from typing import TYPE_CHECKING

from poolint.analyses.command_lines import CommandLines
from poolint.flow.summaries import Summaries
from poolint.frameworks.hooks import is_handed, is_handed_singly, is_run_singly, starts
from poolint.syntax.commands import is_command, is_of_script
from poolint.syntax.file_kinds import is_test
from poolint.syntax.importers import importers
from poolint.syntax.indexes import index_of
from poolint.syntax.nodes import walk
from poolint.syntax.purposes import goes_on_to_serve, is_for, is_of_its_users
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import COMPREHENSIONS, around, goes_on, is_in_loop
from poolint.types.arguments import misfits
from poolint.types.members import lineage
from poolint.types.overrides import is_left_open
from poolint.types.values import UNKNOWN, ClassObject, Function, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type


class Occasions:
    """Answers for the functions of one project; each question is a problem of summaries."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._ending: Summaries[ScopeKey, bool] = Summaries("ends-process", self._ends, bottom=False, join=bool.__or__)
        self._scripted: Summaries[ScopeKey, bool] = Summaries(
            "ends-script", self._is_of_a_script, bottom=False, join=bool.__or__
        )
        self._once: Summaries[ScopeKey, bool] = Summaries("runs-once", self._is_once, bottom=False, join=bool.__or__)
        self._drives = ev.models.words("drives", "drives-given")
        self._starting: Summaries[ScopeKey, bool] = Summaries("starts", self._starts, bottom=False, join=bool.__or__)
        self._alone: Summaries[ScopeKey, bool] = Summaries("runs-alone", self._is_alone, bottom=False, join=bool.__or__)
        self._in_turn: Summaries[ScopeKey, bool] = Summaries(
            "runs-in-turn", self._is_in_turn, bottom=False, join=bool.__or__
        )
        self._in_workers: Summaries[ScopeKey, bool] = Summaries(
            "runs-in-turn-in-workers", self._is_in_turn_in_workers, bottom=False, join=bool.__or__
        )
        self._handed: Summaries[ScopeKey, bool] = Summaries(
            "handed-on", self._is_handed, bottom=False, join=bool.__or__
        )
        self._keeping = ev.models.manners["keeps-function"]
        self._properties = ev.models.words("property")

    def ends_with_process(self, scope: Scope) -> bool:
        """Whether a function runs once in a process that does nothing else: in a command, and in no loop of it."""
        return scope.kind == "function" and self._ending.of(scope.key)

    def ends_with_script(self, scope: Scope) -> bool:
        """Whether a script alone runs a function, once or again and again, and no more than once at a time; a script is no
        command for the users of an application."""
        return scope.kind == "function" and self._scripted.of(scope.key)

    def starts(self, scope: Scope) -> bool:
        """Whether a function runs as an application starts or ends, and at no other time."""
        return scope.kind == "function" and self._starting.of(scope.key)

    def runs_once(self, scope: Scope) -> bool:
        """Whether a function runs once in a process: on one of these occasions, or as modules are imported."""
        return scope.kind == "function" and self._once.of(scope.key)

    def runs_alone(self, scope: Scope) -> bool:
        """Whether a process runs a function no more than once at a time: it runs once, or is a step of what does, or of the
        one task that was started then."""
        return scope.kind == "function" and self._alone.of(scope.key)

    def runs_in_turn(self, scope: Scope) -> bool:
        """Whether a function runs as a job of a schedule that waits for the one before, in a script, or as an application
        starts, and at no other time."""
        return scope.kind == "function" and self._in_turn.of(scope.key)

    def runs_in_turn_in_workers(self, scope: Scope) -> bool:
        """The same where a worker that runs one task after the other, as it does by default, may run it as well."""
        return scope.kind == "function" and self._in_workers.of(scope.key)

    def is_handed_on(self, scope: Scope) -> bool:
        """Whether a function, or one that calls it, is passed to something that is no hook of a library, or kept by something:
        a thread may run it, or a task that nobody waits for. What is asked of it, as ``charge.delay``, is its decorator's."""
        return scope.kind == "function" and self._handed.of(scope.key)

    def is_of_tests(self, scope: Scope) -> bool:
        """Whether a function of a module is there for tests: nothing else names it."""
        if scope.parent is None or scope.parent.kind != "module" or getattr(scope.node, "decorator_list", None):
            return False
        found = False
        for module in self._modules_calling(scope):
            for inner in module.scopes_with(scope.name):
                if any(True for _ in self.meaning(scope, inner)):
                    if module is scope.module or not is_test(module, self.ev.project):
                        return False
                    found = True
        return found

    def _ends(self, key: ScopeKey) -> bool:
        scope = self.ev.project.scope(key)
        if is_command(scope.node) or self.ev.derived(CommandLines).takes(scope):
            return not is_of_its_users(scope, self.ev.models)
        return self._is_called_from(scope, self._ending, self._begins_a_script) and not goes_on(scope)

    def _is_of_a_script(self, key: ScopeKey) -> bool:
        scope = self.ev.project.scope(key)
        return self._is_called_from(scope, self._scripted, self._begins_a_script, in_loops=True) and not goes_on(scope)

    def _is_once(self, key: ScopeKey) -> bool:
        scope = self.ev.project.scope(key)
        if self._ending.of(key) or self._starting.of(key):
            return True
        return self._is_called_from(scope, self._once, self._is_imported_once)

    def _is_alone(self, key: ScopeKey) -> bool:
        scope = self.ev.project.scope(key)
        if self._once.of(key):
            return True
        calls = self.calls_of(scope)
        return bool(calls) and all(
            inner.kind == "function"
            and around(call, inner, COMPREHENSIONS) is None
            and (
                self._alone.of(inner.key)
                if self._is_run(call) or not scope.is_async
                else self._once.of(inner.key) and not _is_repeated(call, inner)
            )
            for call, inner in calls
        )

    def _is_in_turn(self, key: ScopeKey) -> bool:
        return self._comes_in_turn(key, self._in_turn, in_workers=False)

    def _is_in_turn_in_workers(self, key: ScopeKey) -> bool:
        return self._in_turn.of(key) or self._comes_in_turn(key, self._in_workers, in_workers=True)

    def _comes_in_turn(self, key: ScopeKey, answers: Summaries[ScopeKey, bool], *, in_workers: bool) -> bool:
        scope = self.ev.project.scope(key)
        if self._starting.of(key) or self._scripted.of(key):
            return True
        is_task = is_run_singly(self.ev, scope, in_workers)
        if not is_task and (self._is_decorated(scope) or not self.is_called_by_name(scope)):
            return False
        calls: list[tuple[ast.Call, Scope]] = []
        is_handed = False
        for mention, inner in self._mentioned(scope):
            call = parent_of(mention)
            if isinstance(call, ast.Call) and call.func is mention:
                if inner is not scope:
                    calls.append((call, inner))
            elif is_handed_singly(self.ev, mention, inner, in_workers):
                is_handed = True
            elif not is_task:
                return False
        if not calls:
            return is_task or is_handed
        return self._are_only_from(calls, scope, answers, lambda *_: False, in_loops=True)

    def _is_handed(self, key: ScopeKey) -> bool:
        scope = self.ev.project.scope(key)
        is_read = any(last_name(one) in self._properties for one in getattr(scope.node, "decorator_list", ()))
        for mention, inner in self._mentioned(scope):
            call = parent_of(mention)
            if isinstance(call, ast.Attribute) and not is_read:
                continue
            is_called = is_read or (isinstance(call, ast.Call) and call.func is mention)
            if is_called and (inner is scope or inner.kind != "function" or not self._handed.of(inner.key)):
                continue
            if is_called or not is_handed(self.ev, mention, inner):
                return True
        return isinstance(scope.node, ast.Lambda)

    def _is_called_from(
        self,
        scope: Scope,
        answers: Summaries[ScopeKey, bool],
        at_the_top: Callable[[ast.Call, Module], bool],
        *,
        in_loops: bool = False,
    ) -> bool:
        """Whether a function is called, each time once, or ``in_loops`` one time after the other, and only by functions for
        which the answer is yes, or at the top of modules where the call is one of those ``at_the_top``."""
        return self._are_only_from(self.calls_of(scope), scope, answers, at_the_top, in_loops=in_loops)

    def _are_only_from(
        self,
        calls: list[tuple[ast.Call, Scope]],
        scope: Scope,
        answers: Summaries[ScopeKey, bool],
        at_the_top: Callable[[ast.Call, Module], bool],
        *,
        in_loops: bool,
    ) -> bool:
        """The same of the calls that are known of it."""
        return bool(calls) and all(
            (
                answers.of(inner.key)
                if inner.kind in ("function", "lambda")
                else inner.kind == "module" and at_the_top(call, inner.module)
            )
            and not (around(call, inner, COMPREHENSIONS) if in_loops else _is_repeated(call, inner))
            and (self._is_run(call) or not scope.is_async)
            for call, inner in calls
        )

    def _begins_a_script(self, call: ast.Call, module: Module) -> bool:
        """Whether a module makes a call where it is run as a script, and goes on to serve nobody. Who runs an event loop at
        the top of a module that nobody imports runs it as one."""
        is_bare = self.is_driven(call) and not any(importers(self.ev.project, module))
        return (is_of_script(call) or is_bare) and not goes_on_to_serve(module, self.ev.models)

    def _is_imported_once(self, _: ast.Call, module: Module) -> bool:
        """Whether the top of a module is run once in a process; a cell may be run again."""
        return module.source.cells is None and not is_for(module, self.ev.models, "runs-again")

    def _is_run(self, call: ast.Call) -> bool:
        """Whether who calls a coroutine goes on when it has ended: it is awaited, or an event loop is run for it."""
        return self.is_driven(call) or _is_waited_for(call)

    def is_driven(self, call: ast.Call) -> bool:
        """Whether what a call makes is run by who makes an event loop for it, or is given one."""
        drive = parent_of(call)
        return isinstance(drive, ast.Call) and last_name(drive.func) in self._drives

    def _starts(self, key: ScopeKey) -> bool:
        scope = self.ev.project.scope(key)
        if starts(self.ev, scope):
            return True
        goes_on = any(isinstance(one, ast.While) for one in walk(scope.node))
        calls = self.calls_of(scope)
        return bool(calls) and all(
            inner.kind == "function" and not (goes_on and not _is_waited_for(call)) and self._starting.of(inner.key)
            for call, inner in calls
        )

    def calls_of(self, scope: Scope) -> list[tuple[ast.Call, Scope]]:
        """The calls of a function or a method, each with the function that it stands in; none where it is not only called,
        or somebody may call it that nothing here shows."""
        if self._is_decorated(scope) or not self.is_called_by_name(scope):
            return []
        found: list[tuple[ast.Call, Scope]] = []
        for mention, inner in self._mentioned(scope):
            call = parent_of(mention)
            if not isinstance(call, ast.Call) or call.func is not mention:
                return []
            if inner is not scope:
                found.append((call, inner))
        return found

    def named_calls_of(self, scope: Scope) -> list[tuple[ast.Call, Scope]]:
        """The calls of a function that the project makes itself, beside a library that calls what it has decorated."""
        found = (
            (parent_of(mention), mention, inner) for mention, inner in self._mentioned(scope) if inner is not scope
        )
        return [(call, inner) for call, mention, inner in found if isinstance(call, ast.Call) and call.func is mention]

    def _is_decorated(self, scope: Scope) -> bool:
        """Whether a function has decorators but those that leave it as it is, so that something else may call it."""
        written = getattr(scope.node, "decorator_list", ())
        return bool(written) and not all(
            self.ev.qualified_name(self.ev.type_of(one, scope.parent or scope)) in self._keeping for one in written
        )

    def _mentioned(self, scope: Scope) -> Iterator[tuple[ast.expr, Scope]]:
        """The mentions of a function or a method in the project, each with the function that it stands in."""
        for inner in self._scopes_that_may_name(scope):
            for mention in self.meaning(scope, inner):
                yield mention, inner

    def _scopes_that_may_name(self, scope: Scope) -> Iterator[Scope]:
        around, own = scope.parent, scope.module
        if around is not None and around.kind == "function":
            yield from around.descendants()
            return
        others = (one for one in self._modules_calling(scope) if one is not own and not is_test(one, self.ev.project))
        for module in chain((own,), others):
            is_method = scope.enclosing_class is not None
            yield from module.scope.mentioning(scope.name) if is_method else module.scopes_with(scope.name)

    def _modules_calling(self, scope: Scope) -> Iterator[Module]:
        """The modules of the project in which something is called that has the name of a function, each once."""
        project = self.ev.project
        for path in dict.fromkeys(path for path, _ in project.calling(scope.name, scope.module)):
            module = project.module(path)
            if module is not None:
                yield module

    def is_called_by_name(self, scope: Scope) -> bool:
        """Whether a function stands in a module or another function, or in a class that nobody outside of the project
        knows."""
        around = scope.parent
        if around is None or around.kind in ("module", "function"):
            return around is not None
        if around.kind != "class" or around.parent is None or around.parent.kind != "module":
            return False
        is_implied = scope.name.startswith("__") and scope.name.endswith("__")
        return not is_implied and (self.is_of_the_project(around) or _is_its_own(scope, around))

    def is_of_the_project(self, owner: Scope) -> bool:
        """Whether all that a class derives from are classes of the project, or call none of its methods."""
        return all(
            self._is_of_the_project(base, one)
            for one in lineage(self.ev, ClassObject(owner, None))
            for base in one.node.bases  # type: ignore[attr-defined]
        )

    def _is_of_the_project(self, base: ast.expr, derived: Scope) -> bool:
        """Whether what a class derives from is a class of the project, or one that calls none of its methods."""
        written = base.value if isinstance(base, ast.Subscript) else base
        found = self.ev.type_of(written, derived.parent or derived)
        if isinstance(found, ClassObject) and found.cls is not found.base:
            return True
        return self.ev.qualified_name(found) in self.ev.models.manners["calls-nothing"]

    def meaning(self, scope: Scope, inner: Scope) -> Iterator[ast.expr]:
        """The mentions of a function in another one, under its own name; of a method also what may be one."""
        named: list[ast.expr] = [*inner.loads.get(scope.name, ())]
        if scope.enclosing_class is not None:
            named = [one for one in inner.attributes if one.attr == scope.name and isinstance(one.ctx, ast.Load)]
        named += [
            one.func for one in inner.calls if isinstance(one.func, ast.Attribute) and last_name(one.func) == scope.name
        ]
        for one in named:
            found = [*alternatives(self.ev.type_of(one, inner))]
            if any(self._may_mean(scope, each, one) for each in found):
                yield one

    def _may_mean(self, scope: Scope, found: Type, mention: ast.expr) -> bool:
        """Whether a mention may be one of a function: it is that one, or, of methods, one of the same family, or something
        unknown, unless that is called with what the method does not take."""
        if isinstance(found, Function):
            family = scope.enclosing_class and found.scope.enclosing_class
            is_open = found.scope.name == scope.name and is_left_open(found.scope)  # who fills it need not say so
            return found.scope is scope or (bool(family) and (is_open or self._is_related(scope, found.scope)))
        call = parent_of(mention)
        if scope.enclosing_class is None or found is not UNKNOWN:
            return False
        return not (isinstance(call, ast.Call) and call.func is mention and misfits(Function(scope, UNKNOWN), call))

    def _is_related(self, one: Scope, other: Scope) -> bool:
        above, below = one.enclosing_class, other.enclosing_class
        if above is None or below is None:
            return False
        pairs = ((above, below), (below, above))
        return any(one in lineage(self.ev, ClassObject(other, None)) for one, other in pairs)


def _is_repeated(call: ast.Call, scope: Scope) -> bool:
    """Whether a function makes a call for each of several things."""
    return is_in_loop(call, scope) or around(call, scope, COMPREHENSIONS) is not None


def _is_waited_for(call: ast.Call) -> bool:
    return isinstance(parent_of(call), (ast.Await, ast.Expr, ast.Assign, ast.Return))


def _is_its_own(method: Scope, owner: Scope) -> bool:
    """Whether a method is private to its class, which calls it itself: whoever else calls the methods of its objects, as a
    library does of which it derives, knows nothing of that one."""
    return method.name.startswith("_") and bool(index_of(owner).on_self(method.name))
