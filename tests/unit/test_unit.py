"""A tree that is checked unit by unit, each without the rest of it, has the findings of one process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from poolint.cli.main import main
from poolint.config import ConfigError
from poolint.files import SOURCE_LIMIT
from poolint.unit import facts
from poolint.unit.facts import packed, unpacked
from poolint.unit.request import is_below

EXAMPLES = Path(__file__).parents[2] / "examples" / "orders"

TREE = {
    "pyproject.toml": '[tool.poolint]\nextend-select = ["POL2", "POL4"]\nextend-exclude = ["shop/generated"]\n',
    "shop/__init__.py": "",
    "shop/orders.py": """
import asyncpg

from mail.client import send


async def pay(pool):
    conn = await pool.acquire()
    try:
        await conn.execute("UPDATE orders SET paid = true")
    except asyncpg.UniqueViolationError:
        return
    await send()
    await pool.release(conn)
""",
    "shop/generated/__init__.py": "",
    "shop/generated/stub.py": "import asyncpg\n\n\nasync def f(pool: asyncpg.Pool):\n    await pool.acquire()\n",
    "shop/broken.py": "import asyncpg\nasyncpg.connect(\n",
    "mail/__init__.py": "",
    "mail/client.py": """
import httpx


async def send() -> None:
    async with httpx.AsyncClient() as client:
        await client.post("https://mail.example.org")
""",
    "web/__init__.py": "",
    "web/app.py": """
import asyncpg

from shop.orders import pay


async def main() -> None:
    pool = await asyncpg.create_pool("postgresql://localhost/shop")
    await pay(pool)
    await pool.close()


async def again() -> None:
    while True:
        await main()
""",
}


def poolint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "poolint", *arguments], cwd=folder, capture_output=True, check=False, timeout=120
    )


def lay(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def units(root: Path) -> dict[str, list[str]]:
    """The sources below a root by their folders."""
    found: dict[str, list[str]] = {}
    for path in sorted(root.rglob("*.py")):
        found.setdefault(path.parent.relative_to(root).as_posix(), []).append(path.relative_to(root).as_posix())
    return found


def in_units(root: Path, work: Path, parts: dict[str, list[str]], known: str = "all") -> bytes:
    """The tree checked unit by unit, each in a sandbox that has nothing but its sources and settings; the merged JSON."""
    files = [path.relative_to(root).as_posix() for path in sorted(root.rglob("*")) if path.is_file()]
    files = [name for name in files if not name.endswith((".py", ".md"))]
    sandboxes = {}
    for number, (unit, sources) in enumerate(parts.items()):
        sandbox = sandboxes[unit] = work / f"sandbox{number}"
        for name in (*sources, *files):
            (sandbox / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, sandbox / "tree" / name)
        ask(sandbox, sources=sources, root="tree", facts="own.facts")
    for unit, sources in parts.items():
        others = [str(sandboxes[one] / "own.facts") for one in parts if one != unit and known == "all"]
        ask(sandboxes[unit], sources=sources, root="tree", files=files, others=others, findings="found.json")
    ran = poolint(root, "merge", "--output-format=json", *(str(one / "found.json") for one in sandboxes.values()))
    assert (ran.returncode in (0, 1), ran.stderr) == (True, b"")
    return ran.stdout


def ask(sandbox: Path, **request: Any) -> None:
    (sandbox / "request.json").write_text(json.dumps({"version": 1, **request}))
    ran = poolint(sandbox, "unit", "request.json")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")


def test_units_of_a_tree_find_what_one_process_finds(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    lay(root, TREE)
    # Further up, in no repository, and none of its business.
    (tmp_path / "pyproject.toml").write_text('[tool.poolint]\nignore = ["POL"]\n')
    whole = poolint(root, "check", "--no-cache", "-j1", "--output-format=json", ".")
    codes = {one["code"] for one in json.loads(whole.stdout)}
    assert codes >= {"POL402", "POL901"}
    assert in_units(root, tmp_path, units(root)) == whole.stdout
    assert {Path(one["filename"]).name for one in json.loads(whole.stdout)} == {"orders.py", "broken.py", "app.py"}


def test_what_nobody_runs_is_seen_in_the_tree_as_a_whole(tmp_path: Path) -> None:
    """Whether it is deployed is said by the files of a request, and who calls what by the facts of all units."""
    root = tmp_path / "tree"
    lost = TREE["shop/orders.py"].replace("def pay", "def lost")
    lay(root, {**TREE, "Procfile": "web: python -m web.app\n", "shop/lost.py": lost, "jobs/__init__.py": ""})
    whole = poolint(root, "check", "--no-cache", "-j1", "--output-format=json", ".")
    assert in_units(root, tmp_path / "first", units(root)) == whole.stdout
    assert {Path(one["filename"]).name for one in json.loads(whole.stdout)} == {"orders.py", "broken.py", "app.py"}
    (root / "jobs" / "nightly.py").write_text("from shop.lost import lost\n\nfor one in range(3):\n    lost(one)\n")
    whole = poolint(root, "check", "--no-cache", "-j1", "--output-format=json", ".")
    assert in_units(root, tmp_path / "then", units(root)) == whole.stdout
    assert "lost.py" in {Path(one["filename"]).name for one in json.loads(whole.stdout)}


def test_without_facts_of_callers_and_of_what_is_called_less_is_found(tmp_path: Path) -> None:
    """Who calls `pay` tells what its pool is, and `send` tells what is waited for: both come from facts only."""
    root = tmp_path / "tree"
    lay(root, TREE)
    assert {one["code"] for one in json.loads(in_units(root, tmp_path, units(root), known="none"))} == {"POL901"}


def test_the_example_in_three_units(tmp_path: Path) -> None:
    root = tmp_path / "orders"
    shutil.copytree(EXAMPLES, root, ignore=shutil.ignore_patterns("__pycache__", ".poolint_cache"))
    (root / ".git").mkdir()
    sources = units(root)["orders"]
    whole = poolint(root, "check", "--no-cache", "-j1", "--output-format=json", ".")
    assert len(json.loads(whole.stdout)) > 5
    assert in_units(root, tmp_path, {str(one): sources[one::3] for one in range(3)}) == whole.stdout


def test_what_is_written_does_not_tell_where_it_was_made(tmp_path: Path) -> None:
    written = []
    for place in ("here", "there/deep"):
        sandbox = tmp_path / place
        lay(sandbox / "tree", TREE)
        sources = ["shop/orders.py", "mail/client.py", "web/app.py"]
        ask(sandbox, sources=sources, root="tree", findings="found.json", facts="own.facts")
        written.append([(sandbox / name).read_bytes() for name in ("found.json", "own.facts")])
        assert sorted(os.listdir(sandbox)) == ["found.json", "own.facts", "request.json", "tree"]
    assert written[0] == written[1]
    found = json.loads(written[0][0])
    assert {one["filename"] for one in found} == {"shop/orders.py", "web/app.py"}
    assert {step["filename"] for one in found for step in one["path"]} == set(sources)
    assert b"tmp" not in written[0][0]


# What goes wrong


def asked(capsys: pytest.CaptureFixture[str], **request: Any) -> tuple[int, str]:
    Path("request.json").write_text(json.dumps({"version": 1, "sources": [], "findings": "f", **request}))
    code = main(["unit", "request.json"])
    return code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ({"version": 2}, "Invalid enum value 2"),
        ({"source": []}, "unknown field `source`"),
        ({"sources": ["../a.py"]}, "'sources' has '../a.py', which is no path below the root"),
        ({"sources": ["/a.py"]}, "which is no path below the root"),
        ({"sources": ["a.txt"]}, "'sources' has 'a.txt', which is no Python file"),
        ({"sources": ["a.py"]}, "a.py: cannot be read: No such file"),
        ({"files": ["a/../../b"]}, "'files' has 'a/../../b', which is no path below the root"),
        ({"files": ["none.toml"]}, "none.toml: cannot be read"),
        ({"others": ["none.facts"]}, "none.facts: cannot be read"),
        ({"others": ["request.json"]}, "request.json: these are no facts of a unit"),
        ({"findings": ""}, "neither 'findings' nor 'facts' says where results go"),
        ({"findings": "no/such/folder"}, "no/such/folder: cannot be written"),
        ({"findings": "a\0b"}, "no path has a NUL"),
    ],
)
def test_requests_that_cannot_be_used(
    request_: dict[str, Any],
    why: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    code, err = asked(capsys, **request_)
    assert code == 2
    assert err.startswith("poolint: error: ")
    assert err.count("\n") == 1
    assert why in err
    assert os.listdir() == ["request.json"]
    assert os.getcwd() == str(tmp_path)


def test_settings_that_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    lay(tmp_path, {"a.py": "import asyncpg\n", "pyproject.toml": "[tool.poolint]\nselect = 1\n"})
    code, err = asked(capsys, sources=["a.py"], files=["pyproject.toml"])
    assert (code, err) == (
        2,
        "poolint: error: pyproject.toml: [tool.poolint] 'select' must be a list of strings, not a number\n",
    )
    assert not os.path.exists("f")


@pytest.mark.parametrize("name", ["", ".", "..", "/a", "a//b", "a/", "a/./b", "a/../b", "../a", "a\0b", "a" * 5000])
def test_names_that_lead_out_of_the_tree(name: str) -> None:
    assert not is_below(name)
    assert is_below("a/b c/ä.py")


def encoded(*texts: object, kind: str = "poolint facts", version: int = facts.VERSION) -> bytes:
    return msgspec.msgpack.encode([kind, version, list(texts)])


GOOD = zlib.compress(b"x = 1\n")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "truncated"),
        (b"\xc1", "invalid opcode"),
        (b"\x91" * 100_000, ""),
        (packed({"a.py": b"x = 1\n"})[:-3], "truncated"),
        (encoded(kind="something"), "they do not say that they are"),
        (encoded(version=99), "they are of version 99, and this poolint reads 1"),
        (encoded(["../a.py", GOOD]), "'../a.py' is no path of a module"),
        (encoded(["/a.py", GOOD]), "is no path of a module"),
        (encoded([".git/config", GOOD]), "is no path of a module"),
        (encoded(["a.py", 7]), "Expected `bytes | null`, got `int`"),
        (encoded(["a.py", b"x = 1\n"]), "'a.py' is broken"),
        (encoded(["a.py", GOOD[:-2]]), "'a.py' is broken"),
        (encoded(["a.py", GOOD + b"more"]), "'a.py' is broken"),
        (encoded(["a.py", zlib.compress(bytes(100_000_000))]), f"at most {SOURCE_LIMIT} bytes"),
        (encoded(["a.py", GOOD], ["a.py", zlib.compress(b"x = 2\n")]), "'a.py' is not what other facts say it is"),
    ],
)
def test_facts_that_are_none(data: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "unit.facts"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match="these are no facts of a unit") as raised:
        unpacked([str(path)])
    assert str(raised.value).startswith(f"{path}: ")
    assert why in str(raised.value)


def test_facts_that_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "MAX_BYTES", 1000)
    monkeypatch.setattr(facts, "MAX_TEXTS", 3)
    for name, texts in (
        ("large", {"a.py": bytes(800)}),
        ("larger", {"b.py": bytes(800)}),
        ("many", {f"m{number}.py": b"" for number in range(4)}),
    ):
        (tmp_path / name).write_bytes(packed(dict(texts)))
    assert list(unpacked([str(tmp_path / "large")] * 3)) == ["a.py"]
    for names, why in (
        (("large", "larger"), "bytes come to more than 1 000"),
        (("many",), "modules come to more than 3"),
    ):
        with pytest.raises(ConfigError, match=why):
            unpacked([str(tmp_path / name) for name in names])


def test_facts_hold_texts_as_they_are(tmp_path: Path) -> None:
    texts = {"b.py": b"\xef\xbb\xbfx = '\xff'\r\n", "a/b.pyi": b"", "large.py": None}
    (tmp_path / "unit.facts").write_bytes(packed(texts))
    assert unpacked([str(tmp_path / "unit.facts")]) == texts
    assert packed(dict(reversed(texts.items()))) == packed(texts)


def test_one_module_of_two_units_has_one_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    lay(tmp_path, {"a.py": "x = 1\n"})
    (tmp_path / "same").write_bytes(packed({"a.py": b"x = 1\n", "large.py": None}))
    (tmp_path / "other").write_bytes(packed({"a.py": b"x = 2\n"}))
    (tmp_path / "folder").write_bytes(packed({"a.py/b.py": b""}))
    assert asked(capsys, sources=["a.py"], others=["same"]) == (0, "")
    for name, why in (("other", "this is not what the facts of another unit say"), ("folder", "cannot be laid out")):
        code, err = asked(capsys, sources=["a.py"], others=[name])
        assert code == 2
        assert why in err


def test_a_source_that_is_too_large_is_reported(tmp_path: Path) -> None:
    lay(tmp_path / "tree", {"a.py": "import asyncpg\n" + "#" * SOURCE_LIMIT})
    ask(tmp_path, sources=["a.py"], root="tree", findings="found.json", facts="own.facts")
    assert [one["code"] for one in json.loads((tmp_path / "found.json").read_bytes())] == ["POL903"]
    assert len((tmp_path / "own.facts").read_bytes()) < 100


def test_notebooks_are_offered_to_nobody() -> None:
    assert packed({"a.py": b"x = 1\n", "b.ipynb": b"{}"}) == packed({"a.py": b"x = 1\n"})
