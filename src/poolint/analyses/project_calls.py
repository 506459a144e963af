"""Who calls a function in its project: the calls that mean it, and what runs it where it is handed on."""

from __future__ import annotations

import ast
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.decorators import runs_in_place
from poolint.analyses.driven import DrivenAlone
from poolint.analyses.given_work import AWAITED, CALLED, GivenWork
from poolint.syntax.expressions import is_implied
from poolint.syntax.file_kinds import is_test
from poolint.syntax.indexes import index_of
from poolint.syntax.purposes import is_annotation
from poolint.syntax.scopes import parent_of
from poolint.types.arguments import misfits
from poolint.types.known_bases import has_known_bases
from poolint.types.members import lineage
from poolint.types.overrides import is_left_open
from poolint.types.values import UNKNOWN, ClassObject, Function, Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type


class Run(NamedTuple):
    """Where a function of the project is run: by its call, or by that of another one, which it is handed to (``is_handed``) and
    which calls it, and awaits what it gives where it is a coroutine function; each with the function that it stands in."""

    call: ast.Call
    scope: Scope
    is_handed: bool


class ProjectCalls:
    """Answers for the functions of one project."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._driven = ev.derived(DrivenAlone)
        self._given = ev.derived(GivenWork)
        self._keeping = ev.models.manners["keeps-function"]
        self._properties = ev.models.words("property")

    def of(self, scope: Scope) -> list[Run]:
        """Where a function or a method is run; none where it is mentioned otherwise, or somebody may call it that nothing
        here shows. A constructor is run where its class is called."""
        if scope.name == "__init__" and scope.enclosing_class is not None:
            return self._makings(scope.enclosing_class)
        if self.is_decorated(scope) or not self.is_called_by_name(scope):
            return []
        found: list[Run] = []
        for mention, inner in self.mentioned(scope):
            run = self.running(mention, inner, scope)
            if run is None:
                return []
            if inner is not scope:
                found.append(run)
        return found

    def _makings(self, cls: Scope) -> list[Run]:
        """Where objects of a class are made; none where it is mentioned otherwise, but as what something is declared to be, or
        where its bases, its metaclass, what decorates it or an object of its own may make some."""
        node = cls.node
        if (
            not isinstance(node, ast.ClassDef)
            or node.decorator_list
            or node.keywords
            or not has_known_bases(self.ev, cls)
        ):
            return []
        if cls.parent is None or cls.parent.kind != "module" or self.is_renamed(cls) or _makes_its_own(cls):
            return []
        found: list[Run] = []
        for inner in self._scopes_that_may_name(cls):
            attributes = (one for one in inner.attributes if one.attr == cls.name)
            called = (one.func for one in inner.calls if last_name(one.func) == cls.name)
            for mention in dict.fromkeys((*inner.loads.get(cls.name, ()), *attributes, *called)):
                meant = alternatives(self.ev.type_of(mention, inner))
                if not any(isinstance(one, ClassObject) and one.cls is cls for one in meant):
                    continue
                if is_annotation(mention):
                    if _is_injected(mention):
                        return []
                    continue
                call = parent_of(mention)
                if not isinstance(call, ast.Call) or call.func is not mention:
                    return []
                found.append(Run(call, inner, False))
        return found

    def is_renamed(self, scope: Scope) -> bool:
        """Whether a module imports a function or a class under another name: who calls it by that is not looked for."""
        origin = f":{scope.name}"
        return any(
            one.kind == "import" and one.origin.endswith(origin) and name != scope.name
            for module in (scope.module, *self._modules_saying(scope))
            for inner in module.scope.mentioning(scope.name)
            for name, bindings in inner.bindings.items()
            for one in bindings
        )

    def named(self, scope: Scope) -> list[Run]:
        """Where the project itself runs a function, beside a library that calls what it has decorated."""
        found = (self.running(mention, inner, scope) for mention, inner in self.mentioned(scope) if inner is not scope)
        return [one for one in found if one is not None]

    def running(self, mention: ast.expr, inner: Scope, scope: Scope) -> Run | None:
        """What runs a function where another one mentions it; None where nothing there does."""
        call = parent_of(mention)
        if isinstance(call, ast.Call) and call.func is mention:
            return Run(call, inner, False)
        by = self._given.run_by(mention, inner, AWAITED if scope.is_async else CALLED)
        return Run(by, inner, True) if by is not None else None

    def is_driven(self, run: Run) -> bool:
        """Whether a coroutine has ended when what runs it has: that is awaited, or drives it on an event loop."""
        call, scope, is_handed = run
        if is_handed or self._driven.is_driven(call, scope):
            return True
        if isinstance(scope.node, ast.Lambda) and parent_of(call) is scope.node and scope.parent is not None:
            return self._given.is_awaited(scope.node, scope.parent)
        return False

    def is_decorated(self, scope: Scope) -> bool:
        """Whether a function has decorators but those that leave it as it is, or run it in their own place, so that something
        else may call it."""
        around = scope.parent or scope
        return not all(
            self.ev.qualified_name(self.ev.type_of(one, around)) in self._keeping
            or (scope.is_async and runs_in_place(self.ev, one, around))
            for one in getattr(scope.node, "decorator_list", ())
        )

    def mentioned(self, scope: Scope) -> Iterator[tuple[ast.expr, Scope]]:
        """The mentions of a function or a method in the project, each with the function that it stands in."""
        if isinstance(scope.node, ast.Lambda) and scope.parent is not None:
            yield scope.node, scope.parent
        for inner in self._scopes_that_may_name(scope):
            for mention in self.meaning(scope, inner):
                yield mention, inner

    def _scopes_that_may_name(self, scope: Scope) -> Iterator[Scope]:
        around, own = scope.parent, scope.module
        if around is not None and around.kind == "function":
            yield from around.descendants()
            return
        for module in chain((own,), self._modules_saying(scope)):
            yield from module.scope.mentioning(scope.name)

    def modules_calling(self, scope: Scope) -> Iterator[Module]:
        """The modules of the project in which something is called that has the name of a function, each once."""
        project = self.ev.project
        for path in dict.fromkeys(path for path, _ in project.calling(scope.name, scope.module)):
            module = project.module(path)
            if module is not None:
                yield module

    def _modules_saying(self, scope: Scope) -> Iterator[Module]:
        """The other modules of the project, tests aside, in which the name of a function stands: they may hand it on as well."""
        project = self.ev.project
        for path in project.saying(scope.name, scope.module):
            module = project.module(path) if path != scope.module.path else None
            if module is not None and not is_test(module, project):
                yield module

    def is_read(self, scope: Scope) -> bool:
        """Whether a function is a property, which runs where it is read."""
        return any(last_name(one) in self._properties for one in getattr(scope.node, "decorator_list", ()))

    def is_called_by_name(self, scope: Scope) -> bool:
        """Whether a function stands in a module or another function, or in a class that nobody outside of the project
        knows."""
        around = scope.parent
        if around is None or around.kind in ("module", "function"):
            return around is not None
        if around.kind != "class" or around.parent is None or around.parent.kind != "module":
            return False
        is_known = has_known_bases(self.ev, around, for_coroutines=scope.is_async)
        return not is_implied(scope.name) and (is_known or _is_its_own(scope, around))

    def meaning(self, scope: Scope, inner: Scope) -> Iterator[ast.expr]:
        """The mentions of a function in another one, under its own name; of a method also what may be one, of a property what
        reads it."""
        own = inner.loads.get(scope.name, ()) if scope.enclosing_class is None else ()
        attributes = [one.func for one in inner.calls if isinstance(one.func, ast.Attribute)]
        read = (
            one for one in (*inner.attributes, *attributes) if one.attr == scope.name and isinstance(one.ctx, ast.Load)
        )
        for one in dict.fromkeys((*own, *read)):
            found = [*alternatives(self.ev.type_of(one, inner))]
            if any(self._may_mean(scope, each, one) for each in found) or self._may_read(scope, one, inner):
                yield one

    def _may_read(self, scope: Scope, mention: ast.expr, inner: Scope) -> bool:
        """Whether an attribute is read of an object that has a property of a class of the project, or may have it."""
        own = scope.enclosing_class
        if own is None or not isinstance(mention, ast.Attribute) or not self.is_read(scope):
            return False
        above = lineage(self.ev, ClassObject(own, None))
        owners = alternatives(self.ev.type_of(mention.value, inner))
        return any(
            one is UNKNOWN or (isinstance(one, Instance) and (one.cls in above or own in lineage(self.ev, one)))
            for one in owners
        )

    def _may_mean(self, scope: Scope, found: Type, mention: ast.expr) -> bool:
        """Whether a mention may be one of a function: it is that one, or, of methods, one of the same family, or something
        unknown, unless that is called with what the method does not take."""
        if isinstance(found, Function):
            family = scope.enclosing_class and found.scope.enclosing_class
            if found.scope is scope or (bool(family) and self._is_related(scope, found.scope)):
                return True
            is_open = bool(family) and found.scope.name == scope.name and is_left_open(found.scope)
            return is_open and not _is_refused(scope, mention)  # who fills it need not say so
        return scope.enclosing_class is not None and found is UNKNOWN and not _is_refused(scope, mention)

    def _is_related(self, one: Scope, other: Scope) -> bool:
        above, below = one.enclosing_class, other.enclosing_class
        if above is None or below is None:
            return False
        pairs = ((above, below), (below, above))
        return any(one in lineage(self.ev, ClassObject(other, None)) for one, other in pairs)


def _is_refused(method: Scope, mention: ast.expr) -> bool:
    """Whether what is mentioned is called with what a method does not take."""
    call = parent_of(mention)
    return isinstance(call, ast.Call) and call.func is mention and misfits(Function(method, UNKNOWN), call)


def _is_its_own(method: Scope, owner: Scope) -> bool:
    """Whether a method is private to its class, which calls it itself: whoever else calls the methods of its objects, as a
    library does of which it derives, knows nothing of that one."""
    return method.name.startswith("_") and bool(index_of(owner).on_self(method.name))


def _makes_its_own(cls: Scope) -> bool:
    """Whether methods of a class make objects of it without its name: ``cls()``, ``type(self)()``, ``self.__class__()``."""
    made = (one.func for method in cls.children for inner in method.descendants() for one in inner.calls)
    return any(
        last_name(one) in ("cls", "__class__") or (isinstance(one, ast.Call) and last_name(one.func) == "type")
        for one in made
    )


def _is_injected(mention: ast.expr) -> bool:
    """Whether what a parameter is declared to be may be made by a framework for it: something is called in its annotation or for
    its default, or the function has a decorator."""
    node: ast.AST | None = mention
    while node is not None and not isinstance(node, (ast.arg, ast.stmt)):
        if isinstance(node, ast.Call):
            return True
        node = parent_of(node)
    if not isinstance(node, ast.arg):
        return False
    arguments = parent_of(node)
    function = parent_of(arguments) if arguments is not None else None
    if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    if function.decorator_list or any(isinstance(one, ast.Call) for one in ast.walk(node.annotation or node)):
        return True
    return any(isinstance(one, ast.Call) for one in (*function.args.defaults, *function.args.kw_defaults))
