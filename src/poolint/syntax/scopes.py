"""Scopes and bindings: what the one walk over a module (see :mod:`poolint.syntax.indexer`) leaves behind."""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from poolint.syntax.indexes import Index
    from poolint.syntax.project import Module

FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
WithNode: TypeAlias = ast.With | ast.AsyncWith
BindingKind = Literal[
    "parameter",  # node: ast.arg, value: its default
    "assign",  # value: the right side
    "annotated",  # annotation, and value where there is one
    "with",  # value: the context expression, asynchronous: which `with`
    "for",  # value: the iterated expression
    "import",  # value: None, target: the dotted origin
    "function",  # scope: the function's own
    "class",
    "narrowed",  # annotation: the class that `isinstance` has shown
    "opaque",  # bound to something of no interest: except, match, augmented assignment, del
]


_NO_NAMES = frozenset[str]()


class Binding:
    """One place where a name gets a value.

    ``index`` is the position inside a tuple target, -1 where the whole value is bound.
    """

    __slots__ = (
        "annotation", "asynchronous", "index", "kind", "level", "node", "origin", "scope", "value",
    )  # fmt: skip

    def __init__(
        self,
        kind: BindingKind,
        node: ast.AST,
        value: ast.expr | None = None,
        annotation: ast.expr | None = None,
        *,
        scope: Scope | None = None,
        origin: str = "",
        level: int = 0,
        index: int = -1,
        asynchronous: bool = False,
    ) -> None:
        self.kind: BindingKind = kind
        self.node = node
        self.value = value
        self.annotation = annotation
        self.scope = scope
        self.origin = origin
        self.level = level
        self.index = index
        self.asynchronous = asynchronous

    @property
    def position(self) -> tuple[int, int]:
        """Row and UTF-8 column at which the name is bound."""
        return (getattr(self.node, "lineno", 0), getattr(self.node, "col_offset", 0))

    def home(self, owner: Scope) -> Scope:
        """Where its value stands, if ``owner`` has the name: another function where that declares the name global, or
        assigns an attribute."""
        return owner if self.scope is None or self.kind in ("function", "class") else self.scope


class Bindings(list[Binding]):
    """The bindings of one name in one scope, as they were filed, with what each of its uses asks of all of them.

    A name may be bound a thousand times and used as often: what does not depend on the use is worked out once.
    """

    __slots__ = ("_from_last", "_positions", "_untested", "seen_elsewhere")

    def __init__(self, found: Iterable[Binding] = ()) -> None:
        super().__init__(found)
        self._forget()

    def _forget(self) -> None:
        self._from_last: list[Binding] | None = None
        self._positions: list[tuple[int, int]] = []
        self._untested: Bindings | None = None
        self.seen_elsewhere: list[tuple[Binding, Scope]] | None = None
        """Those that a use elsewhere may see, with where their values stand (see :func:`poolint.types.bound.of_name`)."""

    def append(self, binding: Binding) -> None:
        """File one more."""
        super().append(binding)
        self._forget()

    @property
    def untested(self) -> Bindings:
        """Those that bind something: all but the tests of a type."""
        if self._untested is None:
            found = Bindings(one for one in self if one.kind != "narrowed")
            self._untested = found if len(found) < len(self) else self
        return self._untested

    def before(self, position: tuple[int, int]) -> Iterator[Binding]:
        """Those at or before a row and column, the last one first."""
        if self._from_last is None:
            self._from_last = sorted(self, key=lambda one: one.position, reverse=True)
            self._positions = [one.position for one in reversed(self._from_last)]
        for index in range(len(self) - bisect_right(self._positions, position), len(self)):
            yield self._from_last[index]


class ScopeKey(NamedTuple):
    """A scope by its names, whichever time its file was parsed: the file's absolute path, the qualified name, and the
    row and column at which it begins, since a module may define several of one name."""

    path: str
    name: str
    row: int
    column: int


class CallKey(NamedTuple):
    """A call by its place, whichever time its file was parsed: the scope that it stands in, where it begins and ends."""

    scope: ScopeKey
    row: int
    column: int
    end_row: int
    end_column: int

    @classmethod
    def of(cls, call: ast.Call, scope: Scope) -> CallKey:
        """That of a call."""
        return cls(scope.key, call.lineno, call.col_offset, call.end_lineno or 0, call.end_col_offset or 0)


class Scope:
    """A module, class, function or lambda, with what stands directly in it.

    A comprehension has no scope of its own here: its targets are bound in the scope around it.
    """

    __slots__ = (
        "_called",
        "_key",
        "attributes",
        "bindings",
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
        "self_assignments",
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
    ) -> None:
        self.kind = kind
        self.node = node
        self.name = name
        self.parent = parent
        self.module = module
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
        self.globals: frozenset[str] = _NO_NAMES
        self.declared: frozenset[str] = _NO_NAMES
        """Names that this function, or one inside it, declares global or nonlocal."""
        self.self_assignments: dict[str, list[Binding]] = {}
        self._called: dict[str, list[ast.Call]] | None = None
        self._key: ScopeKey | None = None
        self.index: Index | None = None
        """What is looked up in this scope over and over, once somebody has asked (see :mod:`poolint.syntax.indexes`)."""

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
        return bool(self.yields)

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
    for inner in scope.descendants():
        if name in inner.loads and means(name, inner, scope):
            for load in inner.loads[name]:
                yield inner, load


def is_captured(name: str, scope: Scope) -> bool:
    """Whether a function inside ``scope`` reads a name of it, at whatever time."""
    return any(inner is not scope for inner, _ in reads_of(name, scope))


def only_binding(name: str, scope: Scope) -> tuple[Binding | None, Scope]:
    """The only binding of a name as ``scope`` sees it, tests of its type left aside, and the scope that has it.

    None where there are several, or none.
    """
    home = home_of(name, scope)
    if home is None:
        return None, scope.module.scope
    found = home.bindings[name].untested
    return (found[0] if len(found) == 1 else None), home


def may_be_another(name: str, scope: Scope) -> bool:
    """Whether a name may stand for a function or class that is called otherwise."""
    return any(one.kind not in _OWN_NAME for one in nearest(name, scope))


def assigned(name: str, scope: Scope) -> ast.expr | None:
    """What the only binding of a name assigns to it."""
    bindings = scope.bindings.get(name, ())
    return bindings[0].value if len(bindings) == 1 and bindings[0].kind == "assign" else None


def parent_of(node: ast.AST) -> ast.AST | None:
    """The node that ``node`` stands in; None for the module. Only valid after :func:`walk` has filed the module."""
    return node.__dict__.get("_poolint_parent")


def statement_of(node: ast.AST) -> ast.stmt:
    """The smallest statement around ``node``."""
    current: ast.AST | None = node
    while current is not None and not isinstance(current, ast.stmt):
        current = parent_of(current)
    assert current is not None, "every expression stands in a statement"
    return current
