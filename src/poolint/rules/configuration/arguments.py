"""What the rules about configuration share: they stand on an argument, wherever it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.rules.base import Rule

if TYPE_CHECKING:
    import libcst as cst

    from poolint.rules.base import Facts

RELAXED = frozenset({"tests", "alembic", "scripts"})
"""Where an engine serves nobody but itself."""


class ArgumentRule(Rule):
    """Looks at all places that set an argument: in a call, in a dictionary, or in an assignment to an item of one."""

    holder: cst.Arg | cst.DictElement | None = None
    """The argument or item whose value is being looked at; None for other places."""

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts)
        self._seen: set[cst.CSTNode] = set()

    def consider(self, node: cst.CSTNode) -> None:
        if node not in self._seen:  # a call may be looked at by itself and as somebody's argument
            self._seen.add(node)
            super().consider(node)

    def visit_Arg(self, node: cst.Arg) -> None:
        self.holder = node
        self.consider(node.value)
        self.holder = None

    def visit_DictElement(self, node: cst.DictElement) -> None:
        self.holder = node
        self.consider(node.value)
        self.holder = None

    def visit_Assign(self, node: cst.Assign) -> None:
        self.consider(node.value)

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        if node.value is not None:
            self.consider(node.value)


def of(maker: str, engine: str) -> str:
    """An engine or pool as a message calls it."""
    return f"`{engine}`" if engine else f"what `{maker}` makes"
