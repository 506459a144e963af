"""Detectors are found in their package, and do not depend on each other."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import poolint.detect
from poolint.config import Settings
from poolint.detect import analysis
from poolint.detect.detector import detectors
from poolint.engine import Checker
from poolint.rules.registry import LazyRules
from poolint.text.source import Source

PACKAGE = Path(poolint.detect.__file__).parent
FIXTURES = Path(__file__).parents[1] / "fixtures"
SAMPLE = [
    next(file for file in sorted((FIXTURES / code).glob("*.py")) if f"# expect: {code}".encode() in file.read_bytes())
    for code in ("POL101", "POL203", "POL402", "POL404", "POL412")
]


def _observes(file: Path) -> bool:
    tree = ast.parse(file.read_bytes())
    bodies = [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))]
    return any(isinstance(node, ast.FunctionDef) and node.name == "observe" for body in bodies for node in body)


def test_each_module_that_observes_declares_one_detector() -> None:
    files = [file for file in PACKAGE.glob("*.py") if file.name != "detector.py" and _observes(file)]
    packages = list(PACKAGE.glob("*/__init__.py"))
    declared = [file for file in (*files, *packages) if b"\nDETECTOR = " in file.read_bytes()]
    assert declared == [*files, *packages]
    assert len(declared) == len(detectors()) == len({one.name for one in detectors()})


@pytest.mark.parametrize("file", SAMPLE, ids=lambda file: file.parent.name)
def test_the_order_of_detectors_changes_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def found() -> object:
        settings = Settings(extend_select=("POL",), certainty="possible", root=str(file.parent))
        return Checker(settings, LazyRules()).check(Source.read(str(file)))

    forwards = found()
    backwards = detectors()[::-1]
    monkeypatch.setattr(analysis, "detectors", lambda: backwards)
    assert forwards
    assert found() == forwards


def test_a_detector_is_asked_only_where_it_may_have_something_to_observe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    real = analysis.Question.observe.fget
    assert real is not None

    def observe(self: analysis.Question) -> object:
        made.append(self.name)
        return real(self)

    monkeypatch.setattr(analysis.Question, "observe", property(observe))
    text = "from sqlalchemy.orm import Session\n\n\ndef save(session: Session) -> None:\n    session.commit()\n"
    Checker(Settings(root=str(tmp_path)), LazyRules()).check(Source.from_bytes(str(tmp_path / "app.py"), text.encode()))
    assert {"awaits", "lifetimes", "waiting", "names"} <= set(made)
    assert {"blocking", "configuration", "contexts", "fanout", "handlers", "maybe", "sharing", "withs"}.isdisjoint(made)
