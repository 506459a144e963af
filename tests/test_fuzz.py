"""A sample of the broken inputs of ``benchmarks/fuzz.py``, and that it sees what it is there to see."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

FILE = Path(__file__).parent.parent / "benchmarks" / "fuzz.py"


@pytest.fixture(scope="module")
def fuzz() -> ModuleType:
    spec = importlib.util.spec_from_file_location("poolint_fuzz", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("first", range(0, 48, 12))
def test_a_sample_of_broken_inputs(fuzz: ModuleType, first: int) -> None:
    """No timing is judged here: that is for the whole run."""
    wrong = [one for one in fuzz.results(20, range(first, first + 12)) if one.wrong not in ("", "too slow")]
    assert not wrong


def test_inputs_depend_on_seed_and_number_alone(fuzz: ModuleType) -> None:
    one, other = fuzz.Inputs(3), fuzz.Inputs(3)
    assert [one.of(number) for number in range(9)] == [other.of(number) for number in reversed(range(9))][::-1]
    assert one.of(0) != fuzz.Inputs(4).of(0)
    assert [kind for kind, _ in map(one.of, range(3))] == list(fuzz.KINDS)


@pytest.mark.parametrize(
    ("ending", "told"),
    [
        (lambda: 3, "exit code 3"),
        (
            lambda: sys.stderr.write("Traceback (most recent call last):\n  File\nValueError: x\nend\n") and 2,
            "traceback: ",
        ),
        (lambda: print("app.py:1:1: POL900 crash") or 1, "app.py:1:1: POL900 crash"),
        (lambda: Path("app.py").write_text("def (") and 0, "a fix broke the file"),
        (lambda: 0, ""),
    ],
)
def test_what_is_wrong_is_seen(
    fuzz: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: Callable[[], int], told: str
) -> None:
    monkeypatch.setattr("poolint.cli.main.main", lambda _: ending())
    inputs = fuzz.Inputs(1)
    monkeypatch.setattr(inputs, "of", lambda _: ("source", {"app.py": b"x = 1\n"}))
    assert fuzz.tried(inputs, 0, tmp_path).wrong.startswith(told)
