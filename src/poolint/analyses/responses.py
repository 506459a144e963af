"""Which calls make a streamed response, and of which body: a class that a framework streams, one of the project that inherits
from it, and functions of the project that give such a response back, made of what they are passed or of a generator of
their own.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

from poolint.flow.flags import name_of
from poolint.flow.summaries import Summaries
from poolint.syntax.expressions import argument_for
from poolint.syntax.generator_runs import is_gone_over_by_yields
from poolint.syntax.scopes import Scope, parent_of
from poolint.types.arguments import parameter_for
from poolint.types.call_sites import callees_of
from poolint.types.values import ClassObject, Function, LibraryName, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.flow.summaries import Components
    from poolint.syntax.scopes import Binding, ScopeKey
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type

_GOING_OVER = ("__aiter__", "__iter__")
"""What is asked of a body that is streamed."""
_LASTING = (ast.For, ast.AsyncFor, ast.While, ast.Await, ast.AsyncWith, ast.YieldFrom)


class Made(NamedTuple):
    """A streamed response: the name of its class, and its body, or the generator of the helper that it is made in.

    ``stream`` is that generator as the helper makes it, where it gives the response back that it makes itself.
    """

    response: str
    body: ast.expr | None
    generator: Scope | None = None
    stream: Stream | None = None


class Stream(NamedTuple):
    """A generator that a value is: the call that the value is, the one that makes the generator, and where that stands.

    They are two where a function gives back a generator that it makes: ``within`` is that function then.
    """

    call: ast.Call
    function: Function
    made: ast.Call
    home: Scope
    within: Function | None = None


class _Maker(NamedTuple):
    """The response that a function makes: of which parameters, as they are or wrapped, and of which generator."""

    response: str
    bodies: tuple[str, ...]
    generator: ScopeKey | None


class _Body(NamedTuple):
    """The parameter that a class has for the body of a response: its name and place; -1 where it is passed by name only."""

    name: str
    place: int


class Responses:
    """Answers for the functions and classes of one project: two problems of summaries."""

    def __init__(self, ev: Evaluator, components: Components) -> None:
        self.ev = ev
        self.names = frozenset(name.rpartition(".")[2] for name in ev.models.streamed)
        self._goes_over = ev.models.manners["goes-over"]
        self._makers: Summaries[ScopeKey, _Maker | None] = Summaries(
            "makes-response", self._maker, bottom=None, join=_one_of, components=components
        )
        self._classes: Summaries[ScopeKey, _Body | None] = Summaries(
            "streams", self._body, bottom=None, join=_one_of, components=components
        )

    def made(self, node: ast.Call, scope: Scope) -> Made | None:
        """The response that a call makes, itself or in a function of the project."""
        for one in callees_of(self.ev, node, scope):
            if isinstance(one, (LibraryName, ClassObject)):
                found = self._of_class(one)
                body = _argument(node, found) if found is not None else None
                if body is not None:
                    return Made(last_name(node.func), body)
            elif isinstance(one, Function):
                maker = self._makers.of(one.scope.key)
                if maker is not None:
                    return self._of_helper(maker, one, node, scope)
        return None

    def is_short(self, stream: Stream) -> bool:
        """Whether a generator yields the few lines that it has, without waiting, or wraps one that does."""
        met: set[ast.Call] = set()
        following: Stream | None = stream
        while following is not None and following.made not in met:
            if not _lasts(following.function.scope):
                return True
            met.add(following.made)
            following = next(self.wrapped(following), None)
        return False

    def generators(self, body: ast.expr | None, scope: Scope) -> Iterator[Stream]:
        """The generators that a value may be: made by a call, or by a function that gives them back, when it is awaited or
        at once; or by what is gone over, an object of a class that says how."""
        value = value_of(body, scope) if body is not None else None
        is_awaited = isinstance(value, ast.Await)
        if isinstance(value, ast.GeneratorExp):
            yield from self.generators(value.generators[0].iter, scope)
        if isinstance(value, ast.Await):
            value = value.value
        for one in callees_of(self.ev, value, scope) if isinstance(value, ast.Call) else ():
            if isinstance(one, LibraryName) and isinstance(value, ast.Call):
                row = self.ev.models.passed.get(("same", one.name))
                if row is not None and row.argument < len(value.args):
                    yield from self.generators(value.args[row.argument], scope)
                for argument in value.args if one.name in self._goes_over else ():
                    yield from self.generators(argument, scope)
            if isinstance(one, ClassObject) and isinstance(value, ast.Call):
                going_over = (self.ev.type_of_member(one.instance(), name) for name in _GOING_OVER)
                yield from (Stream(value, each, value, scope) for each in going_over if _is_generator(each))
            if not isinstance(one, Function) or not isinstance(value, ast.Call) or one.scope.kind != "function":
                continue
            if one.scope.is_generator:
                if not is_awaited:
                    yield Stream(value, one, value, scope)
                continue
            for returned in one.scope.returns:
                made = value_of(returned, one.scope)
                for each in callees_of(self.ev, made, one.scope) if isinstance(made, ast.Call) else ():
                    if _is_generator(each) and isinstance(made, ast.Call):
                        yield Stream(value, each, made, one.scope, one)

    def wrapped(self, stream: Stream) -> Iterator[Stream]:
        """The generators that one is passed, as they are made."""
        for _, argument in passed(stream.made):
            yield from self.generators(argument, stream.home)

    def gone_over(self, stream: Stream) -> Iterator[Stream]:
        """Those of them that it goes over while it yields."""
        for keyword, argument in passed(stream.made):
            name = parameter_for(stream.function, stream.made, argument, keyword)
            if name is not None and is_gone_over_by_yields(name, stream.function.scope):
                yield from self.generators(argument, stream.home)

    def _of_helper(self, maker: _Maker, helper: Function, node: ast.Call, scope: Scope) -> Made | None:
        given = [one for keyword, one in passed(node) if parameter_for(helper, node, one, keyword) in maker.bodies]
        body = next((one for one in given if next(self.generators(one, scope), None) is not None), None)
        if body is None and maker.generator is not None:
            generator = self.ev.project.scope(maker.generator)
            own = (one for one in self._own(helper) if one.function.scope is generator)
            stream = next((one._replace(call=node, home=helper.scope, within=helper) for one in own), None)
            return Made(maker.response, None, generator, stream)
        body = body or next(iter(given), None)
        return Made(maker.response, body) if body is not None else None

    def _own(self, helper: Function) -> Iterator[Stream]:
        """The generators of which a function makes the responses that it gives back."""
        for call in helper.scope.calls:
            made = self.made(call, helper.scope) if is_given_back(call, helper.scope) else None
            if made is not None:
                yield from (one for one in self.generators(made.body, helper.scope) if one.within is None)

    def _maker(self, key: ScopeKey) -> _Maker | None:
        function = self.ev.project.scope(key)
        if function.kind != "function" or function.is_generator:
            return None
        found: _Maker | None = None
        for call in function.calls:
            made = self.made(call, function) if is_given_back(call, function) else None
            if made is None:
                continue
            if made.generator is not None:
                found = found or _Maker(made.response, (), made.generator.key)
                continue
            body = value_of(made.body, function) if made.body is not None else None
            if isinstance(body, ast.Name) and _is_parameter(body.id, function):
                return _Maker(made.response, (body.id,), None)
            for one in self.generators(body, function):
                if not self.is_short(one):
                    given = [each.id for _, each in passed(one.call) if isinstance(each, ast.Name)]
                    bodies = tuple(name for name in given if _is_parameter(name, function))
                    found = found or _Maker(made.response, bodies, one.function.scope.key)
        return found

    # Classes

    def _of_class(self, cls: object) -> _Body | None:
        """How a class takes the body of a streamed response; None of one that streams nothing."""
        if isinstance(cls, LibraryName):
            row = self.ev.models.streamed.get(cls.name)
            return _Body(row.body, 0) if row is not None else None
        if isinstance(cls, ClassObject) and isinstance(cls.cls, Scope):
            return self._classes.of(cls.cls.key)
        return None

    def _body(self, key: ScopeKey) -> _Body | None:
        cls = self.ev.project.scope(key)
        assert isinstance(cls.node, ast.ClassDef)
        init = next((one.scope for one in cls.bindings.get("__init__", ()) if one.scope is not None), None)
        if init is None:
            return self._of_bases(cls.node.bases, cls)
        for call in init.calls:
            made = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr == "__init__" else None
            if made is None:
                continue
            is_super = isinstance(made, ast.Call) and last_name(made.func) == "super"
            found = self._of_bases(cls.node.bases if is_super else [made], cls)
            argument = _argument(call, found, 0 if is_super else 1) if found is not None else None
            if isinstance(argument, ast.Name) and _is_parameter(argument.id, init):
                arguments = init.node.args  # type: ignore[attr-defined]
                placed = [one.arg for one in (*arguments.posonlyargs, *arguments.args)][1:]
                return _Body(argument.id, placed.index(argument.id) if argument.id in placed else -1)
        return None

    def _of_bases(self, bases: list[ast.expr], cls: Scope) -> _Body | None:
        for expression in bases:
            for one in alternatives(self.ev.type_of(expression, cls.parent or cls)):
                found = self._of_class(one)
                if found is not None:
                    return found
        return None


def passed(call: ast.Call) -> Iterator[tuple[str | None, ast.expr]]:
    """The arguments of a call, each with its keyword."""
    yield from ((None, one) for one in call.args)
    yield from ((one.arg, one.value) for one in call.keywords)


def is_given_back(node: ast.Call, scope: Scope) -> bool:
    """Whether a function returns what a call gives, at once or by a name that is bound once."""
    parent = parent_of(node)
    if isinstance(parent, ast.Await):
        parent = parent_of(parent)
    if isinstance(parent, (ast.Assign, ast.AnnAssign)):
        targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
        name = name_of(targets[0]) if len(targets) == 1 else ""
        return only(name, scope) is not None and any(name_of(one) == name for one in scope.returns if one is not None)
    return isinstance(parent, ast.Return)


def value_of(node: ast.expr, scope: Scope) -> ast.expr | None:
    """What a name is bound to, where that happens once; anything else as it is."""
    if not isinstance(node, ast.Name):
        return node
    binding = only(node.id, scope)
    if binding is None or binding.kind not in ("assign", "annotated") or binding.index >= 0:
        return node if binding is not None and binding.kind == "parameter" else None
    return binding.value


def only(name: str, scope: Scope) -> Binding | None:
    """The binding of a name that has no other in its scope."""
    found = [one for one in scope.bindings.get(name, ()) if one.kind != "narrowed"]
    return found[0] if len(found) == 1 else None


def _is_parameter(name: str, scope: Scope) -> bool:
    binding = only(name, scope)
    return binding is not None and binding.kind == "parameter"


def _lasts(generator: Scope) -> bool:
    return any(isinstance(one, _LASTING) for one in ast.walk(generator.node))


def _argument(call: ast.Call, body: _Body, own: int = 0) -> ast.expr | None:
    """What a call passes for the body, behind ``own`` arguments of another kind."""
    return argument_for(call, body.name, body.place + own if body.place >= 0 else -1)


def _one_of(one: tuple[object, ...] | None, other: tuple[object, ...] | None):  # type: ignore[no-untyped-def]
    return max(one, other, key=repr) if one is not None and other is not None else one or other


def _is_generator(one: Type) -> TypeGuard[Function]:
    return isinstance(one, Function) and one.scope.is_generator
