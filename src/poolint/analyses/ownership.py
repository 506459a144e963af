"""What becomes of a resource that is passed to somebody else: whether they release it, keep it, or only use it."""

from __future__ import annotations

import ast
import sys
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.arguments import is_dropped, received
from poolint.analyses.inner_functions import runs_within
from poolint.analyses.joined import called_in_thread
from poolint.analyses.keywords_asked import asked_for
from poolint.analyses.own_instead import is_for_own
from poolint.flow.summaries import Summaries
from poolint.models.schema import CLOSING_ROLES, OWNERS, SESSIONS
from poolint.syntax.patterns import only_looks_at
from poolint.syntax.scopes import parent_of, reads_of
from poolint.types.arguments import parameter_for
from poolint.types.call_sites import call_site, callees_of
from poolint.types.overrides import Heirs, is_left_open
from poolint.types.values import UNKNOWN, Function, LibraryMethod, LibraryName
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.analyses.carried import Carried
    from poolint.flow.summaries import Components
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type


class Fate(IntEnum):
    """What a callee does with a resource, in the order in which one of several is believed."""

    USED = 0
    COMMITTED = 1  # it ends a session's transaction, which gives the connection back
    KEPT = 2  # somebody else owns it now, or may
    CLOSED = 3  # it is closed, where only its pool can take it back
    RELEASED = 4


_COMMON = frozenset({"create", "drop", "inspect", "reflect"})
"""Those of the names of what only uses a connection that are common words: this no library can say."""


_READS_BY = frozenset({"autoload_with"})
"""Keyword arguments for a connection that is only read from, though a class takes it: ``Table(name, autoload_with=conn)``."""

_NEUTRAL = (ast.Compare, ast.If, ast.While, ast.UnaryOp, ast.Expr, ast.Assert, ast.FormattedValue)


class Passed(NamedTuple):
    """A parameter of a function of the project, or a name that it reads of the function around it, and the class of the
    resource that it is passed or finds there; ``rest[name]`` for a keyword argument that it gathers with others."""

    function: ScopeKey
    parameter: str
    cls: str


class Ownership:
    """Answers for one project. What its functions do with their parameters is a problem of summaries, over ``Passed``:
    the worst that is done on any way, where a function that calls itself does no more than it does elsewhere."""

    def __init__(self, ev: Evaluator, components: Components | None = None) -> None:
        self.ev = ev
        self.components = components
        self._renamed: set[tuple[Scope, str]] = set()
        self._summaries: Summaries[Passed, Fate] = Summaries(
            "fate", self._compute, bottom=Fate.USED, join=max, components=components
        )

    @cached_property
    def carried(self) -> Carried:
        """What the methods of objects do with what these were made with."""
        from poolint.analyses.carried import Carried

        return Carried(self.ev, self, self.components)

    def _compute(self, key: Passed) -> Fate:
        """What a function does with a parameter, or with one of the keyword arguments that it gathers in one."""
        scope, cls = self.ev.project.scope(key.function), self.ev.models.classes[key.cls]
        rest, _, keyword = key.parameter.partition("[")
        if not keyword:
            return self.of_name(rest, scope, cls)
        fates = [Fate.USED]
        for inner, load in reads_of(rest, scope):
            asked = asked_for(load)
            if asked is None:
                return Fate.KEPT  # by whoever has all of them
            if asked[0] == keyword.removesuffix("]"):
                fates.append(Fate.KEPT if inner is not scope else self.of_use(asked[1], scope, cls))
        return max(fates)

    def fate(self, call: ast.Call, argument: ast.AST, scope: Scope, cls: Class, keyword: str | None = None) -> Fate:
        """What a call does with a resource of class ``cls`` that it is passed as ``argument``, itself or for a thread."""
        call = called_in_thread(self.ev, call)
        fact = call_site(self.ev, call, scope, use_evidence=False)
        if fact is not None and fact.row is not None:
            if fact.role == "release" and getattr(fact.row, "releases", "self") == "argument":
                return Fate.RELEASED
            keeps = fact.role in ("create", "open") or getattr(fact.row, "keeps", False)
            return Fate.KEPT if keeps else Fate.USED
        if _is_block_on_engine(call, fact, cls):
            return Fate.USED
        callees = callees_of(self.ev, call, scope)
        keeps = isinstance(call.func, ast.Attribute) and call.func.attr in self.ev.models.words("keeps")
        if keeps and not all(isinstance(one, Function) for one in callees):
            return Fate.KEPT
        if keyword in _READS_BY or self._only_uses(call, callees, cls):
            return Fate.USED
        return max(self._of_callee(one, call, argument, scope, cls, keyword) for one in callees)

    def parameter(self, scope: Scope, name: str, cls: Class) -> Fate:
        """What a function of the project does with a parameter that is a resource of class ``cls``."""
        return self.of(Passed(scope.key, name, cls.name))

    def of(self, passed: Passed) -> Fate:
        """What a function of the project does with what it is passed, or reads of the function around it."""
        return self._summaries.of(passed)

    def passed(
        self, call: ast.Call, argument: ast.AST, scope: Scope, cls: Class, keyword: str | None = None
    ) -> Passed | None:
        """The one parameter that a call passes a resource to, where all that it runs is one function of the project."""
        callee = self.ev.type_of(call.func, scope)
        if not (isinstance(callee, Function) and callee.scope.kind == "function"):
            return None
        name = parameter_for(callee, call, argument, keyword)
        return Passed(callee.scope.key, name, cls.name) if name is not None else None

    def _only_uses(self, call: ast.Call, callees: tuple[Type, ...], cls: Class) -> bool:
        """Whether a function is one of those that only use a connection, by its name: one of the project says so itself. Of
        nobody knows which class, words as common as ``create`` say nothing of what becomes of a client."""
        if all(isinstance(one, Function) and one.scope.kind == "function" for one in callees):
            return False
        name = last_name(call.func)
        is_foreign = any(
            one is UNKNOWN or (isinstance(one, LibraryName) and not self._is_known(one)) for one in callees
        )
        is_common = cls.kind in OWNERS and name in _COMMON and is_foreign
        return name in self.ev.models.words("uses", "looks-at") and not is_common

    def _is_known(self, callee: LibraryName) -> bool:
        """Whether a function is of the standard library or of one that has a model: nobody knows what others keep."""
        root = callee.name.partition(".")[0]
        return root in sys.stdlib_module_names or root == "builtins" or root in self.ev.models.roots

    def _of_callee(
        self,
        callee: object,
        call: ast.Call,
        argument: ast.AST,
        scope: Scope,
        cls: Class,
        keyword: str | None,
    ) -> Fate:
        if isinstance(callee, Function) and callee.scope.kind == "function":
            got = received(self.ev, callee, call, argument, keyword)
            if got is None:
                return self._of_gathered(callee, call, argument, cls, keyword)
            function, _, name = got
            is_open = is_left_open(function.scope)
            return self._of_open(function, name, call, cls) if is_open else self.parameter(function.scope, name, cls)
        if isinstance(callee, LibraryName):
            passed = self.ev.models.passed
            is_closed = ("cm", callee.name) in passed or ("async-cm", callee.name) in passed
            if is_closed and is_lost_when_closed(cls) and isinstance(parent_of(call), ast.withitem):
                return Fate.CLOSED
            if callee.name == "builtins.getattr":
                return self._of_asked(call, scope, cls)
            # A third party's function uses the connection (`pd.read_sql(query, conn)`); its classes keep it.
            last = callee.name.rpartition(".")[2]
            keeps = last[:1].isupper() or self.ev.models.ends("keeps-given", callee.name)
            return Fate.KEPT if keeps or (cls.kind in OWNERS and not self._is_known(callee)) else Fate.USED
        if isinstance(callee, LibraryMethod):
            return Fate.USED
        return Fate.KEPT  # a class keeps it; what is unknown may

    def _of_gathered(
        self, callee: Function, call: ast.Call, argument: ast.AST, cls: Class, keyword: str | None
    ) -> Fate:
        """The same where a function has no parameter for it, and gathers it with others: in ``*_`` that nobody reads, or in
        ``**rest``, where it is asked for by its name."""
        if is_dropped(callee, call, argument, keyword):
            return Fate.USED
        node = callee.scope.node
        assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        rest = node.args.kwarg if keyword is not None else None
        return self.of(Passed(callee.scope.key, f"{rest.arg}[{keyword}]", cls.name)) if rest is not None else Fate.KEPT

    def _of_open(self, callee: Function, name: str, call: ast.Call, cls: Class) -> Fate:
        """The same of a method that others write: what those do that are known to; where none is, what it gives may have it."""
        written = self.ev.derived(Heirs).written(callee)
        fates = [self.parameter(one, name, cls) if name in one.bindings else Fate.KEPT for one in written]
        return max(fates, default=Fate.KEPT if isinstance(parent_of(call), (ast.Return, ast.Assign)) else Fate.USED)

    def _of_asked(self, call: ast.Call, scope: Scope, cls: Class) -> Fate:
        """``getattr(conn, "close", None)``: what is asked for by name is called if it is there."""
        name = call.args[1] if len(call.args) > 1 else None
        if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
            return Fate.USED if _is_given_arguments(call, scope) else Fate.KEPT
        row = self.ev.models.method(cls, name.value)
        return Fate.RELEASED if row is not None and row.role in CLOSING_ROLES else Fate.KEPT

    def of_name(self, name: str, scope: Scope, cls: Class) -> Fate:
        """What a function does with a resource of class ``cls`` that a name of it holds."""
        fates = [Fate.USED]
        for inner, load in reads_of(name, scope):
            runs_here = inner is scope or runs_within(inner, scope)
            fates.append(self._of_load(load, inner, cls) if runs_here else Fate.KEPT)
        if cls.kind in OWNERS and max(fates) < Fate.KEPT:
            from poolint.analyses.parts import Parts

            if Parts(self.ev, self, scope, cls).outlive(name):
                return Fate.KEPT
        return max(fates)

    def _of_load(self, load: ast.Name, scope: Scope, cls: Class) -> Fate:
        fate = self.of_use(load, scope, cls)
        return Fate.USED if fate is not Fate.USED and is_for_own(load, scope) else fate

    def of_use(self, load: ast.expr, scope: Scope, cls: Class) -> Fate:
        """The same where an expression that is the resource is read."""
        child: ast.AST = load
        parent = parent_of(load)
        while isinstance(parent, (ast.Await, ast.IfExp, ast.BoolOp, ast.NamedExpr, ast.Starred)):
            if isinstance(parent, ast.IfExp) and parent.test is child:
                return Fate.USED
            child, parent = parent, parent_of(parent)
        if isinstance(parent, ast.Attribute):
            return self._of_member(parent, cls)
        if isinstance(parent, ast.Call):
            return Fate.USED if child is parent.func else self._of_argument(parent, child, scope, cls)
        if isinstance(parent, ast.keyword):
            call = parent_of(parent)
            return self._of_argument(call, child, scope, cls, parent.arg) if isinstance(call, ast.Call) else Fate.KEPT
        if isinstance(parent, ast.withitem):
            return Fate.RELEASED if cls.releases_on_exit else Fate.USED
        if isinstance(parent, ast.Yield) or (isinstance(parent, ast.Assign) and _is_on_exception(parent)):
            return Fate.USED  # lent to a consumer; attached to an error for whoever reads it
        if isinstance(parent, ast.Assign) and self._is_only_renamed(parent, scope, cls):
            return Fate.USED
        return Fate.USED if isinstance(parent, _NEUTRAL) or only_looks_at(parent) else Fate.KEPT

    def _is_only_renamed(self, statement: ast.Assign, scope: Scope, cls: Class) -> bool:
        """Whether a resource gets another local name, and nothing under that but to be used: ``conn = given or self.pool``."""
        name = statement.targets[0] if len(statement.targets) == 1 else None
        if not isinstance(name, ast.Name) or scope.kind != "function" or name.id in scope.declared:
            return False
        key = (scope, name.id)
        if key in self._renamed:
            return True  # it is being found out
        self._renamed.add(key)
        try:
            return self.of_name(name.id, scope, cls) is Fate.USED
        finally:
            self._renamed.remove(key)

    def _of_argument(
        self, call: ast.Call, argument: ast.AST, scope: Scope, cls: Class, keyword: str | None = None
    ) -> Fate:
        """What a call does, and all that is called on an object that it makes."""
        fate = self.fate(call, argument, scope, cls, keyword)
        return self.carried.of_object(call, argument, scope, cls) if fate is Fate.KEPT else fate

    def _of_member(self, attribute: ast.Attribute, cls: Class) -> Fate:
        row = self.ev.models.method(cls, attribute.attr)
        is_call = isinstance(parent_of(attribute), ast.Call)
        if row is None:
            # An attribute: what is stored on the object stays with it; an unknown method may do anything.
            return Fate.KEPT if is_call and self.ev.models.attribute(cls, attribute.attr) is None else Fate.USED
        if not is_call:
            return Fate.KEPT  # `callback(conn.close)`: the method itself is handed on
        if row.role in CLOSING_ROLES and row.releases == "self":
            return Fate.CLOSED if is_lost_when_closed(cls) else Fate.RELEASED
        if cls.kind in SESSIONS and row.role in ("commit", "rollback", "begin"):
            return Fate.COMMITTED
        return Fate.USED


def _is_block_on_engine(call: ast.Call, fact: CallSite | None, cls: Class) -> bool:
    """``with Session(engine) as session:``: the session ends with its block, and leaves the engine as it is."""
    makes_session = fact is not None and fact.cls is not None and fact.cls.kind == "session"
    return cls.kind == "engine" and makes_session and isinstance(parent_of(call), ast.withitem)


def is_only_called(name: str, scope: Scope) -> bool:
    """Whether a local name is only ever called, itself or a method of it: ``with maker() as session:``."""
    for inner, load in reads_of(name, scope):
        parent = parent_of(load)
        function: ast.AST = parent if isinstance(parent, ast.Attribute) else load
        call = parent_of(function)
        if inner is not scope or not isinstance(call, ast.Call) or call.func is not function:
            return False
    return True


def is_lost_when_closed(cls: Class) -> bool:
    """Whether closing a connection of a pool does not give its slot back."""
    return cls.on_drop == "lost" and not cls.releases_on_exit and not cls.close_gives_back


def by_parameter(callee: Function, call: ast.Call) -> dict[str | None, ast.expr]:
    """What a call passes a function, by the names of its parameters; what cannot be told apart goes by None."""
    given = [(None, one) for one in call.args] + [(one.arg, one.value) for one in call.keywords]
    return {parameter_for(callee, call, one, keyword): one for keyword, one in given}


def _is_given_arguments(method: ast.Call, scope: Scope) -> bool:
    """Whether a method that is looked up by a name is called with arguments wherever it is: so it is no release."""
    parent = parent_of(method)
    uses: list[ast.AST] = [method]
    if isinstance(parent, ast.Assign) and len(parent.targets) == 1 and isinstance(parent.targets[0], ast.Name):
        name = parent.targets[0].id
        uses = [load for _, load in reads_of(name, scope)]
    calls = [(one, parent_of(one)) for one in uses]
    return bool(calls) and all(
        isinstance(call, ast.Call)
        and call.func is one
        and any(not isinstance(argument, ast.Starred) for argument in call.args)
        for one, call in calls
    )


def _is_on_exception(statement: ast.Assign) -> bool:
    """Whether something is stored on the exception that a handler has caught: ``error.session = session``."""
    targets = {
        one.value.id for one in statement.targets if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name)
    }
    current: ast.AST | None = statement
    while current is not None and len(targets) == len(statement.targets) == 1:
        if isinstance(current, ast.ExceptHandler) and current.name in targets:
            return True
        current = parent_of(current)
    return False
