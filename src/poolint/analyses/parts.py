"""What is made of a resource, and outlives the function: whoever has it goes on using what it was made of.

``client["orders"]``, ``client.pubsub()``, ``Repo(client).orders``: a part keeps what it was read off or made of. What an
owner has fetched does not: the models tell a response, a row or a count from what still asks its connection. Where they
say nothing, a value may keep it. Of a connection or session the parts are its cursors and transactions, which lead to it.
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING, Literal, NamedTuple

from poolint.analyses.managers import is_manager
from poolint.analyses.ownership import Fate
from poolint.analyses.plain_data import is_plain_annotation
from poolint.analyses.value_flow import root_name
from poolint.models import standard
from poolint.models.schema import CLOSING_ROLES, OWNERS, SESSIONS
from poolint.syntax.captures import is_captured
from poolint.syntax.scopes import parent_of
from poolint.types.call_sites import call_site, callees_of
from poolint.types.values import ClassObject, Function, Instance, LibraryName, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.ownership import Ownership
    from poolint.models.schema import Class, Method
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_MAX_NAMES = 100
"""Names that hold parts, in one function; more of them are taken to lead somewhere."""
_LAZY = frozenset({"generator", "async-generator", "cm", "async-cm"})
_AT_HAND = (ast.Await, ast.Starred, ast.IfExp, ast.BoolOp, ast.Tuple, ast.List, ast.Set, ast.Dict)
_DISPLAYS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

What = Literal["whole", "part", "pending", "cursor"]
"""What an expression is: the resource itself, a part of it, a coroutine whose result is none, or a cursor of which nothing
is known but that its methods give rows."""


class _Held(NamedTuple):
    """A name, and what it holds."""

    name: str
    what: What


class Parts:
    """The parts of one resource, which a name of ``scope`` holds, and of all that is made of it."""

    def __init__(self, ev: Evaluator, ownership: Ownership, scope: Scope, cls: Class) -> None:
        self.ev = ev
        self.ownership = ownership
        self.scope = scope
        self.cls = cls
        self.is_lent = cls.kind not in OWNERS
        self._waiting: list[_Held] = []
        self._known: set[_Held] = set()

    def outlive(self, name: str) -> bool:
        """Whether a part is returned, yielded, stored, captured or handed to code that may keep it."""
        self._hold(_Held(name, "whole"))
        while self._waiting:
            held = self._waiting.pop()
            if len(self._known) > _MAX_NAMES or self._is_captured(held):
                return True
            if any(self._climbs(read, held.what) for read in self._reads(held.name)):
                return True
        return False

    def _reads(self, name: str) -> Iterator[ast.expr]:
        """Where a name is read; an expression that binds it gives what it holds to what stands around it as well."""
        yield from self.scope.loads.get(name, ())
        for binding in self.scope.bindings.get(name, ()):
            around = parent_of(binding.value) if binding.value is not None else None
            if isinstance(around, ast.NamedExpr) and around.value is binding.value:
                yield around

    def _is_captured(self, held: _Held) -> bool:
        return is_captured(held.name, self.scope, at_once=False)

    def _hold(self, held: _Held) -> bool:
        """A name holds a part from now on; true where others know it as well."""
        if held.name in self.scope.globals or held.name in self.scope.declared:
            return True
        if held not in self._known:
            self._known.add(held)
            self._waiting.append(held)
        return False

    def _climbs(self, load: ast.expr, what: What) -> bool:
        """Follow a value from where it is read to where it ends."""
        child: ast.AST = load
        while True:
            parent = parent_of(child)
            if isinstance(parent, ast.Attribute):
                call = parent_of(parent)
                if isinstance(call, ast.Call) and call.func is parent:
                    given = self._of_method(call, parent, what)
                    if given is None:
                        return False
                    what, child = given, call
                    continue
                if self.is_lent or what == "cursor" or self._is_plain_attribute(parent):
                    return False
                what, child = _part(what), parent
            elif isinstance(parent, ast.Subscript):
                if parent.value is not child or what == "cursor":
                    return False
                what, child = _part(what), parent
            elif isinstance(parent, ast.Await) and what == "pending":
                return False
            elif isinstance(parent, ast.Call):
                if parent.func is child:
                    what, child = _part(what), parent
                    continue
                step = self._argument(parent, child, None, what)
                if step is not None:
                    return step
                what, child = _part(what), parent
            elif isinstance(parent, ast.keyword):
                call = parent_of(parent)
                if not isinstance(call, ast.Call):
                    return True
                step = self._argument(call, child, parent.arg, what)
                if step is not None:
                    return step
                what, child = _part(what), call
            elif isinstance(parent, ast.comprehension):
                if parent.iter is not child:
                    return False
                if what == "cursor" or self._gives_rows(child):
                    return False
                what = _part(what)
                child = parent_of(parent)  # type: ignore[assignment]
            elif isinstance(parent, ast.NamedExpr):
                if self._hold(_Held(parent.target.id, what)):
                    return True
                child = parent
            elif isinstance(parent, (*_AT_HAND, *_DISPLAYS)):
                if isinstance(parent, ast.IfExp) and parent.test is child:
                    return False
                if isinstance(parent, ast.Await) and self._is_plain(self.ev.type_of(parent, self.scope)):
                    return False
                child = parent
            else:
                return self._ends(child, parent, what)

    # What a part gives

    def _of_method(self, call: ast.Call, method: ast.Attribute, what: What) -> What | None:
        """What calling a method of a part gives; None for what needs it no more."""
        if what == "cursor":
            return None
        fact = call_site(self.ev, call, self.scope, use_evidence=False)
        row = fact.row if fact is not None else None
        if row is not None and row.role == "cursor" and not row.returns and (what == "whole" or not self.is_lent):
            return "cursor"
        if self.is_lent:
            return "part" if what == "whole" and fact is not None and fact.role in ("cursor", "begin") else None
        if row is None:
            is_response = self._is_plain(self.ev.type_of(method.value, self.scope))
            return None if is_response or self._gives_nothing(call) else "part"
        if not self._gives_plain(row):  # type: ignore[arg-type]
            return "part"
        return None if row.call == "sync" or isinstance(parent_of(call), ast.Await) else "pending"

    def _gives_nothing(self, call: ast.Call) -> bool:
        """Whether a function of the project gives plain data or nothing, as its body or its annotation says."""
        found = callees_of(self.ev, call, self.scope)
        for one in found:
            if not isinstance(one, Function) or one.scope.kind != "function" or one.scope.is_generator:
                return False
            annotation = getattr(one.scope.node, "returns", None)
            if one.scope.returns and (annotation is None or not is_plain_annotation(self.ev.models, annotation)):
                return False
        return True

    def _gives_plain(self, row: Method) -> bool:
        if row.role in CLOSING_ROLES:
            return True
        if row.role == "external" and row.call in ("cm", "async-cm"):
            return self._is_response(row.enters)  # over when its block is
        if row.call in _LAZY or row.role in ("cursor", "stream", "open", "checkout", "create", "begin"):
            return False
        return self._is_response(row.returns) if row.returns else not row.enters

    def _is_response(self, name: str) -> bool:
        cls = self.ev.models.classes.get(name)
        return cls is not None and cls.kind == "response"

    def _is_plain_attribute(self, node: ast.Attribute) -> bool:
        for one in alternatives(self.ev.type_of(node.value, self.scope)):
            if isinstance(one, Instance) and one.base is not None:
                if one.base.kind != "response" and self.ev.models.attribute(one.base, node.attr) != "":
                    return False
            else:
                return False
        return True

    def _is_plain(self, one: object) -> bool:
        """Whether a value of a type needs no connection any more: a response that has been read."""
        found = alternatives(one)  # type: ignore[arg-type]
        return all(
            isinstance(member, Instance) and member.base is not None and member.base.kind == "response"
            for member in found
        )

    def _gives_rows(self, node: ast.AST) -> bool:
        """Whether iterating over a part gives what has been fetched, and no further parts."""
        assert isinstance(node, ast.expr)
        return all(
            isinstance(one, Instance)
            and one.base is not None
            and one.base.kind in ("cursor", "query", "result", "response")
            for one in alternatives(self.ev.type_of(node, self.scope))
        )

    # Where it is handed to

    def _argument(self, call: ast.Call, argument: ast.AST, keyword: str | None, what: What) -> bool | None:
        """Whether a part lives on in what it is passed to; None where it does if the call's result does."""
        function = call.func
        if isinstance(function, ast.Name) and self._is_builtin(function):
            if what == "whole":
                return self._asked_for(call, argument, keyword) if function.id == "getattr" else False
            return (
                False if function.id in standard.ASKING | standard.FOLDING or self._is_rows_of(argument, what) else None
            )
        if isinstance(function, ast.Attribute) and function.attr in self.ev.models.words("keeps"):
            return what != "whole" and self._put_into(function.value, what)
        found = alternatives(self.ev.type_of(function, self.scope))
        if any(isinstance(one, ClassObject) for one in found):
            if what == "whole" and self.is_lent:
                return False  # followed over the graph as well
            return None  # an object of the project, or of a modelled class, that keeps it
        if all(isinstance(one, LibraryName) and one.name.partition(".")[0] in sys.stdlib_module_names for one in found):
            return None
        if what == "pending":
            return not isinstance(parent_of(call), ast.Await)
        if last_name(function) in self.ev.models.words("uses"):
            return False
        cls = self.cls if what == "whole" else self._class_of(argument)
        if cls is None:
            return not (
                self.is_lent or what == "cursor"
            )  # a cursor is used by whoever gets it; what else is unknown may be kept
        fate = self.ownership.fate(call, argument, self.scope, cls, keyword)
        if what != "whole":
            return fate is Fate.KEPT
        if fate is Fate.KEPT:
            return None
        # A function of the project that gives a part away keeps the whole, so what this one gives is none.
        is_over = self.is_lent or fate is not Fate.USED or any(isinstance(one, Function) for one in found)
        return False if is_over else None

    def _asked_for(self, call: ast.Call, argument: ast.AST, keyword: str | None) -> bool | None:
        """The same for ``getattr(client, verb)``: a method by whatever name, where it is called with arguments."""
        fate = self.ownership.fate(call, argument, self.scope, self.cls, keyword)
        return False if fate is Fate.USED else None

    def _class_of(self, argument: ast.AST) -> Class | None:
        assert isinstance(argument, ast.expr)
        found = alternatives(self.ev.type_of(argument, self.scope))
        return found[0].base if len(found) == 1 and isinstance(found[0], Instance) else None

    def _is_builtin(self, function: ast.Name) -> bool:
        one = self.ev.type_of(function, self.scope)
        return isinstance(one, LibraryName) and one.name.startswith("builtins.")

    def _is_rows_of(self, argument: ast.AST, what: What) -> bool:
        return what == "cursor" or (isinstance(argument, ast.expr) and self._gives_rows(argument))

    def _put_into(self, target: ast.expr, what: What) -> bool:
        """Something is put into an object: true unless that is one of the function's own, which then holds it."""
        root = root_name(target)
        if root is None or root.id in ("self", "cls"):
            return True
        bindings = self.scope.bindings.get(root.id, ())
        if not bindings or any(one.kind == "parameter" for one in bindings):
            return True
        return self._hold(_Held(root.id, "pending" if what == "pending" else "part"))

    def _ends(self, child: ast.AST, parent: ast.AST | None, what: What) -> bool:
        """A value has reached its statement: whether it outlives that elsewhere than in a local name."""
        if isinstance(parent, ast.Yield) and (
            is_manager(self.ev, self.scope) if self.is_lent else self._is_session(parent.value)
        ):
            return False  # it is had for as long as the block lasts, or, by who asks for a session, until that ends
        if isinstance(parent, (ast.Return, ast.Yield, ast.YieldFrom, ast.Lambda, ast.arguments)):
            # What becomes of the resource itself is followed over the graph; a coroutine is over when it is awaited.
            return what != "whole" and not (what == "pending" and isinstance(parent, ast.Return))
        if isinstance(parent, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
            return any(self._bind(target, what) for target in targets)
        if isinstance(parent, (ast.For, ast.AsyncFor)) and parent.iter is child:
            return what != "cursor" and not self._gives_rows(child) and self._bind(parent.target, "part")
        return False

    def _is_session(self, node: ast.expr | None) -> bool:
        """Whether a value is a session of an engine."""
        found = alternatives(self.ev.type_of(node, self.scope)) if node is not None else ()
        kinds = {one.base.kind for one in found if isinstance(one, Instance) and one.base is not None}
        return self.cls.kind == "engine" and bool(kinds) and kinds <= set(SESSIONS)

    def _bind(self, target: ast.expr, what: What) -> bool:
        if isinstance(target, ast.Name):
            return self._hold(_Held(target.id, what))
        if isinstance(target, (ast.Tuple, ast.List)):
            return any(self._bind(one, _part(what)) for one in target.elts)
        if isinstance(target, ast.Starred):
            return self._bind(target.value, _part(what))
        return what != "whole" and self._put_into(target, what)


def _part(what: What) -> What:
    """What something is that was read off, or made of, a value."""
    return "part" if what == "whole" else what
