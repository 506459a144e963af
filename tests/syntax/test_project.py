"""What a project knows of its files follows them when they change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.roots.finder import Finder
from poolint.syntax.project import Project
from poolint.text.source import Source

if TYPE_CHECKING:
    from pathlib import Path


def test_answers_about_all_files_follow_a_text_that_changes(tmp_path: Path) -> None:
    package = tmp_path / "shop"
    package.mkdir()
    texts = {
        "__init__": "",
        "main": "def start(app):\n    app.state.pool = 1\n    use()\n",
        "other": "from shop.base import Base\n\n\nclass Heir(Base):\n    pass\n",
    }
    for name, text in texts.items():
        (package / f"{name}.py").write_text(text)
    project = Project(Finder())
    near = project.module(str(package / "other.py"))
    assert near is not None

    def answers() -> tuple[list[str], list[str], list[str]]:
        return (
            [module.name for name in ("pool", "bucket") for module, _ in project.state_assignments(name, near)],
            [path.rpartition("/")[2] for path, _ in project.calling("use", near)],
            [heir for _, heir in project.heirs("Base", near)],
        )

    main, other = str(package / "main.py"), str(package / "other.py")
    assert answers() == (["shop.main"], ["main.py"], ["Heir"])
    project.replace(Source.from_bytes(main, b"def start(app):\n    pass\n"))
    assert answers() == ([], [], ["Heir"])
    project.replace(Source.from_bytes(other, b"def start(app):\n    app.state.bucket = 1\n    use()\n"))
    assert answers() == (["shop.other"], ["other.py"], [])
