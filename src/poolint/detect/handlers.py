"""Observations about handlers, and blocks that suppress: exceptions that never reach them, timeouts that they miss,
cancellations they keep."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.effects import Effects
from poolint.analyses.graphs import suppresses
from poolint.analyses.joined import OF_DATABASE
from poolint.detect.bodies import PSEUDO_ROOT, Body, is_of
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.detect.swallowing import answers_at_once, ends_tasks, goes_on, looping_caller
from poolint.flow.cfg import TooComplex
from poolint.frameworks.entries import is_entry
from poolint.models.schema import REACHING_ROLES, SESSIONS, TAKING_ROLES
from poolint.models.standard import BUILTINS
from poolint.syntax.scopes import nearest, parent_of
from poolint.syntax.surroundings import is_in_loop
from poolint.types.call_sites import call_site, callees_of
from poolint.types.values import ClassObject, Function
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.detect.services import Services
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope, WithNode
    from poolint.types.call_sites import CallSite


class UnreachedHandler(Observation, frozen=True, eq=False):
    """A handler for an exception that reaches it only inside of another. ``node`` is the class, as written.

    ``cls`` is its qualified name, ``wrapper`` that of the exception which arrives, ``around`` the call that raises it.
    ``is_read``: the handler reads something off the exception; ``is_block``: it is a block that suppresses it.
    """

    cls: str
    wrapper: str
    around: str
    is_read: bool
    is_block: bool = False


class MissedExhaustion(Observation, frozen=True, eq=False):
    """A handler for timeouts that does not catch that of the pool. ``node`` is the class, as written.

    ``exhausted`` is the qualified name of the pool's, ``around`` the checkout that raises it. ``is_alone``: the handler
    catches nothing else.
    """

    cls: str
    exhausted: str
    around: str
    is_alone: bool


class SwallowedCancellation(Observation, frozen=True, eq=False):
    """A handler that takes a cancellation and goes on. ``node`` is the class, as written, or a bare handler.

    ``what`` is what it catches, ``around`` the call on a connection in the ``try``, or in a loop that of a function of the
    project that takes one; ``last`` is the handler's last statement, ``looping`` says that a loop goes on after it, ``above`` in
    which function that is, where it is another one.
    """

    what: str
    around: str
    last: ast.stmt
    looping: bool
    above: str = ""


class _Guard(NamedTuple):
    """What keeps exceptions of a body from going on: a handler of a ``try``, or a block that suppresses them.

    ``caught`` are the classes, where each stands and its qualified name; ``name`` is what the handler calls the exception,
    ``entered`` the items of a ``with`` behind the block.
    """

    statement: ast.Try | WithNode
    caught: list[tuple[ast.AST, str]]
    name: str = ""
    is_alone: bool = False
    """Whether it names one class only, as a handler does."""
    entered: tuple[ast.withitem, ...] = ()


_OF_NO_INTEREST = BUILTINS - {"TimeoutError", "BaseException"}
"""Names of exceptions that are hardly ever anything else, and that nothing is said of here."""

_LAZY = frozenset({*SESSIONS, "query"})
"""Kinds of what takes a connection by its first statement."""

_BASES = frozenset({"DatabaseError", "DBAPIError"})
"""What others derive from, by PEP 249 and in all that wraps its exceptions."""


class Handlers:
    """Observes the handlers of one project."""

    def __init__(self, services: Services) -> None:
        self.ev = ev = services.evaluator
        self.edges = services.edges
        self.graphs = services.graphs
        self._services = services
        self._timeouts = ev.models.manners["timeout-error"]
        self._cancellations = ev.models.manners["cancelled-error"] | {"builtins.BaseException"}
        self._wrappers = {
            (module, name): (row, wrapper)
            for row in ev.models.wrapped
            for wrapper, names in row.into.items()
            for name in names.split()
            for module in row.modules
        }
        homes = {row.home for row in ev.models.wrapped if row.home in ev.models.modules}
        self._names = {f"{home}.{name}" for home in homes for name in ev.models.names(home)}
        self._connecting = {
            f"{module}.{name}" for row in ev.models.wrapped for module in row.modules for name in row.connecting.split()
        }
        limiting = {one.name: one.limits for one in ev.models.drivers.values() if one.limits}
        others = [one for one in ev.models.makers.values() if one.name.partition(".")[0] not in limiting]
        self._limits = frozenset(name for names in limiting.values() for name in names)
        self._own_limits = self._limits - {name for one in others for name in one.accepts}
        """Those of a name that nobody else has: where it stands, it is meant."""
        self._taking = Effects(services.edges, lambda one: "" if _may_time_out(one) else self._exhausted(one))
        self._roots = {module.partition(".")[0] for module, _ in self._wrappers}
        exhausted = {one.exhausted for one in ev.models.classes.values() if one.exhausted}
        named = {*self._timeouts, *self._cancellations, *self._names, *exhausted}
        self._words = {name for _, name in self._wrappers} | {name.rpartition(".")[2] for name in named}
        self._origins = self._roots | {one.partition(".")[0] for one in {*homes, *exhausted}} | {"asyncio"}

    def observe(self, scope: Scope) -> Iterator[Observation]:
        """What is wrong with the handlers, and the blocks that suppress, which stand directly in ``scope``."""
        for handler in scope.handlers:
            statement = parent_of(handler)
            if not isinstance(statement, ast.Try):
                continue
            caught = self._caught(handler, scope)
            for node, name in caught if scope.is_async else ():
                if name in self._cancellations:
                    yield from self._swallowed(node, name, handler, statement, scope)
            is_alone = not isinstance(handler.type, ast.Tuple)
            yield from self._of_guard(_Guard(statement, caught, handler.name or "", is_alone), scope)
        for block in scope.withs:
            for place, item in enumerate(block.items):
                caught = [(one, self._name(one, scope)) for one in self._suppressed(item, scope)]
                yield from self._of_guard(_Guard(block, caught, entered=tuple(block.items[place + 1 :])), scope)

    def _of_guard(self, guard: _Guard, scope: Scope) -> Iterator[Observation]:
        for node, name in guard.caught:
            if name in self._cancellations and scope.is_async:
                continue
            if name in self._timeouts:
                yield from self._missed(node, name, guard, scope)
            elif name.partition(".")[0] in self._roots:
                yield from self._unreached(node, name, guard, scope)

    def _suppressed(self, item: ast.withitem, scope: Scope) -> Iterable[ast.expr]:
        """The classes of exceptions that a block suppresses: ``suppress(…)``."""
        context = item.context_expr
        if not isinstance(context, ast.Call) or not any(self._may_matter(one, scope) for one in context.args):
            return ()
        found = suppresses(self.ev, context, scope)
        return found if isinstance(found, tuple) else ()

    def _caught(self, handler: ast.ExceptHandler, scope: Scope) -> list[tuple[ast.AST, str]]:
        """The classes that a handler catches: where each stands, and its qualified name."""
        if handler.type is None:
            return [(handler, "builtins.BaseException")]
        nodes = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        return [(one, self._name(one, scope)) for one in nodes]

    def _name(self, node: ast.expr, scope: Scope) -> str:
        if isinstance(node, ast.Name) and node.id in _OF_NO_INTEREST:
            return f"builtins.{node.id}"
        return self.ev.qualified_name(self.ev.type_of(node, scope)) if self._may_matter(node, scope) else ""

    def _may_matter(self, node: ast.expr, scope: Scope) -> bool:
        """Whether a class is of interest by its name, or where that is imported from: its type may take many modules."""
        if last_name(node) in self._words:
            return True
        while isinstance(node, ast.Attribute):
            node = node.value
        origins = (one.origin for one in nearest(node.id, scope)) if isinstance(node, ast.Name) else ()
        return any(one.partition(":")[0].partition(".")[0] in self._origins for one in origins)

    def _all_caught(self, guard: _Guard, scope: Scope) -> set[str]:
        """The names of all that the statement of a guard catches."""
        handlers = guard.statement.handlers if isinstance(guard.statement, ast.Try) else ()
        return {name for _, name in (*guard.caught, *(each for one in handlers for each in self._caught(one, scope)))}

    # Exceptions of drivers

    def _unreached(self, node: ast.AST, name: str, guard: _Guard, scope: Scope) -> Iterator[Observation]:
        module, _, last = name.rpartition(".")
        found = self._wrappers.get((module, last)) or self._wrappers.get((module, "*"))
        if found is None or name in self._connecting:
            return
        row, wrapper = found
        caught = {one.removeprefix(f"{row.home}.") for one in self._all_caught(guard, scope)}
        others = row.into.keys() - {wrapper, *_BASES}
        if any(one not in others for one in caught if f"{row.home}.{one}" in self._names):
            return  # what arrives is caught as well
        if any(one in self._names for _, one in guard.caught):
            return  # it is reached by what it catches beside this
        body = Body(self.ev, self.edges, guard.statement, scope, guard.entered)
        library = row.home.partition(".")[0]
        around = self._statement(body, library)
        if around is None or not body.is_only_of(library, module.partition(".")[0]):
            return
        if not self._is_at_hand(around.cls, scope):
            return  # by its use it is a session; of a library that uses the other one for its statements, it may be
        is_read = any(isinstance(parent_of(one), ast.Attribute) for one in scope.loads.get(guard.name, ()))
        is_block = not isinstance(guard.statement, ast.Try)
        wrapper = f"{row.home}.{wrapper}"
        yield UnreachedHandler(node, scope.qualified_name, False, name, wrapper, around.api, is_read, is_block)

    def _statement(self, body: Body, library: str) -> CallSite | None:
        """The first call by which the body runs statements of a library, itself or in functions of the project."""

        def runs(fact: CallSite) -> str:
            is_theirs = fact.role in REACHING_ROLES and is_of(self.ev.models, fact, library)
            return "statement" if is_theirs else ""

        direct = next((one for one in body.known() if runs(one)), None)
        if direct is not None:
            return direct
        below = Effects(self.edges, runs)
        found = next((one for call in body.calls if (one := below.of_call(call, body.scope)) is not None), None)
        last = found.links[-1] if found is not None else None
        if found is None or last is None or not isinstance(last.node, ast.Call) or any(map(body.is_raw, found.below)):
            return None
        if not all(map(self._lets_pass, found.below)):
            return None
        return call_site(self.ev, last.node, last.scope)

    def _lets_pass(self, function: Scope) -> bool:
        """Whether what is raised below a function comes to who calls it as it is, and nothing else does: it raises nothing
        itself, has no handlers or decorators, and enters nothing of the project."""
        node = function.node
        if (
            function.handlers
            or getattr(node, "decorator_list", None)
            or any(isinstance(one, ast.Raise) for one in ast.walk(node))
        ):
            return False
        entered = [item.context_expr for one in function.withs for item in one.items]
        calls = [one for one in entered if isinstance(one, ast.Call)]
        kinds = [one for call in calls for one in callees_of(self.ev, call, function)]
        return not any(
            isinstance(one, Function) or (isinstance(one, ClassObject) and one.cls is not one.base) for one in kinds
        )

    def _is_at_hand(self, cls: Class | None, scope: Scope) -> bool:
        """Whether a project names what a library has for who works like this: its engines, sessions or what makes them; or
        a library that has one of these for it."""
        if cls is None:
            return False
        models, library = self.ev.models, cls.name.partition(".")[0]
        made = {one.name: models.classes.get(one.returns) for one in models.functions.values() if one.role == "create"}
        made.update({name: one for name, one in models.classes.items() if one.kind in OF_DATABASE})
        alike = {name for name, one in made.items() if one is not None and one.mode == cls.mode}
        theirs = {name for name in alike if name.partition(".")[0] == library}
        having = (one.name for one in models.classes.values() if not theirs.isdisjoint(one.attributes.values()))
        roots = {name.partition(".")[0] for name in having} - {library, PSEUDO_ROOT}
        names = {name.rpartition(".")[2] for name in theirs} | roots
        return any(self.ev.project.saying(one, scope.module) for one in sorted(names))

    # Timeouts

    def _missed(self, node: ast.AST, name: str, guard: _Guard, scope: Scope) -> Iterator[Observation]:
        body = Body(self.ev, self.edges, guard.statement, scope, guard.entered)
        fact, below = self._waiting(body)
        if fact is None:
            return
        exhausted = self._exhausted(fact)
        home = exhausted.rpartition(".")[0]
        if any(one.startswith(f"{home}.") for one in self._all_caught(guard, scope)):
            return
        if any(map(self._tells_timeouts, below)) or body.has_timeout(below):
            return
        if fact.cls is not None and fact.cls.mode == "async" and self._limits_statements(scope):
            return
        if body.is_only_of(home.partition(".")[0], ""):
            yield MissedExhaustion(node, scope.qualified_name, False, name, exhausted, fact.api, guard.is_alone)

    def _waiting(self, body: Body) -> tuple[CallSite | None, list[Scope]]:
        """The first call of a body that waits for a connection, and the functions of the project between the two."""
        known = list(body.known())
        is_opened = any(one.role == "open" for one in known)
        direct = next((one for one in known if (is_opened or not _may_time_out(one)) and self._exhausted(one)), None)
        if direct is not None:
            return direct, []
        found = next((one for call in body.calls if (one := self._taking.of_call(call, body.scope)) is not None), None)
        last = found.links[-1] if found is not None else None
        if found is None or last is None or not isinstance(last.node, ast.Call):
            return None, []
        return call_site(self.ev, last.node, last.scope), [*found.below]

    def _exhausted(self, fact: CallSite) -> str:
        """The exception of a call that waits for a connection of a pool, where there is none left; empty for others."""
        if fact.cls is None or fact.role not in (TAKING_ROLES if fact.cls.kind in _LAZY else ("checkout", "begin")):
            return ""
        return next((one.exhausted for one in self.ev.models.lineage(fact.cls) if one.exhausted), "")

    def _limits_statements(self, near: Scope) -> bool:
        """Whether a driver's own limits of time may be set for an asynchronous engine of the project: what it raises then comes
        as it is, and is what a handler is there for. So they may where nobody knows what the driver is given."""
        saying, module = self.ev.project.saying, near.module
        if any(saying(one, module) for one in self._own_limits):
            return True
        found = (self.ev.project.module(path) for path in saying("connect_args", module))
        specs = (spec for one in found if one is not None for spec in self._services.engines.of_module(one))
        given = (one for one in specs if one.kind == "async" and "connect_args" in one.arguments)
        return any(not one.connect_args or not self._limits.isdisjoint(one.connect_args) for one in given)

    def _tells_timeouts(self, function: Scope) -> bool:
        """Whether a function names an exception of timeouts: it may raise that in place of the pool's."""
        words = {name.rpartition(".")[2] for name in self._timeouts}
        return not words.isdisjoint(function.loads) or any(one.attr in words for one in function.attributes)

    # Cancellations

    def _answers_at_once(self, handler: ast.ExceptHandler, scope: Scope) -> bool:
        try:
            return answers_at_once(handler, self.graphs.of(scope))
        except TooComplex:
            return False

    def _swallowed(
        self, node: ast.AST, name: str, handler: ast.ExceptHandler, statement: ast.Try, scope: Scope
    ) -> Iterator[Observation]:
        earlier = statement.handlers[: statement.handlers.index(handler)]
        if any(each in self._cancellations for one in earlier for _, each in self._caught(one, scope)):
            return
        is_named = name != "builtins.BaseException"
        if not goes_on(self.ev, handler, statement, scope, is_named=is_named):
            return
        if is_entry(self.ev, scope) and self._answers_at_once(handler, scope):
            return  # nobody waits for the answer to a request that is given up
        if ends_tasks(scope):
            return  # its own task, or one that it has cancelled itself
        body = Body(self.ev, self.edges, statement, scope)
        looping = is_in_loop(statement, scope)
        known = (one.api for one in body.known() if one.cls is not None and _holds(one.cls.kind, one.role))
        around = next(known, "") or (self._taking_below(body, scope) if looping else "")
        if not around or not body.waits():
            return
        what = ast.unparse(handler.type) if handler.type is not None else ""
        caller = looping_caller(self.ev, scope) if is_named and not looping else None
        above = caller.name if caller is not None else ""
        yield SwallowedCancellation(node, scope.qualified_name, False, what, around, handler.body[-1], looping, above)

    def _taking_below(self, body: Body, scope: Scope) -> str:
        """The first function of the project that takes a connection and is awaited in a body: a round of a loop."""
        found = (
            self._services.taking.of_call(one, scope) for one in body.calls if isinstance(parent_of(one), ast.Await)
        )
        return next((one.links[0].name for one in found if one is not None), "")


def _holds(kind: str, role: str) -> bool:
    if kind in ("session", "connection", "registry", "engine", "pool"):
        return role in REACHING_ROLES or role in ("checkout", "begin")
    return kind == "factory" and role in ("open", "begin")


def _may_time_out(fact: CallSite) -> bool:
    """Whether a statement may itself raise what a handler for timeouts is for: that of an asynchronous session, whose driver's
    own limits (asyncpg's ``command_timeout``) arrive as they are. Where the session is opened as well, the pool may be asked."""
    return fact.cls is not None and fact.cls.kind in _LAZY and fact.cls.mode == "async"


DETECTOR = Detector(
    "handlers",
    lambda services: Handlers(services).observe,
    of="guards",
)
