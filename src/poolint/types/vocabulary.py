"""The words of the models: cheap first questions about a call, asked before its type is."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.models.schema import ASKED, CLOSING_ROLES, OPENING_ROLES, POOLING, REACHING_ROLES, RELEASABLE
from poolint.models.standard import ENTERS, LEAVES
from poolint.syntax.expressions import last_name as last_name

if TYPE_CHECKING:
    from poolint.models.loader import Models
    from poolint.models.schema import Class, Function, Method
    from poolint.syntax.scopes import Scope

_SEVERAL = 4
"""Libraries that call something alike, such that others will."""


class Vocabulary:
    """Names of methods and functions, by what they can be.

    ``pending`` are those whose value may have to be awaited, ``sync`` those whose value may not; ``takes`` take a
    connection or open a session, ``makes`` make an engine, a pool or a client that has to be closed, ``of_resources``
    are called on sessions and connections, ``of_registries`` on what keeps a session for each thread or task, and
    ``registries`` are the names of the classes of such; ``reaches`` reach the database and wait for it;
    ``gives_itself`` give the session or connection back that they are called on;
    ``outlasts`` give connections whose block does not release them, and ``lends`` responses that have one. ``replaces`` may,
    as decorators, make of a function what does something else when it is called. ``awaited_ends`` are ends that have to be
    awaited wherever they go by that name, as ``aclose``: so they have of what no model says.
    """

    def __init__(self, models: Models) -> None:
        self._roots = models.roots | models.own_roots
        self.pending: set[str] = set()
        self.sync: set[str] = set()
        self.takes: set[str] = set()
        self.makes: set[str] = set()
        self.of_resources: set[str] = set()
        self.of_registries: set[str] = set()
        self.reaches: set[str] = set()
        self.dedicates: set[str] = set()
        self.registries: set[str] = set()
        self.outlasts: set[str] = set()
        self.lends: set[str] = set()
        self.replaces: set[str] = set()
        self.gives_itself: set[str] = {*ENTERS}
        ends: dict[str, set[str]] = {}
        self.awaits_in_place = models.words("shields", "limits-awaited")
        called = {cls.name for cls in models.classes.values() if models.method(cls, "__call__") is not None}
        for cls in models.classes.values():
            if (cls.kind == "client" and cls.on_drop) or (cls.kind == "pool" and cls.construct == "create"):
                self.makes.update(name.rpartition(".")[2] for name in (cls.name, *cls.aliases))
                self.makes.update(name for row in cls.methods if row.role == "create" for name in row.names)
            if cls.kind == "registry":
                self.registries.update(name.rpartition(".")[2] for name in (cls.name, *cls.aliases))
            for method in cls.methods:
                if method.dedicates:
                    self.dedicates.update(method.names)
                (self.sync if method.call == "sync" else self.pending).update(method.names)
                for name in method.names if method.role in CLOSING_ROLES else ():
                    ends.setdefault(name, set()).add(cls.name.partition(".")[0])
                if method.role in OPENING_ROLES:
                    self.takes.update(method.names)
                    if _outlasts(models, method):
                        self.outlasts.update(method.names)
                if method.returns in called:
                    self.replaces.update(method.names)
                if method.owes or method.owes_unless:
                    self.lends.update(method.names)
                if cls.kind in RELEASABLE:
                    self.of_resources.update(method.names)
                    if method.returns in ("self", cls.name):
                        self.gives_itself.update(method.names)
                if cls.kind == "registry":
                    self.of_registries.update(method.names)
                asks = cls.kind in ASKED | {"connection", "cursor"} and method.role in REACHING_ROLES
                if cls.mode == "sync" and (asks or (cls.on_loop and method.role == "cursor")):
                    self.reaches.update(method.names)
        self.of_resources.update(ENTERS | LEAVES)
        self.pending.update(("__aenter__", "__aexit__"))
        for name, function in models.functions.items():
            last = name.rpartition(".")[2]
            if function.returns in called:
                self.replaces.add(last)
            if function.works_on_given and function.call == "sync" and function.role in REACHING_ROLES:
                self.reaches.add(last)
            (self.sync if function.call == "sync" else self.pending).add(last)
            made = models.classes.get(function.returns) if function.role == "create" else None
            if made is not None and (made.kind in POOLING or (made.kind == "client" and made.on_drop)):
                self.makes.add(last)
            if function.role == "checkout":
                self.takes.add(last)
                if _outlasts(models, function):
                    self.outlasts.add(last)

        self.awaited_ends = {name for name, of in ends.items() if len(of) >= _SEVERAL and name not in self.sync}

    def is_library_import(self, callee: ast.expr, scope: Scope) -> bool:
        """Whether a callee is a plain name that the module imports from a modelled library, maybe under an alias."""
        return isinstance(callee, ast.Name) and self.is_imported(callee.id, scope)

    def is_imported(self, name: str, scope: Scope) -> bool:
        """The same of the name alone."""
        for one in scope.bindings.get(name) or scope.module.scope.bindings.get(name) or ():
            if one.kind == "import" and one.origin.partition(":")[0].partition(".")[0] in self._roots:
                return True
        return False


def _outlasts(models: Models, row: Method | Function) -> bool:
    cls = models.classes.get(row.returns)
    return cls is not None and outlasts_block(cls)


def outlasts_block(cls: Class) -> bool:
    """Whether the block of a connection leaves it open: not that of a mere file, which is closed with its name."""
    return not cls.releases_on_exit and cls.on_drop != "terminated"
