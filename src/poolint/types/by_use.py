"""What a value of which nothing is declared must be, by what is done with it: types from evidence of use.

Where statements of SQLAlchemy are run on what ``async with db.sessions() as session`` binds, or objects of tables are added
to it, ``session`` is a session and ``db.sessions`` makes such; where queries are awaited inside ``async with
conn.transaction()``, ``conn`` is a connection.
A session or a connection is judged by its own function alone, or by its module where that has a name for what it is of, a
pool by all uses of its expression there, an attribute by those in its class. Uses that several kinds of
objects would allow tell nothing: a helper with an ``execute`` of its own that gives a connection back each time is called
like a session, so of what is passed in, more than that has to be seen.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal

from poolint.syntax.expressions import dotted, without_await
from poolint.syntax.scopes import home_of, means, parent_of
from poolint.types import narrowing, returns, traced
from poolint.types.evidence import SAYS_ENGINE, says_database
from poolint.types.use_calls import Made, UseCalls, entering, within
from poolint.types.use_places import is_stored, path
from poolint.types.values import UNKNOWN, Either, Function, Instance, LibraryName, Pending, Type
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.models.schema import Class
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.use_calls import Call, Mode

OPEN = (Either, LibraryName)
"""Kinds of types of which tests or uses may tell more."""

_OURS = "poolint.evidence."
_OF_ENGINES = frozenset({"connect", "begin"})
"""Methods of engines that take a connection."""


def unless_known(ev: Evaluator, found: Type, node: ast.Name | ast.Attribute | ast.Subscript, scope: Scope) -> Type:
    """What has been found for a name or an attribute, as tests narrow it, or else what its uses tell, or a test run has
    seen; what stands behind a key is known by what it makes."""
    if isinstance(node, ast.Subscript):
        return ev.derived(ByUse).told(node, scope) if is_function(node) else found
    if type(found) is LibraryName:
        if not is_unknown(ev, found):
            return found
        from poolint.types.imported_uses import unless_known as unless_imported  # which asks for all uses in a module

        return unless_imported(ev, found, node, scope)
    found = narrowing.narrowed(ev, found, node, scope)
    if found is UNKNOWN:
        found = ev.derived(ByUse).told(node, scope)
    return traced.seen(ev, node, scope) if found is UNKNOWN and ev.project.traces is not None else found


def is_unknown(ev: Evaluator, found: Type) -> bool:
    """Whether something is of a library of which the models know nothing."""
    return isinstance(found, LibraryName) and found.name.partition(".")[0] not in ev.models.roots


def unless_declared(ev: Evaluator, method: Function, node: ast.Attribute, scope: Scope) -> Type:
    """A method as it is called; where nothing says what it gives, as it is there for others to write and nobody does, what its
    uses tell: that one, or those of it elsewhere."""
    from poolint.types.overrides import Heirs, is_left_open  # which asks for members, as the evaluator does

    written = method.scope.node
    if not is_function(node) or getattr(written, "returns", None) is not None or not is_left_open(method.scope):
        return method
    if ev.derived(Heirs).written(method):
        return method
    by_use = ev.derived(ByUse)
    told = by_use.told(node, scope)
    told = ev.once((method.scope, "undeclared"), by_use.of_method, method.scope) if told is UNKNOWN else told
    return told if told is not UNKNOWN else method


def owner(ev: Evaluator, call: ast.Call, scope: Scope) -> Type:
    """What a call gives of which nothing is known, by the method of it that takes a connection there."""
    return ev.derived(ByUse).owner(call, scope)


def given(ev: Evaluator, call: ast.Call, scope: Scope) -> Type:
    """What a call of an unknown library's function gives, by the uses of that."""
    return ev.derived(ByUse).made(call, scope)


class ByUse:
    """Types by use, for one evaluator. The calls on each expression are filed once for each function."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self.use = UseCalls(ev)
        pools = [ev.models.classes[f"{_OURS}{mode}Pool"] for mode in ("Async", "Sync")]
        rows = [row for one in pools for row in one.methods if row.role == "checkout"]
        self._of_pools = frozenset(name for row in rows for name in row.names)
        """Methods of drivers' pools that take a connection."""
        self._taking = self._of_pools | _OF_ENGINES
        self._filed: dict[Scope, dict[str, list[Call]]] = {}
        self._of_module: dict[Module, dict[str, list[Call]]] = {}
        self._near: dict[Module, bool] = {}
        self._released: dict[Module, frozenset[str]] = {}

    def told(self, node: ast.Name | ast.Attribute | ast.Subscript, scope: Scope) -> Type:
        """What a name or an attribute must be, of which nothing else tells; ``UNKNOWN`` where its uses do not."""
        filed = self._calls(scope)
        parent = parent_of(node)
        is_called = is_function(node)
        is_told = is_called or (isinstance(parent, ast.Attribute) and parent.attr in self._taking)
        if not (filed or (is_told and self._is_near(scope.module))):
            return UNKNOWN
        if isinstance(parent, ast.Call) and is_called:
            return self._factory(parent, scope, filed)
        owner = self.owner(node, scope)
        if owner is not UNKNOWN:
            return owner
        text = path(node)
        return self._handle(node, text, scope, filed) if text in filed else UNKNOWN

    def of_method(self, method: Scope) -> Type:
        """What a method must be by all calls of it that tell something, where they agree: on the most special class of those
        that they show."""
        from poolint.types.members import member

        found = set[Type]()
        for call, scope in self.ev.callers.named(method):
            function = call.func
            if isinstance(function, ast.Attribute):
                one = member(self.ev, self.ev.type_of(function.value, scope), method.name, function, scope)
                if isinstance(one, Function) and one.scope is method:
                    found.add(self.told(function, scope))
        found.discard(UNKNOWN)
        fitting = (one for one in found if all(one is other or self._gives_such(one, other) for other in found))
        return next(fitting, UNKNOWN)

    def _gives_such(self, factory: Type, other: Type) -> bool:
        """Whether a factory gives objects of a class below that of what another one gives."""
        one, general = returns.called(self.ev, factory), returns.called(self.ev, other)
        if not (isinstance(one, Instance) and isinstance(general, Instance) and one.base and general.base):
            return False
        return general.base in self.ev.models.lineage(one.base)

    def made(self, call: ast.Call, scope: Scope) -> Type:
        """What a call of an unknown library's function must give."""
        if not isinstance(parent_of(call), (ast.withitem, ast.Call)) or not (filed := self._calls(scope)):
            return UNKNOWN
        made = self._kept(call, scope, filed)
        if made is None or made.how not in ("async with", "with"):
            return UNKNOWN
        session = self._session_of(made)
        if session is None:
            return UNKNOWN
        one = self._session(session, made.calls)
        if one is UNKNOWN:
            return UNKNOWN
        return Pending("async-cm" if made.how == "async with" else "cm", entered=one)

    def owner(self, node: ast.expr, scope: Scope) -> Type:
        """The engine or pool that an expression must be, by the method of it that takes a connection there: however it is
        come by, ``pool_of(request).acquire()``; where what it gives there tells nothing, by what it gives elsewhere."""
        member = parent_of(node)
        if not (isinstance(member, ast.Attribute) and member.attr in self._taking):
            return UNKNOWN
        call = parent_of(member)
        if not isinstance(call, ast.Call) or call.func is not member:
            return UNKNOWN
        found = self._taken_from(member, call, scope)
        return self._elsewhere(path(node), call, scope) if found is UNKNOWN else found

    def _elsewhere(self, text: str, call: ast.Call, scope: Scope) -> Type:
        """What the other uses of an expression tell, as it is written, in its function, or of an attribute in its class: of
        those from which something is taken in the same way."""
        home = scope.outermost_function
        if not text or home is None or not self._is_near(scope.module):
            return UNKNOWN
        root, _, attribute = text.partition(".")
        first, cls = home.first_parameter, home.enclosing_class
        if attribute and cls is not None and first is not None and first.arg == root:
            home = cls
        how = _way(call)
        return self.ev.once((home, text, how, "taken-from"), self._taken_in, text, how, home)

    def _taken_in(self, text: str, how: str, home: Scope) -> Type:
        """What all uses of an expression in a function or class tell that tell something, where they agree."""
        calls = [(one, inner) for inner in home.descendants() for one in inner.calls_named(self._taking)]
        taken = [(one.func, one, inner) for one, inner in calls if isinstance(one.func, ast.Attribute)]
        alike = [one for one in taken if path(one[0].value) == text and _way(one[1]) == how]
        found = {self._taken_from(*one) for one in alike} - {UNKNOWN}
        return found.pop() if len(found) == 1 else UNKNOWN

    def _taken_from(self, member: ast.Attribute, call: ast.Call, scope: Scope) -> Type:
        """The engine or pool that an expression must be, by what is done with that which one call of its method gives."""
        if not (filed := self._calls(scope)):
            return UNKNOWN
        made = self._kept(call, scope, filed)
        says_engine = member.attr == "connect" and SAYS_ENGINE.search(last_name(member.value)) is not None
        if made is None or not made.calls or not (says_engine or self._is_owed(made, call, scope)):
            return UNKNOWN
        mode = self.use.of_statements(made.calls, made.how)
        if mode is not None:
            return (self.instance("named-engine", mode) or UNKNOWN) if member.attr not in self._of_pools else UNKNOWN
        is_pool = member.attr in self._of_pools
        driver = (self.use.of_driver(made, filed) or self.use.of_named(made)) if is_pool else None
        return self._own("Pool", driver) if driver is not None else UNKNOWN

    # What is filed

    def _calls(self, scope: Scope) -> dict[str, list[Call]]:
        """The calls of telling methods in a function, all that is inside it and around it, by what they are called on, as
        written; none in modules without a database, so that nothing depends on the screen."""
        found = self._filed.get(scope)
        if found is not None:
            return found
        top = scope.outermost_function
        if top is not None and top is not scope:
            found = self._calls(top)
        else:
            found = {}
            for inner in top.descendants() if top is not None and self._is_near(scope.module) else ():
                for text, call in self.use.of(inner):
                    found.setdefault(text, []).append(call)
        self._filed[scope] = found
        return found

    def shared(self, module: Module) -> dict[str, list[Call]]:
        """The calls in all functions of a module on what it has a name for itself, as they have it."""
        found = self._of_module.get(module)
        if found is None:
            found = self._of_module[module] = {}
            for inner in module.scope.descendants() if self._is_near(module) else ():
                for text, call in self.use.of(inner):
                    if home_of(text.partition(".")[0], inner) is module.scope:
                        found.setdefault(text, []).append(call)
        return found

    def _is_near(self, module: Module) -> bool:
        found = self._near.get(module)
        if found is None:
            found = self._near[module] = self.ev.screen.is_near_database(module.path, module.source.data)
        return found

    def _kept(self, call: ast.Call, scope: Scope, filed: dict[str, list[Call]]) -> Made | None:
        """How the value of a call is kept, if one name holds it alone."""
        value: ast.AST = call
        parent = parent_of(call)
        how = entering(call, parent)
        if how is not None and parent is not None:
            value, parent = parent, parent_of(parent)  # what the exit stack gives is what the block would bind
            if isinstance(parent, ast.Await) != (how == "async with"):
                return None
        if isinstance(parent, ast.Await):
            value, parent = parent, parent_of(parent)
        if isinstance(parent, ast.withitem):
            statement = parent_of(parent)
            if not isinstance(parent.optional_vars, ast.Name) or value is not call:
                return None
            name = parent.optional_vars.id
            calls = [one for one in filed.get(name, ()) if means(name, one.scope, scope)]
            calls += self.use.below(name, scope)
            if len(scope.bindings.get(name, ())) != 1:
                calls = within(parent, calls)  # other blocks have the name for something else
            return Made("async with" if isinstance(statement, ast.AsyncWith) else "with", calls)
        targets = parent.targets if isinstance(parent, ast.Assign) else []
        target = parent.target if isinstance(parent, ast.NamedExpr) else targets[0] if len(targets) == 1 else None
        if not isinstance(target, ast.Name):
            return None
        name = target.id
        if len(scope.bindings.get(name, ())) != 1:
            return None
        calls = [one for one in filed.get(name, []) if means(name, one.scope, scope)]
        calls += self.use.below(name, scope)
        return Made(how or ("assign" if value is call else "await"), calls)

    # What it is

    def _handle(self, node: ast.expr, text: str, scope: Scope, filed: dict[str, list[Call]]) -> Type:
        """A session or a connection that comes from elsewhere: as a parameter, an attribute."""
        calls = filed[text]
        if isinstance(node, ast.Name):
            home = _home(node.id, scope)
            if home is None or any(
                one.annotation is not None and returns.tells(one.annotation) for one in home.bindings[node.id]
            ):
                return UNKNOWN  # what is declared is what it is, also where that is not known
            calls = [one for one in calls if means(node.id, one.scope, home)]
        else:
            if is_stored(text, scope):
                return UNKNOWN
            shared = self.shared(scope.module) if home_of(text.partition(".")[0], scope) is scope.module.scope else {}
            calls = shared.get(text) or [one for one in calls if one.scope is scope]
        if (block := self.use.of_transaction(calls)) is not None:
            return self._own("Connection", block)
        mode = self.use.of_session(calls)
        if mode is None and says_database(text.rpartition(".")[2]):
            mode = self.use.of_objects(calls, "")
        return self._session(mode, calls) if mode is not None else UNKNOWN

    def _factory(self, call: ast.Call, scope: Scope, filed: dict[str, list[Call]]) -> Type:
        """What is called and gives a session or a connection."""
        made = self._kept(call, scope, filed)
        if made is None or not made.calls or not self._is_owed(made, call, scope):
            return UNKNOWN
        mode = self._session_of(made)
        if mode is not None:
            factory = self._own("Sessions", mode) if made.how == "await" else self.instance("used-factory", mode)
            return _making(factory, self._session(mode, made.calls))
        driver = self.use.of_driver(made, filed)
        return self._own("Connections", driver) if driver == "async" else UNKNOWN

    def _is_owed(self, made: Made, call: ast.Call, scope: Scope) -> bool:
        """Whether what a call gives is its caller's: it is entered, or given back, here or where the module does the
        same. What a registry gives for each thread, or an object that is lent, is taken and left alone."""
        if made.how in ("async with", "with"):
            return True
        return path(call.func) in self._released_in(scope.module)

    def _released_in(self, module: Module) -> frozenset[str]:
        """What is called in the headers of ``with`` in a module, or gives what is closed there."""
        found = self._released.get(module)
        if found is None:
            texts = set()
            for scope in module.scope.descendants():
                for statement in scope.withs:
                    for item in statement.items:
                        entered = item.context_expr
                        entered = entered.value if isinstance(entered, ast.NamedExpr) else entered
                        if isinstance(entered, ast.Call):
                            texts.add(path(entered.func))
                closed = {dotted(one.func.value) for one in scope.calls_of("close") + scope.calls_of("aclose")}  # type: ignore[attr-defined]
                for name in closed & scope.bindings.keys():
                    for binding in scope.bindings[name]:
                        value = without_await(binding.value)
                        if isinstance(value, ast.Call):
                            texts.add(path(value.func))
            found = self._released[module] = frozenset(texts - {""})
        return found

    def _session_of(self, made: Made) -> Mode | None:
        """Whether what is kept is a session, and of which kind: it runs statements, or is given objects that are mapped."""
        found = self.use.of_statements(made.calls, made.how) or self.use.of_classes(made.calls)
        return found if found is not None else self.use.of_objects(made.calls, made.how)

    # Classes

    def _session(self, mode: Mode, calls: list[Call]) -> Type:
        """A session of the class that has what is called on it."""
        cls = self.use.session_of(mode, calls)
        return _of(cls) if cls is not None else UNKNOWN

    def instance(self, how: Literal["used-factory", "used-registry", "named-engine"], mode: Mode) -> Instance | None:
        """An object of the class of such a row that works in this mode."""
        for name in sorted(self.ev.models.manners.get(how, ())):
            cls = self.ev.models.classes[name]
            if cls.mode == mode:
                return _of(cls)
        return None

    def _own(self, name: str, mode: Mode) -> Type:
        """An object of one of the classes that stand for what drivers have in common."""
        cls = self.ev.models.classes.get(f"{_OURS}{'Async' if mode == 'async' else 'Sync'}{name}")
        return _of(cls) if cls is not None else UNKNOWN


def _of(cls: Class) -> Instance:
    return Instance(cls, cls)


def _making(factory: Type | None, made: Type) -> Type:
    """A factory that makes such sessions, which need not be those that it makes by itself."""
    if not isinstance(factory, Instance) or factory.base is None or not isinstance(made, Instance) or made.base is None:
        return factory or UNKNOWN
    is_usual = factory.base.parameters == (made.base.name,)
    return factory if is_usual else Instance(factory.cls, factory.base, (made,))


def is_function(node: ast.expr) -> bool:
    """Whether an expression is what a call calls."""
    parent = parent_of(node)
    return isinstance(parent, ast.Call) and parent.func is node


def _way(call: ast.Call) -> str:
    """How what a call gives is taken: awaited, entered by a block of a kind, or as it is."""
    parent = parent_of(call)
    block = parent_of(parent) if isinstance(parent, ast.withitem) else parent
    return type(block).__name__ if isinstance(block, (ast.Await, ast.With, ast.AsyncWith)) else ""


def _home(name: str, scope: Scope) -> Scope | None:
    """The function that binds a name, once and to something that is not made here."""
    around: Scope | None = scope
    while around is not None and around.kind != "module":
        bindings = [one for one in around.bindings.get(name, ()) if one.kind != "narrowed"]
        if bindings and around.kind != "class":
            real = [one for one in bindings if not (isinstance(one.value, ast.Constant) and one.value.value is None)]
            is_one = len(bindings) == 1 or len(real) == 1 or all(one.kind == "with" for one in bindings)
            return around if is_one else None
        around = around.parent
    return None
