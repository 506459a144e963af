"""What callers pass for a parameter that nothing declares: the first place where its type can be told.

Callers are looked for by the name of the function: in its own module, and in all files of the project that mention it
where the name is not private or nothing in its own module calls it. Tests are asked only where nothing else calls it: they pass
stand-ins of their own. Only parameters whose names say database, or that a
function asks for something, are asked about, in modules that the screen finds interesting, so that what is reported never
depends on whether the screen is on.
"""

from __future__ import annotations

import ast
import re
from itertools import islice
from typing import TYPE_CHECKING

from poolint.syntax.expressions import argument_for, is_none, tells_all
from poolint.syntax.file_kinds import is_test_path
from poolint.syntax.scopes import Scope, parent_of
from poolint.types.arguments import parameter_for
from poolint.types.evidence import is_of_class
from poolint.types.values import (
    NOTHING,
    UNKNOWN,
    ClassObject,
    Function,
    Instance,
    Type,
    alternatives,
    known,
    union,
    without_none,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models.schema import Class
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Binding
    from poolint.types.evaluator import Evaluator

_SAYS_RESOURCE = re.compile(
    r"session|connection|engine|(?:^|_)(?:sess|conn|connexion|db|database|tx|transaction|pool|cursor|cur|uow)\d*(?:$|_)",
    re.IGNORECASE,
)
_MAX_MODULES = 12
"""Files that are read for the callers of one function. Real helpers with an undeclared session have fewer."""
_MAX_CALLS = 60
"""Calls of that name that are looked at in all."""
_MAX_HOPS = 3
"""Functions that only hand on what they are passed which are asked what that is."""
_MAX_PASSED = 8
"""Parameters that one may be passed on for, which are looked at for what asks them for something."""


class Callers:
    """Finds the calls of a project's functions. One for each evaluator."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._calls: dict[str, dict[str, list[tuple[ast.Call, Scope]]]] = {}
        self._mentions: dict[tuple[str, str, bool], list[Module]] = {}
        self._interesting: dict[str, bool] = {}
        managers = {name.rpartition(".")[2] for gives, name in ev.models.passed if gives.startswith("decorator-")}
        self._keep_parameters = managers | ev.models.words("keeps-function", "keeps-parameters", "memoises")

    def passed(self, binding: Binding, scope: Scope) -> Type:
        """What the calls of the function with this scope pass for the parameter that ``binding`` binds."""
        if not isinstance(binding.node, ast.arg):
            return UNKNOWN
        name = binding.node.arg
        is_asked = bool(_SAYS_RESOURCE.search(name)) or _is_asked(name, scope)
        if not (is_asked or self._is_handed_on(name, scope)):
            return UNKNOWN
        one = self._passed(binding, scope)
        return one if is_asked or isinstance(one, Instance) else UNKNOWN  # each caller passes a function of its own

    def _passed(self, binding: Binding, scope: Scope) -> Type:
        """The same of a parameter, whatever the function does with it."""
        found = self._types(binding, scope, in_tests=False)
        one = known(found)
        if one is UNKNOWN and not is_test_path(scope.module.path, self.ev.project.finder.top(scope.module.path)):
            # What tests define themselves stands in for what there is; what they have of others is that.
            found = self._types(binding, scope, in_tests=True)
            one = known([each for each in found if all(map(self._is_no_stand_in, alternatives(each)))])
        return one

    def _is_handed_on(self, name: str, scope: Scope) -> bool:
        """Whether a function passes a parameter on to one of the project that asks it for something, by a few others at most."""
        further = [(scope, name)]
        for one in further:  # grows
            passed = dict.fromkeys(self._passed_on(one[1], one[0]))
            if any(_SAYS_RESOURCE.search(taken) or _is_asked(taken, callee) for callee, taken in passed):
                return True
            further += [each for each in passed if each not in further][: _MAX_PASSED - len(further)]
        return False

    def _passed_on(self, name: str, scope: Scope) -> Iterator[tuple[Scope, str]]:
        """The functions of the project that a function passes a parameter to, each with the parameter that gets it."""
        for load in scope.loads.get(name, ()):
            around = parent_of(load)
            keyword = around.arg if isinstance(around, ast.keyword) else None
            call = parent_of(around) if isinstance(around, ast.keyword) else around
            if not isinstance(call, ast.Call) or call.func is load:
                continue
            for one in alternatives(self.ev.type_of(call.func, scope)):
                taken = parameter_for(one, call, load, keyword) if isinstance(one, Function) else None
                if isinstance(one, Function) and taken is not None:
                    yield one.scope, taken

    def contradicting(self, declared: Instance, binding: Binding, scope: Scope, hops: int = _MAX_HOPS) -> Type:
        """What the calls pass for a parameter that is declared to be of a library's class, where each is seen to pass something
        else; ``UNKNOWN`` where one does not. Who passes a parameter of its own that is declared alike is asked in turn, and says
        nothing if nobody names it."""
        assert declared.base is not None
        found: list[Type] = []
        for argument, inner, _ in self._given(binding, scope, self._called(scope, in_tests=False)):
            if argument is None:
                continue
            own = _declared_alike(argument, inner, binding)
            if own is not None and self._is_unnamed(inner):
                continue
            if own is not None:
                passed = self.contradicting(declared, own, inner, hops - 1) if hops else UNKNOWN
            else:
                passed = without_none(self.ev.type_of(argument, inner))
            several = alternatives(passed)
            if UNKNOWN in several or any(self._is_as_declared(one, declared.base) for one in several):
                return UNKNOWN
            found.append(passed)
        return union(found) if found else UNKNOWN

    def _is_unnamed(self, function: Scope) -> bool:
        """Whether nothing but tests, imports and lists of names names a function of a module: nobody passes anything by way of
        it."""
        own, name = function.module, function.name
        if function.parent is not own.scope or getattr(function.node, "decorator_list", []):
            return False
        paths = dict.fromkeys((own.path, *self.ev.project.saying(name, own)))
        if len(paths) > _MAX_MODULES:
            return False
        saying = [self.ev.project.module(path) for path in paths]
        return all(one is not None and not _is_read(name, one) for one in saying)

    def _is_as_declared(self, one: Type, declared: Class) -> bool:
        """Whether something is of a class, and does on an event loop what that says."""
        cls = one.base if isinstance(one, Instance) else None
        return is_of_class(self.ev, one, declared.name) and (cls is None or cls.on_loop == declared.on_loop)

    def _is_no_stand_in(self, one: Type) -> bool:
        """Whether something is of no class that a test defines."""
        cls = getattr(one, "cls", None)
        module = cls.module if isinstance(cls, Scope) else None
        return module is None or not is_test_path(module.path, self.ev.project.finder.top(module.path))

    def _types(self, binding: Binding, scope: Scope, *, in_tests: bool) -> list[Type]:
        found: list[Type] = []
        for argument, inner, _ in self._given(binding, scope, self._called(scope, in_tests=in_tests)):
            if argument is not None:
                one = self.ev.type_of(argument, inner)
                found.append(UNKNOWN if one is NOTHING else one)
        return found

    def given(self, binding: Binding, scope: Scope) -> Iterator[tuple[ast.expr | None, Scope, bool]]:
        """What the calls of a function give for a parameter of it, each with the scope it stands in; where that is None,
        whether it is sure that the default holds."""
        yield from self._given(binding, scope, self._of(scope))

    def _given(
        self, binding: Binding, scope: Scope, calls: Iterator[tuple[ast.Call, Scope, bool]]
    ) -> Iterator[tuple[ast.expr | None, Scope, bool]]:
        """The same of some of its calls."""
        parameter, node = binding.node, scope.node
        if not isinstance(parameter, ast.arg) or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return
        positional = [*node.args.posonlyargs, *node.args.args]
        # After other decorators a function may take something else than it declares.
        by_order = all(_name_of(one) in self._keep_parameters for one in node.decorator_list)
        index = positional.index(parameter) if by_order and parameter in positional else -1
        for call, inner, is_bound in calls:
            argument = argument_for(call, parameter.arg, index - is_bound if index >= 0 else -1)
            is_open = not tells_all(call)
            yield argument, inner, by_order and not is_open

    def of(self, scope: Scope) -> Iterator[tuple[ast.Call, Scope]]:
        """The calls of a function that the project makes, each with the scope that it stands in."""
        for call, inner, _ in self._of(scope):
            yield call, inner

    def named(self, scope: Scope) -> Iterator[tuple[ast.Call, Scope]]:
        """The calls of the project, tests aside, of what has the name of a function, whatever that is, each with its scope."""
        named = ((name, one) for name, modules in self._places(scope, in_tests=False) for one in modules)
        yield from islice((call for name, one in named for call in self._calls_in(one).get(name, ())), _MAX_CALLS)

    def making(self, cls: Scope) -> Iterator[tuple[ast.Call, Scope]]:
        """The calls that make an object of a class without an ``__init__`` of its own, each with its scope."""
        is_made = False
        for in_tests in (False, True):
            for module in self._modules(cls.name, cls, in_tests=in_tests) if not is_made else ():
                for call, inner in self._calls_in(module).get(cls.name, ())[:_MAX_CALLS]:
                    found = alternatives(self.ev.type_of(call.func, inner))
                    if any(isinstance(one, ClassObject) and one.cls is cls for one in found):
                        is_made = True
                        yield call, inner

    def _of(self, scope: Scope) -> Iterator[tuple[ast.Call, Scope, bool]]:
        """The calls of a function, each with its scope and whether the first parameter is bound already."""
        is_called = False
        for one in self._called(scope, in_tests=False):
            is_called = True
            yield one
        if not is_called:
            yield from self._called(scope, in_tests=True)

    def _called(self, scope: Scope, *, in_tests: bool) -> Iterator[tuple[ast.Call, Scope, bool]]:
        """Those of them that tests make, or all others."""
        looked_at = 0
        for name, modules in self._places(scope, in_tests=in_tests):
            for module in modules:
                for call, inner in self._calls_in(module).get(name, ()):
                    looked_at += 1
                    if looked_at > _MAX_CALLS:
                        return
                    for callee in alternatives(self.ev.type_of(call.func, inner)):
                        if isinstance(callee, Function) and callee.scope is scope:
                            yield call, inner, callee.receiver is not None
                        elif isinstance(callee, ClassObject) and self._constructs(callee, scope):
                            yield call, inner, True

    def _places(self, scope: Scope, *, in_tests: bool) -> Iterator[tuple[str, list[Module]]]:
        """The names by which a function may be called, each with the files in which it may be: a constructor by the name of its
        class or of one that inherits it, or by one below that has its own."""
        owner = scope.enclosing_class
        if scope.name != "__init__" or owner is None:
            if not scope.name.startswith("__"):
                yield scope.name, self._modules(scope.name, scope, in_tests=in_tests)
            return
        from poolint.types.overrides import Heirs

        heirs = self.ev.derived(Heirs).below(owner)
        for cls in [owner, *(one for one in heirs if "__init__" not in one.bindings)]:
            yield cls.name, self._modules(cls.name, scope, in_tests=in_tests)
        own = self._modules("__init__", scope, in_tests=in_tests)
        yield "cls", own
        below = dict.fromkeys(one.module for one in heirs if "__init__" in one.bindings and one.module not in own)
        top = self.ev.project.finder.top
        yield "__init__", own + [one for one in below if own and not is_test_path(one.path, top(one.path))]

    def _constructs(self, cls: ClassObject, scope: Scope) -> bool:
        """Whether ``scope`` is the ``__init__`` that calling a class runs."""
        from poolint.types.members import lineage

        if scope.name != "__init__":
            return False
        for one in lineage(self.ev, cls):
            if "__init__" in one.bindings:
                return any(binding.scope is scope for binding in one.bindings["__init__"])
        return False

    def _modules(self, name: str, scope: Scope, *, in_tests: bool) -> list[Module]:
        """The files in which a function may be called by this name, its own first: tests, or all others. Those of a test
        are what they are."""
        own, project = scope.module, self.ev.project
        root = project.finder.top(own.path)
        if in_tests and is_test_path(own.path, root):
            return []
        local = scope.parent is not None and scope.parent.kind == "function"
        if local or name in ("cls", "__init__") or (name.startswith("_") and name in self._calls_in(own)):
            return [own] if not in_tests else []
        key = (own.path, name, in_tests)
        if key not in self._mentions:
            found = [own] if not in_tests else []
            are_alike = is_test_path(own.path, root)
            for path, data in project.calling(name, own):
                if path == own.path or not (are_alike or is_test_path(path, root) is in_tests):
                    continue
                if not self._is_interesting(path, data):
                    continue
                module = project.module(path)
                if module is not None:
                    found.append(module)
                if len(found) > _MAX_MODULES:
                    break
            self._mentions[key] = found
        return self._mentions[key]

    def _is_interesting(self, path: str, data: bytes) -> bool:
        found = self._interesting.get(path)
        if found is None:
            found = self._interesting[path] = self.ev.screen.is_interesting(path, data)
        return found

    def _calls_in(self, module: Module) -> dict[str, list[tuple[ast.Call, Scope]]]:
        """The calls in a module by the last name of what is called, in the order of the text."""
        found = self._calls.get(module.path)
        if found is None:
            found = self._calls[module.path] = {}
            for scope in module.scope.descendants():
                for call in scope.calls:
                    name = _name_of(call.func)
                    if name:
                        found.setdefault(name, []).append((call, scope))
            for calls in found.values():
                calls.sort(key=lambda one: (one[0].lineno, one[0].col_offset))
        return found


def _is_read(name: str, module: Module) -> bool:
    """Whether a module reads something of a name, its own or another's."""
    scopes = module.scope.descendants()
    return any(name in one.loads or any(each.attr == name for each in one.attributes) for one in scopes)


def _is_asked(name: str, scope: Scope) -> bool:
    """Whether a function asks a parameter for something, or keeps it for its object, which may."""
    return any(_asks_or_keeps(parent_of(one)) for one in scope.loads.get(name, ()))


def _asks_or_keeps(around: ast.AST | None) -> bool:
    if isinstance(around, ast.Assign):
        return any(isinstance(one, ast.Attribute) for one in around.targets)
    return isinstance(around, ast.Attribute)


def _name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _declared_alike(argument: ast.expr, scope: Scope, parameter: Binding) -> Binding | None:
    """The parameter of a function that it passes on for another one, which is declared as that is; None for anything else."""
    bindings = scope.bindings.get(argument.id, ()) if isinstance(argument, ast.Name) else ()
    own = bindings[0] if len(bindings) == 1 and bindings[0].kind == "parameter" else None
    if own is None or own.annotation is None or parameter.annotation is None:
        return None
    if own.value is not None and not is_none(own.value):
        return None  # what a default injects says more
    return own if ast.dump(own.annotation) == ast.dump(parameter.annotation) else None
