"""What is done: how each event of a function changes an obligation.

States and moves are measured ones. A session is lazy and gives its connection back at commit, a connection never does;
a failed commit keeps it; a release releases whether or not it raises; a cancellation inside the library's own awaits
frees the slot, one in a foreign await does not.
"""

from __future__ import annotations

import ast
from functools import cached_property
from typing import TYPE_CHECKING

from poolint.analyses.handed_coroutines import is_dropped_at_once
from poolint.analyses.holding import handles, source_of
from poolint.analyses.joined import called_in_thread
from poolint.analyses.lifetimes.acquisitions import OWED, starts_as
from poolint.analyses.lifetimes.activity import is_inactive, stays_active
from poolint.analyses.lifetimes.carriers import Carriers
from poolint.analyses.lifetimes.destinations import is_entered_attribute
from poolint.analyses.lifetimes.foreign_awaits import is_foreign
from poolint.analyses.lifetimes.given_parts import gives_a_part
from poolint.analyses.lifetimes.lent_to_callables import fate_of
from poolint.analyses.lifetimes.meanings import (
    UNDOING,
    asks_who_takes,
    carries,
    closes_pool,
    commanded,
    ends_its_client,
    gives,
    gives_back_at_its_end,
    is_for_block,
    is_misplaced,
    is_named,
    is_of_owner,
    is_queried,
    is_same,
    leaves_idle,
    lives_on,
    says_closed,
    undoes,
)
from poolint.analyses.lifetimes.responses import read_by
from poolint.analyses.lifetimes.state import BY_CALLEE, Config, End, Left, Taker, flagged, refine
from poolint.analyses.lifetimes.tidying import Tidying
from poolint.analyses.lifetimes.unbegun import after_use
from poolint.analyses.managers import is_manager
from poolint.analyses.ownership import Fate, is_lost_when_closed
from poolint.flow.cfg.catching import Catches, catches
from poolint.flow.flags import name_of, stored_name
from poolint.frameworks.hooks import is_resumed
from poolint.models.schema import CLOSING_ROLES, REACHING_ROLES
from poolint.syntax.expressions import call_arguments
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import is_yielded, tries_around
from poolint.types.call_sites import as_called, call_site
from poolint.types.values import Pending
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.analyses.effects import Effects
    from poolint.analyses.lifetimes.acquisitions import Site
    from poolint.analyses.lifetimes.callees import Callees
    from poolint.analyses.ownership import Ownership
    from poolint.flow.cfg import Edge, Node
    from poolint.flow.flags import Flags
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class Moves:
    """What the events of one function do to one obligation."""

    def __init__(
        self,
        ev: Evaluator,
        ownership: Ownership,
        foreign: Effects,
        callees: Callees,
        scope: Scope,
        cls: Class,
        flags: Flags,
        site: Site | None = None,
        taker: Taker | None = None,
    ) -> None:
        """``cls`` is the class of what is followed, ``site`` where the function itself has checked it out, ``taker`` what has."""
        self.ev = ev
        self.ownership = ownership
        self.foreign = foreign
        self.callees = callees
        self.scope = scope
        self.cls = cls
        self.site = site
        self.flags = flags
        self.is_session = cls.kind == "session"
        self.is_lazy = starts_as(cls) == "idle"
        self._carriers = Carriers(callees, scope, cls, site.taker if site is not None else taker, is_lazy=self.is_lazy)
        self.is_left = False
        """Whether a function that has been met releases it on some ways and leaves it on others."""
        words = ev.models.words
        self._watches = words("limits-block", "watches")
        self._tidying = Tidying(ev)
        self._pends = words("pends")
        self.registry = ""
        """The name of the registry that a session comes from, if any."""
        if site is not None and site.fact.cls is not None and site.fact.cls.kind == "registry":
            self.registry = site.call.func.id if isinstance(site.call.func, ast.Name) else ""

    def after(self, node: Node, config: Config, edge: Edge) -> Config | End:
        """How the obligation stands when ``node`` has happened and flow goes on along ``edge``."""
        if edge.asked is not None:
            if says_closed(self.ev, *edge.asked, self.scope):
                return End("gone", "test")
            refined = refine(config, *edge.asked, self.flags.names, is_session=self.is_session)
            if isinstance(refined, End):
                return refined
            if is_inactive(*edge.asked, refined.names) and self._stays_active:
                return End("gone", "test")
            config = refined
        begun = after_use(self.ev, node, config, self.cls, edge, self.scope)
        if isinstance(begun, End):
            return begun
        if self.cls.reads and (read := read_by(node, config.names, self.cls)) is not None:
            return read
        config, kind = begun, node.kind
        fails = edge.is_unwinding and kind in ("call", "await")
        if fails and (self._tidying.ends_another(node.node, config) or asks_who_takes(node.node, config.names)):
            return End("gone", "tidying")
        if kind == "call" and isinstance(node.node, ast.Call):
            return self._called(node, called_in_thread(self.ev, node.node), config, edge)
        if kind == "await":
            return self._awaited(node, config, edge)
        if kind in ("enter", "exit"):
            return self._with(node, config, edge)
        if kind == "store":
            return self._stored(node, config)
        if kind == "yield" and edge.is_unwinding and (self._is_resumed or self._is_left_normally(edge)):
            return End("gone", "resumed")
        if kind in ("return", "yield"):
            return self._given(node, config)
        if kind == "iterate" and self.is_session and is_queried(self.ev, node.value, config, self.scope):
            return config._replace(state="held")
        if kind == "iterate" and node.is_async and edge.kind == "cancel":
            return self._cancelled(node.value, config)
        return config

    @cached_property
    def _stays_active(self) -> bool:
        """Whether a session that the function has made is active whatever fails."""
        return stays_active(self.ownership, self.site, self.scope)

    @cached_property
    def _handles(self) -> dict[str, str]:
        """The names of transactions, each with that of the session that has begun it."""
        return {name: one.id for name, one in handles(self.ev, self.scope).items()} if self.is_session else {}

    @cached_property
    def _is_resumed(self) -> bool:
        """Whether a library resumes this generator at its end, whatever becomes of who uses what it gives."""
        return is_resumed(self.ev, self.scope)

    def reopens(self, end: End) -> bool:
        """Whether what has been released takes a connection again when it is used again: a session that was closed."""
        return self.is_session and end.why in ("method", "callee")

    def _is_left_normally(self, edge: Edge) -> bool:
        """Whether this would close a context manager at its `yield`: a ``with`` goes on with it instead, but for one in a
        generator that is abandoned itself; and who handles a cancellation handles all that an ``async with`` is left by."""
        if edge.kind != "generator-exit" or not is_manager(self.ev, self.scope):
            return False
        handlers = (handler for one in tries_around(edge.source.node, self.scope) for handler in one.handlers)
        return not self.scope.is_async or any(catches(one, "cancel") is Catches.ALWAYS for one in handlers)

    def is_owed(self, config: Config) -> bool:
        """Whether something is held that has to be given back."""
        return config.state in OWED

    # Calls

    def _called(self, node: Node, call: ast.Call, config: Config, edge: Edge) -> Config | End:
        if gives_a_part(self.ownership, call, config.names, self.scope, self.cls):
            return End("handed", "packed")
        receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
        if (carried := self._carriers.called(call, config, edge)) is not None:
            is_given_back = carried == BY_CALLEE and self._carriers.taker is not None
            return self._given_to_release(call, config, edge) if is_given_back else carried
        if is_named(self.ev, receiver, config.names, self.scope):
            assert isinstance(call.func, ast.Attribute)
            return self._method(call, call.func.attr, config, edge)
        if self.cls.lazy and not edge.is_unwinding and is_named(self.ev, call.func, config.names, self.scope):
            return config._replace(state="held")  # the maker of sessions that works with it gives one
        if closes_pool(self.ev, call, config.names, self.cls) or ends_its_client(self.ev, self.site, call, self.scope):
            return End("released", "method")
        if isinstance(receiver, ast.Name) and self._handles.get(receiver.id) in config.names:
            ends = last_name(call.func)
            return self._method(call, "rollback" if ends == "close" else ends, config, edge)
        if isinstance(receiver, ast.Name) and receiver.id == self.registry:
            return self._through_registry(call, last_name(call.func), config, edge)
        if (reading := self._carriers.reading(call, config)) is not None:
            return self._done(call, self.ownership.of(reading), config, edge)
        for argument in call_arguments(call):
            if carries(self.ev, self.cls, argument, config.names, self.scope):
                return self._passed(node, call, argument, config, edge)
        if is_of_owner(call, config.names):
            is_left = self.ownership.carried.leaves_as_it_is(call, config.names, self.scope, self.cls)
            return config if is_left else End("handed", "kept")
        root = source_of(self.ev, call, self.scope) if self.is_session else None
        if root is not None and name_of(root) in config.names:
            fact = call_site(self.ev, call, self.scope)
            if fact is not None and fact.role in REACHING_ROLES:
                return config._replace(state="held")
        return config

    def _method(self, call: ast.Call, name: str, config: Config, edge: Edge) -> Config | End:
        row = self.ev.models.method(self.cls, name)
        if self.cls.commands and (row is None or row.role not in CLOSING_ROLES):
            # What is opened has a connection of its own, and closes that: so does a subscription (redis 8.1).
            is_apart = row is not None and row.role == "open"
            return config if is_apart else commanded(call, config, edge)
        if row is None:
            return End("handed", "unknown-method")  # an unknown method may do anything
        if row.role in CLOSING_ROLES and row.releases == "self":
            return config._replace(state="closed") if is_lost_when_closed(self.cls) else End("released", "method")
        if row.exhausts or (row.releases == "argument" and row.role == "release"):
            return End("released", "method") if row.exhausts else config
        if row.role in UNDOING and edge.is_unwinding:
            return End("gone", "server")  # it raises when the server is gone, and then the slot is free
        if self.cls.lazy and config.state == "idle" and row.role in ("checkout", "begin"):
            if edge.is_unwinding:
                return config
            is_later = row.call != "sync" or isinstance(parent_of(call), ast.withitem)
            return config._replace(state="connecting" if is_later else "held")
        if not self.is_session:
            takes = row.role in REACHING_ROLES or row.role == "external"
            return config._replace(state="held") if self.is_lazy and takes else config
        if row.role == "rollback":
            return config._replace(state="idle")
        if row.role == "commit":
            if config.state not in ("held", "dirty"):
                return config
            if row.call != "sync":
                return config._replace(state="committing")
            return config._replace(state="held" if edge.is_unwinding else "idle")  # a failed flush keeps it
        if name in self._pends and config.state == "idle":
            return config._replace(state="dirty")
        reaches = as_called(self.ev, call, row, self.scope).role in REACHING_ROLES
        if not reaches or (row.call == "coroutine" and is_dropped_at_once(call, self.scope)):
            return config
        if name == "connection" and config.state == "idle":
            # The checkout itself: if it fails, nothing is held.
            if row.call != "sync":
                return config._replace(state="connecting")
            return config if edge.is_unwinding else config._replace(state="held")
        return config._replace(state="held")

    def _through_registry(self, call: ast.Call, name: str, config: Config, edge: Edge) -> Config | End:
        """What is called on the registry that the session comes from: it ends the session, or passes the call on."""
        assert self.site is not None and self.site.fact.cls is not None
        row = self.ev.models.method(self.site.fact.cls, name)
        is_ended = row is None or row.role == "release"
        return End("released", "registry") if is_ended else self._method(call, name, config, edge)

    def _passed(self, node: Node, call: ast.Call, argument: ast.expr, config: Config, edge: Edge) -> Config | End:
        if name_of(argument) not in config.names:
            return End("handed", "packed")
        fate = fate_of(self.ownership, call, argument, config.names, self.scope, self.cls)
        is_left = config.state == "idle" and leaves_idle(self.ev, self.cls, node, call, argument, edge, self.scope)
        return self._done(call, fate, config, edge, is_left=is_left)

    def _done(self, call: ast.Call, fate: Fate, config: Config, edge: Edge, *, is_left: bool = False) -> Config | End:
        """How it stands after a call that does this with it; ``is_left``: that leaves it without a connection."""
        if fate is Fate.RELEASED:
            return self._given_to_release(call, config, edge)
        if fate is Fate.CLOSED:
            return config._replace(state="closed")
        if fate is Fate.KEPT and not is_yielded(call) and not self._carriers.lives_on(call, config):
            return End("handed", "kept")
        if fate is Fate.COMMITTED and (not edge.is_unwinding or self._carriers.frees_raising(call, config)):
            if self._carriers.may_keep(call, config):
                return config._replace(state="held")
            return config._replace(state="committing" if isinstance(parent_of(call), ast.Await) else "idle")
        return config._replace(state="held") if self.is_lazy and not is_left else config

    def _given_to_release(self, call: ast.Call, config: Config, edge: Edge) -> Config | End:
        """Passed to what releases it: a method of its pool, or a function of the project, on the ways that it does."""
        if is_misplaced(self.ev, self.site, call, self.scope):
            return End("misplaced")
        if is_for_block(self.ev, call, self.scope):
            return config
        left = self._carriers.left(call, config)
        if not (left.normal or left.exception or left.cancel):
            return End("released", "callee")
        if isinstance(parent_of(call), ast.Await):
            return config if edge.is_unwinding else config._replace(state="releasing")
        if isinstance(self.ev.type_of(call, self.scope), Pending):
            return End("released", "callee")  # when it runs is not known here; whether it does is reported elsewhere
        return self._left(left, config, edge)

    def _left(self, left: Left, config: Config, edge: Edge) -> Config | End:
        """How it stands when a function that releases it, on some ways at least, is left along an edge."""
        is_held = left.cancel if edge.kind == "cancel" else left.exception if edge.is_unwinding else left.normal
        if not is_held:
            return BY_CALLEE
        self.is_left = self.is_left or not edge.is_unwinding
        return config._replace(state="held" if self.is_lazy else "open")

    # Awaits

    def _awaited(self, node: Node, config: Config, edge: Edge) -> Config | End:
        if config.state == "connecting":
            return config._replace(state="idle" if edge.is_unwinding else "held")
        assert isinstance(node.node, ast.Await)
        if config.state == "committing":
            # A commit that fails keeps the connection; one that is cancelled has freed it.
            is_kept = edge.kind == "exception" and not self._carriers.frees_raising(node.node.value, config)
            return config._replace(state="held" if is_kept else "idle")
        if config.state == "releasing":
            assert isinstance(node.node.value, ast.Call)
            return self._left(self._carriers.left(node.node.value, config), config, edge)
        if edge.is_unwinding and undoes(self.ev, node.node.value, config.names, self._handles, self.cls):
            return End("gone", "server")
        if edge.kind == "cancel":
            return self._cancelled(node.node.value, config)
        return config

    def _cancelled(self, awaited: ast.expr | None, config: Config) -> Config | End:
        """A cancellation: only some awaits lose what is held."""
        if self.cls.on_drop == "lost":
            return config
        if not isinstance(awaited, ast.Call):
            return End("gone", "library-await")
        if is_foreign(self.ev, self.foreign, awaited, config.names, self.scope):
            return config
        fact = call_site(self.ev, awaited, self.scope)
        return End("gone", "harmless-await" if fact is None or fact.row is None else "library-await")

    # Blocks

    def _with(self, node: Node, config: Config, edge: Edge) -> Config | End:
        value = node.value
        if isinstance(value, ast.Await):
            value = value.value
        if value is not None and name_of(value) in config.names and not self._carriers.is_taker(value):
            return End("released", "block") if self.cls.releases_on_exit else config
        if value is not None and carries(self.ev, self.cls, value, config.names, self.scope):
            return End("handed", "entered")
        if config.state == "connecting" and node.kind == "enter":
            return config._replace(state="idle" if edge.is_unwinding else "held")
        if node.kind == "exit":
            if ends_its_client(self.ev, self.site, value, self.scope):
                return End("released", "block")
            if isinstance(value, ast.Call) and self._carriers.is_released_with(self.ownership, value, config):
                return End("released", "callee")
            if self.is_lazy and gives_back_at_its_end(self.ev, value, config.names, self.scope, self.cls):
                return config._replace(state="idle")
        if node.is_async and edge.kind == "cancel" and node.way != "cancel":  # not one that is under way already
            # `async with asyncio.timeout(3):` does not wait for anything itself
            watches = isinstance(value, ast.Call) and last_name(value.func) in self._watches
            return End("gone", "harmless-await") if watches else self._cancelled(node.value, config)
        return config

    # Names

    def _stored(self, node: Node, config: Config) -> Config | End:
        value, target = node.value, node.node
        if node.inner:
            return config
        holds = value is not None and carries(self.ev, self.cls, value, config.names, self.scope)
        name = stored_name(node)
        is_local = not isinstance(target, (ast.Attribute, ast.Subscript))
        is_whole = node.how in ("assign", "capture", "with")  # those that a block does not give back give themselves
        is_made = is_local and node.how == "assign"
        if is_made and lives_on(self.ev, value, config.names, self.cls, self.scope):
            return config._replace(names=config.names | {name})
        if isinstance(target, ast.expr) and value is not None and (node.how == "assign" or not is_local):
            config = flagged(config, name, value, self.flags.names)
        if holds:
            is_followed = is_local or is_entered_attribute(name, self.scope)
            if is_followed and value is not None and name_of(value) in config.names and is_whole:
                return config._replace(names=config.names | {name})
            return End("handed", "packed" if is_local else "stored")
        if name not in config.names or is_same(self.ev, value, config, self.cls):
            return config
        left = frozenset(one for one in config.names if one != name and not one.startswith(f"{name}."))
        if left or node.how == "delete" or not self.is_owed(config):
            return config._replace(names=left)
        return End("misreleased" if config.state == "closed" else "overwritten")

    def _given(self, node: Node, config: Config) -> Config | End:
        value = node.node.value if isinstance(node.node, (ast.Return, ast.Yield, ast.YieldFrom)) else node.value
        if value is None or not gives(self.ev, self.cls, value, config.names, self.scope):
            return config
        if node.kind == "return":
            return End("handed", "returned")
        return config._replace(state="held") if self.is_lazy else config
