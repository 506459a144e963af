"""The contract between a rule and poolint: all that the author of a rule needs to know.

A rule judges what a detector has observed, words the finding, and may add a plan for a fix. It is a LibCST visitor: for a
fix it meets the node of its observation in a *slice*, the outermost function around it. A rule that wants to look at
more than that subscribes to calls, visits the slices around them, and reports what it finds. It asks ``self.facts``; it
never reads files, resolves names, or decides what an expression is.
"""

from __future__ import annotations

import ast
import inspect
import re
from functools import cache, partial
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

import msgspec
from msgspec.structs import replace

from poolint.diagnostics import Applicability, Certainty, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any

    import libcst as cst

    from poolint.analyses.waypoints import Waypoint
    from poolint.detect.leaks import LeakedCheckout, ManualRelease
    from poolint.detect.observation import Observation
    from poolint.fixes.plans import Plan
    from poolint.types.call_sites import CallSite

    _Visitor = cst.BatchableCSTVisitor
else:
    _Visitor = object  # LibCST takes longer to import than three files to check (see `visitor_of`)

Form = Literal["finally", "with"]
FixLevel = Literal["safe", "unsafe", "safe or unsafe", "none", "sometimes"]
"""What the fixes of a rule can be; there is one only where one can be right. ``sometimes`` says no more than that."""

Severity = Literal["error", "warning", "note"]

HEADINGS = ("What it does", "Why is this bad?", "Example", "Use instead", "When to ignore")
"""The sections that the docstring of each rule has, in this order; others ("Fix safety") may stand between."""


class Subscription(msgspec.Struct, frozen=True):
    """What a rule wants to look at: slices are cut around nothing else.

    ``observations`` are kinds of :class:`~poolint.detect.observation.Observation`. ``names`` are qualified names of
    calls (``"httpx.AsyncClient.post"``), ``roles`` the roles that calls have in the models.
    """

    observations: frozenset[type[Observation]] = frozenset()
    names: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()


OptionValue = bool | int | str | tuple[str, ...]


class Option(msgspec.Struct, frozen=True):
    """What a project may set in ``[tool.poolint.<name of the rule>]``; its type is that of ``default``.

    ``text`` says in one sentence what it does.
    """

    key: str
    default: OptionValue
    text: str


def _with_notebooks(places: frozenset[str]) -> frozenset[str]:
    return places | {"notebooks"} if "scripts" in places else places


class Meta(msgspec.Struct, frozen=True):
    """What a rule says of itself. ``since`` is the version of poolint (or of the plugin) that brought it."""

    code: str
    name: str
    summary: str
    subscription: Subscription
    fix: FixLevel = "none"
    since: str = "0.1.0"
    default: bool = True
    preview: bool = False
    """Whether it is on trial: it may change or go in any version, and runs only where `preview` is set."""
    relaxed_in: frozenset[str] = frozenset()
    """Kinds of file in which it is off: ``tests``, ``alembic``, ``scripts``."""
    relaxed_for_process_in: frozenset[str] = frozenset()
    """Kinds of file in which it is off for what lives until the process ends."""
    uncovers: frozenset[str] = frozenset()
    """Codes whose findings its fix may bring to light: an awaited checkout is something that has to be released."""
    yields_to: frozenset[type[Observation]] = frozenset()
    """Kinds of observation that have precedence: where one stands in one of its places, another rule speaks of it."""
    options: tuple[Option, ...] = ()
    """What a project may set for it."""
    severity: Severity = "error"
    """How grave its findings are where nobody says otherwise; those that are merely possible are warnings at most."""
    holds_unrun: bool = False
    """Whether its findings are as grave in code that nobody runs: a trap for who calls it next, or how an application is set
    up whatever of it runs. Others cost nothing there, and are merely possible."""

    @property
    def off_in(self) -> frozenset[str]:
        """``relaxed_in``, and with scripts notebooks: they are run by hand as well, and serve nobody."""
        return _with_notebooks(self.relaxed_in)

    @property
    def off_for_process_in(self) -> frozenset[str]:
        """``relaxed_for_process_in``, likewise."""
        return _with_notebooks(self.relaxed_for_process_in)

    def grade(self, certainty: Certainty) -> Severity:
        """How grave a finding of such certainty is."""
        return "warning" if certainty == "possible" and self.severity == "error" else self.severity


LIFETIMES = frozenset(
    {"POL201", "POL202", "POL203", "POL204", "POL205", "POL206", "POL209", "POL210", "POL212", "POL215", "POL217",
     "POL301", "POL302", "POL401", "POL402", "POL403", "POL404", "POL407", "POL408", "POL412"}
)  # fmt: skip
"""What a fix uncovers that makes a checkout or a release happen: the obligation is followed from
then on, and what is called meanwhile counts."""


class Verdict(msgspec.Struct, frozen=True):
    """A rule's judgement in words. ``path`` leads to the finding, ``resource`` is what it is about, as written.

    The waypoints of an observation may be handed on as they are, to be worded by ``rules.paths``.

    ``told_in`` are kinds of file in which it is reported although the rule is off there. ``decision``: what this shares with
    others in its function that are told as one finding, the first of them; empty where it stands alone. ``after`` are the
    nodes of those of them that every way to it passes: it is told with these, or with any other where it is None. ``elsewhere``
    is what has to change with this place: it ends the path.
    """

    message: str
    resource: str = ""
    path: tuple[Waypoint | Step, ...] = ()
    certainty: Certainty = Certainty.CERTAIN
    told_in: frozenset[str] = frozenset()
    decision: str = ""
    after: tuple[ast.AST, ...] | None = None
    elsewhere: tuple[Waypoint, ...] = ()


class Declined(msgspec.Struct, frozen=True):
    """That a rule does not report an observation on purpose: ``reason`` says why, as a clause without its full stop.

    `poolint why` shows it. None instead of it says that the observation is another rule's business.
    """

    reason: str


class Proposal(msgspec.Struct, frozen=True):
    """A fix that a rule offers: a plan, how far it may be trusted, and one line that says what it does."""

    plan: Plan
    message: str
    applicability: Applicability = Applicability.SAFE


class Facts(Protocol):
    """What a rule may ask about the slice in front of it."""

    def observations(self, node: cst.CSTNode) -> tuple[Observation, ...]:
        """Everything that was observed at exactly this node."""

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node around ``node``; None around the slice."""

    def call(self, node: cst.Call) -> CallSite | None:
        """What a call is, in terms of the models or of the project; None when it is not known."""

    def release(self, observation: LeakedCheckout | ManualRelease, form: Form = "finally") -> Proposal | None:
        """The fix that gives back what an observation is about; ``form`` is what becomes of a release by hand."""

    def holding(self, observation: Observation) -> Proposal | None:
        """The fix by which a connection is held for a shorter time, or is the only one, or is begun once."""


class Rule(_Visitor):
    """Base of all rules; the docstring of the class is the rule's documentation.

    What a rule subscribes to is handed to :meth:`judge`, and what it reports to :meth:`repair`, or, where its plan names
    nodes of LibCST, to :meth:`fix`. A rule that has methods ``visit_…`` of its own visits slices instead: one instance
    each, and it calls :meth:`report`, or :meth:`consider` where the observations at a node are to be judged.

    It is a visitor of LibCST as soon as there is a slice to visit (see :func:`visitor_of`).
    """

    meta: ClassVar[Meta]

    def __init__(self, facts: Facts) -> None:
        super().__init__()
        self.facts = facts
        self.options: Mapping[str, Any] = {option.key: option.default for option in self.meta.options}
        """The values of the rule's options in the project at hand, of the types that it has declared."""
        self.reports: list[tuple[cst.CSTNode | None, Verdict, Proposal | None]] = []
        self.found: Collection[Observation] = ()
        """What has been judged to be findings: their nodes are waited for, to have fixes proposed for them."""
        self.proposals: dict[Observation, Proposal] = {}
        self.declined: list[tuple[Observation, Declined]] = []
        self.repaired: Callable[[Callable[[], Proposal | None]], Proposal | None] = _plainly
        """How a fix is asked for: a finding is reported even where the making of its fix crashes."""

    def get_visitors(self) -> dict[str, Callable[[cst.CSTNode], None]]:
        """The methods by which this rule visits: its own, or else one that meets what has been observed.

        LibCST looks through a thousand empty ones each time it is asked.
        """
        own = own_visits(type(self))
        return {name: getattr(self, name) for name in own} if own else dict.fromkeys(_meeting(), self._meet)

    def report(self, node: cst.CSTNode, verdict: Verdict, fix: Proposal | None = None) -> None:
        """Report ``verdict`` at ``node``, with a fix where one can be right."""
        self.reports.append((node, verdict, fix))

    def judge(self, observation: Observation) -> Verdict | Declined | None:
        """Whether an observation is a finding, and in what words. Rules that subscribe to observations override it.

        It is asked without a slice: nothing that is found is lost when LibCST cannot parse what Python can.
        """
        raise NotImplementedError

    def fix(self, observation: Observation, node: cst.CSTNode) -> Proposal | None:
        """The fix for a finding at ``node``, or None where none can be right. Only a rule that overrides it is asked."""
        del node
        return self.repair(observation)

    def repair(self, observation: Observation) -> Proposal | None:
        """The fix for a finding, of a rule whose plans name no nodes of LibCST: a slice is cut only if there is one."""
        del observation
        return None

    def consider(self, node: cst.CSTNode) -> None:
        """Report what was observed at ``node`` of the kinds that this rule subscribes to, as it judges it."""
        for observation in self.facts.observations(node):
            if type(observation) in self.meta.subscription.observations:
                verdict = self.judged(observation)
                if verdict is not None:
                    self.report(node, verdict, self.repaired(partial(self.fix, observation, node)))

    def judged(self, observation: Observation) -> Verdict | None:
        """The verdict on an observation, where there is one; what is declined is put down."""
        verdict = self.judge(observation)
        if isinstance(verdict, Declined):
            self.declined.append((observation, verdict))
            return None
        if verdict is not None and getattr(observation, "is_possible", False):
            return replace(verdict, certainty=Certainty.POSSIBLE)
        return verdict

    def _meet(self, node: cst.CSTNode) -> None:
        for observation in self.facts.observations(node):
            if observation in self.found and _is_counterpart(node, observation.node):
                proposal = self.repaired(partial(self.fix, observation, node))
                if proposal is not None:
                    self.proposals[observation] = proposal


def _plainly(make: Callable[[], Proposal | None]) -> Proposal | None:
    return make()


@cache
def own_visits(rule: type[Rule]) -> tuple[str, ...]:
    """The names of the methods by which a rule visits slices for itself."""
    own = rule.__mro__[: rule.__mro__.index(Rule)]
    names = dict.fromkeys(name for one in own for name in vars(one) if name.startswith(("visit_", "leave_")))
    return tuple(name for name in names if callable(getattr(rule, name)))


@cache
def visitor_of(rule: type[Rule]) -> type[Rule]:
    """A rule as a visitor of LibCST, which is imported for it."""
    import libcst as cst

    if issubclass(rule, cst.BatchableCSTVisitor):
        return rule
    return type(
        rule.__name__, (rule, cst.BatchableCSTVisitor), {"__module__": rule.__module__, "__doc__": rule.__doc__}
    )


@cache
def _counterparts() -> tuple[tuple[type[ast.AST], tuple[type[cst.CSTNode], ...]], ...]:
    """Which nodes of LibCST may be what a node of Python's own tree is, where both have the same range."""
    import libcst as cst

    return (
        (ast.expr, (cst.BaseExpression,)),
        (ast.keyword, (cst.Arg,)),
        (ast.alias, (cst.ImportAlias,)),
        (ast.excepthandler, (cst.ExceptHandler,)),
        (ast.stmt, (cst.BaseCompoundStatement, cst.BaseSmallStatement)),
    )


def _is_counterpart(node: cst.CSTNode, observed: ast.AST) -> bool:
    return any(isinstance(observed, kind) and isinstance(node, nodes) for kind, nodes in _counterparts())


@cache
def _meeting() -> tuple[str, ...]:
    """The names of the methods by which all nodes are visited at which something may have been observed."""
    import libcst as cst

    kinds = tuple(one for _, nodes in _counterparts() for one in nodes)
    classes = [one for one in vars(cst).values() if isinstance(one, type) and issubclass(one, kinds)]
    return tuple(dict.fromkeys(f"visit_{one.__name__}" for one in classes))


class Documentation(msgspec.Struct, frozen=True):
    """The docstring of a rule, taken apart at its headings."""

    summary: str
    sections: dict[str, str]


def documentation(rule: type[Rule]) -> Documentation:
    """Take a rule's docstring apart. The first line is the summary; sections begin at ``## Heading``."""
    text = inspect.cleandoc(rule.__doc__ or "")
    head, *rest = re.split(r"^## +", text, flags=re.MULTILINE)
    sections = {}
    for part in rest:
        title, _, body = part.partition("\n")
        sections[title.strip()] = body.strip()
    return Documentation(head.strip(), sections)
