"""Which files a run looks at, in which order, and what is said about those that it cannot look at."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from poolint.config import Overrides, Resolver
from poolint.discovery import Discovery

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def lay(root: Path, *files: str, **contents: str) -> None:
    for name in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    for name, text in contents.items():
        (root / name).write_text(text)


def discovery(root: Path, force_exclude: bool = False) -> Discovery:
    return Discovery(Resolver(str(root), overrides=Overrides(values={"force_exclude": force_exclude})))


def found(root: Path, *paths: str, force_exclude: bool = False) -> list[str]:
    made = discovery(root, force_exclude)
    files = [os.path.relpath(file, root).replace(os.sep, "/") for file in made.files(paths or (str(root),))]
    assert not made.problems
    return files


def test_python_files_in_a_stable_order_each_once(tmp_path: Path) -> None:
    lay(tmp_path, "b/z.py", "b/a.pyi", "a/x.py", "a/.hidden/y.py", "c.py", "README.md", "d.pyc", "B.py")
    expected = ["B.py", "a/.hidden/y.py", "a/x.py", "b/a.pyi", "b/z.py", "c.py"]
    assert found(tmp_path) == expected
    assert found(tmp_path, "c.py", ".", "b", str(tmp_path / "c.py")) == ["c.py", *expected[:-1]]


def test_a_named_file_is_taken_whatever_it_is(tmp_path: Path) -> None:
    lay(tmp_path, "script", "venv/x.py", ".gitignore")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("*.py\n")
    assert found(tmp_path, "script", "venv/x.py") == ["script", "venv/x.py"]
    assert found(tmp_path, "venv") == []
    (tmp_path / ".gitignore").write_text("")
    assert found(tmp_path, "venv") == ["venv/x.py"]


def test_default_excludes_and_virtual_environments_of_any_name(tmp_path: Path) -> None:
    lay(tmp_path, ".venv/a.py", "node_modules/a.py", "x/site-packages/a.py", "env/pyvenv.cfg", "env/lib/a.py", "x/a.py")
    assert found(tmp_path) == ["x/a.py"]
    assert found(tmp_path, "env") == ["env/lib/a.py"]


def test_configured_excludes(tmp_path: Path) -> None:
    lay(tmp_path, "src/gen/a.py", "src/a.py", "src/b_pb2.py", "old/a.py", "src/old/a.py", "venv/a.py")
    config = tmp_path / "pyproject.toml"
    config.write_text("[tool.poolint]\nextend-exclude = ['*_pb2.py', 'src/gen/', './old']\n")
    assert found(tmp_path) == ["src/a.py"]
    config.write_text("[tool.poolint]\nexclude = ['src']\n")
    assert found(tmp_path) == ["old/a.py", "venv/a.py"]
    config.write_text("[tool.poolint]\nexclude = ['src/**/a.py']\n")
    assert found(tmp_path, "src") == ["src/b_pb2.py"]


def test_force_exclude_reaches_what_is_named(tmp_path: Path) -> None:
    lay(tmp_path, "venv/lib/x.py", "src/x.py", "gen/deep/x.py")
    (tmp_path / "pyproject.toml").write_text("[tool.poolint]\nextend-exclude = ['gen']\n")
    names = ("venv/lib/x.py", "gen/deep/x.py", "gen", "src/x.py")
    assert found(tmp_path, *names, force_exclude=True) == ["src/x.py"]
    assert len(found(tmp_path, *names)) == 3


def test_force_exclude_does_not_look_above_the_project(tmp_path: Path) -> None:
    project = tmp_path / "venv" / "project"
    lay(project, "x.py", "pyproject.toml")
    assert found(project, str(project / "x.py"), force_exclude=True) == ["x.py"]


def test_gitignore_in_the_tree(tmp_path: Path) -> None:
    lay(tmp_path, "a.py", "build/a.py", "keep/build/a.py", "x/gen_a.py", "x/gen_b.py", "x/y/z.py", "x/y/gen_a.py")
    (tmp_path / ".gitignore").write_text("/build/\ngen_*.py\n# comment\n")
    (tmp_path / "x" / ".gitignore").write_text("!gen_b.py\ny/\n")
    assert found(tmp_path) == ["a.py", "keep/build/a.py", "x/gen_b.py"]


def test_gitignore_of_the_repository_above(tmp_path: Path) -> None:
    lay(tmp_path, "repo/pkg/a.py", "repo/pkg/gen.py", "repo/pkg/secret.py", "repo/out/a.py", "repo/out/gen.py")
    (tmp_path / "repo" / ".git" / "info").mkdir(parents=True)
    (tmp_path / "repo" / ".git" / "info" / "exclude").write_text("secret.py\n")
    (tmp_path / "repo" / ".gitignore").write_text("out/\ngen.py\n")
    (tmp_path / ".gitignore").write_text("*.py\n")  # outside the repository
    assert found(tmp_path, "repo/pkg") == ["repo/pkg/a.py"]
    assert found(tmp_path, "repo") == ["repo/pkg/a.py"]
    # Who names an ignored directory wants to see into it.
    assert found(tmp_path, "repo/out") == ["repo/out/a.py", "repo/out/gen.py"]


def test_a_gitignore_that_makes_no_sense_is_survived(tmp_path: Path) -> None:
    lay(tmp_path, "a.py", "b.py", "c/x.py")
    (tmp_path / ".gitignore").write_bytes(b"\xff\xfe\n!\nb.py\n/\n[\n")
    (tmp_path / "c" / ".gitignore").mkdir()
    assert found(tmp_path) == ["a.py", "c/x.py"]


def test_loops_of_symlinks(tmp_path: Path) -> None:
    lay(tmp_path, "pkg/a.py")
    (tmp_path / "pkg" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "pkg" / "self").symlink_to("self")
    (tmp_path / "link.py").symlink_to(tmp_path / "pkg" / "a.py")
    (tmp_path / "pkg" / ".#a.py").symlink_to("someone@somewhere.1")
    assert found(tmp_path) == ["link.py", "pkg/a.py"]
    assert found(tmp_path, "pkg/loop") == ["pkg/loop/link.py", "pkg/loop/pkg/a.py"]
    made = discovery(tmp_path)
    assert list(made.files(["pkg/self", "pkg/a.py"])) == [str(tmp_path / "pkg" / "a.py")]
    [(path, reason)] = made.problems
    assert path == str(tmp_path / "pkg" / "self")
    assert "symbolic links" in reason


def test_what_is_missing_is_put_down_and_the_rest_goes_on(tmp_path: Path) -> None:
    lay(tmp_path, "a.py")
    made = discovery(tmp_path)
    assert list(made.files(["no/such.py", "a.py", "a.py/b.py"])) == [str(tmp_path / "a.py")]
    assert made.problems == [
        (str(tmp_path / "no" / "such.py"), "no such file or directory: no/such.py"),
        (str(tmp_path / "a.py" / "b.py"), "cannot be read: Not a directory"),
    ]


def test_a_directory_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path, "a/x.py", "b/x.py")
    real = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("a"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr("os.scandir", scandir)
    made = discovery(tmp_path)
    assert list(made.files(["."])) == [str(tmp_path / "b" / "x.py")]
    assert made.problems == [(str(tmp_path / "a"), "directory cannot be listed: Permission denied")]


def test_a_subproject_with_bad_settings_is_left_out(tmp_path: Path) -> None:
    lay(tmp_path, "a/x.py", "a/y/z.py", "b/x.py")
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.poolint]\nselct = []\n")
    made = discovery(tmp_path)
    assert list(made.files(["."])) == [str(tmp_path / "b" / "x.py")]
    assert [str(error).split(" (")[0] for error in made.refused] == [
        "a/pyproject.toml: [tool.poolint] unknown key 'selct'"
    ]


def test_a_tree_deeper_than_the_stack(tmp_path: Path) -> None:
    directory = tmp_path
    for _ in range(60):
        directory = directory / "d"
    directory.mkdir(parents=True)
    (directory / "x.py").write_text("")
    assert len(found(tmp_path)) == 1
