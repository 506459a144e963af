"""``why`` and ``holds`` agree with ``check``: what one says of a line, the others say too, or give a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support import Project, fixtures

from poolint.analyses.holding.dataflow import Holdings
from poolint.analyses.holding.report import stretches
from poolint.engine import Checker
from poolint.explain.held import Held
from poolint.explain.why import Explainer
from poolint.rules.registry import LazyRules
from poolint.text.source import Source

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support import Fixture

    from poolint.analyses.holding.dataflow import Hold
    from poolint.diagnostics import Diagnostic
    from poolint.syntax.scopes import Scope

RULES = LazyRules()
EVERY = 19
"""Of so many fixtures one is asked: all of them would take minutes."""

SAMPLE = fixtures()[::EVERY]
OF_COMMENTS = {"POL902", "POL904"}
"""What is said of comments that silence something: `why` says which comment silences what."""


def _place(one: Diagnostic) -> tuple[str, int, int]:
    return one.code, one.range.start.row, one.range.start.column


def _places(found: list[Diagnostic]) -> Iterator[tuple[str, int, int]]:
    """Where each finding is, with the calls that it is told together with: `why` tells of each of them."""
    for one in found:
        yield _place(one)
        yield from ((one.code, each.range.start.row, each.range.start.column) for each in one.also)


def _explained(project: Project, found: list[Diagnostic]) -> Iterator[tuple[Explainer, list[Diagnostic]]]:
    for name in project.names:
        source = Source.read(str(project.root / name))
        here = [one for one in found if one.filename == source.path and one.code not in OF_COMMENTS]
        yield Explainer(source, project.settings, RULES), here


@pytest.mark.parametrize("fixture", SAMPLE, ids=lambda one: one.name)
def test_why_tells_what_check_finds_and_else_why_it_does_not(fixture: Fixture, tmp_path: Path) -> None:
    project = Project(fixture.lay_out(tmp_path), fixture.files)
    for explainer, found in _explained(project, project.findings()):
        told = [one.finding for one in explainer.judged.all if not one.silent]
        assert sorted(map(_place, told)) == sorted(_places(found))
        for one in found:
            if one.also:
                continue  # its message names the others
            explained = explainer.at(one.range.start.row)
            assert (one.code, one.message, ()) in {
                (each.code, each.message, each.silent) for each in explained.findings
            }
        held = Held(explainer.analysis, explainer.knowledge, explainer.judged)
        for scope in explainer.module.scope.descendants():
            for node, _ in held.over(scope):
                over = [one for one in explainer.at(node.lineno).held if one.row == node.lineno]
                assert over
                assert all(one.reported or one.silent for one in over)
        assert not len(explainer.crashes)


@pytest.mark.parametrize("fixture", SAMPLE, ids=lambda one: one.name)
def test_holds_lists_what_detectors_have_been_given(
    fixture: Fixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: set[tuple[str, str, str, int]] = set()
    real = Holdings.at

    def at(self: Holdings, node: ast.AST, scope: Scope) -> list[Hold]:
        held = real(self, node, scope)
        if node in scope.calls:
            given.update((scope.module.path, scope.qualified_name, one.resource, one.since.lineno) for one in held)
        return held

    project = Project(fixture.lay_out(tmp_path), fixture.files)
    checker = Checker(project.settings, RULES)
    listed: set[tuple[str, str, str, int]] = set()
    for name in project.names:
        source = Source.read(str(project.root / name))
        with monkeypatch.context() as patch:
            patch.setattr(Holdings, "at", at)
            module, analysis, _, crashes = checker.observed(source)
        assert not len(crashes)
        for scope in module.scope.descendants():
            for one in stretches(analysis.holdings, analysis.slow, scope):
                listed.add((module.path, one.function, one.resource, one.first))
    assert given <= listed
