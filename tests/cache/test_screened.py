"""What is kept rests on what the screen says of other files, and on nothing less."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from poolint import recording
from poolint.roots.finder import Finder
from poolint.screen import Ready, Screen

if TYPE_CHECKING:
    from pathlib import Path

REPO = "class Repo:\n    def __init__(self, value: {kind}):\n        self.value = value\n"
MAIN = b"from repo import Repo\n\n\ndef make(value):\n    return Repo(value)\n"


@pytest.mark.parametrize("ask", [Screen.carried, Screen.touching])
def test_which_names_carry_something_is_put_down(ask: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    main, repo = tmp_path / "main.py", tmp_path / "repo.py"
    main.write_bytes(MAIN)
    repo.write_text(REPO.format(kind="int"))
    recorder = recording.Recorder()
    monkeypatch.setattr(recording, "active", recorder)
    assert callable(ask)
    assert ask(Screen(Finder(Ready().libraries)), str(main), MAIN) == frozenset()
    [question] = [one for one in recorder.answers if one.startswith("carries ")]
    assert recorder.answers[question] == {str(main): True}
    assert Screen(Finder(Ready().libraries)).again(question, str(main), MAIN)
    repo.write_text("from sqlalchemy.orm import Session\n\n\n" + REPO.format(kind="Session"))
    assert not Screen(Finder(Ready().libraries)).again(question, str(main), MAIN)
