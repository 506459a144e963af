"""Flags: what is tested again and again in a function, so that a release under ``if owned:`` is understood.

A flag is a name or a dotted name (``self.owned``, ``args.write``), known to be true or false; None counts as false. What
is known before an event is a set of combinations, of which each may have come there: a forward data-flow problem.
"""

from __future__ import annotations

import ast
from collections import Counter
from operator import or_
from typing import TYPE_CHECKING

from poolint.flow.liveness import bound_by
from poolint.flow.solver import Problem, solve
from poolint.syntax.expressions import dotted, is_none, uncast, unnegated
from poolint.syntax.patterns import as_test
from poolint.syntax.reaching import as_type_checked
from poolint.syntax.scopes import home_of, parent_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from poolint.flow.cfg import Edge, Graph, Node
    from poolint.syntax.scopes import Scope

Known = frozenset[tuple[str, bool]]
"""What is known at once: names of flags, and whether each is true."""

MAX_COMBINATIONS = 16
"""Combinations that are told apart before one event."""

MAX_FLAGS = 64
"""Flags of one function that are followed, those first that are asked for most often; of the others nothing is known."""

_BRANCHES = (ast.If, ast.IfExp, ast.BoolOp, ast.While)


def _tested_names(found: Counter[str], scope: Scope) -> frozenset[str]:
    """Flags of a function, of what is asked for in it: what it tests for truth or None and tests, copies or sets once more."""
    flags = [name for name, number in found.items() if number > 1 or _is_set(name, scope) or is_imported(name, scope)]
    return frozenset(sorted(flags, key=lambda name: (-found[name], name))[:MAX_FLAGS])


def _is_settled(name: str, scope: Scope) -> bool:
    """Whether a name is True or False from the beginning of a function to its end: a parameter that is declared so, or so by
    default, that nothing binds anew and that is not tested for None."""
    bindings = scope.bindings.get(name, ())
    if len(bindings) != 1 or bindings[0].kind != "parameter":
        return False
    one = bindings[0]
    is_declared = isinstance(one.annotation, ast.Name) and one.annotation.id == "bool"
    default = one.value.value if isinstance(one.value, ast.Constant) else None
    is_default = isinstance(default, bool)
    if not (is_default or (is_declared and one.value is None)):
        return False
    bound_below = (each for each in ast.walk(scope.node) if isinstance(each, ast.Nonlocal))
    tested = (parent_of(load) for load in scope.loads.get(name, ()))
    return not any(name in each.names for each in bound_below) and not any(
        isinstance(one, ast.Compare) for one in tested
    )


def _asked_names(scope: Scope) -> Counter[str]:
    """What a function tests for truth or None, or copies, and how often."""
    found: Counter[str] = Counter()
    for name, loads in scope.loads.items():
        for load in loads:
            node: ast.AST = load
            parent = parent_of(load)
            while isinstance(parent, ast.Attribute):
                node, parent = parent, parent_of(parent)
            if isinstance(parent, ast.Match) and parent.subject is node and _takes_none(parent):
                found[name_of(node)] += 1
            if isinstance(parent, ast.Compare) and asks_none(parent) and parent.left is node:
                parent = parent_of(parent)
            if isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not):
                parent = parent_of(parent)
            if isinstance(parent, (*_BRANCHES, ast.Assign, ast.AnnAssign)):
                found[name_of(node) if node is not load else name] += 1
    return found


def _is_set(name: str, scope: Scope) -> bool:
    """Whether the function itself says what a name is."""
    return any(one.kind != "parameter" for one in scope.bindings.get(name, ()))


def is_imported(name: str, scope: Scope) -> bool:
    """Whether a name is one that the module of a function imports, or sets to something else where that has failed: who has
    come to use anything of it has got it."""
    home = home_of(name, scope) if name not in scope.bindings else None
    if home is None or home.kind != "module":
        return False
    return len(home.bindings[name]) > 1 and all(one.kind == "import" for one in as_type_checked(home.bindings[name]))


def name_of(node: ast.AST) -> str:
    """A name or dotted name as written, also where it is bound on the spot (``name := …``) or told to be of a type
    (``cast(Connection, name)``); empty for anything else."""
    return dotted(node.target if isinstance(node, ast.NamedExpr) else uncast(node))


def asks_none(test: ast.Compare) -> bool:
    """Whether a comparison asks whether something is None, or is not."""
    return len(test.ops) == 1 and is_none(test.comparators[0]) and isinstance(test.ops[0], (ast.Is, ast.IsNot))


def _takes_none(match: ast.Match) -> bool:
    """Whether a case is for what is None, and for nothing else."""
    tests = (as_test(one.pattern) for one in match.cases)
    return any(isinstance(one, ast.Compare) and asks_none(one) for one in tests)


def asked(test: ast.expr, truth: bool) -> tuple[str, bool]:
    """What a test that comes out as ``truth`` says: a flag and whether that is true; no name where it says nothing."""
    test, truth = unnegated(test, truth)
    if isinstance(test, ast.Compare) and asks_none(test):
        return name_of(test.left), truth is isinstance(test.ops[0], ast.IsNot)
    return name_of(test), truth


class Flags:
    """The flags of a function, its ``names``, of all that is ``asked`` for in it, and what is known of them before its events.

    Comparisons that a flag is a copy of (``owned = mode == "w"``) are followed like flags, but are no names of them. Only
    ``settled``: parameters that are True or False, which nothing changes.
    """

    def __init__(self, scope: Scope, graph: Graph, *, settled: bool = False) -> None:
        self.scope = scope
        found = _asked_names(scope)
        self.asked = frozenset(found)
        names = _tested_names(found, scope)
        self.names = frozenset(one for one in names if _is_settled(one, scope)) if settled else names
        self._graph = graph
        self._copied = {ast.dump(one): _names_in(one) for one in _copied(scope, self.names)}
        self._before: dict[Node, frozenset[Known]] | None = None
        self._wanted: dict[Node, frozenset[str]] | None = None

    def wanted(self, node: Node) -> frozenset[str]:
        """The flags that something asks for, or copies, once control has come to ``node`` and before they are set anew: what is
        known of others tells no ways apart any more."""
        if self._wanted is None:
            nothing: frozenset[str] = frozenset()
            begun = dict.fromkeys(self._graph.nodes, nothing)
            self._wanted = solve(self._graph, Problem(begun, or_, self._wanted_along, backward=True))
        return self._wanted[node]

    def _wanted_along(self, edge: Edge, after: frozenset[str]) -> frozenset[str]:
        node = edge.source
        if edge.asked is not None:
            name, _ = asked(*edge.asked)
            return after | {name} if name else after
        is_set = node.kind == "store" and node.how == "assign" and not node.inner and not edge.is_unwinding
        name = stored_name(node) if is_set and after else ""
        if name not in after or node.value is None:
            return after
        copied, _ = asked(node.value, True)
        return after - {name} | {copied} if copied else after - {name}

    def before(self, node: Node) -> list[Known]:
        """The combinations of which one holds whenever control comes to ``node``; none of them says more than another."""
        if not self.names:
            return [frozenset()]
        found = self._known().get(node, ())
        return _sorted(_reduced({frozenset(one for one in known if one[0] in self.names) for known in found})) or [
            frozenset()
        ]

    def lead_to(self, node: Node) -> bool:
        """Whether a way leads to an event on which no test comes out otherwise than is known."""
        return not self.names or bool(self._known().get(node))

    def _known(self) -> dict[Node, frozenset[Known]]:
        """What is known before each event that a way leads to."""
        if self._before is None:
            imported = frozenset((name, True) for name in self.names if is_imported(name, self.scope))
            begun = {self._graph.entry: frozenset([imported])}
            self._before = solve(self._graph, Problem(begun, lambda one, other: _reduced(one | other), self.along))
        return self._before

    def reach(self, begun: Iterable[Edge], passes: Callable[[Edge], bool]) -> Iterable[Node]:
        """The events that some edges lead to, themselves and after them, where no test comes out otherwise than is known.

        ``passes`` says which of the later edges are taken; those ``begun`` with always are.
        """
        initial: dict[Node, frozenset[Known]] = {}
        for edge in begun:
            known = self.along(edge, frozenset(self.before(edge.source)))
            if known is not None:
                initial[edge.target] = _reduced(initial.get(edge.target, frozenset()) | known)

        def transfer(edge: Edge, known: frozenset[Known]) -> frozenset[Known] | None:
            return self.along(edge, known) if passes(edge) else None

        return solve(self._graph, Problem(initial, lambda one, other: _reduced(one | other), transfer))

    def along(self, edge: Edge, before: frozenset[Known]) -> frozenset[Known] | None:
        """What is known once an event has happened and an edge is taken; None where no combination takes it."""
        if edge.asked is not None:
            name, value = self._asked(*edge.asked)
            if not name:
                return before
            return _reduced({known | {(name, value)} for known in before if (name, not value) not in known}) or None
        if edge.source.kind == "store" and not edge.source.inner and not edge.is_unwinding:
            name = stored_name(edge.source)
            if name:
                return _reduced({after for known in before for after in self._stored(name, edge.source, known)})
        return before

    def _stored(self, name: str, node: Node, known: Known) -> Iterator[Known]:
        is_said = name in self.names and node.how == "assign" and node.value is not None
        for after, truth in self._outcomes(node.value, known) if is_said else [(known, None)]:
            kept = frozenset(one for one in after if not self._is_of(one[0], name))
            yield kept if truth is None else kept | {(name, truth)}

    def _outcomes(self, value: ast.expr | None, known: Known) -> Iterator[tuple[Known, bool | None]]:
        """Whether a value may be true, and with what known each time; None where that is not known."""
        if isinstance(value, ast.Constant) and isinstance(value.value, (bool, type(None))):
            yield known, bool(value.value)
        elif isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not):
            for after, truth in self._outcomes(value.operand, known):
                yield after, None if truth is None else not truth
        elif isinstance(value, ast.BoolOp):
            going_on = [known]
            for operand in value.values:
                reached = [one for before in going_on for one in self._outcomes(operand, before)]
                goes_on = isinstance(value.op, ast.And)
                yield from ((after, truth) for after, truth in reached if truth is not goes_on)
                going_on = [after for after, truth in reached if truth is goes_on]
            yield from ((after, isinstance(value.op, ast.And)) for after in going_on)
        elif value is not None:
            name, truth = self._asked(value, True)
            if not name:
                yield known, None
            for told in (True, False):
                if name and (name, not told) not in known:
                    yield known | {(name, told)}, told is truth

    def _asked(self, test: ast.expr, truth: bool) -> tuple[str, bool]:
        """The flag, or the comparison by its dump, that a test asks for, and what it is then; no name for others."""
        test, truth = unnegated(test, truth)
        name, value = asked(test, truth)
        if name in self.names:
            return name, value
        dumped = ast.dump(test) if self._copied and isinstance(test, ast.Compare) else ""
        return (dumped, truth) if dumped in self._copied else ("", truth)

    def _is_of(self, flag: str, name: str) -> bool:
        """Whether a flag may be another one once ``name`` is bound anew."""
        parts = self._copied.get(flag, (flag,))
        return any(one == name or one.startswith(f"{name}.") for one in parts)


def _copied(scope: Scope, names: frozenset[str]) -> Iterator[ast.Compare]:
    """The comparisons that are given to flags as they are."""
    for name in names:
        for binding in scope.bindings.get(name, ()):
            if isinstance(binding.value, ast.Compare) and asked(binding.value, True)[0] not in names:
                yield binding.value


def _names_in(node: ast.expr) -> tuple[str, ...]:
    return tuple(name_of(one) for one in ast.walk(node) if isinstance(one, (ast.Name, ast.Attribute)))


def stored_name(node: Node) -> str:
    """The name, dotted or not, that a store binds or deletes; empty for anything else."""
    if isinstance(node.node, ast.Attribute):
        return name_of(node.node)
    return "".join(bound_by(node))


def _sorted(combinations: Iterable[Known]) -> list[Known]:
    return sorted(combinations, key=sorted)


def _reduced(combinations: AbstractSet[Known]) -> frozenset[Known]:
    """The same in fewer words: without what says more than another, and what either truth of a flag goes with.

    Of too many combinations only what they have in common is left.
    """
    found = set(combinations)
    waiting = _sorted(found) if len(found) > 1 else []
    for known in waiting:  # grows
        for other in [one for one in waiting if len(one) == len(known)]:
            apart = known ^ other
            if len(apart) == 2 and len({name for name, _ in apart}) == 1 and (rest := known & other) not in found:
                found.add(rest)
                waiting.append(rest)
    least = frozenset(one for one in found if not any(other < one for other in found))
    return least if len(least) <= MAX_COMBINATIONS else frozenset([frozenset.intersection(*least)])
