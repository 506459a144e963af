"""Notebooks on the command line: found, told of by cell and row, mended in their cells, and nothing else of them touched."""

from __future__ import annotations

import io
import json
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from tests.notebooks import PAYMENTS, notebook

from poolint.cli.main import main
from poolint.output.formats import FOR_MACHINES

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Ran, Run

CONCISE = """\
pay.ipynb:cell 4:2:18: POL202 [*] `conn` from `pool.acquire()` is not released when \
`conn.execute('INSERT INTO payments VALUES ($1)', amount)` raises: its slot in the pool is lost forever
pay.ipynb:cell 6:3:17: POL402 `AsyncClient.get` waits for an HTTP request while `conn` holds a connection (since line 1)
pay.ipynb:cell 7:1:1: POL101 [*] `pool.close()` is never awaited: the coroutine does not run, and its connections stay open
"""


class Stdin:
    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line with all that is behind it, in a folder with a notebook."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "POOLINT_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "pay.ipynb").write_text(notebook(*PAYMENTS), encoding="utf-8")

    def call(*arguments: str) -> Any:
        capsys.readouterr()
        code = main(list(arguments))
        written = capsys.readouterr()
        return SimpleNamespace(code=code, out=written.out, err=written.err)

    return call


def concise(ran: Ran) -> str:
    return "".join(f"{line}\n" for line in ran.out.splitlines() if ".ipynb:" in line)


def test_each_finding_is_told_of_by_cell_and_row(engine: Run) -> None:
    assert concise(engine("--no-cache", "--output-format=concise", ".")) == CONCISE
    full = engine("--no-cache", "--select=POL402", ".").out
    assert (
        full
        == """\
POL402 `AsyncClient.get` waits for an HTTP request while `conn` holds a connection (since line 1)
 --> pay.ipynb:cell 6:3:17
  |
1 | async with httpx.AsyncClient() as client, pool.acquire() as conn:
  |                                           -------------- 1: `pool.acquire()` takes a connection
2 |     orders = await conn.fetch('SELECT * FROM orders')
3 |     %time await client.get('https://pay.example')
  |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 2: calls `AsyncClient.get`
  |

Found 1 error.
"""
    )


def test_formats_for_machines_have_the_cell_or_the_row_of_the_json(engine: Run, tmp_path: Path) -> None:
    names = [one for one in FOR_MACHINES if one != "json-lines"] + ["grouped"]
    engine("--no-cache", "--select=POL402", *(f"--output-format={name}=report.{name}" for name in names), ".")

    def told(name: str) -> str:
        return (tmp_path / f"report.{name}").read_text(encoding="utf-8")

    line = (tmp_path / "pay.ipynb").read_text(encoding="utf-8").splitlines().index(
        '''    "    %time await client.get('https://pay.example')\\n"'''
    ) + 1  # fmt: skip
    found = json.loads(told("json"))[0]
    assert (found["cell"], found["location"], found["noqa_row"]) == (6, {"row": 3, "column": 17}, 3)
    assert [(one["cell"], one["location"]["row"]) for one in found["path"]] == [(6, 1), (6, 3)]
    result = json.loads(told("sarif"))["runs"][0]["results"][0]
    place = result["locations"][0]
    assert place["physicalLocation"]["region"] == {"startLine": line}
    assert place["logicalLocations"] == [{"name": "cell 6", "fullyQualifiedName": "cell 6:3:17"}]
    assert f"file=pay.ipynb,line={line},endLine={line}::POL402" in told("github")
    assert json.loads(told("gitlab"))[0]["location"]["positions"]["begin"]["line"] == line
    for name in ("github", "gitlab", "azure", "checkstyle", "pylint", "rdjson", "teamcity", "sarif"):
        assert "(cell 6:3:17)" in told(name), name
    assert f"pay.ipynb:{line}: [POL402]" in told("pylint")
    assert f'line="{line}"' in told("junit")
    assert "pay.ipynb:cell 6:3:17: POL402" in told("junit")
    assert "`pay.ipynb:cell 6:3`" in told("markdown")
    assert "  cell 6:3:17  POL402" in told("grouped")
    page = told("html")
    assert "pay.ipynb:cell 6:3<" in page
    assert "pay.ipynb, cell 6" in page
    assert "pay.ipynb:cell 6:1–3<" in page


def test_a_step_in_another_cell_has_a_frame_of_its_own(engine: Run, tmp_path: Path) -> None:
    cells = (
        "import httpx\nfrom psycopg_pool import ConnectionPool\n\npool = ConnectionPool('postgresql://shop')",
        "def tell(name: str) -> None:\n    httpx.post('https://news.example', json=name)",
        "with pool.connection() as conn:\n    tell(conn.execute('SELECT name FROM shops').fetchone())",
    )
    (tmp_path / "pay.ipynb").write_text(notebook(*cells), encoding="utf-8")
    ran = engine("--no-cache", ".")
    assert " --> pay.ipynb:cell 3:2:5\n" in ran.out
    assert " ::: pay.ipynb:cell 2:2:5\n  |\n2 |     httpx.post(" in ran.out


def test_fixes_stay_in_their_cells_and_nothing_else_is_touched(engine: Run, tmp_path: Path) -> None:
    path = tmp_path / "pay.ipynb"
    before = path.read_text(encoding="utf-8")
    diff = engine("--no-cache", "--diff", ".")
    assert diff.out.startswith("--- pay.ipynb:cell 4\n+++ pay.ipynb:cell 4\n@@ -1,4 +1,6 @@\n async def pay(")
    assert diff.out.endswith(
        "--- pay.ipynb:cell 7\n+++ pay.ipynb:cell 7\n@@ -1 +1 @@\n-pool.close()\n+await pool.close()\n"
    )
    assert path.read_text(encoding="utf-8") == before
    assert "Found 3 errors (2 fixed, 1 remaining)." in engine("--no-cache", "--fix", ".").out
    after = path.read_text(encoding="utf-8")
    old = """    "    await conn.execute('INSERT INTO payments VALUES ($1)', amount)\\n",
    "    await pool.release(conn)"
"""
    new = """    "    try:\\n",
    "        await conn.execute('INSERT INTO payments VALUES ($1)', amount)\\n",
    "    finally:\\n",
    "        await pool.release(conn)"
"""
    assert after == before.replace(old, new).replace('"pool.close()"', '"await pool.close()"')
    engine("--no-cache", "--fix", ".")
    assert path.read_text(encoding="utf-8") == after


def test_a_fix_over_several_cells_is_advice(project: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from poolint.diagnostics import Edit, Position, Range
    from poolint.fixes import in_cells

    (project / "n.ipynb").write_text(notebook("pool\nleak()", "x = !ls\nleak()"))
    assert run("--output-format=concise", ".").out.splitlines()[:2] == [
        "n.ipynb:cell 1:2:1: POL101 [*] `leak()` leaks",
        "n.ipynb:cell 2:2:1: POL101 [*] `leak()` leaks",
    ]
    from poolint.text.source import Source

    source: Any = Source.read(str(project / "n.ipynb"))

    def of(*places: int) -> object:
        cell = in_cells.cell_of(source, Edit(Range(Position(*places[:2]), Position(*places[2:])), ""))
        return cell and cell.number

    assert [of(1, 1, 2, 3), of(2, 1, 2, 7), of(2, 1, 3, 1), of(3, 1, 3, 1)] == [1, 1, 1, 1]
    assert [of(2, 1, 4, 2), of(4, 1, 4, 6), of(4, 1, 4, 4), of(5, 1, 5, 3)] == [None, None, 2, 2]
    monkeypatch.setattr(in_cells, "cell_of", lambda *_: None)
    ran = run("--diff", ".")
    assert (ran.out, ran.err) == ("", "No errors would be fixed.\n")
    assert "note: this fix is advice and never applied" in run("--no-cache", ".").out


def test_comments_in_cells_silence(engine: Run, tmp_path: Path) -> None:
    path = tmp_path / "pay.ipynb"
    assert engine("--no-cache", "--add-noqa", ".", "--select=POL101,POL402").code == 0
    text = path.read_text(encoding="utf-8")
    assert '"pool.close()  # poolint: ignore[POL101]"' in text
    assert "%time await client.get('https://pay.example')  # poolint: ignore[POL402]\\n" in text
    assert concise(engine("--no-cache", "--output-format=concise", ".")) == CONCISE.splitlines(keepends=True)[0]
    path.write_text(text.replace("pool.close()", "await pool.close()"), encoding="utf-8")
    ran = engine("--no-cache", "--output-format=concise", "--select=POL101,POL902", ".")
    assert ran.out.startswith("pay.ipynb:cell 7:1:21: POL902 [*] ")
    engine("--no-cache", "--fix", "--select=POL101,POL902", ".")
    assert '"await pool.close()"' in path.read_text(encoding="utf-8")


def test_baselines_and_the_cache_know_notebooks(engine: Run, tmp_path: Path) -> None:
    folder = ("--cache-dir", str(tmp_path / "cache"), "--output-format=concise")
    first = engine(*folder, ".")
    assert concise(first) == CONCISE == concise(engine(*folder, "."))
    path = tmp_path / "pay.ipynb"
    path.write_text(notebook("# Words more", *PAYMENTS), encoding="utf-8")
    assert concise(engine(*folder, ".")) == CONCISE.replace("cell 7", "cell 8").replace("cell 6", "cell 7").replace(
        "cell 4", "cell 5"
    )
    assert engine("baseline", ".").code == 0
    path.write_text(notebook(*PAYMENTS), encoding="utf-8")
    assert engine("--no-cache", ".").code == 0
    path.write_text(notebook(*PAYMENTS, "pool.close()"), encoding="utf-8")
    ran = engine("--no-cache", "--output-format=concise", ".")
    assert concise(ran).count("\n") == 1


def test_a_line_of_a_cell_is_explained(engine: Run) -> None:
    ran = engine("why", "pay.ipynb:cell 4:2:18")
    assert ran.out.startswith("pay.ipynb:cell 4:2 in pay\n  |\n2 |     conn = await pool.acquire()\n")
    assert "released: by `pool.release(conn)` (line 4)" in ran.out
    found = json.loads(engine("why", "pay.ipynb:cell 6:3", "--output-format=json").out)
    assert (found["cell"], found["row"], found["held"][0]["row"]) == (6, 3, 3)
    for wanted, wrong in (
        (
            "pay.ipynb:4",
            "in a notebook a line is one of a cell: `poolint why 'analysis.ipynb:cell 3:2'`, not 'pay.ipynb:4'",
        ),
        ("pay.ipynb:cell 5:1", "pay.ipynb has no line 1 of Python in a cell 5"),
        ("pay.ipynb:cell 4:9", "pay.ipynb has no line 9 of Python in a cell 4"),
    ):
        ran = engine("why", wanted)
        assert (ran.code, ran.err) == (2, f"poolint: error: {wrong}\n")


def test_what_is_held_is_told_of_by_cell(engine: Run) -> None:
    ran = engine("holds", "pay.ipynb")
    assert "pay.ipynb:cell 6:1-3 <module>" in ran.out
    assert "line 3 of cell 6: AsyncClient.get (http)" in ran.out
    found = json.loads(engine("holds", "pay.ipynb", "--output-format=json").out)
    assert [(one["cell"], one["location"]["row"], one["end_location"]["row"]) for one in found] == [
        (6, 1, 3),
        (4, 2, 4),
    ]


def test_standard_input_may_be_a_notebook(engine: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    data = notebook(*PAYMENTS).encode()
    monkeypatch.setattr(sys, "stdin", Stdin(data))
    ran = engine("--stdin-filename=pay.ipynb", "-", "--output-format=concise")
    assert concise(ran) == CONCISE
    monkeypatch.setattr(sys, "stdin", Stdin(data))
    fixed = json.loads(engine("--stdin-filename=pay.ipynb", "-", "--fix", "--quiet").out)
    assert fixed["cells"][3]["source"][2] == "    try:\n"


def test_notebooks_are_found_excluded_and_set_as_files_are(project: Path, run: Run) -> None:
    for name in ("a.ipynb", "sub/b.ipynb", ".ipynb_checkpoints/a-checkpoint.ipynb", "c.py"):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text("pool\nleak()\n" if name == "c.py" else notebook("pool\nleak()"))
    found = ["a.ipynb:cell 1:2:1:", "c.py:2:1:", "sub/b.ipynb:cell 1:2:1:"]
    assert [
        line.partition(" POL")[0] for line in run("--output-format=concise", ".").out.splitlines() if "POL" in line
    ] == found
    assert "a.ipynb" not in run("--exclude=*.ipynb", ".").out


def test_rules_are_switched_off_for_notebooks_as_for_other_files(engine: Run) -> None:
    ran = engine("--no-cache", "--per-file-ignores=*.ipynb:POL101,POL4", "--output-format=concise", ".")
    assert concise(ran) == CONCISE.splitlines(keepends=True)[0]


def test_a_broken_notebook_is_named_and_the_run_goes_on(project: Path, run: Run) -> None:
    (project / "a.py").write_text("pool\nleak()\n")
    (project / "b.ipynb").write_text('{"cells": [')
    (project / "c.ipynb").write_text('{"worksheets": [], "nbformat": 3}')
    (project / "d.ipynb").write_text(notebook("pool", "x = ("))
    (project / "e.ipynb").write_text(notebook("pool", metadata={"language_info": {"name": "R"}}))
    ran = run("--output-format=concise", ".")
    lines = ran.out.splitlines()
    assert lines[0] == "a.py:2:1: POL101 [*] `leak()` leaks"
    assert lines[1] == "b.ipynb:1:12: POL901 is no notebook: not valid JSON: Expecting value"
    assert lines[2].startswith("c.ipynb:1:1: POL901 is a notebook of format 3, and poolint reads format 4: ")
    assert lines[3].startswith("d.ipynb:cell 2:1:5: POL901 syntax error: ")
    assert (ran.code, lines[4]) == (1, "Found 4 errors.")


def test_nothing_of_notebooks_is_loaded_where_there_are_none(tmp_path: Path) -> None:
    import subprocess

    (tmp_path / "a.py").write_text(
        "import asyncpg\n\n\nasync def f(pool: asyncpg.Pool):\n    pool.release(await pool.acquire())\n"
    )
    code = (
        "import sys; from poolint.cli.main import main; main(['--no-cache', '--jobs=1', 'a.py']); "
        "print([one for one in sys.modules if one.endswith(('notebook', 'magics', 'cells', 'document'))])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert ran.stdout.splitlines()[-1] == "[]"
    assert "POL1" in ran.stdout


KEPT = "import sqlalchemy as sa\n\nengine = sa.create_engine('postgresql://shop')\nconnection = engine.connect()"
LEAKS = "def main() -> None:\n    connection = engine.connect()\n    print(connection.execute(sa.text('SELECT 1')).scalar())"


def test_what_cells_have_lives_as_long_as_the_kernel_and_functions_do_not(engine: Run, tmp_path: Path) -> None:
    path = tmp_path / "pay.ipynb"
    for text, found in ((notebook(KEPT), []), (notebook(KEPT, LEAKS, "main()"), ["pay.ipynb:cell 2:2:18: POL201 "])):
        path.write_text(text, encoding="utf-8")
        lines = concise(engine("--no-cache", "--output-format=concise", ".")).splitlines()
        assert [line[: len(one)] for line, one in zip(lines, found, strict=True)] == found
    (tmp_path / "kept.py").write_text(f"{KEPT}\n", encoding="utf-8")
    assert "kept.py:4:14: POL208 " in engine("--no-cache", "--output-format=concise", "kept.py").out


def test_there_is_no_await_in_a_notebook_that_has_none(engine: Run, tmp_path: Path) -> None:
    """Its kernel may be one without an event loop: a fix that adds the first `await` is not for poolint to make."""
    text = notebook("import asyncpg", "def stop(pool: asyncpg.Pool) -> None: ...", "pool: asyncpg.Pool\npool.close()")
    (tmp_path / "pay.ipynb").write_text(text, encoding="utf-8")
    ran = engine("--no-cache", "--output-format=concise", ".")
    assert concise(ran).startswith("pay.ipynb:cell 3:2:1: POL101 `pool.close()`")
    (tmp_path / "pay.ipynb").write_text(notebook("await ready()", *json_cells(text)), encoding="utf-8")
    ran = engine("--no-cache", "--output-format=concise", ".")
    assert concise(ran).startswith("pay.ipynb:cell 4:2:1: POL101 [*] `pool.close()`")


def json_cells(text: str) -> list[str]:
    return ["".join(one["source"]) for one in json.loads(text)["cells"]]


def test_each_fix_of_a_notebook_is_shown_by_its_cell(project: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "n.ipynb").write_text(notebook("# Words", "pool\nasync def f():\n  leak()"))
    stdin = io.StringIO("y\n")
    stdin.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdin", stdin)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    ran = run("--fix", "--interactive", "n.ipynb")
    assert "--- n.ipynb:cell 2\n+++ n.ipynb:cell 2\n@@ -1,3 +1,3 @@\n pool\n" in ran.out
    assert '"  await leak()"' in (project / "n.ipynb").read_text()


def test_a_notebook_that_has_changed_meanwhile_is_left_alone(
    project: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from poolint.fixes import in_cells

    path = project / "n.ipynb"
    path.write_text(notebook("pool\nasync def f():\n  leak()"))
    edited = in_cells.edited_cells

    def saved_meanwhile(*arguments: Any) -> Any:
        path.write_text(notebook("pool\nasync def f():\n  leak()  # more"))
        return edited(*arguments)

    monkeypatch.setattr(in_cells, "edited_cells", saved_meanwhile)
    ran = run("--fix", "--no-cache", "--output-format=concise", "n.ipynb")
    assert "POL901 has changed since it was read: left alone, run poolint again" in ran.out
    assert "# more" in path.read_text()


def test_several_processes_tell_of_notebooks_as_one_does(tmp_path: Path) -> None:
    import subprocess

    for number in range(6):
        (tmp_path / f"n{number}.ipynb").write_text(notebook(*PAYMENTS), encoding="utf-8")

    def ran(*arguments: str) -> str:
        command = [sys.executable, "-m", "poolint", "check", "--no-cache", "--isolated", *arguments, "."]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path).stdout

    assert ran("--jobs=2") == ran("--jobs=1")
