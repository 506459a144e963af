"""Obligations that concern a line: where each began, and on each way out of its function how it ended."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.lifetimes.acquisitions import OWED, sites
from poolint.analyses.lifetimes.typestate import Trace
from poolint.explain.report import Ending, Exit, Obligation
from poolint.explain.words import DROPS, of_class, of_type
from poolint.flow.cfg import EXITS, TooComplex
from poolint.flow.solver import Problem, solve
from poolint.syntax.scopes import parent_of
from poolint.types.call_sites import call_fact, text_of
from poolint.types.values import Function, Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolint.analyses.lifetimes.acquisitions import Site
    from poolint.analyses.lifetimes.state import Config
    from poolint.detect.analysis import Analysis
    from poolint.explain.known import Knowledge
    from poolint.explain.line import Line
    from poolint.flow.cfg import Edge, Graph, Node, NodeKind
    from poolint.syntax.scopes import Scope

WAYS: dict[NodeKind, str] = {
    "exit-normal": "normal",
    "exit-exception": "exception",
    "exit-cancel": "cancellation",
    "exit-generator": "generator closed",
    "exit-interrupt": "interrupt",
}
"""The ways out, in the order in which they are told."""


_NO_EXIT: tuple[NodeKind, ...] = ("exit-normal",)
"""Where a way is said to end that never ends."""


class Duties:
    """The followed obligations of one function."""

    def __init__(self, analysis: Analysis, knowledge: Knowledge, scope: Scope) -> None:
        self.analysis = analysis
        self.knowledge = knowledge
        self.scope = scope
        self.sites = list(sites(analysis.evaluator, analysis.vocabulary, scope))

    def on(self, line: Line) -> Iterator[tuple[Obligation, Site]]:
        """Those that concern the line: begun on it, used on it, or ended on it."""
        for site in self.sites:
            trace = Trace()
            begun = line.holds(site.call) or line.holds(site.value)
            try:
                exits = self._exits(site, trace) if site.name else ()
            except TooComplex as given_up:
                if begun or self._is_used(line, {site.name}):
                    too_large = (f"given up after {given_up.limit} events: the function is too large to be followed",)
                    yield self._obligation(site, too_large, ()), site
                continue
            names = {site.name}.union(*(config.names for (_, config), _, _ in trace.ends))
            rows = {row for one in exits for ending in one.endings for row in ending.rows}
            if begun or self._is_used(line, names) or any(line.first <= row <= line.last for row in rows):
                yield self._obligation(site, self._says(site), exits), site

    def _is_used(self, line: Line, names: set[str]) -> bool:
        return any(line.holds(load) for name in names if name for load in self.scope.loads.get(name, ()))

    def _obligation(self, site: Site, says: Sequence[str], exits: Sequence[Exit]) -> Obligation:
        source = text_of(site.value, self.scope)
        subject = f"`{site.name}` from `{source}`" if site.name else f"what `{source}` gives"
        return Obligation(subject, site.call.lineno, of_class(site.cls), tuple(says), tuple(exits))

    def _says(self, site: Site) -> list[str]:
        says = []
        if site.helper:
            says.append(f"`{site.helper}` of the project checks it out and hands it on, so this function owes it")
        if site.start == "idle":
            lazy = {"subscription": "a subscription: nothing is held before it subscribes"}
            lazy["session"] = "a session: nothing is held before its first statement, nor after a commit or a rollback"
            says.append(lazy.get(site.cls.kind, "an engine: it opens no connection before it is asked for one"))
        if not site.name:
            says.append(self._unheld(site))
        if site.cls.on_drop in DROPS:
            says.append(DROPS[site.cls.on_drop])
        return says

    def _unheld(self, site: Site) -> str:
        parent = parent_of(site.value)
        if isinstance(parent, ast.Attribute):
            row = self.analysis.evaluator.models.method(site.cls, parent.attr)
            if row is None:
                return f"no name holds it; `{parent.attr}` is called on it, of which the models say nothing"
            if row.role in ("release", "dispose"):
                return f"no name holds it; `{parent.attr}` gives it back at once"
            return f"no name holds it: after `{parent.attr}` nothing can give it back"
        return "no name holds it: nothing can give it back"

    # Exits

    def _exits(self, site: Site, trace: Trace) -> tuple[Exit, ...]:
        outcome = self.analysis.lifetimes.outcome(site, self.scope, trace)
        graph = self.analysis.lifetimes.graphs.of(self.scope)
        found: dict[NodeKind, dict[Ending, None]] = {}
        leading = _exits_after(graph)
        if outcome.overwritten is not None:
            last = outcome.overwritten[-1].source
            text = f"`{site.name}` is bound again while it is held (line {last.row})"
            found.setdefault(leading.get(last, _NO_EXIT)[0], {})[Ending("owed", text, (last.row,))] = None
        for kind, edges in outcome.leaks.items():
            found.setdefault(kind, {})[self._owed(edges)] = None
        freed: dict[bool, set[int]] = {True: set(), False: set()}
        for (node, config), edge, end in trace.ends:
            if end.how == "gone" and edge.kind == "cancel":
                freed[self._is_own(node)].add(node.row)
            ending = self._ended(node, config, end.how, site)
            if ending is None:
                continue
            for kind in leading.get(edge.target, _NO_EXIT):
                found.setdefault(kind, {})[ending] = None
        for (node, config), edges in trace.exits:
            if config.state == "closed":
                text = f"`{site.name}` is closed, and its pool never gets it back"
                found.setdefault(node.kind, {})[Ending("owed", text)] = None
            elif config.state not in OWED:
                found.setdefault(node.kind, {})[self._idle(edges)] = None
        for is_own, nodes in freed.items():
            if nodes:
                rows = tuple(sorted(nodes))
                whose = "the library's own awaits" if is_own else "awaits that wait for nothing foreign that is known"
                text = f"cancelled in {whose} ({_rows(rows)}), which free the slot themselves"
                found.setdefault("exit-cancel", {})[Ending("nothing held", text, rows)] = None
        return tuple(
            Exit(WAYS[kind], tuple(found[kind])) for kind in WAYS if kind in found and kind in set(EXITS.values())
        )

    def _is_own(self, node: Node) -> bool:
        """Whether what is awaited is a call of the library itself."""
        call = node.node.value if isinstance(node.node, ast.Await) else None
        fact = call_fact(self.analysis.evaluator, call, self.scope) if isinstance(call, ast.Call) else None
        return call is None or (fact is not None and fact.row is not None)

    def _owed(self, edges: list[Edge]) -> Ending:
        """A leak, with the station on its way at which it went wrong."""
        raised = next((edge for edge in reversed(edges) if edge.is_unwinding and not _passes(edge)), None)
        last = next((edge.source for edge in reversed(edges) if edge.source.row), None)
        if raised is not None:
            text = _text(raised.source, self.scope)
            what = {"cancel": "is cancelled", "generator-exit": "is closed by its consumer"}.get(raised.kind, "raises")
            return Ending(
                "owed",
                f"`{text}` {what} (line {raised.source.row}), and nothing gives it back after that",
                (raised.source.row,),
            )
        if last is None:
            return Ending("owed", "nothing gives it back")
        return Ending("owed", f"the function is left at line {last.row}, and nothing has given it back", (last.row,))

    def _idle(self, edges: list[Edge]) -> Ending:
        for edge in reversed(edges):
            node = edge.source
            if node.kind in ("call", "await") and isinstance(node.node, (ast.Call, ast.Await)):
                call = node.node.value if isinstance(node.node, ast.Await) else node.node
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                    fact = call_fact(self.analysis.evaluator, call, self.scope)
                    if fact is not None and fact.role in ("commit", "rollback"):
                        return Ending(
                            "nothing held",
                            f"`{text_of(call, self.scope)}` (line {node.row}) has ended the "
                            "transaction, and with it the connection is back",
                            (node.row,),
                        )
        return Ending("nothing held", "no statement has taken a connection on this way")

    def _ended(self, node: Node, config: Config, how: str, site: Site) -> Ending | None:
        if how == "released":
            return Ending("released", f"{self._releasing(node, config)} (line {node.row})", (node.row,))
        if how == "handed":
            return Ending("handed on", f"{self._handing(node, config, site)} (line {node.row})", (node.row,))
        return None  # a way that cannot be taken while it is held, or one that the server ends

    def _releasing(self, node: Node, config: Config) -> str:
        if node.kind in ("enter", "exit"):
            return f"by the `with {_text(node, self.scope)}`"
        call = node.node
        if isinstance(call, ast.Call):
            receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
            text = text_of(call, self.scope)
            if isinstance(receiver, ast.Name) and receiver.id in config.names:
                return f"by `{text}`"
            for one in alternatives(self.analysis.evaluator.type_of(call.func, self.scope)):
                if isinstance(one, Function):
                    return (
                        f"by `{text}`: {one.scope.name} ({self.knowledge.at(one.scope.node, one.scope)}) gives it back"
                    )
            return f"by `{text}`"
        return f"by `{_text(node, self.scope)}`"

    def _handing(self, node: Node, config: Config, site: Site) -> str:
        text = _text(node, self.scope)
        if node.kind == "return":
            return "returned to the caller, who owes it from there on"
        if node.kind in ("enter", "exit"):
            return f"entered as part of `{text}`"
        if node.kind == "store":
            return f"stored in `{text}`, which outlives this"
        if isinstance(node.node, ast.Call):
            return self._passed(node.node, config, site)
        return f"by `{text}`"

    def _passed(self, call: ast.Call, config: Config, site: Site) -> str:
        name = text_of(call.func, self.scope)
        receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
        if isinstance(receiver, ast.Name) and receiver.id in config.names:
            return f"`{name}` is no method that the models know of {of_class(site.cls)}: it may do anything"
        for one in alternatives(self.analysis.evaluator.type_of(call.func, self.scope)):
            if isinstance(one, Function):
                return f"passed to `{name}` ({self.knowledge.at(one.scope.node, one.scope)}), which keeps it"
            if isinstance(one, Instance):
                continue
            told = of_type(one, self.scope.module)
            if told != "unknown":
                return f"passed to `{name}` ({told}), which keeps it"
        return f"passed to `{name}`, of which nothing is known: it may keep it"


def _rows(rows: tuple[int, ...]) -> str:
    return f"line{'s' if len(rows) > 1 else ''} {', '.join(map(str, rows))}"


def _exits_after(graph: Graph) -> dict[Node, tuple[NodeKind, ...]]:
    """The exits that may be reached from each event that reaches one."""
    exits = {node: frozenset([kind]) for kind, node in graph.exits.items()}
    after = solve(graph, Problem(exits, frozenset.union, lambda _, kinds: kinds, backward=True))
    return {node: tuple(kind for kind in graph.exits if kind in kinds) for node, kinds in after.items()}


def _passes(edge: Edge) -> bool:
    return edge.source.kind in ("reraise", "except", "raise") or (
        edge.source.kind == "exit" and edge.source.way != "normal"
    )


def _text(node: Node, scope: Scope) -> str:
    one = node.node
    return text_of(one.context_expr if isinstance(one, ast.withitem) else one, scope)
