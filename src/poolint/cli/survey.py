"""What a report tells beside its findings: the answers of ``holds``, ``coverage`` and ``budget`` in one value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.cli import budget as budgeting
from poolint.cli.coverage import CAUSES
from poolint.cli.rows import stretch, wrote
from poolint.config import shown
from poolint.explain.budget import budgets
from poolint.explain.coverage import report
from poolint.explain.holds import held
from poolint.output.survey import Blind, Budget, Held, Pool, Survey, Unseen, Wait
from poolint.rules.registry import LazyRules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolint.budget import Budget as Sum
    from poolint.config import Resolver
    from poolint.explain.coverage import Report
    from poolint.explain.holds import Placed


def survey(paths: Sequence[str], resolver: Resolver) -> Survey:
    """What there is to tell of the files that ``paths`` stand for, and of the deployments of the folder around them."""
    stretches, problems, _ = held(paths, resolver, LazyRules())
    unseen = report(paths, resolver, LazyRules())
    found: list[Budget] = []
    try:
        sums, broken = budgets(paths[0] if len(paths) == 1 else resolver.cwd, resolver, LazyRules(), False)
    except OSError:
        broken = []
    else:
        found = [_budget(one) for one in sums]
    problems += [f"{one.place.path}:{one.place.row}: {one.message}" for one in broken]
    told = dict.fromkeys([*problems, *unseen.problems])
    return Survey(tuple(map(_held, stretches)), _unseen(unseen), tuple(found), tuple(told))


def _held(placed: Placed) -> Held:
    path, one = placed
    cell, first, last = stretch(path, one.first, one.last)
    return Held(
        path,
        one.function,
        one.resource,
        one.how,
        first,
        last,
        one.in_transaction,
        one.awaits,
        one.queries,
        tuple(Wait(wait.row, wait.chain, wait.effect, wrote(path, wait.row)) for wait in one.waits),
        cell,
    )


def _unseen(found: Report) -> Unseen:
    causes: dict[str, dict[tuple[str, int, str], int]] = {}
    for value in found.values:
        key = (value.origin.path, value.origin.row, value.subject)
        by_place = causes.setdefault(CAUSES[value.cause], {})
        by_place[key] = by_place.get(key, 0) + 1
    calls: dict[str, dict[tuple[str, int, str], int]] = {}
    for call in found.awaited:
        key = (call.place.path, call.place.row, call.name)
        by_place = calls.setdefault(call.package, {})
        by_place[key] = by_place.get(key, 0) + 1
    totals = found.totals
    return Unseen(
        totals.functions, totals.known, totals.by_use, totals.unknown, tuple(_blind(causes)), tuple(_blind(calls))
    )


def _blind(groups: dict[str, dict[tuple[str, int, str], int]]) -> Iterator[tuple[str, tuple[Blind, ...]]]:
    """Groups and their members, those that cost most first."""
    for name, places in sorted(groups.items(), key=lambda one: (-sum(one[1].values()), one[0])):
        members = sorted(places.items(), key=lambda one: (-one[1], one[0]))
        yield name, tuple(Blind(path, row, text, count, wrote(path, row)) for (path, row, text), count in members)


def _budget(one: Sum) -> Budget:
    title = ", ".join(shown(path) for path in one.deployment.files[:2])
    if one.server is not None and one.deployment.is_part:
        title = f"{title}: what connects to {one.server.name}"
    pools = []
    for row in one.rows:
        cells = budgeting.cells(row)
        sources = (budgeting.each(row), budgeting.source(row.processes), budgeting.source(row.replicas))
        figures = zip(budgeting.HEADS[1:], cells[1:], sources, strict=True)
        pools.append(Pool(row.service.name, row.pool.qualified, cells[0], tuple(figures)))
    notes = tuple(f"{what}: {text}" for what, text in budgeting.notes(one))
    return Budget(title, tuple(pools), tuple(budgeting.sums(one)), budgeting.verdict(one), one.is_over, notes)
