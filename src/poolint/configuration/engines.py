"""The engines and pools that a project makes: what they are given, what they get by default, and how far they grow."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Literal

import msgspec

from poolint.configuration.constants import Folded, Folder
from poolint.configuration.keywords import Argument, Keywords
from poolint.configuration.urls import Url, let_through, urls
from poolint.syntax.expressions import is_none
from poolint.syntax.file_kinds import is_test
from poolint.syntax.scopes import assigned, may_be_another, nearest, parent_of
from poolint.types.values import NOTHING, ClassObject, Either, LibraryFunction, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models import schema
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type

Origin = Literal["given", "setting", "default", "unknown"]
"""Where a number is from: written for this engine and nothing else; written, but the environment, a caller or a branch
may say otherwise; the library's own; nobody knows."""


class Quantity(msgspec.Struct, frozen=True):
    """A number of an engine's configuration: the most that it may be, as far as that is known."""

    most: int | None
    origin: Origin
    name: str = ""
    node: ast.expr | None = None
    module: Module | None = None
    value: ast.expr | None = None
    """What the argument is, also where that is written under a name."""

    @property
    def certain(self) -> bool:
        """Whether nothing from outside can change it."""
        return self.origin in ("given", "default") and self.most is not None


class Limit(msgspec.Struct, frozen=True):
    """How many connections one engine or pool opens at the worst. ``most`` is None where that is unknown, and where
    ``unlimited`` says that nothing stops it; ``why`` then names what does not.
    """

    most: int | None
    parts: tuple[Quantity, ...] = ()
    unlimited: bool = False
    why: str = ""


class PoolChoice(msgspec.Struct, frozen=True):
    """A class of pool that an engine may get. ``cls`` is the row of the models that it is or derives from."""

    cls: schema.Class
    name: str
    facts: schema.PoolClass


class EngineSpec(msgspec.Struct, frozen=True, eq=False):
    """One engine or pool as the call ``node`` makes it. ``name`` is the variable or attribute it goes to.

    ``urls`` are those it may be given; ``dialect`` and ``driver`` what all of them name, empty where that is unknown.
    ``pools`` are the classes of pool that it may have, none where that is unknown; ``arguments`` those of the call, by
    name. ``complete``: it is given no others.
    """

    node: ast.Call | ast.expr
    scope: Scope
    maker: schema.Maker
    name: str
    kind: Literal["sync", "async"]
    urls: tuple[Url, ...]
    pools: tuple[PoolChoice, ...]
    arguments: dict[str, Argument]
    complete: bool
    has_all_urls: bool = False
    connect_args: dict[str, Argument] = {}
    chosen: tuple[PoolChoice, ...] = ()
    """Those of the classes of pool that it is given, where all are known."""

    @property
    def path(self) -> str:
        """The file."""
        return self.scope.module.path

    @property
    def row(self) -> int:
        """The row of the call."""
        return self.node.lineno

    @property
    def function(self) -> str:
        """The qualified name of what is around it."""
        return self.scope.qualified_name

    @property
    def dialect(self) -> str:
        """The dialect of its database."""
        return self.maker.dialect or _common([one.dialect for one in self.urls])

    @property
    def driver(self) -> str:
        """The driver by which it connects."""
        return self.maker.driver or _common([one.driver for one in self.urls])

    @property
    def poolclass(self) -> str:
        """The qualified name of its class of pool, or of the one of the models that it derives from."""
        return _common([one.cls.name for one in self.pools])

    @property
    def size(self) -> Quantity:
        """How many connections it keeps at most."""
        found = self.quantity(self.maker.size)
        if found.most is None and found.origin == "default" and self.maker.minimum:
            return self.minimum
        return found

    @property
    def overflow(self) -> Quantity:
        """How many it opens beyond that."""
        return self.quantity(self.maker.overflow) if self.maker.overflow else Quantity(0, "default")

    @property
    def minimum(self) -> Quantity:
        """How many it keeps open at least."""
        return self.quantity(self.maker.minimum) if self.maker.minimum else Quantity(0, "default")

    def quantity(self, name: str) -> Quantity:
        """The number that an argument of this name sets."""
        default = self.maker.defaults.get(name)
        fallback = int(default) if default is not None else None
        argument = self.arguments.get(name)
        if argument is None:
            return Quantity(fallback, "default" if self.complete else "setting")
        numbers = [
            one for one in argument.folded.known if isinstance(one.value, int) and not isinstance(one.value, bool)
        ]
        node, module = argument.node, argument.scope.module
        value = (assigned(node.id, argument.scope) if isinstance(node, ast.Name) else None) or node
        if not numbers:
            return Quantity(None, "unknown", node=node, module=module, value=value)
        values = [int(one.value) for one in numbers if one.value is not None]
        sure = argument.always and argument.folded.complete and all(one.given for one in numbers)
        if not argument.always and fallback is not None:
            values.append(fallback)
        unlimited = self.maker.unlimited.get(name)
        most = unlimited if unlimited in values else max(values)
        return Quantity(most, "given" if sure else "setting", numbers[0].name, node, module, value)

    @property
    def limit(self) -> Limit:
        """How many connections it opens at the worst."""
        limits = {one.facts.limit for one in self.pools}
        if limits == {"one"}:
            return Limit(1, why=self.pools[0].name)
        if limits == {"none"}:
            return Limit(None, unlimited=True, why=self.pools[0].name)
        if limits == {"thread"}:
            return Limit(self.size.most, (self.size,), why=self.pools[0].name)
        parts = (self.size, self.overflow) if self.maker.overflow else (self.size,)
        names = (self.maker.size, self.maker.overflow)
        for name, part in zip(names, parts, strict=False):
            if name in self.maker.unlimited and part.most is not None and self.is_unlimited(name, part.most):
                return Limit(None, parts, unlimited=True, why=f"{name}={part.most}")
        if self.maker.makes == "engine" and not self.pools:
            return Limit(None, parts)
        numbers = [one.most for one in parts]
        return Limit(None if None in numbers else sum(one or 0 for one in numbers), parts)

    def is_unlimited(self, name: str, value: int) -> bool:
        """Whether a value of an argument means that there is no limit."""
        unlimited = self.maker.unlimited.get(name)
        return unlimited is not None and (value == unlimited or (unlimited < 0 and value < 0))


class Engines:
    """Finds the engines and pools that a project makes."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self.folder = Folder(ev)
        self.keywords = Keywords(self.folder)
        self._names = {name.rpartition(".")[2] for name in ev.models.makers}
        for name in ev.models.makers:
            row = ev.models.functions.get(name) or ev.models.classes.get(name)
            self._names.update(alias.rpartition(".")[2] for alias in (row.aliases if row is not None else ()))
        self._mentions = re.compile(b"|".join(sorted(name.encode() for name in self._names)))
        self._made: dict[ast.Call, EngineSpec | None] = {}
        self._in_scope: dict[Scope, list[EngineSpec]] = {}

    def of_module(self, module: Module) -> Iterator[EngineSpec]:
        """Those that are made in one module, in the order of their places."""
        if self._mentions.search(module.source.data) is None:
            return
        scopes = list(module.scope.descendants())
        found = [one for scope in scopes for one in self.of_scope(scope)]
        yield from sorted(found, key=lambda one: (one.node.lineno, one.node.col_offset))

    def of_scope(self, scope: Scope) -> list[EngineSpec]:
        """Those that are made in one scope."""
        if scope not in self._in_scope:
            self._in_scope[scope] = list(self._of_scope(scope))
        return self._in_scope[scope]

    def _of_scope(self, scope: Scope) -> Iterator[EngineSpec]:
        for node in scope.calls:
            name = last_name(node.func)
            if name in self._names or (isinstance(node.func, ast.Name) and self._may_be_one(name, scope)):
                spec = self.of_call(node, scope)
                if spec is not None:
                    yield spec

    def _may_be_one(self, name: str, scope: Scope) -> bool:
        """Whether a name may stand for something that makes engines under another one."""
        imported = (one.origin.rpartition(":")[2] for one in nearest(name, scope) if one.kind == "import")
        return may_be_another(name, scope) or any(one in self._names for one in imported)

    def of_call(self, node: ast.Call, scope: Scope) -> EngineSpec | None:
        """What a call makes; None where that is no engine or pool."""
        if node not in self._made:
            maker = self._maker(self.ev.type_of(node.func, scope))
            self._made[node] = self._called(node, scope, maker) if maker is not None else None
        return self._made[node]

    def _called(self, node: ast.Call, scope: Scope, maker: schema.Maker) -> EngineSpec:
        arguments, complete = self.keywords.of_call(node, scope, maker.positional)
        address = arguments.get(maker.address) if maker.address else None
        folded = address.folded if address is not None else Folded()
        return self.spec(node, scope, maker, arguments, complete, folded)

    def _maker(self, callee: Type) -> schema.Maker | None:
        found = alternatives(callee)
        makers = self.ev.models.makers
        if len(found) != 1:
            return None
        one = found[0]
        if isinstance(one, LibraryFunction):
            return makers.get(one.row.name)
        if isinstance(one, ClassObject) and one.base is not None and one.cls is one.base:
            return makers.get(one.base.name)
        return None

    def spec(
        self,
        node: ast.expr,
        scope: Scope,
        maker: schema.Maker,
        arguments: dict[str, Argument],
        complete: bool,
        address: Folded,
        name: str = "",
    ) -> EngineSpec:
        """The engine or pool that ``node`` makes, or the options of which are there, and which goes to ``name``."""
        found = let_through(self.ev.models, urls(self.ev.models, address), node, scope)
        kind: Literal["sync", "async"] = maker.kind
        if maker.makes == "engine" and kind == "sync" and isinstance(node, ast.Call) and self._is_wrapped(node, scope):
            kind = "async"
        chosen = self._chosen(arguments)
        pools: tuple[PoolChoice, ...] = ()
        has_all = address.complete and len(found) == len(address.known) > 0
        if maker.poolclass:
            pools = _pools(arguments, complete, chosen, self._defaults(maker, kind, found, has_all))
        connect = arguments.get("connect_args")
        connect_args: dict[str, Argument] = {}
        if connect is not None and len(connect.settings) == 1:
            setting = connect.settings[0]
            connect_args, _ = self.keywords.items(setting.node, setting.scope)
        name = target_of(node) if isinstance(node, ast.Call) else name
        return EngineSpec(
            node, scope, maker, name, kind, found, pools, arguments, complete, has_all, connect_args, chosen
        )

    def _chosen(self, arguments: dict[str, Argument]) -> tuple[PoolChoice, ...]:
        """The classes of pool that an engine is given; none where one of them is unknown."""
        chosen: dict[str, PoolChoice] = {}
        for setting in arguments["poolclass"].settings if "poolclass" in arguments else ():
            for node, scope in self._passed(setting.node, setting.scope):
                found = self.choices(self.ev.type_of(node, scope), node) if node is not None else ()
                if not found:
                    return ()
                chosen.update((one.cls.name, one) for one in found)
        return tuple(chosen.values())

    def _passed(self, node: ast.expr, scope: Scope) -> list[tuple[ast.expr | None, Scope]]:
        """What comes to a parameter: what each call passes, or its default; None for what is not seen. Else the node itself."""
        bindings = scope.bindings.get(node.id, ()) if isinstance(node, ast.Name) else ()
        if len(bindings) != 1 or bindings[0].kind != "parameter":
            return [(node, scope)]
        default = (bindings[0].value, scope.parent or scope)
        found = [
            default if one is None and is_default else (one, at)
            for one, at, is_default in self.ev.callers.given(bindings[0], scope)
            if not is_test(at.module, self.ev.project)
        ]
        # Who calls it by another name, or from afar, takes the default; None says nothing beside what is passed.
        found += [default] if default[0] is not None and not (found and is_none(default[0])) else []
        return list(dict.fromkeys(found)) or [(node, scope)]

    def choices(self, one: Type, node: ast.expr) -> list[PoolChoice]:
        """The classes of pool that an expression of this type may be; none where one of them is unknown."""
        chosen = []
        members = one.members if isinstance(one, Either) else (one,)
        for member in members:
            if member is NOTHING or not isinstance(member, ClassObject) or member.base is None:
                return []
            facts = member.base.pool
            if facts is None:
                return []
            chosen.append(PoolChoice(member.base, last_name(node) or member.cls.name.rpartition(".")[2], facts))
        return chosen

    def _defaults(self, maker: schema.Maker, kind: str, found: tuple[Url, ...], has_all: bool) -> list[PoolChoice]:
        classes = self.ev.models.classes
        usual = (one for one in classes.values() if one.pool is not None and one.pool.default)
        kinds: dict[str, str] = {one.pool.engines: one.name for one in usual if one.pool is not None}
        names = {kinds[kind] if maker.makes == "engine" else maker.poolclass}
        for url in found:
            dialect = self.ev.models.dialects.get(url.dialect)
            memory = dialect.memory_pools.get(kind) if dialect is not None else None
            if memory and url.memory:
                names = {memory} if has_all and len(found) == 1 else names | {memory}
        rows = [classes[name] for name in sorted(names)]
        return [PoolChoice(row, row.name.rpartition(".")[2], row.pool) for row in rows if row.pool is not None]

    def _is_wrapped(self, node: ast.Call, scope: Scope) -> bool:
        """``AsyncEngine(create_engine(…))``: a synchronous engine that only serves an asynchronous one."""
        uses: list[ast.AST] = [node]
        parent = parent_of(node)
        if isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name):
            uses += scope.loads.get(parent.targets[0].id, [])
        for use in uses:
            call = parent_of(use)
            call = parent_of(call) if isinstance(call, ast.keyword) else call
            if isinstance(call, ast.Call) and call.func is not use:
                for one in alternatives(self.ev.type_of(call.func, scope)):
                    if isinstance(one, ClassObject) and one.base is not None and one.base.name.endswith(".AsyncEngine"):
                        return True
        return False


def _pools(
    arguments: dict[str, Argument], complete: bool, chosen: tuple[PoolChoice, ...], defaults: list[PoolChoice]
) -> tuple[PoolChoice, ...]:
    """The classes of pool that an engine may have; none where they are not all known."""
    given = arguments.get("poolclass")
    if "pool" in arguments or (given is not None and not chosen) or (given is None and not complete):
        return ()
    if given is not None and given.always:
        return chosen
    return tuple({one.cls.name: one for one in (*chosen, *defaults)}.values())


def target_of(node: ast.Call) -> str:
    """The variable or attribute that a made thing goes to, or the name it is entered under."""
    parent = parent_of(node)
    if isinstance(parent, ast.Await):
        parent = parent_of(parent)
    target: ast.AST | None = None
    if isinstance(parent, ast.Assign):
        target = parent.targets[0]
    elif isinstance(parent, (ast.AnnAssign, ast.NamedExpr)):
        target = parent.target
    elif isinstance(parent, ast.withitem):
        target = parent.optional_vars
    return last_name(target) if isinstance(target, (ast.Name, ast.Attribute)) else ""


def _common(names: list[str]) -> str:
    return names[0] if names and len(set(names)) == 1 else ""
