"""Control-flow graphs: what a function may do next, event by event, on each way that Python really takes.

In goes the ``ast`` of one function, method, lambda or module; out comes a :class:`Graph` whose nodes are *events* in
order of evaluation (a call, the suspension in an ``await``, one step of a loop, a name being bound) and whose edges
say how one leads to the next: normally, on a test's outcome, by an exception, a cancellation or a closed generator.
What can be asked for is exported here; each family of statements has its own module.
"""

from poolint.flow.cfg.assembly import build
from poolint.flow.cfg.builder import MAX_NODES, TooComplex
from poolint.flow.cfg.graph import EXITS, UNWINDING, Edge, EdgeKind, Graph, Node, NodeKind, Unwinding, Way

__all__ = [
    "EXITS",
    "MAX_NODES",
    "UNWINDING",
    "Edge",
    "EdgeKind",
    "Graph",
    "Node",
    "NodeKind",
    "TooComplex",
    "Unwinding",
    "Way",
    "build",
]
