"""The commands for those who release: which interpreters are tried, and what a wheel must hold."""

from __future__ import annotations

import importlib.util
import zipfile
from pathlib import Path
from typing import Any

import pytest

import poolint

TOOLS = Path(__file__).parents[1] / "tools"


def tool(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"tools_{name}", TOOLS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_interpreters_that_are_missing_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    matrix = tool("matrix")
    monkeypatch.setattr(matrix, "interpreter", lambda version: None if version == "3.14" else f"python{version}")
    monkeypatch.setattr(matrix, "tried", lambda version, *_: version != "3.12")
    assert matrix.main([]) == 1
    assert capsys.readouterr().out.splitlines()[2:] == [
        "Python 3.12: failed",
        "Python 3.13: passed",
        "Python 3.14: missing on this machine",
    ]
    monkeypatch.setattr(matrix, "tried", lambda *_: True)
    assert matrix.main([]) == 0
    monkeypatch.setattr(matrix, "interpreter", lambda _: None)
    assert matrix.main([]) == 1


def test_the_matrix_is_what_the_metadata_promise() -> None:
    text = (TOOLS.parent / "pyproject.toml").read_text(encoding="utf-8")
    for version in tool("matrix").VERSIONS:
        assert f"Programming Language :: Python :: {version}" in text


def test_a_wheel_that_lacks_something_is_not_released(tmp_path: Path) -> None:
    release = tool("release")
    assert release._version() == poolint.__version__
    wheel = tmp_path / "poolint-1-py3-none-any.whl"
    names = [one if one.startswith("poolint") else f"poolint-1{one}" for one in release.PACKED]
    for left_out in (None, *names):
        with zipfile.ZipFile(wheel, "w") as file:
            for name in names:
                if name != left_out:
                    file.writestr(name, "")
        if left_out is None:
            release._whole(wheel)
            continue
        with pytest.raises(AssertionError, match="has no"):
            release._whole(wheel)
