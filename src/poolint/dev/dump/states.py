"""Typestate: in which states each obligation may be before each event, how it ends, and what is held at each call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.analyses.lifetimes.typestate import Trace
from poolint.explain.words import of_class
from poolint.flow.cfg.dump import names_of
from poolint.types.call_sites import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.lifetimes.acquisitions import Site
    from poolint.analyses.lifetimes.state import Config
    from poolint.dev.dump.function import Subject
    from poolint.flow.cfg import Node


def lines(subject: Subject) -> Iterator[str]:
    """The obligations of a function one after the other, then the connections that are held over its calls."""
    names = names_of(subject.graph)
    for site in subject.analysis.lifetimes.sites(subject.scope):
        yield from _obligation(subject, site, names)
    yield from _held(subject)


def _obligation(subject: Subject, site: Site, names: dict[Node, str]) -> Iterator[str]:
    yield ""
    called = f"`{site.name}` from " if site.name else ""
    value = text_of(site.value, subject.scope)
    start = subject.analysis.lifetimes.callees.start(site, subject.scope)
    yield f"obligation: {called}`{value}` (line {site.call.lineno}), {of_class(site.cls)}, begins {start}"
    trace = Trace()
    subject.analysis.lifetimes.outcome(site, subject.scope, trace)
    standings: dict[Node, list[Config]] = {}
    for node, config in trace.standings:
        standings.setdefault(node, []).append(config)
    for node in subject.graph.nodes:
        for config in standings.get(node, ()):
            yield f"  {_event(node, names)}: {_state(config)}"
    for (node, config), edge, end in trace.ends:
        way = "" if edge.kind == "normal" else f" ({edge.kind})"
        yield f"  ends {end.how} at {_event(node, names)}{way}, from {_state(config)}"


def _event(node: Node, names: dict[Node, str]) -> str:
    return f"line {node.row} `{names[node]}`" if node.row else names[node]


def _state(config: Config) -> str:
    held = f" as {', '.join(sorted(config.names))}" if config.names else ""
    flags = ", ".join(name if value else f"not {name}" for name, value in sorted(config.flags))
    return f"{config.state}{held}{f' if {flags}' if flags else ''}"


def _held(subject: Subject) -> Iterator[str]:
    scope = subject.scope
    is_first = True
    for call in sorted(scope.calls, key=lambda one: (one.lineno, one.col_offset)):
        holds = subject.analysis.holdings.at(call, scope)
        if holds and is_first:
            yield ""
            yield "held at calls:"
            is_first = False
        for hold in holds:
            sure = "" if hold.is_sure else ", on some ways"
            header = f", in the block of `{text_of(hold.header, scope)}`" if hold.header is not None else ""
            since = f"`{hold.resource}` since line {hold.since.lineno}"
            yield f"  line {call.lineno} `{text_of(call, scope)}`: {since}{header}{sure}"
