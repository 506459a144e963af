"""The same rows, columns and fixes, whatever a file's rows end in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support import FIXTURES, Project

if TYPE_CHECKING:
    from pathlib import Path

CHOSEN = ("POL101", "POL203", "POL209", "POL401", "POL508", "POL601")
"""Rules whose first fixtures are tried: the screen gets to know each of them in another way."""


@pytest.mark.parametrize("ending", [b"\r", b"\r\n"], ids=["CR", "CRLF"])
@pytest.mark.parametrize("code", CHOSEN)
def test_rows_that_end_otherwise(tmp_path: Path, code: str, ending: bytes) -> None:
    files = sorted(one for one in (FIXTURES / code).glob("*.py") if one.name.count(".") == 1)
    file = next(one for one in files if not one.name.startswith(("good_", "from_")))
    texts = {}
    for name, end in (("usual", b"\n"), ("other", ending)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / file.name).write_bytes(file.read_bytes().replace(b"\n", end))
        project = Project(folder, (file.name,), also=(code,))
        found = [(one.code, one.range, one.message) for one in project.findings()]
        fixed = [source.data.replace(end, b"\n") for _, source, _ in project.fix(unsafe=True)]
        assert all(b"\r" not in data for data in fixed)
        texts[name] = (found, fixed)
    assert texts["usual"][0]
    assert texts["usual"] == texts["other"]
