"""Observations about responses that are streamed while their session is open, or after it has ended.

The generator of a response has a session by what it is passed, by the function around it, or by an object that it is
a method of, that it is passed, or that a closure belongs to. Helpers of the project may make the response of a body
that they are passed, and generators may be wrapped in others.
"""

from __future__ import annotations

import ast
import itertools
from typing import TYPE_CHECKING

from poolint.analyses.kept_classes import kept_class
from poolint.analyses.left_alone import is_mentioned
from poolint.analyses.responses import Made, Responses, Stream, only, passed, value_of
from poolint.detect.databases import is_in_a_file
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.detect.outliving import Life, life_of
from poolint.detect.responding import held_after_response, held_by_endpoints
from poolint.detect.streamed import Streamed
from poolint.detect.waiting import CallWhileHeld
from poolint.detect.yielding import held_over_yields
from poolint.flow.flags import name_of
from poolint.frameworks.entries import is_entry, parameters
from poolint.frameworks.requests import end_of
from poolint.models.schema import REACHING_ROLES
from poolint.syntax.surroundings import may_await
from poolint.types.annotated import is_injected
from poolint.types.arguments import parameter_for
from poolint.types.call_sites import callees_of
from poolint.types.providers import providers
from poolint.types.values import ClassObject, Function

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.detect.outliving import Owner
    from poolint.detect.services import Services
    from poolint.frameworks.requests import End
    from poolint.models import schema
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Binding, Scope


class StreamedFrom(Observation, frozen=True, eq=False):
    """A session or connection that a streamed response works with. ``node`` makes the response.

    ``response`` is its class, ``generator`` the function that yields its body, ``ends`` says what the
    resource's life ends with, ``end`` when that is: before or after the response; empty where it is not known.
    ``is_possible``: it is one to a database in a file, of which there are as many as are asked for.
    """

    resource: str
    response: str
    generator: str
    ends: Owner
    cls: schema.Class
    end: End
    is_possible: bool = False


class Streaming:
    """Observes streamed responses."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.ev = ev = services.evaluator
        self.holdings = holdings = services.holdings
        self.using = services.using
        self.responses = Responses(ev, holdings.components)
        self.streamed = Streamed(ev, self.responses)

    def observe(self, scope: Scope) -> Iterator[Observation]:
        """The streamed responses that ``scope`` makes of a generator which has a session of the request or a block.

        And those of another generator, where a session of the request holds a connection until the response has been
        sent.
        """
        yield from self._held_by_itself(scope)
        for node, made in self.streamed.made_in(scope):
            if made.generator is not None:
                captured = dict(self._captured(made.stream, scope)) if made.stream is not None else {}
                yield from self._streamed(made, node, made.generator, captured, scope)
                if not captured:
                    yield from self._held(made, node, made.generator, made.stream, scope)
            for one in self.responses.generators(made.body, scope):
                captured = dict(self._captured(one, scope))
                generator = one.function.scope
                yield from self._streamed(made, node, generator, captured, scope)
                if not captured and not self.responses.is_short(one):
                    yield from self._held(made, node, generator, one, scope)
                    yield from self._held_inside(made, node, one, scope)

    def _streamed(
        self, made: Made, node: ast.Call, generator: Scope, captured: dict[str, Life], scope: Scope
    ) -> Iterator[StreamedFrom]:
        """The sessions that a generator works with."""
        place = (node, scope.qualified_name, may_await(node, scope))
        for resource, life in captured.items():
            if life.end == "after-response" and _lets_go(life.cls):
                continue  # it is open until the client has read everything, and holds nothing between its statements
            is_file = self._is_in_a_file(resource, life.cls, scope)
            yield StreamedFrom(*place, resource, made.response, generator.name, life.ends, life.cls, life.end, is_file)

    def _is_in_a_file(self, resource: str, cls: Class | None, scope: Scope) -> bool:
        return is_in_a_file(self.services, self.services.pools.of_given(resource, scope), cls, scope)

    def _held(
        self, made: Made, node: ast.Call, generator: Scope, stream: Stream | None, scope: Scope
    ) -> Iterator[CallWhileHeld]:
        """What holds a connection while the generator runs, which does not know of it."""
        found = list(itertools.islice(held_after_response(self.ev, self.holdings, node, scope), 1))
        if not found and not is_entry(self.ev, scope):
            known = {name_of(one) for one, _ in self._known(stream, scope)} if stream is not None else set()
            every = held_by_endpoints(self.ev, self.holdings, node, scope)
            found = [one for one in every if one.resource not in known]  # what it works with is told at the endpoint
        for held in found[:1]:
            place = (node, scope.qualified_name, may_await(node, scope))
            names = (made.response, generator.name)
            is_file = self._is_in_a_file(held.resource, None, scope)
            path = (held.taken,)
            yield CallWhileHeld(*place, held.resource, "", held.taken, names, "stream", path, is_possible=is_file)

    def _held_by_itself(self, scope: Scope) -> Iterator[CallWhileHeld]:
        """What a generator holds while it yields to the client, whatever streams it: one decision, however many do."""
        held = held_over_yields(self.ev, self.holdings, scope) if scope.is_generator else None
        made = self.streamed.by(scope) if held is not None else None
        if held is not None and made is not None:
            place, path = (held.node, scope.qualified_name, may_await(held.node, scope)), (held.taken, made.at)
            yield CallWhileHeld(*place, held.resource, "", held.taken, (made.response, scope.name), "yield", path)

    def _held_inside(self, made: Made, node: ast.Call, stream: Stream, scope: Scope) -> Iterator[CallWhileHeld]:
        """The same of an object that is gone over, or of a generator that nobody is seen to stream from where it stands."""
        streams = [stream, *self.responses.gone_over(stream)]
        for generator in dict.fromkeys(self.streamed.reached(one.function.scope for one in streams)):
            held = held_over_yields(self.ev, self.holdings, generator)
            if held is not None and self.streamed.by(generator) is None:
                place = (node, scope.qualified_name, may_await(node, scope))
                names = (made.response, generator.name)
                yield CallWhileHeld(*place, held.resource, "", held.taken, names, "yield", (held.taken, held.over))
                return

    # Its body

    def _captured(self, stream: Stream, scope: Scope) -> Iterator[tuple[str, Life]]:
        """What a generator is passed, takes from the function around it, or has by the object that it is a method of;
        and the same of the generators that it is passed."""
        streams = [stream]
        for one in streams:  # grows
            for node, name in self._known(one, scope):
                life = life_of(self.ev, node.id, scope) if isinstance(node, ast.Name) else None
                if life is not None:
                    yield name_of(node), life
                    continue
                streams += [each for each in self.responses.generators(node, scope) if each not in streams]
                value = value_of(node, scope)
                for each in callees_of(self.ev, value, scope) if isinstance(value, ast.Call) else ():
                    if isinstance(each, ClassObject) and each.cls is not each.base and isinstance(value, ast.Call):
                        for _, argument in passed(value):
                            yield from self._closure(argument, scope)
                yield from self._closure(node, scope)
                yield from self._of_object(node, self._used(one.function.scope, name), scope)
            if isinstance(one.call.func, ast.Attribute):
                yield from self._of_object(one.call.func.value, self._members(one), scope)

    def _known(self, stream: Stream, scope: Scope) -> Iterator[tuple[ast.expr, str]]:
        """The values that a generator has of the function which makes it, each with its own name for it; of one that is given
        back, those that the function has been passed which does that."""
        generator, within = stream.function, stream.within
        is_inside = generator.scope.parent is stream.home
        if within is not None:
            given = ((parameter_for(within, stream.call, one, keyword), one) for keyword, one in passed(stream.call))
            for parameter, argument in given:
                if parameter and is_inside and self._takes(generator.scope, parameter, within.scope):
                    yield argument, parameter
                for keyword, one in passed(stream.made):
                    if parameter and isinstance(one, ast.Name) and one.id == parameter:
                        yield argument, parameter_for(generator, stream.made, one, keyword) or ""
            return
        for keyword, argument in passed(stream.call):
            yield argument, parameter_for(generator, stream.call, argument, keyword) or ""
        for name in generator.scope.loads if is_inside else ():
            if self._takes(generator.scope, name, scope):
                yield ast.copy_location(ast.Name(name, ast.Load()), stream.call), name

    def _takes(self, inner: Scope, name: str, scope: Scope) -> bool:
        """Whether a function inside another one mentions a name of that."""
        return name in scope.bindings and name not in inner.bindings and is_mentioned(self.ev, name, inner)

    def _members(self, stream: Stream) -> dict[str, Class]:
        """What a generator uses of the object whose method makes it."""
        generator, within = stream.function, stream.within
        if within is None:
            return self.using.members(generator)
        is_own = generator.scope.parent is stream.home or name_of(stream.made.func).startswith("self.")
        return self.using.members(Function(generator.scope, within.receiver)) if is_own else {}

    def _used(self, inner: Scope, name: str) -> dict[str, Class]:
        """What the methods that a generator calls on an object use of what that keeps."""
        found: dict[str, Class] = {}
        for call in inner.calls:
            if isinstance(call.func, ast.Attribute) and name and name_of(call.func.value) == name:
                for one in callees_of(self.ev, call, inner):
                    found.update(self.using.members(one) if isinstance(one, Function) else {})
        return found

    def _of_object(self, node: ast.expr, used: dict[str, Class], scope: Scope) -> Iterator[tuple[str, Life]]:
        """The sessions of an object of which those at some paths are used: those that it has been made with, or its own
        where a framework passes it."""
        value = value_of(node, scope)
        if not used or value is None:
            return
        if isinstance(value, ast.Call):
            for _, argument in passed(value):
                life = life_of(self.ev, argument.id, scope) if isinstance(argument, ast.Name) else None
                if life is not None:
                    yield name_of(argument), life
        elif isinstance(node, ast.Name):
            binding = only(node.id, scope)
            if binding is not None and binding.kind == "parameter" and is_injected(self.ev, binding, scope):
                path, cls = next(iter(used.items()))
                for name, depending in self._asked(binding, scope):
                    session = only(name, depending)
                    if session is not None and kept_class(self.ev.scope_name(name, depending)) is cls:
                        yield f"{node.id}.{path}", Life("request", end_of(self.ev, session, depending), cls)

    def _asked(self, binding: Binding, scope: Scope) -> Iterator[tuple[str, Scope]]:
        """The parameters that generators lend to what gives a parameter its value, and to what gives those theirs; each with
        its function."""
        functions = [one.scope for one in providers(self.ev, binding, scope, made=True)]
        for depending in functions:  # grows
            for name, _, provider in parameters(self.ev, depending):
                if provider.scope.is_generator:
                    yield name, depending
                elif provider.scope not in functions:
                    functions.append(provider.scope)

    def _closure(self, node: ast.expr, scope: Scope) -> Iterator[tuple[str, Life]]:
        """The sessions that a function inside another one uses, which a value is or is made of."""
        value = value_of(node, scope)
        if isinstance(value, ast.Call):
            for one in callees_of(self.ev, value, scope):
                for given in one.scope.returns if isinstance(one, Function) and one.scope.kind == "function" else ():
                    inner = _function_of(given, one.scope) if isinstance(one, Function) else None
                    for keyword, argument in passed(value) if inner is not None else ():
                        name = parameter_for(one, value, argument, keyword) if isinstance(one, Function) else None
                        life = life_of(self.ev, argument.id, scope) if isinstance(argument, ast.Name) else None
                        if inner is not None and life is not None and name and self.using.around(inner, name):
                            yield name_of(argument), life
        inner = _function_of(node, scope)
        for name in inner.loads if inner is not None else ():
            life = life_of(self.ev, name, scope) if name in scope.bindings else None
            if inner is not None and life is not None and self.using.around(inner, name):
                yield name, life


def _function_of(node: ast.expr, scope: Scope) -> Scope | None:
    """The function or lambda inside another one that an expression is."""
    if isinstance(node, ast.Lambda):
        return next((one for one in scope.children if one.node is node), None)
    return next((one for one in scope.children if isinstance(node, ast.Name) and one.name == node.id), None)


def _lets_go(cls: Class) -> bool:
    """Whether what reaches a database by a class takes a connection for each statement, which goes back when that is answered:
    a session of Neo4j."""
    reaching = {row.role for row in cls.methods if row.role in REACHING_ROLES}
    return reaching == {"statement"}


DETECTOR = Detector(
    "streaming",
    lambda services: Streaming(services).observe,
    of="functions",
)
