"""Obligations that concern a line: where each began, and on each way out of its function how it ended."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.lifetimes.acquisitions import OWED
from poolint.analyses.lifetimes.typestate import Trace
from poolint.analyses.lifetimes.witnesses import last_event, unwinding
from poolint.explain.report import Ending, Exit, Obligation
from poolint.explain.words import DROPS, FREED, HANDED, NOT_TAKEN, of_class, of_type
from poolint.flow.cfg import EXITS, TooComplex
from poolint.flow.solver import Problem, solve
from poolint.syntax.expressions import without_await
from poolint.types.call_sites import text_of
from poolint.types.values import Function, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolint.analyses.lifetimes.acquisitions import Site
    from poolint.analyses.lifetimes.state import Config, End
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
"""The ways out, in the order in which they are reported."""


_NO_EXIT: tuple[NodeKind, ...] = ("exit-normal",)
"""Where a way is said to end that never ends."""


class Duties:
    """The followed obligations of one function."""

    def __init__(self, analysis: Analysis, knowledge: Knowledge, scope: Scope) -> None:
        self.analysis = analysis
        self.knowledge = knowledge
        self.scope = scope
        self.sites = analysis.lifetimes.sites(scope)

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
        if site.part:
            says.append(
                f"`{site.helper}` of the project checks `{site.part}` out for its object, so who has made that owes it"
            )
        elif site.helper:
            says.append(f"`{site.helper}` of the project checks it out and hands it on, so this function owes it")
        if self.analysis.lifetimes.callees.start(site, self.scope) == "idle":
            lazy = {"subscription": "a subscription: nothing is held before it subscribes"}
            lazy["session"] = "a session: nothing is held before its first statement, nor after a commit or a rollback"
            says.append(lazy.get(site.cls.kind, "an engine: it opens no connection before it is asked for one"))
        if not site.name:
            says.append("no name holds it")
        if site.cls.on_drop in DROPS:
            says.append(DROPS[site.cls.on_drop])
        return says

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
        freed: dict[str, set[int]] = {}
        for (node, config), edge, end in trace.ends:
            if end.why in FREED:
                freed.setdefault(FREED[end.why], set()).add(node.row)
            ending = self._ended(node, config, end, site)
            if ending is None:
                continue
            for kind in leading.get(edge.target, _NO_EXIT):
                found.setdefault(kind, {})[ending] = None
        for (node, config), _, given_back in trace.exits:
            if config.state == "closed":
                text = f"`{site.name}` is closed, and its pool never gets it back"
                found.setdefault(node.kind, {})[Ending("owed", text)] = None
            elif config.state not in OWED:
                found.setdefault(node.kind, {})[self._idle(given_back)] = None
        for whose, nodes in freed.items():
            rows = tuple(sorted(nodes))
            text = f"cancelled in {whose} ({_rows(rows)}), which free the slot themselves"
            found.setdefault("exit-cancel", {})[Ending("nothing held", text, rows)] = None
        return tuple(
            Exit(WAYS[kind], tuple(found[kind])) for kind in WAYS if kind in found and kind in set(EXITS.values())
        )

    def _owed(self, edges: list[Edge]) -> Ending:
        """A leak, with the station on its way at which it went wrong."""
        raised, last = unwinding(edges), last_event(edges)
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

    def _idle(self, given_back: Node | None) -> Ending:
        """Nothing is held at an exit, since an event has given the connection back, where one has."""
        if given_back is None:
            return Ending("nothing held", "no statement has taken a connection on this way")
        call = without_await(given_back.node)
        text = text_of(call, self.scope) if isinstance(call, ast.Call) else _text(given_back, self.scope)
        does = f"`{text}` (line {given_back.row}) has ended the transaction, and with it the connection is back"
        return Ending("nothing held", does, (given_back.row,))

    def _ended(self, node: Node, config: Config, end: End, site: Site) -> Ending | None:
        if end.how == "released":
            return Ending("released", f"{self._releasing(node, end)} (line {node.row})", (node.row,))
        if end.how == "handed":
            return Ending("handed on", f"{self._handing(node, config, end, site)} (line {node.row})", (node.row,))
        if end.why in NOT_TAKEN:
            return Ending("nothing held", f"{NOT_TAKEN[end.why].format(_text(node, self.scope))}", (node.row,))
        return None

    def _releasing(self, node: Node, end: End) -> str:
        text = _text(node, self.scope)
        if end.why == "block":
            return f"by the `with {text}`"
        called = self._called(node.node) if end.why == "callee" else None
        return f"by `{text}`: {called.name} ({self._place(called)}) gives it back" if called else f"by `{text}`"

    def _handing(self, node: Node, config: Config, end: End, site: Site) -> str:
        if end.why == "kept" and isinstance(node.node, ast.Call):
            return self._passed(node.node)
        text = _text(node, self.scope)
        if isinstance(node.node, ast.Call):
            text = text_of(node.node.func, self.scope)
        return HANDED[end.why].format(text, of_class(site.cls), ", ".join(sorted(config.names)))

    def _called(self, node: ast.AST) -> Scope | None:
        """The function of the project that a call runs."""
        found = (
            alternatives(self.analysis.evaluator.type_of(node.func, self.scope)) if isinstance(node, ast.Call) else ()
        )
        return next((one.scope for one in found if isinstance(one, Function)), None)

    def _place(self, scope: Scope) -> str:
        return self.knowledge.at(scope.node, scope)

    def _passed(self, call: ast.Call) -> str:
        """What becomes of what a call keeps, by what is known of what is called."""
        name = text_of(call.func, self.scope)
        called = self._called(call)
        if called is not None:
            return f"passed to `{name}` ({self._place(called)}), which keeps it"
        told = of_type(self.analysis.evaluator.type_of(call.func, self.scope), self.scope.module)
        if told == "unknown":
            return f"passed to `{name}`, of which nothing is known: it may keep it"
        return f"passed to `{name}` ({told}), which keeps it"


def _rows(rows: tuple[int, ...]) -> str:
    return f"line{'s' if len(rows) > 1 else ''} {', '.join(map(str, rows))}"


def _exits_after(graph: Graph) -> dict[Node, tuple[NodeKind, ...]]:
    """The exits that may be reached from each event that reaches one."""
    exits = {node: frozenset([kind]) for kind, node in graph.exits.items()}
    after = solve(graph, Problem(exits, frozenset.union, lambda _, kinds: kinds, backward=True))
    return {node: tuple(kind for kind in graph.exits if kind in kinds) for node, kinds in after.items()}


def _text(node: Node, scope: Scope) -> str:
    one = node.node
    return text_of(one.context_expr if isinstance(one, ast.withitem) else one, scope)
