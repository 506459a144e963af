"""What is derived from a resource: which names still need it, and which hold nothing but plain data by now.

A name assigned from the resource needs it as well, unless the value is plain: rows that were fetched, a count, a text.
What the resource is handed to may keep it: the receiver of a call, a container it is put into. Entities of a synchronous
ORM session stay with it, since reading an attribute may load it; on an asynchronous one that fails, open or closed.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal, NamedTuple

from poolint.analyses.lifetimes.responses import is_read_later
from poolint.analyses.value_flow import Flow, deferring, root_name
from poolint.models.schema import SESSIONS
from poolint.syntax.captures import is_captured
from poolint.types.values import Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Collection

    from poolint.flow.cfg import Node
    from poolint.flow.liveness import Reads
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

Escape = Literal["renamed", "stored", "captured", "part-captured", "returned", "read-by-result", "runs-on", "too-much"]
"""How a resource leaves the block around its uses: by a second name, by what is stored, captured or returned, by something
that works on it in the background; or that too much is made of it to be followed."""

_OPEN = frozenset({"connection", "session", "transaction", "cursor", "result", "query"})
_MAX_ORIGINS = 200
"""Assignments that are followed; in real code 30 are many. Each costs a walk over the graph."""


class Origin(NamedTuple):
    """From where on a name needs the resource.

    ``is_resource``: it is the resource itself. ``holds``: it is that, or an object made of it.
    """

    name: str
    starts: tuple[Node, ...]
    is_resource: bool = False
    holds: bool = False
    is_container: bool = False


class Mention(NamedTuple):
    """A read of a name that needs the resource; ``origin`` says why."""

    load: ast.Name
    origin: Origin


class Derived:
    """All that is derived from what ``name`` is bound to at ``starts``, in :attr:`mentions`.

    ``handed_out`` says how the resource leaves its function, None if it does not; ``yields`` whether it, or something
    made of it, is lent to whoever consumes the generator; ``gives_entities`` whether the caller may get entities of a
    session, which are detached when it is closed.
    """

    def __init__(
        self,
        ev: Evaluator,
        scope: Scope,
        reads: Reads,
        name: str,
        starts: tuple[Node, ...],
        cls: Class | None,
        stops: Collection[Node] = (),
    ) -> None:
        self.ev = ev
        self.scope = scope
        self.reads = reads
        self.cls = cls
        self.keeps_entities = _keeps_entities(cls, scope)
        self.mentions: list[Mention] = []
        self.handed_out: Escape | None = None
        self.yields = False
        self.gives_entities = False
        self._stops = stops
        self._known: set[tuple[str, tuple[Node, ...]]] = set()
        self._followed: set[ast.Name] = set()
        self._waiting: list[Origin] = []
        self._add(Origin(name, starts, is_resource=True, holds=True))
        while self._waiting:
            self._follow(self._waiting.pop())

    def _add(self, origin: Origin) -> None:
        key = (origin.name, origin.starts)
        if origin.starts and key not in self._known:
            if len(self._known) > _MAX_ORIGINS:
                self.refuse("too-much")
                return
            self._known.add(key)
            self._waiting.append(origin)

    def _follow(self, origin: Origin) -> None:
        for load in self.reads.seeing(origin.starts, origin.name, self._stops):
            self.mentions.append(Mention(load, origin))
            if load not in self._followed:
                self._followed.add(load)
                Flow(self, origin).climb(load)
                later = deferring(load)
                if later is not None:
                    Flow(self, origin, lazy=True).climb(later)

    def refuse(self, how: Escape) -> None:
        """Note how the resource leaves; the first way counts."""
        self.handed_out = self.handed_out or how

    # What a flow ends in.

    def bind(self, target: ast.expr, *, holds: bool, bare: bool) -> None:
        """Something derived is assigned to ``target``."""
        if isinstance(target, (ast.Tuple, ast.List)):
            for element in target.elts:
                self.bind(element, holds=holds, bare=bare)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, holds=holds, bare=bare)
        elif isinstance(target, ast.Name):
            if bare:
                self.refuse("renamed")
            elif target.id in self.scope.globals:
                self.refuse("stored")
            elif self._is_captured(target.id):
                self.refuse("part-captured")
            else:
                self._add(Origin(target.id, tuple(self.reads.graph.nodes_of(target)), holds=holds))
        else:
            self._put_into(target, holds=holds)

    def _is_captured(self, name: str) -> bool:
        """Whether a function inside this one reads a name of it, at whatever time."""
        return is_captured(name, self.scope)

    def _put_into(self, target: ast.expr, *, holds: bool) -> None:
        root = root_name(target)
        if root is not None and self.is_local(root.id):
            self.join(root, target)
        elif holds or not self.keeps_entities:
            self.refuse("stored")

    def is_local(self, name: str) -> bool:
        """Whether nothing outside of the function knows what ``name`` is bound to, as far as its bindings tell."""
        bindings = self.scope.bindings.get(name, ())
        return (
            bool(bindings)
            and name not in self.scope.globals
            and not any(one.kind == "parameter" or isinstance(one.node, ast.arg) for one in bindings)
        )

    def join(self, root: ast.Name, at: ast.AST) -> None:
        """What ``root`` names may keep the resource from the event at ``at`` on."""
        if root.id not in ("self", "cls"):
            self._add(Origin(root.id, tuple(self.reads.events(at)), is_container=True))

    def gives_back(self, value: ast.expr | None, *, holds: bool, lazy: bool) -> None:
        """Something derived is returned: refuse where whoever gets it still needs the resource."""
        if holds:
            self.refuse("returned")
        elif lazy:
            self.refuse("read-by-result")
        elif value is not None:
            self.gives_entities = self.gives_entities or (self.keeps_entities and not self._is_columns(value))
            for one in alternatives(self.ev.type_of(value, self.scope)):
                # A result that came through `await` has been read whole; its class is a synchronous one.
                base = one.base if isinstance(one, Instance) else None
                is_open = base is not None and base.kind in _OPEN and (self.cls is None or base.mode == self.cls.mode)
                is_response = base is not None and base.kind == "response"
                if is_open or (is_response and is_read_later(self.ev, value, self.scope)):
                    self.refuse("read-by-result")

    def _is_columns(self, value: ast.expr) -> bool:
        """Whether what is returned are columns, not entities: ``order.id``, ``session.scalars(select(User.name)).all()``."""
        if isinstance(value, ast.Attribute):
            return True
        asks = self.ev.models.words("asks", "makes-query")
        sources = [value]
        for node in ast.walk(value):
            if isinstance(node, ast.Name):
                sources += [one.value for one in self.scope.bindings.get(node.id, ()) if one.value is not None]
        queries = [
            one
            for source in sources
            for one in ast.walk(source)
            if isinstance(one, ast.Call) and last_name(one.func) in asks
        ]
        return bool(queries) and all(
            not isinstance(argument, (ast.Name, ast.Starred)) for one in queries for argument in one.args
        )


def _keeps_entities(cls: Class | None, scope: Scope) -> bool:
    if cls is None or cls.kind not in SESSIONS:
        return False
    return cls.mode == "sync" or scope.module.mentions(b"awaitable_attrs")
