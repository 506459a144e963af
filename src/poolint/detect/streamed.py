"""Which responses a function makes, and which of the project's generators are streamed by one, wherever that is made."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.holding.lending_generators import delegated
from poolint.analyses.responses import is_given_back
from poolint.analyses.waypoints import waypoint
from poolint.frameworks.entries import is_entry
from poolint.syntax.scopes import Scope
from poolint.types.call_sites import callees_of, text_of
from poolint.types.values import ClassObject
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.analyses.responses import Made, Responses
    from poolint.analyses.waypoints import Waypoint
    from poolint.types.evaluator import Evaluator


class StreamedBy(NamedTuple):
    """The class of the response that a generator is streamed by, as written, and where that is made."""

    response: str
    at: Waypoint


class Streamed:
    """Answers for the generators of one project."""

    def __init__(self, ev: Evaluator, responses: Responses) -> None:
        self.ev = ev
        self.responses = responses
        self._generators: dict[Scope, dict[Scope, StreamedBy]] = {}
        self._known: dict[Scope, StreamedBy | None] = {}

    def made_in(self, scope: Scope) -> Iterator[tuple[ast.Call, Made]]:
        """The streamed responses that a function makes, each with the call that does."""
        is_endpoint = is_entry(self.ev, scope)
        for node in scope.calls if is_endpoint else scope.calls_named(self.responses.names):
            # What an endpoint gives back may be made by a helper, of the generator that it is passed or of one of its own.
            is_asked = not is_endpoint or last_name(node.func) in self.responses.names or self._may_be(node, scope)
            made = self.responses.made(node, scope) if is_asked else None
            if made is not None:
                yield node, made

    def _may_be(self, node: ast.Call, scope: Scope) -> bool:
        """Whether an endpoint may make its response by a call: it gives that back, or it is one of a class of the project."""
        return is_given_back(node, scope) or any(
            isinstance(one, ClassObject) and one.cls is not one.base for one in callees_of(self.ev, node, scope)
        )

    def reached(self, generators: Iterable[Scope]) -> Iterator[Scope]:
        """Generators, and those of the project that they go over while they yield."""
        waiting = list(dict.fromkeys(generators))
        seen = set(waiting)
        for one in waiting:  # grows
            yield one
            found = [inner for inner in dict.fromkeys(delegated(self.ev, one)) if inner not in seen]
            seen.update(found)
            waiting += found

    def by(self, generator: Scope) -> StreamedBy | None:
        """The response that streams a generator, itself or by another one that goes over it; None where nobody is seen to
        make one: it is looked for where the generator is made, or what gives it back is called."""
        if generator not in self._known:
            self._known[generator] = self._by(generator)
        return self._known[generator]

    def _by(self, generator: Scope) -> StreamedBy | None:
        waiting, seen = [generator], {generator}
        for one in waiting:  # grows
            for call, inner in self.ev.callers.of(one):
                found = self._streamed_in(inner).get(generator)
                if found is not None:
                    return found
                if inner not in seen and ((inner.is_generator and inner.yields) or is_given_back(call, inner)):
                    seen.add(inner)
                    waiting.append(inner)
        return None

    def _streamed_in(self, scope: Scope) -> dict[Scope, StreamedBy]:
        """The generators that the responses of a function stream, and those that these go over."""
        if scope not in self._generators:
            found: dict[Scope, StreamedBy] = {}
            for node, made in self.made_in(scope):
                of = StreamedBy(made.response, waypoint("calls", node, scope.module, text_of(node.func, scope)))
                streams = [
                    one for one in self.responses.generators(made.body, scope) if not self.responses.is_short(one)
                ]
                own = [one.function.scope for each in streams for one in (each, *self.responses.gone_over(each))]
                own += [made.generator] if made.generator is not None else []
                for one in self.reached(own):
                    found.setdefault(one, of)
            self._generators[scope] = found
        return self._generators[scope]
