"""Call sites: what a call is. The one place that turns the callee's type into its name, its role and its receiver."""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from poolint.models.schema import CLOSING_ROLES, ENDING_ROLES
from poolint.syntax.scopes import assigned, parent_of, placed
from poolint.types.evidence import evidence
from poolint.types.overridden import overridden
from poolint.types.returns import called
from poolint.types.values import (
    FOREIGN,
    UNKNOWN,
    CallableValue,
    ClassObject,
    Function,
    Instance,
    LibraryFunction,
    LibraryMethod,
    LibraryName,
    Pending,
    Type,
    alternatives,
)
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.models import schema
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Provenance


_WRITTEN = {"__call__": "{}()", "__iter__": "for … in {}"}
"""How special methods are called, of something that is written like this."""


class CallText(NamedTuple):
    """What a message says of a call, in plain values, wherever the call stands: see :class:`CallSite`.

    ``is_direct``: no object is asked for what it gives, or only the class of that: what it opens belongs to no pool.
    """

    receiver: str
    method: str
    api: str
    is_direct: bool = False

    @property
    def as_written(self) -> str:
        """The call without its arguments: ``session.close()``."""
        if self.method in _WRITTEN:
            return _WRITTEN[self.method].format(self.receiver)
        return f"{self.receiver}.{self.method}()" if self.receiver else f"{self.method}()"


class CallSite(msgspec.Struct, frozen=True, eq=False):
    """A call whose callee is known: of a library's function or method, or of a function of the project.

    ``name`` is its qualified name, ``receiver`` the source text of what it is called on, ``row`` and ``cls`` what
    the models say; ``provenance`` is how the receiver's type is known.
    """

    node: ast.Call
    name: str
    receiver: str = ""
    row: schema.Method | schema.Function | None = None
    cls: schema.Class | None = None
    provenance: Provenance = "declared"

    @property
    def method(self) -> str:
        """The last part of the name."""
        return self.name.rpartition(".")[2]

    @property
    def role(self) -> str:
        """The role that the models give the call; empty for the project's own functions."""
        return self.row.role if self.row is not None else ""

    @property
    def api(self) -> str:
        """The name as people say it: ``AsyncSession.close``."""
        parts = self.name.split(".")
        return ".".join(parts[-2:]) if self.cls is not None and len(parts) > 1 else self.name

    @property
    def text(self) -> CallText:
        """What a message says of it."""
        is_direct = self.row is None or self.cls is None or self.cls.kind == "connection"
        return CallText(self.receiver, self.method, self.api, is_direct)

    @property
    def is_direct(self) -> bool:
        """Whether it opens a connection of its own: ``asyncpg.connect(…)``, ``AsyncConnection.connect(…)``."""
        return self.opens and (self.cls is None or self.cls.kind == "connection")

    @property
    def opens(self) -> bool:
        """Whether it opens or checks out something, by what it is or by the class that it makes an object of."""
        role = self.cls.construct if self.row is None and self.cls is not None else self.role
        return role in ("checkout", "open")

    @property
    def as_written(self) -> str:
        """The call without its arguments: ``session.close()``."""
        return self.text.as_written


def at_hand(one: Type, scope: Scope) -> tuple[Type, ...]:
    """The alternatives of a type that can be the one at hand in ``scope``: in a plain ``def`` nothing can be awaited, so
    of a synchronous and an asynchronous class it is the first."""
    found = tuple(each for each in alternatives(one) if each is not FOREIGN)
    if len(found) > 1 and _is_plain_def(scope):
        return tuple(one for one in found if not _is_asynchronous(one)) or found
    return found


def _is_plain_def(scope: Scope) -> bool:
    return scope.kind == "function" and not scope.is_async


def _is_asynchronous(one: Type) -> bool:
    if isinstance(one, Pending):
        return one.call in ("coroutine", "awaitable", "awaitable-cm", "async-cm", "async-generator")
    return isinstance(one, Instance) and one.base is not None and one.base.mode == "async"


def call_sites(ev: Evaluator, node: ast.Call, scope: Scope) -> list[CallSite]:
    """The facts about all alternatives of a call that are known: for where the context can choose between them."""
    facts = [_fact(ev, node, one, scope) for one in alternatives(ev.type_of(node.func, scope))]
    return [fact for fact in facts if fact is not None]


def may_ask_registry(ev: Evaluator, node: ast.Call, scope: Scope) -> bool:
    """Whether a call asks a registry for its session, or what some branch of its module makes one: nobody owes that."""
    return any(one.cls is not None and one.cls.kind == "registry" for one in call_sites(ev, node, scope))


def _is_awaited(node: ast.Call) -> bool:
    """Whether the context says that the call is an asynchronous one."""
    parent = parent_of(node)
    if isinstance(parent, ast.withitem):
        return isinstance(parent_of(parent), ast.AsyncWith)
    return isinstance(parent, ast.Await)


def _agree(one: CallSite, other: CallSite) -> bool:
    if one.row is None or other.row is None:
        return one.name == other.name
    are_ends = one.row.role in CLOSING_ROLES and other.row.role in CLOSING_ROLES
    # What a block enters comes out the same, whether an object or something that gives one is entered.
    is_entered = isinstance(parent_of(one.node), ast.withitem)
    is_called_alike = one.row.call == other.row.call or (is_entered and one.opens and other.opens)
    return is_called_alike and (one.row.role == other.row.role or are_ends)


def _is_kept_end(node: ast.Call, facts: list[CallSite | None]) -> bool:
    """Whether a call ends what it is made on, whichever of several it is, and its result is kept: to be awaited where it can
    be, as by ``if isawaitable(ended): await ended``."""
    roles = {one.row.role for one in facts if one is not None and one.row is not None}
    is_end = len(roles) == 1 and roles <= ENDING_ROLES and len(facts) > 1 and None not in facts
    return is_end and isinstance(parent_of(node), ast.Assign)


def _fact(ev: Evaluator, node: ast.Call, callee: Type, scope: Scope) -> CallSite | None:
    if isinstance(callee, LibraryMethod):
        base = callee.receiver.base
        assert base is not None
        name = f"{base.name}.{callee.key[2]}"
        return CallSite(node, name, receiver_text(node, scope), as_called(ev, node, callee.row, scope), base)
    if isinstance(callee, LibraryFunction):
        return CallSite(node, callee.row.name, "", callee.row)
    if isinstance(callee, ClassObject):
        return CallSite(node, ev.qualified_name(callee), "", None, callee.base)
    if isinstance(callee, Function) and callee.receiver is not None:
        found = overridden(ev, callee)
        if found is not None:
            name = f"{found[1].name}.{callee.scope.name}"
            return CallSite(node, name, receiver_text(node, scope), *found)
    if isinstance(callee, CallableValue):
        return _maker(ev, node, callee.gives, scope)
    if isinstance(callee, (Function, LibraryName)):
        return CallSite(node, ev.qualified_name(callee), receiver_text(node, scope))
    if isinstance(callee, Instance) and callee.base is not None:
        row = ev.models.method(callee.base, "__call__")
        if row is not None:
            return CallSite(node, f"{callee.base.name}.__call__", text_of(node.func, scope), row, callee.base)
    own = ev.type_of_member(callee, "__call__") if isinstance(callee, Instance) else None
    if not isinstance(own, Function):
        return None
    if _is_left_open(own):
        return _maker(ev, node, called(ev, callee), scope)
    return CallSite(node, ev.qualified_name(own), text_of(node.func, scope))


def _is_left_open(own: Function) -> bool:
    """Whether what calling an object does is for others to write, as in a protocol of which only that is asked."""
    from poolint.types.overrides import is_left_open

    return is_left_open(own.scope)


def callees_of(ev: Evaluator, call: ast.Call, scope: Scope) -> tuple[Type, ...]:
    """All that a call may run; where an object of the project is called, that is its ``__call__``, and where a context manager
    is made of a generator, that."""
    found = alternatives(ev.type_of(call.func, scope))
    if not any(type(one) in _RUNNING_ANOTHER for one in found):
        return found  # nearly all
    return tuple(_run_of(ev, one) for one in found)


_RUNNING_ANOTHER = (Instance, CallableValue)


def _run_of(ev: Evaluator, one: Type) -> Type:
    """The function that calling something runs; that itself where a library says that, or nobody, or it is a function."""
    if isinstance(one, CallableValue):
        return one.runs or one
    if (
        not isinstance(one, Instance)
        or one.cls is one.base
        or (one.base is not None and ev.models.method(one.base, "__call__") is not None)
    ):
        return one
    own = ev.type_of_member(one, "__call__")
    return own if isinstance(own, Function) and not _is_left_open(own) else one


def called_on(call: ast.Call, callee: Function, scope: Scope) -> ast.expr | None:
    """The object whose method a call runs: what it is called on, or was taken from under a name, ``count = counter.count``; or
    what is called where that runs its ``__call__``."""
    function = call.func
    taken = assigned(function.id, scope) if isinstance(function, ast.Name) and callee.receiver is not None else None
    if isinstance(taken, ast.Attribute) and taken.attr == callee.scope.name:
        return taken.value
    is_attribute = isinstance(function, ast.Attribute)
    if callee.scope.name == "__call__" and not (is_attribute and function.attr == "__call__"):  # type: ignore[attr-defined]
        return function
    return own_object(call, scope) or (function.value if isinstance(function, ast.Attribute) else None)


def own_object(call: ast.Call, scope: Scope) -> ast.expr | None:
    """The object that ``super().commit()`` is called on: ``self``, as the override that passes on calls it."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    if not (isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) and owner.func.id == "super"):
        return None
    first = scope.first_parameter if scope.enclosing_class is not None else None
    if first is None:
        return None
    made: dict[str, ast.expr] = owner.__dict__  # the same node each time: what is known of it is known by it
    return made.setdefault("_poolint_own", placed(ast.Name(first.arg, ast.Load()), owner, call.func))


def as_called(ev: Evaluator, node: ast.Call, row: schema.Method, scope: Scope) -> schema.Method:
    """What a method does with what a call gives it, in the versions that may be installed."""
    if row.commits_where and holding(ev, row.commits_where, scope) == {"yes"}:
        return _as("commit", row)
    if row.asks_unless and any(one.arg == row.asks_unless and _is_false(one.value) for one in node.keywords):
        return _as("local", row)
    return _as("refused", row) if row.refuses_text and _is_refused(ev, node, row, scope) else row


def _is_refused(ev: Evaluator, node: ast.Call, row: schema.Method, scope: Scope) -> bool:
    """Whether a call raises at once, since it is given a plain text, in all versions that may be installed; where nothing says
    which these are, it is a recent one."""
    if not node.args or not _is_text(node.args[0]):
        return False
    distribution = ev.models.facts[row.refuses_text].distribution
    is_recent = ev.project.versions.is_any(distribution, scope.module.path)
    return is_recent or holding(ev, row.refuses_text, scope) == {"yes"}


def holding(ev: Evaluator, name: str, scope: Scope) -> frozenset[str]:
    """What is true, by a fact of the models, of the versions that may be installed where a module runs.

    An empty text stands for versions of which nothing is said, where the project asks for such.
    """
    fact = ev.models.facts[name]
    return ev.project.versions.holding(fact.since, fact.distribution, scope.module.path)


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


@cache
def _as(role: schema.Role, row: schema.Method) -> schema.Method:
    """What is left of a method that raises before it takes anything, or that leaves nothing held."""
    return msgspec.structs.replace(row, role=role, effect="", objects="")


def _maker(ev: Evaluator, node: ast.Call, gives: Type, scope: Scope) -> CallSite | None:
    """What a callable does that is declared to give a session or connection for a block."""
    entered = gives.entered if isinstance(gives, Pending) and gives.call in ("cm", "async-cm") else gives
    if not isinstance(entered, Instance) or entered.base is None or not isinstance(parent_of(node), ast.withitem):
        return None
    name = {"session": "Sessions", "connection": "Connections"}.get(entered.base.kind)
    cls = ev.models.classes.get(f"poolint.evidence.{name}") if name is not None else None
    row = ev.models.method(cls, entered.base.mode) if cls is not None else None
    text = text_of(node.func, scope)
    return CallSite(node, f"{text}.__call__", text, row, cls) if row is not None else None


def _by_evidence(ev: Evaluator, node: ast.Call, scope: Scope) -> CallSite | None:
    function = node.func
    if not isinstance(function, ast.Attribute) or ev.type_of(function.value, scope) is not UNKNOWN:
        return None
    one = evidence(ev, function.value, function.attr, scope)
    if one is None or one.base is None:
        return None
    row = ev.models.method(one.base, function.attr)
    if row is None:
        return None
    name = f"{one.base.name}.{function.attr}"
    return CallSite(node, name, receiver_text(node, scope), row, one.base, "evidence")


def function_run(ev: Evaluator, callee: Type) -> Function | None:
    """The function of the project that a call of something runs: of a class its constructor, of an object its ``__call__``."""
    if isinstance(callee, ClassObject) and callee.cls is not callee.base:
        callee = ev.type_of_member(callee.instance(), "__init__")
    elif isinstance(callee, Instance):
        callee = _run_of(ev, callee)
    return callee if isinstance(callee, Function) else None


def receiver_text(node: ast.Call, scope: Scope) -> str:
    """What the call is made on, as written, on one line."""
    if not isinstance(node.func, ast.Attribute):
        return ""
    text = text_of(node.func.value, scope)
    return f"({text})" if isinstance(node.func.value, _IN_PARENTHESES) else text


_IN_PARENTHESES = (ast.Await, ast.BoolOp, ast.IfExp, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Lambda, ast.NamedExpr)
"""Expressions of which nothing can be asked without."""


def text_of(node: ast.AST, scope: Scope) -> str:
    """Source text of a node, on one line and not too long for a message."""
    if isinstance(node, ast.Name):
        return node.id
    text = " ".join(scope.module.source.segment(node).split())
    return text if len(text) <= 60 else text[:57] + "…"


def call_site(ev: Evaluator, node: ast.Call, scope: Scope, *, use_evidence: bool = True) -> CallSite | None:
    """What a call is, or None when it is not known or when its alternatives disagree. It is resolved once.

    What is asked for in the middle of an evaluation of types may rest on one that is cut short: it is not remembered.
    """
    known = ev.call_sites[use_evidence]
    if node in known:
        return known[node]
    found = _resolved(ev, node, scope, use_evidence=use_evidence)
    if ev.is_idle:
        known[node] = found
    return found


def _resolved(ev: Evaluator, node: ast.Call, scope: Scope, *, use_evidence: bool) -> CallSite | None:
    callee = ev.type_of(node.func, scope)
    if callee is UNKNOWN:
        return _by_evidence(ev, node, scope) if use_evidence else None
    if use_evidence:
        return call_site(ev, node, scope, use_evidence=False)
    found = alternatives(callee)
    if len(found) == 1 and found[0] is not FOREIGN:
        return _fact(ev, node, found[0], scope)
    known = [one for one in found if one is not FOREIGN]
    facts = [_fact(ev, node, one, scope) for one in known]
    if len(known) < len(found):
        # What does not fit in this place is not what is at hand: the other class is.
        fits = _is_awaited(node) or last_name(node.func) in ev.vocabulary.awaited_ends
        if not all(one is None or one.row is None or (one.row.call != "sync") == fits for one in facts):
            return None
    if len(facts) > 1 and _is_awaited(node):
        facts = [one for one in facts if one is None or one.row is None or one.row.call != "sync"] or facts
    elif len(facts) > 1 and (_is_plain_def(scope) or _is_kept_end(node, facts)):
        facts = [one for one in facts if one is None or one.cls is None or one.cls.mode == "sync"] or facts
    first = facts[0]
    if first is None:
        return None
    for other in facts[1:]:
        if other is None or not _agree(first, other):
            return None
    return first
