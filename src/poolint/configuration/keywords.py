"""The arguments of a call, also those that come in dictionaries: literals, unions, and what is put in step by step.

Each argument knows all places that set it. A place that is reached only on some ways belongs to a *block*: two arguments
are surely given together when one of them always is, or when both are set in the same block.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from poolint.configuration.constants import Folded
from poolint.syntax.expressions import is_partial
from poolint.syntax.reaching import blocks_of, body_of, excluded, lasting, reaching
from poolint.syntax.scopes import Bindings, home_of, parent_of, statement_of
from poolint.types import imports
from poolint.types.followed import MAX_SOURCES
from poolint.types.following import origin
from poolint.types.members import lineage
from poolint.types.values import ClassObject, Function, Instance, ModuleObject, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.configuration.constants import Folder
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.values import Type

_MAX_DEPTH = 6

Place = object
"""A block of statements, or an alternative; None for what happens in any case."""


class Setting(msgspec.Struct, frozen=True):
    """A place that sets an argument: the value, the scope it stands in, and the block of it where it is conditional."""

    node: ast.expr
    scope: Scope
    block: Place = None


class Argument(msgspec.Struct, frozen=True, eq=False):
    """An argument of a call. ``node`` is where a finding about it would stand, in ``scope``: its value in the module of
    the call, or the dictionary that brings it there. ``keyword`` is its own keyword at the call, if it has one.
    """

    name: str
    node: ast.expr
    scope: Scope
    settings: tuple[Setting, ...]
    folded: Folded
    keyword: ast.keyword | None = None

    @property
    def always(self) -> bool:
        """Whether it is given in any case."""
        return any(one.block is None for one in self.settings)

    def together(self, other: Argument) -> bool:
        """Whether there is a case in which both are given."""
        if self.always or other.always:
            return True
        return not {one.block for one in self.settings}.isdisjoint(one.block for one in other.settings)


class Mapping(msgspec.Struct):
    """The items of a dictionary; ``complete`` says that it has no others."""

    items: dict[str, list[Setting]] = {}
    complete: bool = True

    def put(self, key: str, setting: Setting) -> None:
        """Set an item; what is set in any case hides what was there."""
        if setting.block is None:
            self.items[key] = [setting]
        else:
            self.items.setdefault(key, []).append(setting)

    def add(self, other: Mapping, block: Place = None) -> None:
        """Put in all of another one, in a block where that is given."""
        self.complete = self.complete and other.complete
        for key, settings in other.items.items():
            for one in settings:
                self.put(key, one if block is None or one.block is not None else replace(one, block=block))


class Keywords:
    """Reads the arguments of calls in one project."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.ev = folder.following.ev

    def of_call(self, call: ast.Call, scope: Scope, positional: tuple[str, ...]) -> tuple[dict[str, Argument], bool]:
        """The arguments of a call by name, and whether there can be no others; also those that ``partial`` has given before."""
        bound: dict[str, Argument] = {}
        is_complete = True
        made = origin(self.ev, call.func, scope)
        if is_partial(made.node):
            earlier = made.node.args[1:]
            given, is_complete = self._given(earlier, made.node.keywords, made.scope, positional)
            bound = {name: self._argument(name, [*one.settings], call.func, scope) for name, one in given.items()}
            positional = positional[len(earlier) :]
        found, complete = self._given(call.args, call.keywords, scope, positional)
        return {**bound, **found}, complete and is_complete

    def _given(
        self, values: list[ast.expr], keywords: list[ast.keyword], scope: Scope, positional: tuple[str, ...]
    ) -> tuple[dict[str, Argument], bool]:
        """What is given by place and by name, and whether nothing else is."""
        found: dict[str, Argument] = {}
        complete = True
        for name, value in zip(positional, values, strict=False):
            if isinstance(value, ast.Starred):
                complete = False
                break
            found[name] = self._argument(name, [Setting(value, scope)], value, scope)
        complete = complete and not any(isinstance(one, ast.Starred) for one in values)
        for keyword in keywords:
            if keyword.arg is not None:
                setting = Setting(keyword.value, scope)
                found[keyword.arg] = self._argument(keyword.arg, [setting], keyword.value, scope, keyword)
                continue
            mapping = self.mapping(keyword.value, scope, keyword.value)
            complete = complete and mapping.complete
            for name, settings in mapping.items.items():
                if name not in found:
                    found[name] = self._argument(name, settings, keyword.value, scope)
        return found, complete

    def items(self, node: ast.expr, scope: Scope) -> tuple[dict[str, Argument], bool]:
        """The items of a dictionary that is an argument itself."""
        mapping = self.mapping(node, scope, node)
        found = {name: self._argument(name, one, node, scope) for name, one in mapping.items.items()}
        return found, mapping.complete

    def _argument(
        self, name: str, settings: list[Setting], node: ast.expr, scope: Scope, keyword: ast.keyword | None = None
    ) -> Argument:
        known: list[Folded] = [self.folder.fold(one.node, one.scope) for one in settings]
        values = tuple(dict.fromkeys(value for one in known for value in one.known))
        last = settings[-1]
        if last.scope.module is scope.module:
            node, scope = last.node, last.scope
        is_remade = any(one.is_remade for one in known)
        folded = Folded(values, all(one.complete for one in known), is_remade)
        return Argument(name, node, scope, tuple(settings), folded, keyword)

    def mapping(self, node: ast.expr, scope: Scope, use: ast.expr, depth: int = 0) -> Mapping:
        """The items of the dictionary that ``node``, which stands in ``scope``, is where ``use`` stands."""
        if depth > _MAX_DEPTH:
            return Mapping(complete=False)
        if isinstance(node, ast.Dict):
            return self._literal(node, scope, depth)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            result = Mapping()
            for one in (node.left, node.right):
                result.add(self.mapping(one, scope, one, depth + 1))
            return result
        if isinstance(node, (ast.IfExp, ast.BoolOp)):
            arms = [node.body, node.orelse] if isinstance(node, ast.IfExp) else node.values
            return self._either([(one, scope) for one in arms], depth)
        if isinstance(node, ast.Name):
            home = home_of(node.id, scope)
            if home is not None:
                return self._named(node.id, home, use, scope, depth)
        if isinstance(node, ast.Attribute):
            return self._attribute(node, scope, depth)
        if isinstance(node, ast.Call):
            return self._made(node, scope, depth)
        sources = self.folder.following.sources(node, scope)
        result = self._either([(one.node, one.scope) for one in sources.found if one.node is not node], depth)
        result.complete = result.complete and sources.complete
        return result

    def _attribute(self, node: ast.Attribute, scope: Scope, depth: int) -> Mapping:
        """``settings.ARGUMENTS`` of a module or the body of a class, and other attributes; anybody may add to them."""
        owners = alternatives(self.ev.type_of(node.value, scope))
        home = self._owner(owners[0], node.attr) if len(owners) == 1 else None
        if home is not None:
            result = self._named(node.attr, home, None, home, depth + 1)
        else:
            sources = self.folder.following.sources(node, scope)
            result = self._either([(one.node, one.scope) for one in sources.found if one.node is not node], depth)
        result.complete = False
        return result

    def _owner(self, owner: Type, name: str) -> Scope | None:
        """The module or class whose statements put together what an attribute holds."""
        if isinstance(owner, ModuleObject):
            return owner.module.scope if name in owner.module.scope.bindings else None
        if not isinstance(owner, (Instance, ClassObject)) or owner.cls is owner.base:
            return None
        cls = ClassObject(owner.cls, owner.base) if isinstance(owner, Instance) else owner
        for home in lineage(self.ev, cls):
            if name in home.self_assignments:
                return None
            if name in home.bindings:
                # An annotated one is a field, which every instance may be given another value for.
                is_field = isinstance(owner, Instance) and home.bindings[name][-1].kind == "annotated"
                return None if is_field else home
        return None

    def _either(self, nodes: list[tuple[ast.expr, Scope]], depth: int) -> Mapping:
        """Of several dictionaries the one that the run of the program chooses."""
        result = Mapping(complete=bool(nodes) and len(nodes) <= MAX_SOURCES)
        for one, scope in nodes[:MAX_SOURCES]:
            if not (isinstance(one, ast.Constant) and one.value is None):
                result.add(self.mapping(one, scope, one, depth + 1), one if len(nodes) > 1 else None)
        return result

    def _literal(self, node: ast.Dict, scope: Scope, depth: int) -> Mapping:
        result = Mapping()
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                result.add(self.mapping(value, scope, value, depth + 1))
            elif isinstance(key, ast.Constant) and isinstance(key.value, str):
                result.put(key.value, Setting(value, scope))
            else:
                result.complete = False
        return result

    def _made(self, node: ast.Call, scope: Scope, depth: int) -> Mapping:
        """``dict(pool_size=5)``, ``defaults.copy()``, and what functions of the project return."""
        name = last_name(node.func)
        if name in self.ev.models.words("copies"):
            result = Mapping()
            inner = [*node.args]
            if name == "copy" and isinstance(node.func, ast.Attribute) and not node.args:
                inner = [node.func.value]
            for one in inner:
                result.add(self.mapping(one, scope, one, depth + 1))
            for keyword in node.keywords:
                if keyword.arg is not None:
                    result.put(keyword.arg, Setting(keyword.value, scope))
                else:
                    result.add(self.mapping(keyword.value, scope, keyword.value, depth + 1))
            return result
        if node.args or node.keywords:
            return Mapping(complete=False)  # what it gives depends on what it gets
        returned = [
            (value, one.scope)
            for one in alternatives(self.ev.type_of(node.func, scope))
            if isinstance(one, Function) and not one.scope.is_generator
            for value in one.scope.returns
        ]
        return self._either(returned, depth)

    # Dictionaries that a name stands for

    def _named(self, name: str, home: Scope, use: ast.expr | None, scope: Scope, depth: int) -> Mapping:
        """What the variable of the scope ``home`` holds at ``use``, which stands in ``scope``: what it was bound to,
        and what was put in since.

        Seen from another scope, it holds what the statements of its own have put together when they have run. What
        functions put in then is there on some ways only, but for what the function of the use has done before it.
        """
        is_own = use is not None and home is scope
        around = blocks_of(use) if is_own and use is not None else body_of(home)
        known = Bindings(one for one in home.bindings[name] if not _is_augmented(one) and not _is_bare(one))
        bindings = (reaching(known, use) if is_own and use is not None else lasting(known, home)) if known else []
        since = min((one.position for one in bindings), default=(0, 0))
        events: list[tuple[tuple[int, int], Binding | ast.Name]] = [(one.position, one) for one in bindings]
        for mention in _mentions(name, home):
            place = (mention.lineno, mention.col_offset)
            if place < since or (is_own and use is not None and place >= (use.lineno, use.col_offset)):
                continue
            if not excluded(blocks_of(mention), around):
                events.append((place, mention))
        result = Mapping(complete=bool(bindings))
        for _, event in sorted(events, key=lambda one: one[0]):
            if isinstance(event, ast.Name):
                self._change(result, event, home, _block(event, around), depth)
            else:
                block = _block(event.node, around) if len(bindings) > 1 else None
                self._bound(result, event, home, block, depth)
        for inner in _inner(name, home):
            for mention in _mentions(name, inner):
                if use is None or inner is not scope:
                    self._change(result, mention, inner, inner, depth)
                elif (mention.lineno, mention.col_offset) < (use.lineno, use.col_offset):
                    before = blocks_of(use)
                    if not excluded(blocks_of(mention), before):
                        self._change(result, mention, inner, _block(mention, before), depth)
        return result

    def _bound(self, result: Mapping, binding: Binding, scope: Scope, block: Place, depth: int) -> None:
        """What a binding of a name brings."""
        if binding.kind == "import":
            source = imports.source(self.ev, binding, scope.module)
            if source is not None and depth < _MAX_DEPTH:
                home, inner = source[0].scope, source[1]
                result.add(self._named(inner, home, None, home, depth + 1), block)
            else:
                result.complete = False
        elif binding.value is not None and binding.kind in ("assign", "annotated") and binding.index < 0:
            home = binding.scope or scope
            result.add(self.mapping(binding.value, home, binding.value, depth + 1), block)
        else:
            result.complete = False

    def _change(self, result: Mapping, load: ast.Name, scope: Scope, block: Place, depth: int) -> None:
        """What one mention of a dictionary does to it."""
        parent = parent_of(load)
        if isinstance(parent, ast.Subscript) and parent.value is load and not isinstance(parent.ctx, ast.Load):
            key = parent.slice.value if isinstance(parent.slice, ast.Constant) else None
            statement = statement_of(parent)
            value = statement.value if isinstance(statement, (ast.Assign, ast.AnnAssign)) else None
            if not isinstance(key, str):
                result.complete = False
            elif value is None:
                result.items.pop(key, None)
                result.complete = False
            else:
                result.put(key, Setting(value, scope, block))
        elif isinstance(parent, ast.Attribute):
            call = parent_of(parent)
            if isinstance(call, ast.Call) and call.func is parent:
                self._method(result, parent.attr, call, scope, block, depth)
        elif isinstance(parent, ast.AugAssign) and parent.target is load:
            result.add(self.mapping(parent.value, scope, parent.value, depth + 1), block)
        elif isinstance(parent, ast.Call):
            result.complete = False  # a function that may put something in

    def _method(self, result: Mapping, name: str, call: ast.Call, scope: Scope, block: Place, depth: int) -> None:
        if name == "update":
            for one in call.args:
                result.add(self.mapping(one, scope, one, depth + 1), block)
            for keyword in call.keywords:
                if keyword.arg is not None:
                    result.put(keyword.arg, Setting(keyword.value, scope, block))
                else:
                    result.complete = False
        elif name == "setdefault" and len(call.args) == 2:
            key = _text(call.args[0])
            if key and not any(one.block is None for one in result.items.get(key, ())):
                certain = None if result.complete and key not in result.items else call
                result.put(key, Setting(call.args[1], scope, block if block is not None else certain))
        elif name in ("pop", "clear", "popitem"):
            keys = _texts(call.args[0], scope) if name == "pop" and call.args else []
            for key in keys or list(result.items):
                result.items.pop(key, None)
            result.complete = False


def _block(node: ast.AST, around: list[tuple[int, str]]) -> Place:
    """The innermost block of a node that is not one around the use; None where it is reached in any case."""
    blocks = blocks_of(node)
    return blocks[0] if blocks[0] not in around else None


def _is_augmented(binding: Binding) -> bool:
    return binding.kind == "opaque" and isinstance(parent_of(binding.node), ast.AugAssign)


def _is_bare(binding: Binding) -> bool:
    return binding.kind == "annotated" and binding.value is None


def _inner(name: str, home: Scope) -> list[Scope]:
    """The functions and classes inside a scope that mean its variable by a name, in order."""
    if home.kind == "class":
        return []
    found = [one for one in home.descendants() if one is not home and name in one.loads and home_of(name, one) is home]
    return sorted(found, key=lambda one: (getattr(one.node, "lineno", 0), getattr(one.node, "col_offset", 0)))


def _mentions(name: str, scope: Scope) -> list[ast.Name]:
    """Where a scope reads a name, or adds to what it stands for, in order."""
    added = [one.node for one in scope.bindings.get(name, ()) if _is_augmented(one) and isinstance(one.node, ast.Name)]
    return sorted([*scope.loads.get(name, ()), *added], key=lambda one: (one.lineno, one.col_offset))


def _texts(node: ast.expr, scope: Scope) -> list[str]:
    """The keys that an expression may be: a text, or each of those that a loop goes over; none where that is not known."""
    bindings = scope.bindings.get(node.id, ()) if isinstance(node, ast.Name) else ()
    over = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "for" and bindings[0].index < 0 else None
    several = over.elts if isinstance(over, (ast.Tuple, ast.List, ast.Set)) else [node]
    texts = [_text(one) for one in several]
    return texts if all(texts) else []


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
