"""What it costs to look for the transactions whose locks contradict others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.cli.main import main
from poolint.detect import ordering

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

LOCKS = """\
from sqlalchemy import text
from sqlalchemy.orm import Session


def move(session: Session) -> None:
    session.execute(text("UPDATE {first} SET x = 1"))
    session.execute(text("UPDATE {second} SET x = 1"))
    session.execute(text("UPDATE last SET x = 1"))
    session.commit()
"""


class Counted:
    """A pattern that knows what it has been asked."""

    asked = 0

    def search(self, data: bytes) -> object:
        self.asked += 1
        return ordering_words.search(data)


ordering_words = ordering.WORDS


def test_each_file_of_a_package_is_searched_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    for number in range(6):
        tables = ("orders", "stock") if number else ("stock", "orders")
        (tmp_path / f"m{number}.py").write_text(LOCKS.format(first=tables[0], second=tables[1]))
    counted = Counted()
    monkeypatch.setattr(ordering, "WORDS", counted)
    assert main(["check", "--no-cache", "-j1", "--select=POL411", "--output-format=concise", "."]) == 1
    assert capfd.readouterr().out.count("POL411") == 5
    assert counted.asked == 6
