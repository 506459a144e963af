"""What a project knows of its files follows them when they change."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from poolint.roots.finder import Finder
from poolint.syntax.project import Project
from poolint.text.source import Source

FILES = ("a", "b", "tests/c", "d/e", "f")
LINES = (
    "use()", "make()\nuse()", "x.use(1)", "class One(Base):\n    pass", "class Two(Base, Other):\n    pass",
    "class Two(One):\n    pass", "class Three(Other):\n    pass", "# used, not called: use", "user()",
    "app.state.pool = 1", "from shop import a", "word = other", "from shop.use import One", "import shop.make as make",
    "from shop import (\n    one,\n    use,\n)",
)  # fmt: skip
NAMES = ("use", "make", "Base", "Other", "One", *(f"n{number}" for number in range(20)))

texts = st.lists(st.sampled_from(LINES), max_size=4).map(lambda lines: "\n".join(lines) + "\n")
edits = st.lists(st.tuples(st.sampled_from(FILES), texts, st.sets(st.sampled_from(NAMES))), max_size=12)


def asked(project: Project, folder: Path, names: set[str]) -> list[object]:
    near = project.module(str(folder / "a.py"))
    assert near is not None
    called = [(name, list(project.calling(name, near))) for name in NAMES if name in names]
    imported = [(name, project.naming_in_imports(name, near, near.path)) for name in NAMES if name in names]
    classes = [(name, project.heirs(name, near)) for name in NAMES if name in names]
    return [
        called,
        imported,
        classes,
        [len(project.state_assignments(name, near)) for name in ("pool",) if name in names],
    ]


@settings(max_examples=60, deadline=None)
@given(before=st.tuples(*[texts] * len(FILES)), edits=edits)
def test_edits_leave_what_a_new_project_would_say(
    before: tuple[str, ...], edits: list[tuple[str, str, set[str]]]
) -> None:
    """In the same order, too: whatever was asked between them."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(os.path.realpath(place)) / "shop"
        for name, text in zip(("__init__", *FILES), ("", *before), strict=True):
            file = folder / f"{name}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        edited = Project(Finder())
        asked(edited, folder, set(NAMES))
        for name, text, names in edits:
            file = folder / f"{name}.py"
            file.write_text(text)
            edited.replace(Source.from_bytes(str(file), text.encode()))
            asked(edited, folder, names)
        assert asked(edited, folder, set(NAMES)) == asked(Project(Finder()), folder, set(NAMES))


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


def test_a_definition_is_no_call(tmp_path: Path) -> None:
    texts = {
        "runs": "from steps import upgrade\n\nupgrade()\n",
        "method": "def go(step):\n    return step.upgrade (1)\n",
        "defines": "def upgrade():\n    pass\n\n\nclass Step:\n    async def upgrade(self):\n        pass\n",
        "alike": "def undef(upgrades):\n    return upgrades(1)\n",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.py").write_text(text)
    project = Project(Finder())
    near = project.module(str(tmp_path / "runs.py"))
    assert near is not None
    assert [Path(path).stem for path, _ in project.calling("upgrade", near)] == ["method", "runs"]


def test_a_project_below_a_folder_that_nothing_marks_is_one_of_its_own(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for name in ("script.py", "tools/report.py", "code/shop/app/views.py", "code/bare/run.py"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("")
    (home / "code/shop/pyproject.toml").write_text("")
    (home / "code/bare/.git").mkdir()
    files = Project(Finder()).files(str(home))
    assert [os.path.relpath(one, home) for one in files] == ["script.py", "tools/report.py"]
    (home / "pyproject.toml").write_text("")
    assert len(list(Project(Finder()).files(str(home)))) == 4
