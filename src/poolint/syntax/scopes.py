"""Scopes and bindings: what the one walk over a module (see :mod:`poolint.syntax.indexer`) leaves behind."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Set
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from poolint.syntax.bindings import Binding as Binding
from poolint.syntax.bindings import BindingKind as BindingKind
from poolint.syntax.bindings import Bindings as Bindings
from poolint.syntax.bindings import CallKey as CallKey
from poolint.syntax.bindings import ScopeKey as ScopeKey

if TYPE_CHECKING:
    from poolint.syntax.indexes import Index
    from poolint.syntax.project import Module
    from poolint.text.skeleton import Body

FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
WithNode: TypeAlias = ast.With | ast.AsyncWith

_Node = TypeVar("_Node", bound=ast.AST)
_NO_NAMES = frozenset[str]()


class Scope:
    """A module, class, function or lambda, with what stands directly in it.

    A comprehension has no scope of its own here: its targets are bound in the scope around it.
    """

    __slots__ = (
        "_called",
        "_key",
        "_self_assignments",
        "_unread_methods",
        "attributes",
        "bindings",
        "body",
        "calls",
        "children",
        "declared",
        "globals",
        "handlers",
        "index",
        "kind",
        "loads",
        "module",
        "name",
        "node",
        "parent",
        "returns",
        "withs",
        "yields",
    )

    def __init__(
        self,
        kind: Literal["module", "class", "function", "lambda"],
        node: ast.AST,
        name: str,
        parent: Scope | None,
        module: Module,
        body: Body | None = None,
    ) -> None:
        """``body`` are the statements of a function that are still to be read: they will be when somebody asks."""
        self.kind = kind
        self.node = node
        self.name = name
        self.parent = parent
        self.module = module
        self.body = body
        self.globals: frozenset[str] = _NO_NAMES
        self._called: dict[str, list[ast.Call]] | None = None
        self._key: ScopeKey | None = None
        self._self_assignments: dict[str, list[Binding]] = {}
        self._unread_methods: list[Scope] = []
        self.index: Index | None = None
        """What is looked up in this scope over and over, once somebody has asked (see :mod:`poolint.syntax.indexes`)."""
        if body is None:
            self._begin()

    def _begin(self) -> None:
        """Be a scope in which nothing is filed yet."""
        self.bindings: dict[str, Bindings] = {}
        self.calls: list[ast.Call] = []
        self.withs: list[WithNode] = []
        self.handlers: list[ast.ExceptHandler] = []
        self.returns: list[ast.expr] = []
        self.yields: list[ast.Yield | ast.YieldFrom] = []
        self.children: list[Scope] = []
        self.loads: dict[str, list[ast.Name]] = {}
        self.attributes: list[ast.Attribute] = []
        """Those that are read or set, not called."""
        self.declared: frozenset[str] = _NO_NAMES
        """Names that this function, or one inside it, declares global or nonlocal."""

    def read(self) -> None:
        """Read the body of a function, if that has not been done."""

    def may_have(self, word: str) -> bool:
        """Whether a word may stand in the body of a function; of one that has been read it is not said."""
        return self.body is None or self.body.may_have(word)

    def has_unread(self, method: Scope) -> None:
        """File one of the methods of this class whose body is still to be read."""
        self._unread_methods.append(method)

    @property
    def self_assignments(self) -> dict[str, list[Binding]]:
        """What its methods assign to attributes of the object, by their names, in the order of the text."""
        if self._unread_methods:
            methods, self._unread_methods = self._unread_methods, []
            for one in methods:
                if one.body is not None and one.assigns_own:
                    one.read()
            for bindings in self._self_assignments.values():
                bindings.sort(key=lambda one: one.position)
        return self._self_assignments

    def assign_own(self, name: str, binding: Binding) -> None:
        """File what a method of this class assigns to an attribute of the object."""
        self._self_assignments.setdefault(name, []).append(binding)

    @property
    def assigns_own(self) -> bool:
        """Whether the body of a method, unread as yet, may assign to attributes of the object."""
        first = self.first_parameter if self.enclosing_class is not None else None
        return first is not None and self.body is not None and self.body.assigns(first.arg)

    @property
    def called(self) -> Mapping[str, list[ast.Call]]:
        """Its calls by the last part of what they call, in the order of the walk."""
        if self._called is None:
            self._called = {}
            for call in self.calls:
                function = call.func
                name = function.attr if type(function) is ast.Attribute else getattr(function, "id", "")
                self._called.setdefault(name, []).append(call)
        return self._called

    def calls_named(self, names: Set[str]) -> Iterator[ast.Call]:
        """Those of its calls that call something of one of these last names."""
        called = self.called
        if names.isdisjoint(called):
            return iter(())
        chosen = {call for name, calls in called.items() if name in names for call in calls}
        return (call for call in self.calls if call in chosen)

    def calls_of(self, method: str) -> list[ast.Call]:
        """Those of its calls that call an attribute of this name."""
        return [call for call in self.called.get(method, ()) if isinstance(call.func, ast.Attribute)]

    @property
    def first_parameter(self) -> ast.arg | None:
        """The first parameter that is passed by its place, of a method the object; None of what is no function."""
        if not isinstance(self.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return None
        return next(iter((*self.node.args.posonlyargs, *self.node.args.args)), None)

    @property
    def is_async(self) -> bool:
        """Whether this is the scope of an ``async def``, or of a notebook that awaits at its top level."""
        return isinstance(self.node, ast.AsyncFunctionDef) or (self.kind == "module" and self.module.awaits)

    @property
    def is_generator(self) -> bool:
        """Whether this is the scope of a function that yields."""
        return self.may_have("yield") and bool(self.yields)

    @property
    def qualified_name(self) -> str:
        """Dotted name inside the module, as Python's ``__qualname__`` without its ``<locals>``."""
        if self.kind == "module":
            return "<module>"
        if self.parent is None or self.parent.kind == "module":
            return self.name
        return f"{self.parent.qualified_name}.{self.name}"

    @property
    def key(self) -> ScopeKey:
        """This scope in plain values; :meth:`~poolint.syntax.project.Project.scope` finds it again."""
        if self._key is None:
            row, column = getattr(self.node, "lineno", 0), getattr(self.node, "col_offset", 0)
            self._key = ScopeKey(self.module.path, self.qualified_name, row, column)
        return self._key

    @property
    def enclosing_class(self) -> Scope | None:
        """The class whose method this function is, directly."""
        return self.parent if self.parent is not None and self.parent.kind == "class" else None

    @property
    def method_around(self) -> Scope:
        """The method that this function is, or stands in; the module where there is none."""
        found = self
        while found.parent is not None and found.enclosing_class is None:
            found = found.parent
        return found

    @property
    def outermost_function(self) -> Scope | None:
        """The function furthest out around here: what a slice is cut around."""
        found, scope = None, self
        while scope.parent is not None:
            if scope.kind == "function":
                found = scope
            scope = scope.parent
        return found

    def descendants(self) -> Iterator[Scope]:
        """This scope and all inside it."""
        stack = [self]
        while stack:
            scope = stack.pop()
            yield scope
            stack.extend(scope.children)

    def mentioning(self, word: str) -> Iterator[Scope]:
        """Of this scope and all inside it those in whose statements a word may stand."""
        stack = [self]
        while stack:
            scope = stack.pop()
            if scope.may_have(word):
                yield scope
                stack.extend(scope.children)

    def bind(self, name: str, binding: Binding) -> None:
        """File a binding, in the module's scope where the name is declared global."""
        target: Scope = self
        if name in self.globals:
            target = self.module.scope
            binding.scope = binding.scope or self
        found = target.bindings.get(name)
        if found is None:
            target.bindings[name] = Bindings([binding])
        else:
            found.append(binding)


class UnreadScope(Scope):
    """The scope of a function whose body is read when somebody asks what stands in it; from then on a plain :class:`Scope`.

    A class of its own, since Python looks up all attributes slowly of what has a ``__getattr__``, and of nothing are there as
    many asked as of scopes.
    """

    __slots__ = ()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            # Only what is not there comes here: what would stand in it if its body had been read.
            if name not in _FILED or self.body is None:
                raise AttributeError(name)
            self.read()
            return getattr(self, name)

    def read(self) -> None:
        """Read the body."""
        from poolint.syntax.indexer import file_body

        body, self.body = self.body, None
        self.__class__ = Scope  # type: ignore[assignment]  # the layout is the same
        if body is not None:
            self._begin()
            file_body(self, body)


_FILED = frozenset(
    {"attributes", "bindings", "calls", "children", "declared", "handlers", "loads", "returns", "withs", "yields"}
)
"""What is known of a scope once its statements are filed."""

WRITTEN = frozenset({"function", "import"})
"""Bindings of names that may mean a function as its definition has it."""

_OWN_NAME = frozenset({"function", "class", "import", "opaque"})
"""Bindings that give a function or class no other name than its own, or one that an import statement shows."""


def nearest(name: str, scope: Scope) -> list[Binding]:
    """The bindings of a name in the innermost scope that has any."""
    around: Scope | None = scope
    while around is not None:
        if name in around.bindings:
            return around.bindings[name]
        around = around.parent
    return []


def home_of(name: str, scope: Scope) -> Scope | None:
    """The scope that binds a name as ``scope`` sees it: a class that is passed on the way outwards binds nothing for what
    is in it. None for builtins."""
    around: Scope | None = scope
    while around is not None and (name not in around.bindings or (around.kind == "class" and around is not scope)):
        around = around.parent
    return around


def means(name: str, inner: Scope, outer: Scope) -> bool:
    """Whether a name that ``inner`` reads is the one of ``outer``, which is around it or is itself: no function between
    them has a name of its own that is written alike."""
    around: Scope | None = inner
    while around is not None and around is not outer:
        is_seen = (around.kind != "class" or around is inner) and name not in around.declared
        if is_seen and any(one.kind != "narrowed" for one in around.bindings.get(name, ())):
            return False
        around = around.parent
    return around is outer


def reads_of(name: str, scope: Scope) -> Iterator[tuple[Scope, ast.Name]]:
    """Where a name of ``scope`` is read, there and in the functions inside it, each with the scope that it is read in."""
    for inner in scope.mentioning(name):
        if name in inner.loads and means(name, inner, scope):
            for load in inner.loads[name]:
                yield inner, load


def only_binding(name: str, scope: Scope) -> tuple[Binding | None, Scope]:
    """The only binding of a name as ``scope`` sees it, tests of its type left aside, and the scope that has it.

    None where there are several, or none.
    """
    home = home_of(name, scope)
    if home is None:
        return None, scope.module.scope
    found = home.bindings[name].untested
    return (found[0] if len(found) == 1 else None), home


def is_parameter(name: str, scope: Scope) -> bool:
    """Whether a name of a function is a parameter of it, whatever else it may be bound to."""
    return any(one.kind == "parameter" for one in scope.bindings.get(name, ()))


def may_be_another(name: str, scope: Scope) -> bool:
    """Whether a name may stand for a function or class that is called otherwise."""
    bound = nearest(name, scope)
    if len(bound) == 1:
        return bound[0].kind not in _OWN_NAME
    return any(one.kind not in _OWN_NAME for one in bound)


def assigned(name: str, scope: Scope) -> ast.expr | None:
    """What the only binding of a name assigns to it."""
    bindings = scope.bindings.get(name, ())
    return bindings[0].value if len(bindings) == 1 and bindings[0].kind == "assign" else None


def returned_as_made(value: ast.expr, scope: Scope) -> ast.expr:
    """What a function makes that it returns under a name of its own, and does nothing with but to ask it and to set it up; else
    what it returns."""
    if not isinstance(value, ast.Name) or value.id in scope.declared:
        return value
    uses = list(reads_of(value.id, scope))
    is_own = all(inner is scope and isinstance(parent_of(one), (ast.Return, ast.Attribute)) for inner, one in uses)
    return assigned(value.id, scope) or value if is_own else value


def parent_of(node: ast.AST) -> ast.AST | None:
    """The node that ``node`` stands in; None for the module. Only valid after :func:`walk` has filed the module."""
    try:
        return node._poolint_parent  # type: ignore[attr-defined,no-any-return]  # faster than `getattr`; nearly all have one
    except AttributeError:
        return None


def placed(made: _Node, at: ast.AST, parent: ast.AST | None) -> _Node:
    """A node that is made as if it stood where another does, in ``parent``."""
    ast.copy_location(made, at).__dict__["_poolint_parent"] = parent
    return made


def statement_of(node: ast.AST) -> ast.stmt:
    """The smallest statement around ``node``."""
    current: ast.AST | None = node
    while current is not None and not isinstance(current, ast.stmt):
        current = getattr(current, "_poolint_parent", None)  # as `parent_of` does it: this is asked of most calls
    assert current is not None, "every expression stands in a statement"
    return current
